"""Labels, relations and dates in the form of Apple's programs.

Verifies: RFC 6350, 6.1.4, 6.2.6, 6.6.6
"""

from __future__ import annotations

from davd.formats.contentlines import make
from davd.formats.vcard import apple
from davd.formats.vcard.dates import DateAndOrTime


class TestLabels:
    """Verifies: RFC 6350, 3.3"""

    LINES = [
        make("TEL", "1", group="Item7"),
        make(apple.LABEL, "_$!<Home>!$_", group="item7"),
        make("URL", "x:y", group="work"),
        make("NOTE", "x"),
    ]

    def test_a_group_has_a_label_in_any_case(self) -> None:
        labels = apple.Labels(self.LINES)
        assert [labels.of(line) for line in self.LINES] == ["_$!<Home>!$_", "_$!<Home>!$_", "", ""]
        assert labels.is_only_one(self.LINES[0]) and not labels.is_only_one(self.LINES[2])

    def test_free_groups(self) -> None:
        labels = apple.Labels(self.LINES)
        assert labels.free(self.LINES[2]) == "work"
        # The group has just been given away.
        assert [labels.free(self.LINES[2]), labels.free(self.LINES[0]), labels.free(self.LINES[3])] == [
            "item8",
            "item9",
            "item10",
        ]

    def test_labels_and_types(self) -> None:
        assert apple.type_of("_$!<Father>!$_") == "parent" and apple.type_of("spouse") == "spouse"
        assert apple.type_of("Godmother") == "" and apple.type_of("") == ""
        assert apple.label_of("spouse") == "_$!<Spouse>!$_" and apple.label_of("muse") == "muse"

    def test_each_built_in_label_says_its_type_again(self) -> None:
        for kind in ("parent", "sibling", "child", "friend", "spouse", "sweetheart", "agent", "colleague", "contact"):
            assert apple.type_of(apple.label_of(kind)) == kind


class TestYears:
    """Verifies: RFC 6350, 6.2.5"""

    def test_a_year_that_stands_for_none(self) -> None:
        date = DateAndOrTime("1604", "02", "29")
        assert apple.with_year_left_out(date, [(apple.OMIT_YEAR, "1604")]) == DateAndOrTime("", "02", "29")
        assert apple.with_year_left_out(date, []) is date
        assert apple.with_year_left_out(date, [(apple.OMIT_YEAR, "1904")]) is date

    def test_a_year_put_in(self) -> None:
        found = apple.with_year_put_in(DateAndOrTime("", "02", "29"), [(apple.OMIT_YEAR, "x"), ("A", "b")])
        assert found == (DateAndOrTime("1604", "02", "29"), [(apple.OMIT_YEAR, "1604"), ("A", "b")])
        month = DateAndOrTime("", "02", "")
        assert apple.with_year_put_in(month, []) == (month, [])
