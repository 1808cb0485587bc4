-- What releases stand on, and how far they were pushed.

-- The digest of the rules that a channel is released by.
CREATE TABLE rules (
    channel TEXT PRIMARY KEY NOT NULL,
    digest TEXT NOT NULL
) STRICT;

-- The newest release whose tag and branch a channel's git remote has.
CREATE TABLE pushes (
    channel TEXT PRIMARY KEY NOT NULL,
    seq INTEGER NOT NULL,
    pushed_at INTEGER NOT NULL
) STRICT;
