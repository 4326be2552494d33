"""Whole cards by name, as octets with CRLF, written for these tests in the manner of the programs they name."""

from __future__ import annotations

from typing import Final

# A picture of one pixel.
PIXEL: Final = "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg=="


def _octets(text: str) -> bytes:
    return text.strip("\n").replace("\n", "\r\n").encode() + b"\r\n"


APPLE: Final = _octets(
    f"""
BEGIN:VCARD
VERSION:3.0
PRODID:-//Apple Inc.//iPhone OS 17.4//EN
N:Lovelace;Ada;King;Lady;
FN:Lady Ada King Lovelace
NICKNAME:Enchantress
ORG:Analytical Engines\\, Ltd.;Notes;
TITLE:Mathematician
EMAIL;type=INTERNET;type=HOME;type=pref:ada@example.com
EMAIL;type=INTERNET;type=WORK:ada@example.org
TEL;type=CELL;type=VOICE;type=pref:+44 20 7946 0018
TEL;type=HOME;type=FAX:+44 20 7946 0019
item1.ADR;type=HOME;type=pref:;;12 St James's Square;London;;SW1Y;United Kin
 gdom
item1.X-ABADR:gb
item2.URL;type=pref:http\\://ada.example.com/
item2.X-ABLabel:_$!<HomePage>!$_
BDAY;X-APPLE-OMIT-YEAR=1604:1604-12-10
item3.X-ABDATE;type=pref:1835-07-08
item3.X-ABLabel:_$!<Anniversary>!$_
item4.X-ABRELATEDNAMES;type=pref:William King
item4.X-ABLabel:_$!<Spouse>!$_
item5.X-ABRELATEDNAMES:Lord Byron
item5.X-ABLabel:_$!<Father>!$_
NOTE:First line\\nsecond line\\; with a semicolon
PHOTO;ENCODING=b;TYPE=PNG:{PIXEL[:40]}
 {PIXEL[40:]}
X-SOCIALPROFILE;type=mastodon;x-user=ada:https://social.example/@ada
UID:3B2E6F2A-63C1-4A06-9A3C-3E3C7B6A9D10
REV:2024-02-03T04:05:06Z
END:VCARD
"""
)

APPLE_GROUP: Final = _octets(
    """
BEGIN:VCARD
VERSION:3.0
PRODID:-//Apple Inc.//macOS 14.4//EN
N:Friends;;;;
FN:Friends
X-ADDRESSBOOKSERVER-KIND:group
X-ADDRESSBOOKSERVER-MEMBER:urn:uuid:3B2E6F2A-63C1-4A06-9A3C-3E3C7B6A9D10
X-ADDRESSBOOKSERVER-MEMBER:urn:uuid:6A9D1077-63C1-4A06-9A3C-3E3C7B2E6F2A
UID:88E1D0F4-5D53-4D5C-9F27-7D0E5F1C7C11
REV:2024-02-03T04:05:06Z
END:VCARD
"""
)

APPLE_COMPANY: Final = _octets(
    """
BEGIN:VCARD
VERSION:3.0
N:;;;;
FN:
ORG:Analytical Engines;
X-ABShowAs:COMPANY
UID:11D0F488-5D53-4D5C-9F27-7D0E5F1C7C88
END:VCARD
"""
)

DAVX5: Final = _octets(
    f"""
BEGIN:VCARD
VERSION:4.0
PRODID:DAVx5/4.4 ez-vcard/0.12.1
UID:8f1bb7a3-2f6b-4a62-9d65-8a9c8a3f5d1b
KIND:individual
FN:Jörg Müller
N:Müller;Jörg;;Dr.;
TEL;TYPE=cell;PREF=1:+49 89 123456
TEL;VALUE=uri;TYPE="voice,home":tel:+49-89-654321
EMAIL;TYPE=home:joerg@example.com
ADR;LABEL="Marienplatz 8^n80331 München";TYPE=home:;;Marienplatz 8;München;;80331;Deutschland
BDAY:--0415
ANNIVERSARY:20060108
RELATED;TYPE=spouse;VALUE=text:Anna Müller
RELATED;TYPE=friend:urn:uuid:f81d4fae-7dec-11d0-a765-00a0c91e6bf6
CATEGORIES:Familie,Freunde
GENDER:M
LANG;PREF=1:de
PHOTO:data:image/png;base64,{PIXEL}
REV:20240203T040506Z
END:VCARD
"""
)

DAVX5_GROUP: Final = _octets(
    """
BEGIN:VCARD
VERSION:4.0
UID:urn:uuid:03a0e51f-d1aa-4385-8a53-e29025acd8af
KIND:group
FN:The Doe family
MEMBER:urn:uuid:8f1bb7a3-2f6b-4a62-9d65-8a9c8a3f5d1b
MEMBER:urn:uuid:b8767877-b4a1-4c70-9acc-505d3819e519
END:VCARD
"""
)

EVOLUTION: Final = _octets(
    """
BEGIN:VCARD
VERSION:3.0
FN:Grace Hopper
N:Hopper;Grace;;;
X-EVOLUTION-FILE-AS:Hopper\\, Grace
X-EVOLUTION-ANNIVERSARY:1930-06-15
BDAY:1906-12-09
TEL;TYPE=WORK,VOICE;X-EVOLUTION-UI-SLOT=1:+1 555 0100
EMAIL;X-EVOLUTION-UI-SLOT=1;TYPE=WORK:grace@example.com
ADR;TYPE=WORK:;;1 Navy Way;Arlington;VA;22201;USA
LABEL;TYPE=WORK:1 Navy Way\\nArlington\\, VA\\n22201\\nUSA
X-MOZILLA-HTML:FALSE
UID:pas-id-5D4D8A2500000001
REV:2024-01-02T03:04:05Z(12)
END:VCARD
"""
)

THUNDERBIRD: Final = _octets(
    """
BEGIN:VCARD
VERSION:4.0
EMAIL;PREF=1:alan@example.com
FN:Alan Turing
NICKNAME:Prof
N:Turing;Alan;;;
TZ;VALUE=TEXT:Europe/London
UID:b6a0b0a3-49a5-4d0c-b1a9-2a6d3a0e8d77
END:VCARD
"""
)

GOOGLE: Final = _octets(
    """
BEGIN:VCARD
VERSION:3.0
FN:Barbara Liskov
N:Liskov;Barbara;;;
EMAIL;TYPE=INTERNET:barbara@example.edu
item1.TEL:+1 617 555 0100
item1.X-ABLabel:Lab
CATEGORIES:myContacts
END:VCARD
"""
)

OUTLOOK: Final = _octets(
    """
BEGIN:VCARD
VERSION:2.1
N;LANGUAGE=de;CHARSET=Windows-1252:Strau\xdf;Franz
FN;CHARSET=Windows-1252:Franz Strau\xdf
ORG:Beispiel GmbH;Abteilung
TEL;WORK;VOICE:+49 30 555
TEL;PREF;CELL:+49 170 555
ADR;WORK;PREF:;;Hauptstr. 1, Hof 2;Berlin;;10115;Deutschland
LABEL;WORK;PREF;ENCODING=QUOTED-PRINTABLE:Hauptstr. 1, Hof 2=0D=0A=
10115 Berlin=0D=0A=
Deutschland
NOTE;ENCODING=QUOTED-PRINTABLE:eins=0D=0Azwei; drei
EMAIL;PREF;INTERNET:franz@example.de
PHOTO;TYPE=JPEG;ENCODING=BASE64:
 /9j/4AAQSkZJRgABAQEASABIAAD/2wBDAP//////////////////////////////////////
 ////////////////////////////////////////////////wgALCAABAAEBAREA/8QAFBAB

X-MS-OL-DESIGN;CHARSET=utf-8:<card/>
REV:20240203T040506Z
END:VCARD
"""
).replace("\xdf".encode(), b"\xdf")

ANDROID: Final = _octets(
    """
BEGIN:VCARD
VERSION:2.1
N;CHARSET=UTF-8;ENCODING=QUOTED-PRINTABLE:=C3=85ngstr=C3=B6m;Anders;;;
FN;CHARSET=UTF-8;ENCODING=QUOTED-PRINTABLE:Anders=20=C3=85ngstr=
=C3=B6m
TEL;CELL:+46 8 555
X-ANDROID-CUSTOM:vnd.android.cursor.item/nickname;Ang;1;;;;;;;;;;;;;
BDAY:1814-08-13
END:VCARD
"""
)

# RFC 6350, 8
RFC6350: Final = _octets(
    """
BEGIN:VCARD
VERSION:4.0
FN:Simon Perreault
N:Perreault;Simon;;;ing. jr,M.Sc.
BDAY:--0203
ANNIVERSARY:20090808T1430-0500
GENDER:M
LANG;PREF=1:fr
LANG;PREF=2:en
ORG;TYPE=work:Viagenie
ADR;TYPE=work:;Suite D2-630;2875 Laurier;
 Quebec;QC;G1V 2M2;Canada
TEL;VALUE=uri;TYPE="work,voice";PREF=1:tel:+1-418-656-9254;ext=102
TEL;VALUE=uri;TYPE="work,cell,voice,video,text":tel:+1-418-262-6501
EMAIL;TYPE=work:simon.perreault@viagenie.ca
GEO;TYPE=work:geo:46.772673,-71.282945
KEY;TYPE=work;VALUE=uri:
 http://www.viagenie.ca/simon.perreault/simon.asc
TZ:-0500
URL;TYPE=home:http://nomis80.org
END:VCARD
"""
)

# RFC 2426, 7
RFC2426: Final = _octets(
    """
BEGIN:vCard
VERSION:3.0
FN:Frank Dawson
ORG:Lotus Development Corporation
ADR;TYPE=WORK,POSTAL,PARCEL:;;6544 Battleford Drive
 ;Raleigh;NC;27613-3502;U.S.A.
TEL;TYPE=VOICE,MSG,WORK:+1-919-676-9515
TEL;TYPE=FAX,WORK:+1-919-676-9564
EMAIL;TYPE=INTERNET,PREF:Frank_Dawson@Lotus.com
EMAIL;TYPE=INTERNET:fdawson@earthlink.net
URL:http://home.earthlink.net/~fdawson
END:vCard
"""
)

VALID: Final[dict[str, bytes]] = {
    "apple": APPLE,
    "apple-group": APPLE_GROUP,
    "apple-company": APPLE_COMPANY,
    "davx5": DAVX5,
    "davx5-group": DAVX5_GROUP,
    "evolution": EVOLUTION,
    "thunderbird": THUNDERBIRD,
    "google": GOOGLE,
    "rfc6350": RFC6350,
    "rfc2426": RFC2426,
}
OLD: Final[dict[str, bytes]] = {"outlook": OUTLOOK, "android": ANDROID}
