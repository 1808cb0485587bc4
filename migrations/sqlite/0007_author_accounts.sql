-- Nobody decides about a pull request of their own account, whatever that is called by now.
--
-- A candidate's row names its author's account from here on, as author_id in its JSON. Rows from before
-- do not until GitHub is asked about them again; there, the author's login tells, as it did.
--
-- Whoever keeps a copy of the team reads it anew when a login becomes an account's. Signing in again
-- changes nothing.
DROP TRIGGER accounts_added;
DROP TRIGGER accounts_changed;
CREATE TRIGGER accounts_added AFTER INSERT ON accounts
BEGIN
    UPDATE clock SET version = version + 1;
END;
CREATE TRIGGER accounts_changed AFTER UPDATE ON accounts
WHEN (NEW.identity, NEW.renamed_at, NEW.unbound_entry, NEW.refused)
    IS NOT (OLD.identity, OLD.renamed_at, OLD.unbound_entry, OLD.refused)
BEGIN
    UPDATE clock SET version = version + 1;
END;
