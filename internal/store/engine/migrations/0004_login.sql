-- +goose Up

-- Sign-ins that have begun, by browser. They belong to no realm's row, as sessions. Ids are hashes: who reads
-- the database must not be able to go on with one. The version lets one of two writers win.
CREATE TABLE login (
    realm   TEXT   NOT NULL,
    id      TEXT   NOT NULL, -- SHA-256 of the browser's, hexadecimal
    version BIGINT NOT NULL,
    until   BIGINT NOT NULL,
    doc     TEXT   NOT NULL,
    PRIMARY KEY (realm, id)
);
CREATE INDEX login_until ON login (until);

-- Authorization codes. A spent one is kept for a while, so that its second use is noticed.
CREATE TABLE code (
    realm TEXT    NOT NULL,
    hash  TEXT    NOT NULL,
    spent BOOLEAN NOT NULL,
    until BIGINT  NOT NULL,
    doc   TEXT    NOT NULL,
    PRIMARY KEY (realm, hash)
);
CREATE INDEX code_until ON code (until);

-- Pushed authorization requests (RFC 9126).
CREATE TABLE pushed (
    realm  TEXT   NOT NULL,
    hash   TEXT   NOT NULL, -- of the request_uri
    client TEXT   NOT NULL, -- key of who pushed it
    until  BIGINT NOT NULL,
    doc    TEXT   NOT NULL,
    PRIMARY KEY (realm, hash)
);
CREATE INDEX pushed_until ON pushed (until);
