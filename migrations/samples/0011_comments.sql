INSERT INTO comments (pr, record) VALUES (3, '{"place":{"state":"there","id":3000001,"text":"982d9e3eb996f559e633f4d194def3761d909f5a3b647d1a851fead67c32c9d1","written_at":1790000003},"setback":{"failures":2,"refusals":1,"next_try":1790000063}}');
INSERT INTO comments (pr, record) VALUES (7, '{"place":{"state":"posting","since":1790000004}}');
INSERT INTO comments (pr, record) VALUES (9, '{"place":{"state":"ended","id":3000002,"why":{"refused":"''quoted'' 🦀"},"at":1790000005}}');
INSERT INTO comments (pr, record) VALUES (11, '{"place":{"state":"ended","id":null,"why":"locked","at":1790000006}}');
