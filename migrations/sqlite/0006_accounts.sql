-- Who is on the team, and whose account each login is.

-- The people whom the configuration names, and those whom it named before. github_id is the number
-- of the account that the configuration gives, left_at is set for those whom it names no more.
CREATE TABLE members (
    login TEXT PRIMARY KEY NOT NULL,
    github_id INTEGER,
    left_at INTEGER
) STRICT;
-- Whoever approved something before this migration was on the team.
INSERT INTO members (login) SELECT DISTINCT actor FROM audit_log WHERE kind = 'approve';

-- The account that each login is bound to: github:NUMBER or passphrase. After a login was unbound,
-- the first three are NULL until the next account signs in under it; unbound_entry is the place in
-- the audit log up to which what was said under it is an earlier account's.
CREATE TABLE accounts (
    login TEXT PRIMARY KEY NOT NULL,
    identity TEXT,
    bound_at INTEGER,
    last_sign_in_at INTEGER,
    renamed_at INTEGER,
    unbound_at INTEGER,
    unbound_entry INTEGER,
    refused TEXT,
    refused_at INTEGER
) STRICT;
-- An account has one name at a time.
CREATE UNIQUE INDEX accounts_by_identity ON accounts (identity)
    WHERE renamed_at IS NULL AND identity <> 'passphrase';

-- A session is an account's, not a login's. People sign in again.
DELETE FROM sessions;
ALTER TABLE sessions ADD COLUMN identity TEXT NOT NULL DEFAULT '';

CREATE TRIGGER members_added AFTER INSERT ON members
BEGIN
    UPDATE clock SET version = version + 1;
END;
CREATE TRIGGER members_changed AFTER UPDATE ON members
BEGIN
    UPDATE clock SET version = version + 1;
END;
CREATE TRIGGER members_removed AFTER DELETE ON members
BEGIN
    UPDATE clock SET version = version + 1, epoch = epoch + 1;
END;
-- Whoever keeps a copy has nothing to read anew because somebody signs in.
CREATE TRIGGER accounts_added AFTER INSERT ON accounts WHEN NEW.refused IS NOT NULL
BEGIN
    UPDATE clock SET version = version + 1;
END;
CREATE TRIGGER accounts_changed AFTER UPDATE ON accounts
WHEN (NEW.renamed_at, NEW.unbound_entry, NEW.refused) IS NOT (OLD.renamed_at, OLD.unbound_entry, OLD.refused)
BEGIN
    UPDATE clock SET version = version + 1;
END;
CREATE TRIGGER accounts_removed AFTER DELETE ON accounts
BEGIN
    UPDATE clock SET version = version + 1, epoch = epoch + 1;
END;
