INSERT INTO rules (channel, digest) VALUES
    ('nixos-26.05-sec', '9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08');
INSERT INTO pushes (channel, seq, pushed_at) VALUES ('nixos-26.05-sec', 1, 1764000000);
