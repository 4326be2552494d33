-- What queries about calendars and contacts need to know of objects, access control entries, and groups.

ALTER TABLE resource ADD COLUMN acl TEXT NOT NULL DEFAULT '';
CREATE INDEX resource_acl ON resource (id) WHERE acl <> '';

ALTER TABLE account ADD COLUMN kind TEXT NOT NULL DEFAULT 'individual';

-- One row for each file that has an index. `spans` and `terms` are what the tables of these names hold of it, packed:
-- so the rows to be removed are found by their keys, and only those that differ are written.
CREATE TABLE object (
    resource_id INTEGER PRIMARY KEY REFERENCES resource (id) ON DELETE CASCADE,
    collection_id INTEGER NOT NULL,
    uid TEXT NOT NULL,
    component TEXT NOT NULL,
    spans BLOB,
    terms TEXT
);
CREATE INDEX object_uid ON object (collection_id, uid);
CREATE INDEX object_component ON object (collection_id, component);

-- Stretches of time. A row of the level n is at most 2^n seconds long, and longer than half of that unless n is the
-- lowest. It is one span, or `count` of those that are packed in object.spans, from the one numbered `first` on.
CREATE TABLE span (
    collection_id INTEGER NOT NULL,
    level INTEGER NOT NULL,
    start INTEGER NOT NULL,
    resource_id INTEGER NOT NULL,
    "end" INTEGER NOT NULL,
    exact INTEGER NOT NULL,
    first INTEGER NOT NULL,
    count INTEGER NOT NULL,
    PRIMARY KEY (collection_id, level, start, resource_id)
) WITHOUT ROWID;

CREATE TABLE term (
    collection_id INTEGER NOT NULL,
    name TEXT NOT NULL,
    text TEXT NOT NULL,
    resource_id INTEGER NOT NULL,
    PRIMARY KEY (collection_id, name, text, resource_id)
) WITHOUT ROWID;

-- Who is directly in a group.
CREATE TABLE membership (
    member TEXT NOT NULL REFERENCES account (name) ON DELETE CASCADE,
    group_name TEXT NOT NULL REFERENCES account (name) ON DELETE CASCADE,
    PRIMARY KEY (member, group_name)
) WITHOUT ROWID;
CREATE INDEX membership_group ON membership (group_name, member);
