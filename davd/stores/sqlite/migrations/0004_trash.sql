-- What was deleted or overwritten, for a while, and when the store came from a backup.

ALTER TABLE store ADD COLUMN restored REAL;

-- The bytes that an owner has in the trash; they do not count towards the quota.
ALTER TABLE usage ADD COLUMN trashed INTEGER NOT NULL DEFAULT 0;

-- An entry: a file with its content, a former content of a file, or the collection at the top of a tree. `path` leads
-- to the collection that it was in, whose id is `collection_id`; both may mean nothing any more. `bytes` and `count` are
-- of all that the entry holds. The columns from `uid` to `terms` are those of the table `object`.
CREATE TABLE trash (
    id INTEGER PRIMARY KEY,
    collection_id INTEGER NOT NULL,
    path TEXT NOT NULL,
    name TEXT NOT NULL,
    reason TEXT NOT NULL,
    deleted REAL NOT NULL,
    bytes INTEGER NOT NULL,
    count INTEGER NOT NULL,
    resource_id INTEGER NOT NULL,
    type TEXT NOT NULL,
    owner TEXT NOT NULL,
    etag TEXT NOT NULL,
    content_type TEXT NOT NULL,
    content_length INTEGER NOT NULL,
    created REAL NOT NULL,
    modified REAL NOT NULL,
    blob TEXT,
    sha256 TEXT NOT NULL,
    acl TEXT NOT NULL,
    uid TEXT,
    component TEXT,
    spans BLOB,
    terms TEXT,
    data BLOB
);
CREATE INDEX trash_place ON trash (collection_id, name, deleted);
CREATE INDEX trash_owner ON trash (owner);
CREATE INDEX trash_blob ON trash (blob) WHERE blob IS NOT NULL;

-- What was in a deleted collection.
CREATE TABLE trash_member (
    entry_id INTEGER NOT NULL REFERENCES trash (id) ON DELETE CASCADE,
    resource_id INTEGER NOT NULL,
    parent_id INTEGER NOT NULL,
    name TEXT NOT NULL,
    type TEXT NOT NULL,
    owner TEXT NOT NULL,
    content_type TEXT NOT NULL,
    content_length INTEGER NOT NULL,
    created REAL NOT NULL,
    modified REAL NOT NULL,
    blob TEXT,
    sha256 TEXT NOT NULL,
    acl TEXT NOT NULL,
    uid TEXT,
    component TEXT,
    spans BLOB,
    terms TEXT,
    data BLOB
);
CREATE INDEX trash_member_entry ON trash_member (entry_id, resource_id);
CREATE INDEX trash_member_blob ON trash_member (blob) WHERE blob IS NOT NULL;

CREATE TABLE trash_property (
    entry_id INTEGER NOT NULL REFERENCES trash (id) ON DELETE CASCADE,
    resource_id INTEGER NOT NULL,
    name TEXT NOT NULL,
    element BLOB NOT NULL,
    PRIMARY KEY (entry_id, resource_id, name)
) WITHOUT ROWID;
