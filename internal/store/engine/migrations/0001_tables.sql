-- +goose Up

-- The check values of master keys: a text that only the key opens.
CREATE TABLE master_key (
    id     TEXT  NOT NULL PRIMARY KEY,
    sealed BYTEA NOT NULL
);

-- Configuration. Every edit of a realm counts its version up, and stamps what it writes with it.
CREATE TABLE realm (
    id      TEXT   NOT NULL PRIMARY KEY,
    name    TEXT   NOT NULL,
    version BIGINT NOT NULL,
    CONSTRAINT realm_name UNIQUE (name)
);

CREATE TABLE config (
    realm   TEXT   NOT NULL REFERENCES realm (id) ON DELETE CASCADE,
    kind    TEXT   NOT NULL,
    id      TEXT   NOT NULL,
    name    TEXT   NOT NULL,
    doc     TEXT   NOT NULL,
    extra   BYTEA, -- what is kept and not acted on, sealed too
    sealed  BYTEA,
    version BIGINT NOT NULL,
    PRIMARY KEY (realm, kind, id),
    CONSTRAINT config_name UNIQUE (realm, kind, name)
);
CREATE INDEX config_version ON config (realm, version);

-- What changed, for nodes that have it in memory. The head is counted up under its row's lock, held
-- until the commit: sequence numbers have no gaps, and who sees one sees all lower ones.
CREATE TABLE invalidation_head (
    id  BIGINT NOT NULL PRIMARY KEY,
    seq BIGINT NOT NULL
);
INSERT INTO invalidation_head (id, seq) VALUES (1, 0);

CREATE TABLE invalidation (
    seq     BIGINT NOT NULL PRIMARY KEY,
    at      BIGINT NOT NULL,
    realm   TEXT   NOT NULL,
    kind    TEXT   NOT NULL,
    id      TEXT   NOT NULL,
    version BIGINT NOT NULL -- of the realm, with configuration
);
CREATE INDEX invalidation_version ON invalidation (realm, version);

-- Users and groups.
CREATE TABLE users (
    realm           TEXT   NOT NULL REFERENCES realm (id) ON DELETE CASCADE,
    id              TEXT   NOT NULL,
    username        TEXT   NOT NULL,
    email           TEXT,
    service_account TEXT, -- key of the client
    doc             TEXT   NOT NULL,
    extra           TEXT,
    version         BIGINT NOT NULL,
    PRIMARY KEY (realm, id),
    CONSTRAINT users_username UNIQUE (realm, username)
);
-- With the username they give the order that is asked for: else SQLite follows that of all users.
CREATE INDEX users_email ON users (realm, email, username) WHERE email IS NOT NULL;
CREATE INDEX users_service_account ON users (realm, service_account, username) WHERE service_account IS NOT NULL;

CREATE TABLE credential (
    realm   TEXT   NOT NULL,
    user_id TEXT   NOT NULL,
    id      TEXT   NOT NULL,
    place   BIGINT NOT NULL, -- among the user's
    sealed  BYTEA  NOT NULL,
    PRIMARY KEY (realm, user_id, id),
    FOREIGN KEY (realm, user_id) REFERENCES users (realm, id) ON DELETE CASCADE
);

CREATE TABLE user_role (
    realm   TEXT NOT NULL,
    user_id TEXT NOT NULL,
    role    TEXT NOT NULL,
    PRIMARY KEY (realm, user_id, role),
    FOREIGN KEY (realm, user_id) REFERENCES users (realm, id) ON DELETE CASCADE
);
CREATE INDEX user_role_role ON user_role (realm, role);

CREATE TABLE user_group (
    realm    TEXT NOT NULL,
    user_id  TEXT NOT NULL,
    group_id TEXT NOT NULL,
    PRIMARY KEY (realm, user_id, group_id),
    FOREIGN KEY (realm, user_id) REFERENCES users (realm, id) ON DELETE CASCADE
);
CREATE INDEX user_group_group ON user_group (realm, group_id);

CREATE TABLE realm_group (
    realm  TEXT NOT NULL REFERENCES realm (id) ON DELETE CASCADE,
    id     TEXT NOT NULL,
    parent TEXT NOT NULL, -- empty at the top
    name   TEXT NOT NULL,
    doc    TEXT NOT NULL,
    extra  TEXT,
    PRIMARY KEY (realm, id),
    CONSTRAINT realm_group_name UNIQUE (realm, parent, name)
);

-- Sessions. They belong to no realm's row: their rows come and go too often for its lock.
CREATE TABLE session (
    realm       TEXT    NOT NULL,
    id          TEXT    NOT NULL,
    offline     BOOLEAN NOT NULL,
    user_id     TEXT    NOT NULL,
    started     BIGINT  NOT NULL,
    last_access BIGINT  NOT NULL,
    doc         TEXT    NOT NULL,
    PRIMARY KEY (realm, id, offline)
);
CREATE INDEX session_user_id ON session (realm, user_id);

CREATE TABLE session_grant (
    realm        TEXT    NOT NULL,
    session      TEXT    NOT NULL,
    offline      BOOLEAN NOT NULL,
    client       TEXT    NOT NULL,
    refresh_id   TEXT    NOT NULL,
    refresh_uses BIGINT  NOT NULL,
    doc          TEXT    NOT NULL,
    PRIMARY KEY (realm, session, offline, client),
    FOREIGN KEY (realm, session, offline) REFERENCES session (realm, id, offline) ON DELETE CASCADE
);

CREATE TABLE revoked (
    realm TEXT   NOT NULL,
    jti   TEXT   NOT NULL,
    until BIGINT NOT NULL,
    PRIMARY KEY (realm, jti)
);
CREATE INDEX revoked_until ON revoked (until);

CREATE TABLE used_once (
    realm   TEXT   NOT NULL,
    purpose TEXT   NOT NULL,
    value   BYTEA  NOT NULL, -- SHA-256
    until   BIGINT NOT NULL,
    PRIMARY KEY (realm, purpose, value)
);
CREATE INDEX used_once_until ON used_once (until);

-- Events, in the order they are read and deleted.
CREATE TABLE event (
    realm      TEXT   NOT NULL,
    at         BIGINT NOT NULL,
    id         TEXT   NOT NULL,
    realm_name TEXT   NOT NULL,
    kind       TEXT   NOT NULL,
    client     TEXT   NOT NULL,
    user_id    TEXT   NOT NULL,
    session    TEXT   NOT NULL,
    address    TEXT   NOT NULL,
    error      TEXT   NOT NULL,
    details    TEXT   NOT NULL,
    trace      TEXT,
    PRIMARY KEY (realm, at, id)
);

CREATE TABLE admin_event (
    realm          TEXT   NOT NULL,
    at             BIGINT NOT NULL,
    id             TEXT   NOT NULL,
    operation      TEXT   NOT NULL,
    resource_type  TEXT   NOT NULL,
    resource_path  TEXT   NOT NULL,
    representation TEXT   NOT NULL,
    actor          TEXT   NOT NULL,
    error          TEXT   NOT NULL,
    PRIMARY KEY (realm, at, id)
);
