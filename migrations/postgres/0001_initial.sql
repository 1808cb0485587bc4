-- The first tables. Times are seconds since 1970-01-01T00:00:00Z; a column that is named after a
-- domain type holds it as JSON.

-- Pull requests, as GitHub last showed them.
CREATE TABLE candidates (
    pr BIGINT PRIMARY KEY NOT NULL,
    candidate TEXT NOT NULL
);

-- Decisions and what came of them. kind, channel and pr are the action's, for looking entries up.
CREATE TABLE audit_log (
    seq BIGINT PRIMARY KEY NOT NULL,
    at BIGINT NOT NULL,
    actor TEXT NOT NULL,
    kind TEXT NOT NULL,
    channel TEXT,
    pr BIGINT,
    action TEXT NOT NULL,
    previous TEXT NOT NULL,
    hash TEXT NOT NULL UNIQUE
);
CREATE INDEX audit_log_by_channel ON audit_log (channel, seq);
CREATE INDEX audit_log_by_pr ON audit_log (pr, seq);
CREATE INDEX audit_log_by_kind ON audit_log (kind, seq);

-- The stable channel's revisions, as they were first seen.
CREATE TABLE bases (
    channel TEXT NOT NULL,
    rev TEXT NOT NULL,
    rev_count BIGINT NOT NULL,
    version TEXT NOT NULL,
    committed_at BIGINT NOT NULL,
    seen_at BIGINT NOT NULL,
    PRIMARY KEY (channel, rev)
);

-- Where the stable channel stood when it was last looked at.
CREATE TABLE current_bases (
    channel TEXT PRIMARY KEY NOT NULL,
    rev TEXT NOT NULL,
    FOREIGN KEY (channel, rev) REFERENCES bases (channel, rev)
);

-- What comes of picking a pull request's head, alone, onto a base.
CREATE TABLE assessments (
    channel TEXT NOT NULL,
    base TEXT NOT NULL,
    pr BIGINT NOT NULL,
    head TEXT NOT NULL,
    outcome TEXT NOT NULL,
    PRIMARY KEY (channel, base, pr, head)
);

-- Pick chains, and what came of making them.
CREATE TABLE assemblies (
    chain TEXT PRIMARY KEY NOT NULL,
    channel TEXT NOT NULL,
    base TEXT NOT NULL,
    spec TEXT NOT NULL,
    assembly TEXT NOT NULL
);
CREATE INDEX assemblies_by_base ON assemblies (channel, base);

-- Tries at building a revision against a base, numbered from 1.
CREATE TABLE attempts (
    channel TEXT NOT NULL,
    base TEXT NOT NULL,
    rev TEXT NOT NULL,
    number BIGINT NOT NULL,
    attempt TEXT NOT NULL,
    PRIMARY KEY (channel, base, rev, number)
);

-- Releases. None of the last four columns is set while a release is reserved.
CREATE TABLE releases (
    channel TEXT NOT NULL,
    seq BIGINT NOT NULL,
    name TEXT NOT NULL UNIQUE,
    base TEXT NOT NULL,
    tip TEXT NOT NULL,
    rev TEXT NOT NULL,
    picks TEXT NOT NULL,
    reserved_at BIGINT NOT NULL,
    sealed_at BIGINT,
    published_at BIGINT,
    abandoned_at BIGINT,
    abandon_reason TEXT,
    PRIMARY KEY (channel, seq)
);

-- Where each reader of an outside source stands.
CREATE TABLE cursors (
    name TEXT PRIMARY KEY NOT NULL,
    value TEXT NOT NULL
);

-- Who is signed in, by the SHA-256 of the token that their browser holds.
CREATE TABLE sessions (
    token_hash TEXT PRIMARY KEY NOT NULL,
    login TEXT NOT NULL,
    csrf TEXT NOT NULL,
    expires_at BIGINT NOT NULL
);
CREATE INDEX sessions_by_expiry ON sessions (expires_at);

-- The audit log only grows, by entries that continue its last one.
CREATE FUNCTION audit_log_is_append_only() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION 'the audit log is append-only';
END
$$;
CREATE TRIGGER audit_log_never_changes BEFORE UPDATE OR DELETE OR TRUNCATE ON audit_log
    FOR EACH STATEMENT EXECUTE FUNCTION audit_log_is_append_only();
CREATE FUNCTION audit_log_must_continue() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF NEW.seq <> (SELECT coalesce(max(seq), 0) + 1 FROM audit_log)
        OR NEW.previous <> coalesce(
            (SELECT hash FROM audit_log ORDER BY seq DESC LIMIT 1),
            '0000000000000000000000000000000000000000000000000000000000000000'
        )
    THEN
        RAISE EXCEPTION 'an audit log entry must continue the last one';
    END IF;
    RETURN NEW;
END
$$;
CREATE TRIGGER audit_log_continues BEFORE INSERT ON audit_log
    FOR EACH ROW EXECUTE FUNCTION audit_log_must_continue();
