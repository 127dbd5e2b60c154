package session

import (
	"crypto/sha256"
	"net/http"
	"time"

	"github.com/tokenhouse/tokenhouse/internal/proxy/issuer"
	"github.com/tokenhouse/tokenhouse/internal/proxy/seal"
)

// Config says how people stay signed in.
type Config struct {
	Key         string // encrypts cookies: seal.KeySize bytes at least
	Cookie      string // name of the cookie
	Domain      string
	SameSite    http.SameSite
	Insecure    bool // cookies go without TLS
	Lasting     bool // cookies outlive the browser
	Refresh     bool // tokens are renewed
	Duration    time.Duration
	EndAtIssuer bool // signing out here is signing out there
}

// Keeper gives sessions to browsers and takes them from there. New makes one.
type Keeper struct {
	config    Config
	jar, ways *seal.Jar // of sessions, and of those on their way to sign in
	renewals  renewals
	ended     endings
	attending attendances
}

// New makes a keeper. Its cookies open for no other owner with the same key.
func New(c Config, owner string) (*Keeper, error) {
	k := &Keeper{config: c, renewals: renewals{all: map[[sha256.Size]byte]*renewal{}}, ended: endings{all: map[string]time.Time{}},
		attending: attendances{all: map[string]map[*func()]struct{}{}}}
	j := seal.Config{Key: c.Key, For: owner, Domain: c.Domain, Insecure: c.Insecure, SameSite: c.SameSite}
	var err error
	if k.jar, err = seal.New(j); err != nil {
		return nil, err
	}
	j.SameSite = http.SameSiteLaxMode // at most: people come back from another site
	k.ways, err = seal.New(j)
	return k, err
}

// Owns tells whether a cookie is one of the keeper's, which are nobody else's to see or to set.
func (k *Keeper) Owns(cookie string) bool { return k.jar.Owns(cookie, k.config.Cookie) }

// Of is the session of a request; nil where there is none, or it was ended.
func (k *Keeper) Of(r *http.Request, now time.Time) *Session {
	value, end, ok := k.jar.Open(r, k.config.Cookie, now)
	if !ok {
		return nil
	}
	s := Session{end: end}
	if !s.decode(value) || k.ended.has(s.ID, now) {
		return nil
	}
	return &s
}

// Begin gives the browser a new session with tokens.
func (k *Keeper) Begin(w http.ResponseWriter, r *http.Request, t issuer.Tokens, now time.Time) error {
	if err := k.Keep(w, r, begin(), t, now); err != nil {
		return err
	}
	return k.countSignIn(w, r, now)
}

// Keep gives the browser a session with new tokens, in place of the former ones.
func (k *Keeper) Keep(w http.ResponseWriter, r *http.Request, s *Session, t issuer.Tokens, now time.Time) error {
	c := &k.config
	s.take(t, c)
	end := now.Add(lasts(s, t, c))
	k.ended.expect(s.ID, end)
	return k.jar.Set(w, r, c.Cookie, s.encode(), now, end, !c.Lasting)
}

// lasts is how long a session can be used with the tokens that it has got: as long as it can be renewed, or else as its access token.
func lasts(s *Session, t issuer.Tokens, c *Config) time.Duration {
	switch {
	case s.Refresh != "" && t.RefreshExpiresIn > 0:
		return time.Duration(t.RefreshExpiresIn)
	case s.Refresh == "" && t.ExpiresIn != 0:
		return time.Duration(t.ExpiresIn)
	}
	return c.Duration
}

// Drop has the browser forget its session, or what it has in place of one.
func (k *Keeper) Drop(w http.ResponseWriter, r *http.Request) { k.jar.Clear(w, r, k.config.Cookie) }

// End ends a session, and what goes on in it: copies of its cookie are of no use here from now on.
func (k *Keeper) End(w http.ResponseWriter, r *http.Request, s *Session, now time.Time) {
	k.Drop(w, r)
	k.marks().Clear(w, r, k.mark()) // who signs out may sign in
	k.ended.expect(s.ID, s.end)     // which a gatekeeper with other options may have given
	k.ended.add(s.ID, now)
	k.attending.end(s.ID)
}
