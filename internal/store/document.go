package store

import (
	"encoding/json"
	"fmt"
	"strings"
	"unique"

	"github.com/tokenhouse/tokenhouse/internal/core/realm"
	"github.com/tokenhouse/tokenhouse/internal/store/engine"
)

// secrets are the members of a configuration document that are sealed in a column of their own.
type secrets struct {
	Secret  string `json:",omitempty"` // of a client, a provider, or for sending mail
	Rotated string `json:",omitempty"` // a client's secret before that
	Private []byte `json:",omitempty"` // of a key
	Token   string `json:",omitempty"` // a client's that gets tokens for sending mail
}

func secretsOf(doc any) secrets {
	switch d := doc.(type) {
	case *realm.Settings:
		return secrets{Secret: d.SMTPPassword, Token: d.SMTPTokenSecret}
	case *realm.Client:
		return secrets{Secret: d.Secret, Rotated: d.RotatedSecret}
	case *realm.Provider:
		return secrets{Secret: d.ClientSecret}
	case *realm.KeyProvider:
		return secrets{Private: d.Private}
	}
	return secrets{}
}

func (s secrets) putInto(doc any) {
	switch d := doc.(type) {
	case *realm.Settings:
		d.SMTPPassword, d.SMTPTokenSecret = s.Secret, s.Token
	case *realm.Client:
		d.Secret, d.RotatedSecret = s.Secret, s.Rotated
	case *realm.Provider:
		d.ClientSecret = s.Secret
	case *realm.KeyProvider:
		d.Private = s.Private
	}
}

// newDocument makes an empty document of a kind.
func newDocument(kind realm.Kind) (any, error) {
	switch kind {
	case realm.KindRealm:
		return &realm.Settings{}, nil
	case realm.KindClient:
		return &realm.Client{}, nil
	case realm.KindScope:
		return &realm.ClientScope{}, nil
	case realm.KindRole:
		return &realm.Role{}, nil
	case realm.KindProvider:
		return &realm.Provider{}, nil
	case realm.KindKey:
		return &realm.KeyProvider{}, nil
	}
	return nil, fmt.Errorf("unknown kind of configuration %q", kind)
}

// extraOf is what a document keeps without acting on it; nil where what is stored stays as it is.
func extraOf(doc any) realm.Extra {
	switch d := doc.(type) {
	case *realm.Settings:
		return d.Extra
	case *realm.Client:
		return d.Extra
	case *realm.ClientScope:
		return d.Extra
	case *realm.Role:
		return d.Extra
	case *realm.Provider:
		return d.Extra
	case *realm.KeyProvider:
		return d.Extra
	}
	return nil
}

// withoutExtra is the document as snapshots have it: a copy where it carries Extra.
func withoutExtra(doc any) any {
	if extraOf(doc) == nil {
		return doc
	}
	switch d := doc.(type) {
	case *realm.Settings:
		c := *d
		c.Extra = nil
		return &c
	case *realm.Client:
		c := *d
		c.Extra = nil
		return &c
	case *realm.ClientScope:
		c := *d
		c.Extra = nil
		return &c
	case *realm.Role:
		c := *d
		c.Extra = nil
		return &c
	case *realm.Provider:
		c := *d
		c.Extra = nil
		return &c
	case *realm.KeyProvider:
		c := *d
		c.Extra = nil
		return &c
	}
	return doc
}

// encode is the stored form of a value. What was kept verbatim stays so: no letter is escaped that
// need not be.
func encode(v any) (string, error) {
	var b strings.Builder
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(false)
	err := e.Encode(v)
	return strings.TrimSuffix(b.String(), "\n"), err
}

// extraText is the stored form of Extra; nil, which is NULL, where it is nil.
func extraText(x realm.Extra) (any, error) {
	if x == nil {
		return nil, nil
	}
	return encode(x)
}

func parseExtra(text []byte) (x realm.Extra, err error) {
	if text == nil {
		return nil, nil
	}
	err = json.Unmarshal(text, &x)
	return x, err
}

// putDocument is the statement that adds or replaces a document.
func (s *Store) putDocument(realmKey string, version int64, c realm.Change) (st engine.Statement, err error) {
	doc, err := encode(c.Doc)
	if err != nil {
		return st, err
	}
	extra, err := s.sealExtra(realmKey, c)
	if err != nil {
		return st, err
	}
	var sealed []byte
	if secret := secretsOf(c.Doc); secret.Secret != "" || secret.Rotated != "" || secret.Private != nil {
		plain, err := json.Marshal(secret)
		if err != nil {
			return st, err
		}
		sealed = s.key.Seal(plain, realmKey, string(c.Kind), c.Key)
	}
	return engine.Statement{
		SQL: `INSERT INTO config (realm, kind, id, name, doc, extra, sealed, version)
			VALUES ($1, $2, $3, $4, $5, $6, $7, $8)
			ON CONFLICT (realm, kind, id) DO UPDATE SET name = excluded.name, doc = excluded.doc,
				extra = COALESCE(excluded.extra, config.extra), sealed = excluded.sealed, version = excluded.version`,
		Args: []any{realmKey, string(c.Kind), c.Key, columnText(c.Name), doc, extra, sealed, version},
	}, nil
}

// sealExtra is the stored form of a document's Extra; nil, which is NULL, where it is nil. Nobody here
// knows what it holds: keys of SAML clients and passwords of directories are among it.
func (s *Store) sealExtra(realmKey string, c realm.Change) (any, error) {
	x := extraOf(c.Doc)
	if x == nil {
		return nil, nil
	}
	text, err := encode(x)
	return s.key.Seal([]byte(text), realmKey, string(c.Kind), c.Key, extraPlace), err
}

// openExtra reads what sealExtra made.
func (s *Store) openExtra(realmKey string, kind realm.Kind, key string, sealed []byte) (realm.Extra, error) {
	if sealed == nil {
		return nil, nil
	}
	text, err := s.key.Open(sealed, realmKey, string(kind), key, extraPlace)
	if err != nil {
		return nil, fmt.Errorf("what is kept of %s %s: %w", kind, key, err)
	}
	return parseExtra(text)
}

// extraPlace tells sealed Extra from a document's sealed secrets.
const extraPlace = "extra"

// columnText is a name as a column can hold it: PostgreSQL's texts have no NUL, which the core uses
// to tell the parts of a role's name apart.
func columnText(name string) string { return strings.ReplaceAll(name, "\x00", "\x1f") }

// readDocument is a stored document as snapshots have it.
func (s *Store) readDocument(realmKey string, kind realm.Kind, key, name string, doc, sealed []byte) (realm.Change, error) {
	c := realm.Change{Kind: kind, Key: key, Name: name}
	var err error
	if c.Doc, err = newDocument(kind); err != nil {
		return c, err
	}
	if err := json.Unmarshal(doc, c.Doc); err != nil {
		return c, fmt.Errorf("%s %s: %w", kind, key, err)
	}
	if sealed != nil {
		plain, err := s.key.Open(sealed, realmKey, string(kind), key)
		if err != nil {
			return c, fmt.Errorf("secret of %s %s: %w", kind, key, err)
		}
		var secret secrets
		if err := json.Unmarshal(plain, &secret); err != nil {
			return c, fmt.Errorf("secret of %s %s: %w", kind, key, err)
		}
		secret.putInto(c.Doc)
	}
	share(c.Doc)
	return c, nil
}

// share lets documents have the texts in common that most of them, and most realms, repeat.
func share(doc any) {
	switch d := doc.(type) {
	case *realm.Client:
		shareText(&d.Protocol, &d.Authenticator)
		shareTexts(d.DefaultScopes)
		shareTexts(d.OptionalScopes)
		shareMappers(d.Mappers)
	case *realm.ClientScope:
		shareText(&d.Protocol, &d.Name)
		shareMappers(d.Mappers)
	case *realm.Role:
		shareText(&d.Name, &d.Client)
	}
}

func shareMappers(mappers []realm.Mapper) {
	for i := range mappers {
		m := &mappers[i]
		shareText(&m.Name, &m.Kind, &m.Protocol)
		for name, value := range m.Config {
			delete(m.Config, name)
			shareText(&name, &value)
			m.Config[name] = value
		}
	}
}

func shareTexts(texts []string) {
	for i := range texts {
		shareText(&texts[i])
	}
}

func shareText(texts ...*string) {
	for _, t := range texts {
		*t = unique.Make(*t).Value()
	}
}
