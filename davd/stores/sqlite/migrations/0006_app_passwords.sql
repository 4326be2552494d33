-- Passwords beside that of an account: one for each device or program.

CREATE TABLE app_password (
    id TEXT PRIMARY KEY,     -- the part of the password that names this row
    account TEXT NOT NULL REFERENCES account (name) ON DELETE CASCADE,
    label TEXT NOT NULL,
    hash TEXT NOT NULL,      -- SHA-256 of the whole password
    created REAL NOT NULL,
    last_used REAL,          -- the last log-in by it, to the hour
    expires REAL
) WITHOUT ROWID;
CREATE INDEX app_password_account ON app_password (account, created);
