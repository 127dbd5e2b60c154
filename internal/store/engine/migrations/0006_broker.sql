-- +goose Up

-- Which identity provider a session's user came from, and who they are there. The provider names sessions by
-- its own ids when it ends them. What it proves the user by is sealed.
CREATE TABLE origin (
    realm    TEXT    NOT NULL,
    session  TEXT    NOT NULL,
    offline  BOOLEAN NOT NULL, -- never, but the session's key has it
    provider TEXT    NOT NULL, -- alias
    subject  TEXT    NOT NULL,
    sid      TEXT    NOT NULL, -- empty where the provider named none
    sealed   BYTEA   NOT NULL,
    PRIMARY KEY (realm, session),
    FOREIGN KEY (realm, session, offline) REFERENCES session (realm, id, offline) ON DELETE CASCADE
);
CREATE INDEX origin_subject ON origin (realm, provider, subject);
CREATE INDEX origin_sid ON origin (realm, provider, sid);

-- The tokens that identity providers gave for users, where the realm keeps them.
CREATE TABLE provider_token (
    realm    TEXT  NOT NULL,
    user_id  TEXT  NOT NULL,
    provider TEXT  NOT NULL, -- alias
    sealed   BYTEA NOT NULL,
    PRIMARY KEY (realm, user_id, provider),
    FOREIGN KEY (realm, user_id) REFERENCES users (realm, id) ON DELETE CASCADE
);
