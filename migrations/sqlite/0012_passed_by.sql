-- Version bumps that nothing makes candidates so far: an advisory may name them weeks later.
CREATE TABLE passed_by (
    pr INTEGER PRIMARY KEY,
    title TEXT NOT NULL,
    base_branch TEXT NOT NULL,
    updated_at INTEGER NOT NULL
) STRICT;
