-- What comes of a pick depends on what people made of its conflicts, and says more than it did.
--
-- Assessments and assemblies are derived from the other tables and from git: their old rows are in
-- a form that is not read any more, and are dropped. Picket makes them again by itself, at its
-- first look after this migration; nothing that a person decided is touched.
DROP TABLE assessments;
DELETE FROM assemblies;

-- What comes of picking a pull request's head, alone, onto a base. resolved is the id of what
-- people made of its conflicts.
CREATE TABLE assessments (
    channel TEXT NOT NULL,
    base TEXT NOT NULL,
    pr BIGINT NOT NULL,
    head TEXT NOT NULL,
    resolved TEXT NOT NULL,
    outcome TEXT NOT NULL,
    PRIMARY KEY (channel, base, pr, head, resolved)
);

-- What history says of the picks that conflict.
CREATE TABLE investigations (
    channel TEXT NOT NULL,
    base TEXT NOT NULL,
    pr BIGINT NOT NULL,
    head TEXT NOT NULL,
    resolved TEXT NOT NULL,
    investigation TEXT NOT NULL,
    PRIMARY KEY (channel, base, pr, head, resolved)
);

-- The files that people made of conflicts, by the SHA-256 of their bytes. The audit log names
-- them, so that they are kept for ever, as it is.
CREATE TABLE contents (
    id TEXT PRIMARY KEY NOT NULL,
    bytes BYTEA NOT NULL
);

-- What commits change, by patch id, for people to read.
CREATE TABLE patches (
    id TEXT PRIMARY KEY NOT NULL,
    patch TEXT NOT NULL
);
