-- Nobody decides about a pull request of their own account, whatever that is called by now.
--
-- A candidate's row names its author's account from here on, as author_id in its JSON. Rows from before
-- do not until GitHub is asked about them again; there, the author's login tells, as it did.
--
-- Whoever keeps a copy of the team reads it anew when a login becomes an account's. Signing in again
-- changes nothing.
DROP TRIGGER accounts_added ON accounts;
DROP TRIGGER accounts_changed ON accounts;
CREATE TRIGGER accounts_added AFTER INSERT ON accounts
    FOR EACH ROW EXECUTE FUNCTION count_change();
CREATE TRIGGER accounts_changed AFTER UPDATE ON accounts
    FOR EACH ROW WHEN (
        (NEW.identity, NEW.renamed_at, NEW.unbound_entry, NEW.refused)
            IS DISTINCT FROM (OLD.identity, OLD.renamed_at, OLD.unbound_entry, OLD.refused)
    ) EXECUTE FUNCTION count_change();
