package store

import (
	"context"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"time"

	"github.com/tokenhouse/tokenhouse/internal/core/fault"
	"github.com/tokenhouse/tokenhouse/internal/core/login"
	"github.com/tokenhouse/tokenhouse/internal/store/engine"
)

// Login finds what a browser has begun, as it is now; fault.ErrNotFound where there is nothing, or it
// is too old.
func (s *Store) Login(ctx context.Context, realmKey, id string) (*login.Browser, error) {
	var version int64
	var doc []byte
	err := s.db.One(ctx, `SELECT version, doc FROM login WHERE realm = $1 AND id = $2 AND until > $3`,
		[]any{realmKey, hashed(id), micros(s.now())}, &version, &doc)
	if err != nil {
		return nil, s.found(err)
	}
	b := &login.Browser{}
	plain, err := s.openLogin(doc, realmKey, hashed(id))
	if err == nil {
		err = json.Unmarshal(plain, b)
	}
	if err != nil {
		return nil, fmt.Errorf("read sign-in: %w", err)
	}
	b.ID, b.Version = id, version
	return b, nil
}

// SaveLogin keeps what a browser has begun, until a time; with nothing begun in it it is forgotten. A browser of
// version 0 is a new one. fault.ErrStale where somebody else wrote it since it was read, and nothing
// is changed then. b.Version is counted up.
func (s *Store) SaveLogin(ctx context.Context, realmKey string, b *login.Browser, until time.Time) error {
	statement, err := s.loginStatement(realmKey, b, until)
	if err != nil {
		return err
	}
	w := &engine.Write{Lock: realmKey + b.ID, Statements: []engine.Statement{statement}}
	if err := s.fails(s.db.Write(ctx, w)); err != nil {
		return fmt.Errorf("save sign-in: %w", err)
	}
	if w.Statements[0].Rows == 0 {
		return fmt.Errorf("save sign-in: %w", fault.ErrStale)
	}
	b.Version++
	return nil
}

func (s *Store) loginStatement(realmKey string, b *login.Browser, until time.Time) (engine.Statement, error) {
	id := hashed(b.ID)
	if b.Empty() {
		return engine.Statement{
			SQL:  `DELETE FROM login WHERE realm = $1 AND id = $2 AND version = $3`,
			Args: []any{realmKey, id, b.Version},
		}, nil
	}
	kept := *b
	kept.ID = "" // only its hash is
	plain, err := encode(kept)
	if err != nil {
		return engine.Statement{}, err
	}
	doc := s.sealLogin(plain, realmKey, id)
	if b.Version == 0 {
		return engine.Statement{
			SQL:  `INSERT INTO login (realm, id, version, until, doc) VALUES ($1, $2, 1, $3, $4) ON CONFLICT (realm, id) DO NOTHING`,
			Args: []any{realmKey, id, micros(until), doc},
		}, nil
	}
	return engine.Statement{
		SQL:  `UPDATE login SET version = version + 1, until = $4, doc = $5 WHERE realm = $1 AND id = $2 AND version = $3`,
		Args: []any{realmKey, id, b.Version, micros(until), doc},
	}, nil
}

// loginPlace tells sealed sign-ins from other sealed values.
const loginPlace = "login"

// sealLogin is the stored form of a sign-in: it may hold what an identity provider gave for its user.
func (s *Store) sealLogin(plain, realmKey, id string) string {
	return base64.StdEncoding.EncodeToString(s.key.Seal([]byte(plain), realmKey, loginPlace, id))
}

// openLogin reads what sealLogin made. What earlier versions kept is JSON as it stands.
func (s *Store) openLogin(doc []byte, realmKey, id string) ([]byte, error) {
	if len(doc) > 0 && doc[0] == '{' {
		return doc, nil
	}
	sealed, err := base64.StdEncoding.DecodeString(string(doc))
	if err != nil {
		return nil, err
	}
	return s.key.Open(sealed, realmKey, loginPlace, id)
}

// hashed is how a secret that is looked for is kept: SHA-256, hexadecimal.
func hashed(secret string) string {
	sum := sha256.Sum256([]byte(secret))
	return hex.EncodeToString(sum[:])
}
