-- +goose Up

-- Devices without a browser that wait for their users (RFC 8628). A row is there until its device got its tokens,
-- or until some time after its end, so that the device is told of it.
CREATE TABLE device (
    realm     TEXT   NOT NULL,
    hash      TEXT   NOT NULL, -- of the device code
    user_hash TEXT   NOT NULL, -- of the user code
    decision  TEXT   NOT NULL, -- empty, granted or denied
    session   TEXT   NOT NULL, -- id; empty where none was granted
    polled    BIGINT NOT NULL, -- when the device last asked and was not told to slow down
    until     BIGINT NOT NULL,
    doc       TEXT   NOT NULL,
    PRIMARY KEY (realm, hash)
);
CREATE UNIQUE INDEX device_user_code ON device (realm, user_hash);
CREATE INDEX device_until ON device (until);
