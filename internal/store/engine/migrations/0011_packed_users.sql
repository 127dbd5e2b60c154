-- +goose Up

-- Users are packed column by column: digests are made anew, in the background.
DELETE FROM user_digest;
