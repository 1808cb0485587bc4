-- What GitHub delivered to the webhook, as it came. problem is why nothing could be made of it.
CREATE TABLE deliveries (
    id TEXT NOT NULL PRIMARY KEY,
    event TEXT NOT NULL,
    body TEXT NOT NULL,
    received_at BIGINT NOT NULL,
    handled BIGINT NOT NULL DEFAULT 0,
    problem TEXT
);
CREATE INDEX deliveries_by_time ON deliveries (received_at);
CREATE INDEX deliveries_by_state ON deliveries (handled, received_at);
