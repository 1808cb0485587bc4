-- The comment on a pull request: where it is and what it says, or why there is none any more.
CREATE TABLE comments (
    pr INTEGER PRIMARY KEY,
    record TEXT NOT NULL
) STRICT;
