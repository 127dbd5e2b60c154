-- +goose Up

-- A realm that is being imported, or deleted, is hidden: nobody finds it. The column has the moment of an
-- import's last sign of life, or -1 where the rows are to go. The public id is what representations show:
-- id, but where a realm took the place of one that had the same.
ALTER TABLE realm ADD COLUMN hidden BIGINT NOT NULL DEFAULT 0;
ALTER TABLE realm ADD COLUMN public TEXT NOT NULL DEFAULT '';
UPDATE realm SET public = id;
CREATE UNIQUE INDEX realm_public ON realm (public);

-- Permissions to register clients.
CREATE TABLE initial_access (
    realm     TEXT   NOT NULL REFERENCES realm (id) ON DELETE CASCADE,
    id        TEXT   NOT NULL,
    created   BIGINT NOT NULL,
    expires   BIGINT NOT NULL, -- microseconds after created; 0: never
    count     BIGINT NOT NULL,
    remaining BIGINT NOT NULL,
    origins   TEXT   NOT NULL, -- JSON
    PRIMARY KEY (realm, id)
);

-- Failed sign-ins. The version is counted up to lock the row.
CREATE TABLE failures (
    realm   TEXT   NOT NULL REFERENCES realm (id) ON DELETE CASCADE,
    user_id TEXT   NOT NULL,
    doc     TEXT   NOT NULL,
    version BIGINT NOT NULL,
    PRIMARY KEY (realm, user_id)
);

-- Sessions by the client that takes part, and by their beginning.
CREATE INDEX session_grant_client ON session_grant (realm, client, offline);
CREATE INDEX session_started ON session (realm, offline, started, id);

-- What an admin event tells beside its resource, as JSON.
ALTER TABLE admin_event ADD COLUMN details TEXT;

-- How many users there are between two usernames. What is high in one is low in the next; the first begins
-- with the empty text, and the last ends with it.
CREATE TABLE user_range (
    realm    TEXT   NOT NULL,
    low      TEXT   NOT NULL, -- included
    high     TEXT   NOT NULL, -- excluded
    people   BIGINT NOT NULL,
    accounts BIGINT NOT NULL, -- of clients
    changes  BIGINT NOT NULL, -- counted up whenever a user in it changes in what is searched
    PRIMARY KEY (realm, low)
);
