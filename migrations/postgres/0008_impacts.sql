-- What a pull request's head, alone on a base, changes of the package set. summary is what planning
-- and lists need of it.
CREATE TABLE impacts (
    channel TEXT NOT NULL,
    base TEXT NOT NULL,
    pr BIGINT NOT NULL,
    head TEXT NOT NULL,
    resolved TEXT NOT NULL,
    impact TEXT NOT NULL,
    summary TEXT NOT NULL,
    version BIGINT NOT NULL DEFAULT 0,
    PRIMARY KEY (channel, base, pr, head, resolved)
);
CREATE INDEX impacts_by_version ON impacts (channel, base, version);

CREATE TRIGGER impacts_changed BEFORE INSERT OR UPDATE ON impacts
    FOR EACH ROW EXECUTE FUNCTION take_version();
CREATE TRIGGER impacts_removed AFTER DELETE OR TRUNCATE ON impacts
    FOR EACH STATEMENT EXECUTE FUNCTION start_epoch();
