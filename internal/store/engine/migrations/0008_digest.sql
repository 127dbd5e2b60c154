-- +goose Up

-- What the users of a range are searched by, packed: see digest.go. It holds as long as the range has the same end
-- and the same number of changes.
CREATE TABLE user_digest (
    realm   TEXT   NOT NULL REFERENCES realm (id) ON DELETE CASCADE,
    low     TEXT   NOT NULL,
    high    TEXT   NOT NULL,
    changes BIGINT NOT NULL,
    marks   BYTEA  NOT NULL, -- what some user of the range has
    users   BYTEA  NOT NULL, -- what each of them has
    PRIMARY KEY (realm, low)
);
