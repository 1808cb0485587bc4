-- What upstream makes of a pull request: reviews, who merged it, and what its CI says.
CREATE TABLE receptions (
    pr BIGINT PRIMARY KEY,
    reading TEXT NOT NULL,
    version BIGINT NOT NULL DEFAULT 0
);
CREATE INDEX receptions_by_version ON receptions (version);

CREATE TRIGGER receptions_changed BEFORE INSERT OR UPDATE ON receptions
    FOR EACH ROW EXECUTE FUNCTION take_version();
CREATE TRIGGER receptions_removed AFTER DELETE OR TRUNCATE ON receptions
    FOR EACH STATEMENT EXECUTE FUNCTION start_epoch();
