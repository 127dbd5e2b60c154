-- What users are searched by, in the order that they are listed. For tokens see searchindex.go.
CREATE TABLE user_search (
    realm      TEXT    NOT NULL,
    username   TEXT    NOT NULL,
    user_id    TEXT    NOT NULL,
    email      TEXT    NOT NULL,
    first_name TEXT    NOT NULL,
    last_name  TEXT    NOT NULL,
    account    BOOLEAN NOT NULL, -- of a client
    enabled    BOOLEAN NOT NULL,
    verified   BOOLEAN NOT NULL,
    created    BIGINT  NOT NULL,
    tokens     INT[]   NOT NULL,
    PRIMARY KEY (realm, username)
);
CREATE INDEX user_search_tokens ON user_search USING gin (tokens) WITH (gin_pending_list_limit = 256); -- kB, which every search looks through

-- Attributes and links of users, by a hash of what they say.
CREATE TABLE user_facet (
    realm   TEXT  NOT NULL,
    facet   BYTEA NOT NULL,
    user_id TEXT  NOT NULL,
    PRIMARY KEY (realm, facet, user_id)
);
