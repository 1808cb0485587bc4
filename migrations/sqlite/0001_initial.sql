-- The first tables. Times are seconds since 1970-01-01T00:00:00Z; a column that is named after a
-- domain type holds it as JSON.

-- Pull requests, as GitHub last showed them.
CREATE TABLE candidates (
    pr INTEGER PRIMARY KEY NOT NULL,
    candidate TEXT NOT NULL
) STRICT;

-- Decisions and what came of them. kind, channel and pr are the action's, for looking entries up.
CREATE TABLE audit_log (
    seq INTEGER PRIMARY KEY NOT NULL,
    at INTEGER NOT NULL,
    actor TEXT NOT NULL,
    kind TEXT NOT NULL,
    channel TEXT,
    pr INTEGER,
    action TEXT NOT NULL,
    previous TEXT NOT NULL,
    hash TEXT NOT NULL UNIQUE
) STRICT;
CREATE INDEX audit_log_by_channel ON audit_log (channel, seq);
CREATE INDEX audit_log_by_pr ON audit_log (pr, seq);
CREATE INDEX audit_log_by_kind ON audit_log (kind, seq);

-- The stable channel's revisions, as they were first seen.
CREATE TABLE bases (
    channel TEXT NOT NULL,
    rev TEXT NOT NULL,
    rev_count INTEGER NOT NULL,
    version TEXT NOT NULL,
    committed_at INTEGER NOT NULL,
    seen_at INTEGER NOT NULL,
    PRIMARY KEY (channel, rev)
) STRICT;

-- Where the stable channel stood when it was last looked at.
CREATE TABLE current_bases (
    channel TEXT PRIMARY KEY NOT NULL,
    rev TEXT NOT NULL,
    FOREIGN KEY (channel, rev) REFERENCES bases (channel, rev)
) STRICT;

-- What comes of picking a pull request's head, alone, onto a base.
CREATE TABLE assessments (
    channel TEXT NOT NULL,
    base TEXT NOT NULL,
    pr INTEGER NOT NULL,
    head TEXT NOT NULL,
    outcome TEXT NOT NULL,
    PRIMARY KEY (channel, base, pr, head)
) STRICT;

-- Pick chains, and what came of making them.
CREATE TABLE assemblies (
    chain TEXT PRIMARY KEY NOT NULL,
    channel TEXT NOT NULL,
    base TEXT NOT NULL,
    spec TEXT NOT NULL,
    assembly TEXT NOT NULL
) STRICT;
CREATE INDEX assemblies_by_base ON assemblies (channel, base);

-- Tries at building a revision against a base, numbered from 1.
CREATE TABLE attempts (
    channel TEXT NOT NULL,
    base TEXT NOT NULL,
    rev TEXT NOT NULL,
    number INTEGER NOT NULL,
    attempt TEXT NOT NULL,
    PRIMARY KEY (channel, base, rev, number)
) STRICT;

-- Releases. None of the last four columns is set while a release is reserved.
CREATE TABLE releases (
    channel TEXT NOT NULL,
    seq INTEGER NOT NULL,
    name TEXT NOT NULL UNIQUE,
    base TEXT NOT NULL,
    tip TEXT NOT NULL,
    rev TEXT NOT NULL,
    picks TEXT NOT NULL,
    reserved_at INTEGER NOT NULL,
    sealed_at INTEGER,
    published_at INTEGER,
    abandoned_at INTEGER,
    abandon_reason TEXT,
    PRIMARY KEY (channel, seq)
) STRICT;

-- Where each reader of an outside source stands.
CREATE TABLE cursors (
    name TEXT PRIMARY KEY NOT NULL,
    value TEXT NOT NULL
) STRICT;

-- Who is signed in, by the SHA-256 of the token that their browser holds.
CREATE TABLE sessions (
    token_hash TEXT PRIMARY KEY NOT NULL,
    login TEXT NOT NULL,
    csrf TEXT NOT NULL,
    expires_at INTEGER NOT NULL
) STRICT;
CREATE INDEX sessions_by_expiry ON sessions (expires_at);

-- The audit log only grows, by entries that continue its last one.
CREATE TRIGGER audit_log_never_changes BEFORE UPDATE ON audit_log
BEGIN
    SELECT RAISE(ABORT, 'the audit log is append-only');
END;
CREATE TRIGGER audit_log_never_shrinks BEFORE DELETE ON audit_log
BEGIN
    SELECT RAISE(ABORT, 'the audit log is append-only');
END;
CREATE TRIGGER audit_log_continues BEFORE INSERT ON audit_log
WHEN NEW.seq <> (SELECT coalesce(max(seq), 0) + 1 FROM audit_log)
    OR NEW.previous <> coalesce(
        (SELECT hash FROM audit_log ORDER BY seq DESC LIMIT 1),
        '0000000000000000000000000000000000000000000000000000000000000000'
    )
BEGIN
    SELECT RAISE(ABORT, 'an audit log entry must continue the last one');
END;
