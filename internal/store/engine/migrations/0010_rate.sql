-- +goose Up

-- What nodes have taken of the requests that there may be in a window.
CREATE TABLE rate_share (
    realm TEXT   NOT NULL,
    who   BYTEA  NOT NULL, -- hash of who is counted, and by which limit
    began BIGINT NOT NULL, -- microseconds: the window
    until BIGINT NOT NULL, -- microseconds: when it ends
    taken BIGINT NOT NULL, -- more than there may be, where nodes asked for more
    PRIMARY KEY (realm, who)
);
CREATE INDEX rate_share_until ON rate_share (until);
