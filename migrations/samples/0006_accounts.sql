-- The approvals of the samples before made members of ada and grace.
INSERT INTO members (login, github_id, left_at) VALUES ('barbara', 42, NULL);
INSERT INTO members (login, github_id, left_at) VALUES ('edsger', NULL, 1790000050);
INSERT INTO accounts (login, identity, bound_at, last_sign_in_at, renamed_at, unbound_at, unbound_entry, refused, refused_at) VALUES ('ada', 'github:41', 1790000000, 1790000040, 1790000050, NULL, NULL, NULL, NULL);
INSERT INTO accounts (login, identity, bound_at, last_sign_in_at, renamed_at, unbound_at, unbound_entry, refused, refused_at) VALUES ('edsger', NULL, NULL, NULL, NULL, 1790000030, 5, NULL, NULL);
INSERT INTO accounts (login, identity, bound_at, last_sign_in_at, renamed_at, unbound_at, unbound_entry, refused, refused_at) VALUES ('grace', 'github:44', 1790000000, 1790000040, NULL, 1790000020, 3, 'github:77', 1790000060);
INSERT INTO sessions (token_hash, login, identity, csrf, expires_at) VALUES ('cdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcd', 'grace', 'github:44', 'c2FtcGxlc2FtcGxlc2FtcGxlc2FtcGxlc2FtcGxlabc', 1790086400);
