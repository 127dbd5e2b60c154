-- +goose Up

-- Realms whose client policies were kept before anything acted on them, until somebody reads these.
CREATE TABLE unread_policies (
    realm TEXT NOT NULL PRIMARY KEY REFERENCES realm (id) ON DELETE CASCADE
);
INSERT INTO unread_policies (realm) SELECT id FROM realm;
