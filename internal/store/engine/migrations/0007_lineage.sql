-- +goose Up

-- When what a client held in a session was last taken back: tokens from before, and what was exchanged from
-- them, are over. Kept as long as the session.
CREATE TABLE session_ended (
    realm   TEXT    NOT NULL,
    session TEXT    NOT NULL,
    offline BOOLEAN NOT NULL,
    client  TEXT    NOT NULL, -- key
    ended   BIGINT  NOT NULL, -- microseconds
    PRIMARY KEY (realm, session, offline, client),
    FOREIGN KEY (realm, session, offline) REFERENCES session (realm, id, offline) ON DELETE CASCADE
);
