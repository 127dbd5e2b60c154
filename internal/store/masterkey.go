package store

import (
	"context"
	"errors"
	"fmt"
	"io/fs"

	"github.com/tokenhouse/tokenhouse/internal/store/engine"
	"github.com/tokenhouse/tokenhouse/internal/store/seal"
)

// checkText is sealed in the database under its master key, to tell the right key from a wrong one.
const checkText = "tokenhouse"

// masterKey finds the key that the database's secrets are sealed with. A database that has none yet
// takes the one that is given, or with SQLite a new one; one that has a key accepts no other.
func masterKey(ctx context.Context, db *engine.Database, c Config) (*seal.Key, error) {
	var id string
	var check []byte
	err := db.One(ctx, `SELECT id, sealed FROM master_key`, nil, &id, &check)
	if err != nil && !errors.Is(err, engine.ErrNoRows) {
		return nil, fmt.Errorf("read the master key's check value: %w", err)
	}
	k, err := findKey(c, db.Throwaway(), check == nil)
	if err != nil {
		return nil, err
	}
	if check == nil {
		return k, keepCheck(ctx, db, k)
	}
	return k, verify(k, id, check)
}

func verify(k *seal.Key, id string, check []byte) error {
	text, err := k.Open(check, "master_key", id)
	if err == nil && string(text) != checkText {
		err = seal.ErrBroken
	}
	if err != nil {
		return fmt.Errorf("this is not the master key of this database (it has key %s, this is %s): start with the key that it was made with, nothing is lost: %w", id, k.ID(), err)
	}
	return nil
}

// keepCheck stores the check value. Of two nodes that start at the same moment with different keys
// the second is refused.
func keepCheck(ctx context.Context, db *engine.Database, k *seal.Key) error {
	return db.Change(ctx, func(tx engine.Tx) error {
		// The head's row is a lock: there is exactly one, and everybody has it.
		if _, err := tx.Exec(ctx, `UPDATE invalidation_head SET seq = seq WHERE id = 1`); err != nil {
			return err
		}
		var id string
		var check []byte
		err := tx.One(ctx, `SELECT id, sealed FROM master_key`, nil, &id, &check)
		if err == nil {
			return verify(k, id, check)
		}
		if !errors.Is(err, engine.ErrNoRows) {
			return err
		}
		_, err = tx.Exec(ctx, `INSERT INTO master_key (id, sealed) VALUES ($1, $2)`,
			k.ID(), k.Seal([]byte(checkText), "master_key", k.ID()))
		return err
	})
}

// findKey reads the key from where the configuration says, or makes one for a new SQLite database.
func findKey(c Config, throwaway, fresh bool) (*seal.Key, error) {
	if c.MasterKey != "" {
		return seal.Parse(c.MasterKey)
	}
	path := c.KeyFile
	database := engine.Path(c.URL)
	if path == "" && database != "" {
		path = database + ".key"
	}
	if path == "" {
		if throwaway {
			return seal.Generate()
		}
		return nil, errors.New("PostgreSQL needs a master key, the same on every node: make one with `openssl rand -base64 32 > tokenhouse.key`, and name the file or give its content")
	}
	k, err := seal.ReadFile(path)
	if !errors.Is(err, fs.ErrNotExist) {
		return k, err
	}
	switch {
	case !fresh:
		return nil, fmt.Errorf("the database is sealed with a master key, and its file is missing: bring %s back: %w", path, err)
	case database == "":
		return nil, fmt.Errorf("make a master key with `openssl rand -base64 32 > %s`: %w", path, err)
	}
	return seal.MakeFile(path)
}
