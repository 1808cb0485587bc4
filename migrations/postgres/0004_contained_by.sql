-- What a pick is contained by is told since: by the base, by another pick, by what people settled.
--
-- Assessments, investigations and assemblies are derived from the other tables and from git: their
-- old rows do not tell, and are dropped. Picket makes them again by itself, at its first look
-- after this migration; nothing that a person decided is touched.
DELETE FROM assessments;
DELETE FROM investigations;
DELETE FROM assemblies;
