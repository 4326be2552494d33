// The npm `tsdav` client against a davd: node calendars.mjs ORIGIN, with DAV_USER and DAV_PASSWORD in the environment.
// Prints one JSON object of what it saw; any failed call ends it with a status other than 0.
import { createDAVClient } from "tsdav";

const origin = process.argv[2];
const credentials = { username: process.env.DAV_USER, password: process.env.DAV_PASSWORD };
const seen = {};

const connect = (defaultAccountType) =>
    createDAVClient({ serverUrl: origin, credentials, authMethod: "Basic", defaultAccountType });

const event = (uid, summary, day) =>
    [
        "BEGIN:VCALENDAR", "VERSION:2.0", "PRODID:-//davd//tests//EN", "BEGIN:VEVENT", `UID:${uid}`,
        "DTSTAMP:20261101T000000Z", `DTSTART:202612${day}T100000Z`, `DTEND:202612${day}T110000Z`, `SUMMARY:${summary}`,
        "END:VEVENT", "END:VCALENDAR", "",
    ].join("\r\n");

const card = (uid, name) =>
    ["BEGIN:VCARD", "VERSION:3.0", `UID:${uid}`, `FN:${name}`, `N:${name};;;;`, "END:VCARD", ""].join("\r\n");

const calendars = await connect("caldav");
const found = await calendars.fetchCalendars();
seen.calendars = found.map((row) => [row.displayName, (row.components ?? []).sort()]).sort();
const calendar = found.find((row) => row.components.includes("VEVENT"));

for (const day of ["01", "02", "20"]) {
    const made = await calendars.createCalendarObject({
        calendar, filename: `${day}.ics`, iCalString: event(`uid-${day}`, `Event ${day}`, day),
    });
    (seen.made ??= []).push([made.status, Boolean(made.headers.get("etag"))]);
}
const twice = await calendars.createCalendarObject({
    calendar, filename: "01.ics", iCalString: event("uid-01", "again", "01"),
});
seen.madeTwice = twice.status;

const all = await calendars.fetchCalendarObjects({ calendar });
seen.all = all.map((row) => row.url.split("/").pop()).sort();
const early = await calendars.fetchCalendarObjects({
    calendar, timeRange: { start: "2026-12-01T00:00:00Z", end: "2026-12-10T00:00:00Z" },
});
seen.early = early.map((row) => row.url.split("/").pop()).sort();

const first = all.find((row) => row.url.endsWith("/01.ics"));
seen.updated = (await calendars.updateCalendarObject({
    calendarObject: { ...first, data: first.data.replace("Event 01", "Changed") },
})).status;
seen.stale = (await calendars.updateCalendarObject({ calendarObject: first })).status;

const before = await calendars.isCollectionDirty({ collection: calendar });
seen.dirty = before.isDirty;
const told = await calendars.syncCollection({
    url: calendar.url, props: { "d:getetag": {} }, syncLevel: 1, syncToken: calendar.syncToken,
});
seen.changes = told.filter((row) => row.href?.endsWith(".ics")).length;

const last = all.find((row) => row.url.endsWith("/20.ics"));
seen.deleted = (await calendars.deleteCalendarObject({ calendarObject: last })).status;

const made = await calendars.makeCalendar({ url: `${calendar.url.replace(/[^/]+\/$/, "")}made/`, props: { "d:displayname": "Mäde" } });
seen.makeCalendar = made[0].status;
seen.names = (await calendars.fetchCalendars()).map((row) => row.displayName).sort();

const contacts = await connect("carddav");
const [book] = await contacts.fetchAddressBooks();
for (const name of ["Ada", "Grace"]) {
    const vcard = await contacts.createVCard({ addressBook: book, filename: `${name}.vcf`, vCardString: card(name, name) });
    (seen.cards ??= []).push(vcard.status);
}
seen.book = (await contacts.fetchVCards({ addressBook: book })).map((row) => row.data.includes("BEGIN:VCARD"));
console.log(JSON.stringify(seen));
