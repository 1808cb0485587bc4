INSERT INTO passed_by (pr, title, base_branch, updated_at) VALUES (12, 'a: 1.2 -> 1.3 ''quoted'' 🦀', 'master', 1790000000);
INSERT INTO passed_by (pr, title, base_branch, updated_at) VALUES (13, '', 'staging-26.05', 0);
