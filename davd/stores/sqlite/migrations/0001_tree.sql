-- One tree of resources with what belongs to them.

CREATE TABLE store (
    epoch TEXT NOT NULL,     -- names this life of the store
    number INTEGER NOT NULL  -- the last number given to a resource or an ETag
);

-- Every type except 'file' is a collection. A live member's line in the change log of its parent is its revision here.
CREATE TABLE resource (
    id INTEGER PRIMARY KEY,
    parent_id INTEGER REFERENCES resource (id),
    name TEXT NOT NULL,
    type TEXT NOT NULL,
    owner TEXT NOT NULL,
    etag TEXT NOT NULL,
    content_type TEXT NOT NULL,
    content_length INTEGER NOT NULL,
    created REAL NOT NULL,
    modified REAL NOT NULL,
    revision INTEGER NOT NULL,
    sync_revision INTEGER NOT NULL,
    blob TEXT,
    sha256 TEXT NOT NULL,
    UNIQUE (parent_id, name),
    CHECK ((parent_id IS NULL) = (name = ''))
);
CREATE INDEX resource_revision ON resource (parent_id, revision);
CREATE INDEX resource_blob ON resource (blob) WHERE blob IS NOT NULL;

CREATE TABLE content (
    resource_id INTEGER PRIMARY KEY REFERENCES resource (id) ON DELETE CASCADE,
    data BLOB NOT NULL
);

CREATE TABLE property (
    resource_id INTEGER NOT NULL REFERENCES resource (id) ON DELETE CASCADE,
    name TEXT NOT NULL,
    element BLOB NOT NULL,
    PRIMARY KEY (resource_id, name)
) WITHOUT ROWID;

CREATE TABLE lock (
    token TEXT PRIMARY KEY,
    resource_id INTEGER NOT NULL REFERENCES resource (id) ON DELETE CASCADE,
    scope TEXT NOT NULL,
    infinite INTEGER NOT NULL,
    principal TEXT NOT NULL,
    owner BLOB NOT NULL,
    timeout INTEGER NOT NULL,
    expires REAL NOT NULL
) WITHOUT ROWID;
CREATE INDEX lock_resource ON lock (resource_id);
CREATE INDEX lock_principal ON lock (principal);

-- The lines of the change log for members that are gone.
CREATE TABLE tombstone (
    collection_id INTEGER NOT NULL REFERENCES resource (id) ON DELETE CASCADE,
    name TEXT NOT NULL,
    revision INTEGER NOT NULL,
    removed REAL NOT NULL,
    PRIMARY KEY (collection_id, name)
) WITHOUT ROWID;
CREATE INDEX tombstone_revision ON tombstone (collection_id, revision);

-- The newest tombstone that has been swept, by collection.
CREATE TABLE forgotten (
    collection_id INTEGER PRIMARY KEY REFERENCES resource (id) ON DELETE CASCADE,
    revision INTEGER NOT NULL
);

CREATE TABLE usage (
    owner TEXT PRIMARY KEY,
    used INTEGER NOT NULL
) WITHOUT ROWID;

CREATE TABLE account (
    name TEXT PRIMARY KEY,
    password_hash TEXT NOT NULL,
    email TEXT NOT NULL,
    display_name TEXT NOT NULL,
    quota INTEGER,
    created REAL NOT NULL
) WITHOUT ROWID;

CREATE TABLE kept (
    key TEXT PRIMARY KEY,
    value BLOB NOT NULL,
    expires REAL NOT NULL
) WITHOUT ROWID;

INSERT INTO store VALUES (lower(hex(randomblob(8))), 4);
INSERT INTO resource VALUES
    (1, NULL, '', 'collection', '', '', '', 0, unixepoch('subsec'), unixepoch('subsec'), 0, 2, NULL, ''),
    (2, 1, 'files', 'collection', '', '', '', 0, unixepoch('subsec'), unixepoch('subsec'), 1, 0, NULL, ''),
    (3, 1, 'principals', 'collection', '', '', '', 0, unixepoch('subsec'), unixepoch('subsec'), 2, 1, NULL, ''),
    (4, 3, 'users', 'collection', '', '', '', 0, unixepoch('subsec'), unixepoch('subsec'), 1, 0, NULL, '');
