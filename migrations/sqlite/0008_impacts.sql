-- What a pull request's head, alone on a base, changes of the package set. summary is what planning
-- and lists need of it.
CREATE TABLE impacts (
    channel TEXT NOT NULL,
    base TEXT NOT NULL,
    pr INTEGER NOT NULL,
    head TEXT NOT NULL,
    resolved TEXT NOT NULL,
    impact TEXT NOT NULL,
    summary TEXT NOT NULL,
    version INTEGER NOT NULL DEFAULT 0,
    PRIMARY KEY (channel, base, pr, head, resolved)
) STRICT;
CREATE INDEX impacts_by_version ON impacts (channel, base, version);

CREATE TRIGGER impacts_added AFTER INSERT ON impacts
BEGIN
    UPDATE clock SET version = version + 1;
    UPDATE impacts SET version = (SELECT version FROM clock) WHERE rowid = NEW.rowid;
END;
CREATE TRIGGER impacts_changed AFTER UPDATE ON impacts WHEN NEW.version = OLD.version
BEGIN
    UPDATE clock SET version = version + 1;
    UPDATE impacts SET version = (SELECT version FROM clock) WHERE rowid = NEW.rowid;
END;
CREATE TRIGGER impacts_removed AFTER DELETE ON impacts
BEGIN
    UPDATE clock SET version = version + 1, epoch = epoch + 1;
END;
