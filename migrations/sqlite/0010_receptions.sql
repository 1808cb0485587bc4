-- What upstream makes of a pull request: reviews, who merged it, and what its CI says.
CREATE TABLE receptions (
    pr INTEGER PRIMARY KEY,
    reading TEXT NOT NULL,
    version INTEGER NOT NULL DEFAULT 0
) STRICT;
CREATE INDEX receptions_by_version ON receptions (version);

CREATE TRIGGER receptions_added AFTER INSERT ON receptions
BEGIN
    UPDATE clock SET version = version + 1;
    UPDATE receptions SET version = (SELECT version FROM clock) WHERE rowid = NEW.rowid;
END;
CREATE TRIGGER receptions_changed AFTER UPDATE ON receptions WHEN NEW.version = OLD.version
BEGIN
    UPDATE clock SET version = version + 1;
    UPDATE receptions SET version = (SELECT version FROM clock) WHERE rowid = NEW.rowid;
END;
CREATE TRIGGER receptions_removed AFTER DELETE ON receptions
BEGIN
    UPDATE clock SET version = version + 1, epoch = epoch + 1;
END;
