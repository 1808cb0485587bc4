-- Whoever keeps a copy of what the database knows reads what has changed, and no more.
--
-- clock counts every change, and each row has the number of its last one. The rows themselves see
-- to it by triggers, so that no writer can forget. A writer holds the clock from its first change
-- to its commit: numbers are taken in the order in which they become visible. Where rows are
-- removed, epoch grows: there is nothing left to read, and copies are made anew.
CREATE TABLE clock (
    id INTEGER PRIMARY KEY NOT NULL CHECK (id = 1),
    version INTEGER NOT NULL,
    epoch INTEGER NOT NULL
) STRICT;
INSERT INTO clock (id, version, epoch) VALUES (1, 0, 0);

-- A pull request's description, as JSON. It may be long, and nobody needs it to decide what is to
-- be done: it leaves the candidate's row. It stands before the author's name there. (PostgreSQL's own
-- functions cannot take it out, since a text may hold a NUL. Within a text a quotation mark is
-- escaped, so that what is found is the field.)
CREATE TABLE candidate_bodies (
    pr INTEGER PRIMARY KEY NOT NULL,
    body TEXT NOT NULL
) STRICT;
INSERT INTO candidate_bodies (pr, body)
    SELECT pr, substr(candidate, instr(candidate, '"body":') + 7, instr(candidate, ',"author":') - instr(candidate, '"body":') - 7)
    FROM candidates;
UPDATE candidates SET candidate = substr(candidate, 1, instr(candidate, '"body":') + 6) || '""' ||
    substr(candidate, instr(candidate, ',"author":'));

-- What planning needs of a try's report, as JSON. Tries from before this migration have none, and
-- are summed up as they are read.
ALTER TABLE attempts ADD COLUMN summary TEXT;

-- 1 where the outcome is that the base has all of it.
ALTER TABLE assessments ADD COLUMN contained INTEGER NOT NULL DEFAULT 0;
UPDATE assessments SET contained = 1 WHERE outcome = '{"outcome":"contained"}';

ALTER TABLE candidates ADD COLUMN version INTEGER NOT NULL DEFAULT 0;
ALTER TABLE assessments ADD COLUMN version INTEGER NOT NULL DEFAULT 0;
ALTER TABLE investigations ADD COLUMN version INTEGER NOT NULL DEFAULT 0;
ALTER TABLE assemblies ADD COLUMN version INTEGER NOT NULL DEFAULT 0;
ALTER TABLE attempts ADD COLUMN version INTEGER NOT NULL DEFAULT 0;
ALTER TABLE releases ADD COLUMN version INTEGER NOT NULL DEFAULT 0;
CREATE INDEX candidates_by_version ON candidates (version);
CREATE INDEX assessments_by_version ON assessments (channel, base, version);
CREATE INDEX assessments_contained ON assessments (channel, version) WHERE contained = 1;
CREATE INDEX investigations_by_version ON investigations (channel, base, version);
DROP INDEX assemblies_by_base;
CREATE INDEX assemblies_by_version ON assemblies (channel, base, version);
CREATE INDEX attempts_by_version ON attempts (channel, base, version);
CREATE INDEX releases_by_version ON releases (channel, version);

CREATE TRIGGER candidates_added AFTER INSERT ON candidates
BEGIN
    UPDATE clock SET version = version + 1;
    UPDATE candidates SET version = (SELECT version FROM clock) WHERE rowid = NEW.rowid;
END;
CREATE TRIGGER candidates_changed AFTER UPDATE ON candidates WHEN NEW.version = OLD.version
BEGIN
    UPDATE clock SET version = version + 1;
    UPDATE candidates SET version = (SELECT version FROM clock) WHERE rowid = NEW.rowid;
END;
CREATE TRIGGER candidates_removed AFTER DELETE ON candidates
BEGIN
    UPDATE clock SET version = version + 1, epoch = epoch + 1;
END;
CREATE TRIGGER current_bases_added AFTER INSERT ON current_bases
BEGIN
    UPDATE clock SET version = version + 1;
END;
CREATE TRIGGER current_bases_changed AFTER UPDATE ON current_bases
BEGIN
    UPDATE clock SET version = version + 1;
END;
CREATE TRIGGER current_bases_removed AFTER DELETE ON current_bases
BEGIN
    UPDATE clock SET version = version + 1, epoch = epoch + 1;
END;
CREATE TRIGGER assessments_added AFTER INSERT ON assessments
BEGIN
    UPDATE clock SET version = version + 1;
    UPDATE assessments SET version = (SELECT version FROM clock) WHERE rowid = NEW.rowid;
END;
CREATE TRIGGER assessments_changed AFTER UPDATE ON assessments WHEN NEW.version = OLD.version
BEGIN
    UPDATE clock SET version = version + 1;
    UPDATE assessments SET version = (SELECT version FROM clock) WHERE rowid = NEW.rowid;
END;
CREATE TRIGGER assessments_removed AFTER DELETE ON assessments
BEGIN
    UPDATE clock SET version = version + 1, epoch = epoch + 1;
END;
CREATE TRIGGER investigations_added AFTER INSERT ON investigations
BEGIN
    UPDATE clock SET version = version + 1;
    UPDATE investigations SET version = (SELECT version FROM clock) WHERE rowid = NEW.rowid;
END;
CREATE TRIGGER investigations_changed AFTER UPDATE ON investigations WHEN NEW.version = OLD.version
BEGIN
    UPDATE clock SET version = version + 1;
    UPDATE investigations SET version = (SELECT version FROM clock) WHERE rowid = NEW.rowid;
END;
CREATE TRIGGER investigations_removed AFTER DELETE ON investigations
BEGIN
    UPDATE clock SET version = version + 1, epoch = epoch + 1;
END;
CREATE TRIGGER assemblies_added AFTER INSERT ON assemblies
BEGIN
    UPDATE clock SET version = version + 1;
    UPDATE assemblies SET version = (SELECT version FROM clock) WHERE rowid = NEW.rowid;
END;
CREATE TRIGGER assemblies_changed AFTER UPDATE ON assemblies WHEN NEW.version = OLD.version
BEGIN
    UPDATE clock SET version = version + 1;
    UPDATE assemblies SET version = (SELECT version FROM clock) WHERE rowid = NEW.rowid;
END;
CREATE TRIGGER assemblies_removed AFTER DELETE ON assemblies
BEGIN
    UPDATE clock SET version = version + 1, epoch = epoch + 1;
END;
CREATE TRIGGER attempts_added AFTER INSERT ON attempts
BEGIN
    UPDATE clock SET version = version + 1;
    UPDATE attempts SET version = (SELECT version FROM clock) WHERE rowid = NEW.rowid;
END;
CREATE TRIGGER attempts_changed AFTER UPDATE ON attempts WHEN NEW.version = OLD.version
BEGIN
    UPDATE clock SET version = version + 1;
    UPDATE attempts SET version = (SELECT version FROM clock) WHERE rowid = NEW.rowid;
END;
CREATE TRIGGER attempts_removed AFTER DELETE ON attempts
BEGIN
    UPDATE clock SET version = version + 1, epoch = epoch + 1;
END;
CREATE TRIGGER releases_added AFTER INSERT ON releases
BEGIN
    UPDATE clock SET version = version + 1;
    UPDATE releases SET version = (SELECT version FROM clock) WHERE rowid = NEW.rowid;
END;
CREATE TRIGGER releases_changed AFTER UPDATE ON releases WHEN NEW.version = OLD.version
BEGIN
    UPDATE clock SET version = version + 1;
    UPDATE releases SET version = (SELECT version FROM clock) WHERE rowid = NEW.rowid;
END;
CREATE TRIGGER releases_removed AFTER DELETE ON releases
BEGIN
    UPDATE clock SET version = version + 1, epoch = epoch + 1;
END;
CREATE TRIGGER audit_log_added AFTER INSERT ON audit_log
BEGIN
    UPDATE clock SET version = version + 1;
END;
