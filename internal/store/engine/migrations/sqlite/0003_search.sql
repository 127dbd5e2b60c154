-- What users are searched by, in the order that they are listed. The number is the user's in user_token.
CREATE TABLE user_search (
    realm      TEXT    NOT NULL,
    username   TEXT    NOT NULL,
    user_id    TEXT    NOT NULL,
    num        BIGINT  NOT NULL,
    email      TEXT    NOT NULL,
    first_name TEXT    NOT NULL,
    last_name  TEXT    NOT NULL,
    account    BOOLEAN NOT NULL, -- of a client
    enabled    BOOLEAN NOT NULL,
    verified   BOOLEAN NOT NULL,
    created    BIGINT  NOT NULL,
    PRIMARY KEY (realm, username)
) WITHOUT ROWID;
CREATE UNIQUE INDEX user_search_num ON user_search (num);

-- Which users have which tokens; see searchindex.go.
CREATE VIRTUAL TABLE user_token USING fts5 (tokens, content = '', contentless_delete = 1, detail = none, tokenize = 'ascii');

-- Attributes and links of users, by a hash of what they say.
CREATE TABLE user_facet (
    realm   TEXT  NOT NULL,
    facet   BYTEA NOT NULL,
    user_id TEXT  NOT NULL,
    PRIMARY KEY (realm, facet, user_id)
) WITHOUT ROWID;
