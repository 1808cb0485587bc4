-- Whoever keeps a copy of what the database knows reads what has changed, and no more.
--
-- clock counts every change, and each row has the number of its last one. The rows themselves see
-- to it by triggers, so that no writer can forget. A writer holds the clock from its first change
-- to its commit: numbers are taken in the order in which they become visible. Where rows are
-- removed, epoch grows: there is nothing left to read, and copies are made anew.
CREATE TABLE clock (
    id BIGINT PRIMARY KEY NOT NULL CHECK (id = 1),
    version BIGINT NOT NULL,
    epoch BIGINT NOT NULL
);
INSERT INTO clock (id, version, epoch) VALUES (1, 0, 0);

-- A pull request's description, as JSON. It may be long, and nobody needs it to decide what is to
-- be done: it leaves the candidate's row. It stands before the author's name there. (PostgreSQL's own
-- functions cannot take it out, since a text may hold a NUL. Within a text a quotation mark is
-- escaped, so that what is found is the field.)
CREATE TABLE candidate_bodies (
    pr BIGINT PRIMARY KEY NOT NULL,
    body TEXT NOT NULL
);
INSERT INTO candidate_bodies (pr, body)
    SELECT pr, substr(candidate, strpos(candidate, '"body":') + 7, strpos(candidate, ',"author":') - strpos(candidate, '"body":') - 7)
    FROM candidates;
UPDATE candidates SET candidate = substr(candidate, 1, strpos(candidate, '"body":') + 6) || '""' ||
    substr(candidate, strpos(candidate, ',"author":'));

-- What planning needs of a try's report, as JSON. Tries from before this migration have none, and
-- are summed up as they are read.
ALTER TABLE attempts ADD COLUMN summary TEXT;

-- 1 where the outcome is that the base has all of it.
ALTER TABLE assessments ADD COLUMN contained BIGINT NOT NULL DEFAULT 0;
UPDATE assessments SET contained = 1 WHERE outcome = '{"outcome":"contained"}';

ALTER TABLE candidates ADD COLUMN version BIGINT NOT NULL DEFAULT 0;
ALTER TABLE assessments ADD COLUMN version BIGINT NOT NULL DEFAULT 0;
ALTER TABLE investigations ADD COLUMN version BIGINT NOT NULL DEFAULT 0;
ALTER TABLE assemblies ADD COLUMN version BIGINT NOT NULL DEFAULT 0;
ALTER TABLE attempts ADD COLUMN version BIGINT NOT NULL DEFAULT 0;
ALTER TABLE releases ADD COLUMN version BIGINT NOT NULL DEFAULT 0;
CREATE INDEX candidates_by_version ON candidates (version);
CREATE INDEX assessments_by_version ON assessments (channel, base, version);
CREATE INDEX assessments_contained ON assessments (channel, version) WHERE contained = 1;
CREATE INDEX investigations_by_version ON investigations (channel, base, version);
DROP INDEX assemblies_by_base;
CREATE INDEX assemblies_by_version ON assemblies (channel, base, version);
CREATE INDEX attempts_by_version ON attempts (channel, base, version);
CREATE INDEX releases_by_version ON releases (channel, version);

CREATE FUNCTION take_version() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    UPDATE clock SET version = version + 1 RETURNING version INTO NEW.version;
    RETURN NEW;
END
$$;
CREATE FUNCTION count_change() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    UPDATE clock SET version = version + 1;
    RETURN NULL;
END
$$;
CREATE FUNCTION start_epoch() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    UPDATE clock SET version = version + 1, epoch = epoch + 1;
    RETURN NULL;
END
$$;
CREATE TRIGGER candidates_changed BEFORE INSERT OR UPDATE ON candidates
    FOR EACH ROW EXECUTE FUNCTION take_version();
CREATE TRIGGER candidates_removed AFTER DELETE OR TRUNCATE ON candidates
    FOR EACH STATEMENT EXECUTE FUNCTION start_epoch();
CREATE TRIGGER current_bases_changed AFTER INSERT OR UPDATE ON current_bases
    FOR EACH STATEMENT EXECUTE FUNCTION count_change();
CREATE TRIGGER current_bases_removed AFTER DELETE OR TRUNCATE ON current_bases
    FOR EACH STATEMENT EXECUTE FUNCTION start_epoch();
CREATE TRIGGER assessments_changed BEFORE INSERT OR UPDATE ON assessments
    FOR EACH ROW EXECUTE FUNCTION take_version();
CREATE TRIGGER assessments_removed AFTER DELETE OR TRUNCATE ON assessments
    FOR EACH STATEMENT EXECUTE FUNCTION start_epoch();
CREATE TRIGGER investigations_changed BEFORE INSERT OR UPDATE ON investigations
    FOR EACH ROW EXECUTE FUNCTION take_version();
CREATE TRIGGER investigations_removed AFTER DELETE OR TRUNCATE ON investigations
    FOR EACH STATEMENT EXECUTE FUNCTION start_epoch();
CREATE TRIGGER assemblies_changed BEFORE INSERT OR UPDATE ON assemblies
    FOR EACH ROW EXECUTE FUNCTION take_version();
CREATE TRIGGER assemblies_removed AFTER DELETE OR TRUNCATE ON assemblies
    FOR EACH STATEMENT EXECUTE FUNCTION start_epoch();
CREATE TRIGGER attempts_changed BEFORE INSERT OR UPDATE ON attempts
    FOR EACH ROW EXECUTE FUNCTION take_version();
CREATE TRIGGER attempts_removed AFTER DELETE OR TRUNCATE ON attempts
    FOR EACH STATEMENT EXECUTE FUNCTION start_epoch();
CREATE TRIGGER releases_changed BEFORE INSERT OR UPDATE ON releases
    FOR EACH ROW EXECUTE FUNCTION take_version();
CREATE TRIGGER releases_removed AFTER DELETE OR TRUNCATE ON releases
    FOR EACH STATEMENT EXECUTE FUNCTION start_epoch();
CREATE TRIGGER audit_log_added AFTER INSERT ON audit_log
    FOR EACH STATEMENT EXECUTE FUNCTION count_change();
