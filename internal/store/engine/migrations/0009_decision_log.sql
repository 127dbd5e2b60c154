-- +goose Up

-- The ends of the hash chains of the decision log: one for each node and realm.
CREATE TABLE decision_chain (
    realm      TEXT   NOT NULL,
    node       TEXT   NOT NULL,
    owner      TEXT   NOT NULL, -- the process that writes to it; empty where none does
    seq        BIGINT NOT NULL,
    hash       TEXT   NOT NULL, -- of the last line
    head       TEXT   NOT NULL, -- signed; empty before the first line
    checkpoint TEXT   NOT NULL, -- signed: what was dropped because it was old; empty where nothing was
    PRIMARY KEY (realm, node)
);

-- Their lines, as they are exported.
CREATE TABLE decision_log (
    realm TEXT   NOT NULL,
    node  TEXT   NOT NULL,
    seq   BIGINT NOT NULL,
    at    BIGINT NOT NULL, -- microseconds
    line  TEXT   NOT NULL,
    PRIMARY KEY (realm, node, seq)
);
CREATE INDEX decision_log_at ON decision_log (realm, at);

-- Signed heads from time to time, by which a chain is found that was written anew.
CREATE TABLE decision_head (
    realm TEXT   NOT NULL,
    node  TEXT   NOT NULL,
    seq   BIGINT NOT NULL,
    head  TEXT   NOT NULL,
    PRIMARY KEY (realm, node, seq)
);
