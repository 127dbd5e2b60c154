package server

import (
	"crypto/rand"
	"encoding/base64"
	"time"

	"github.com/google/uuid"

	"github.com/tokenhouse/tokenhouse/internal/flow/authorize"
	"github.com/tokenhouse/tokenhouse/internal/flow/device"
	"github.com/tokenhouse/tokenhouse/internal/flow/grant"
	"github.com/tokenhouse/tokenhouse/internal/flow/keyring"
	"github.com/tokenhouse/tokenhouse/internal/flow/limit"
	"github.com/tokenhouse/tokenhouse/internal/flow/police"
	"github.com/tokenhouse/tokenhouse/internal/flow/signout"
	"github.com/tokenhouse/tokenhouse/internal/flow/verify"
	"github.com/tokenhouse/tokenhouse/internal/store"
)

var (
	_ authorize.Realms   = (*store.Store)(nil)
	_ authorize.Users    = (*store.Store)(nil)
	_ authorize.Sessions = (*store.Store)(nil)
	_ authorize.Logins   = (*store.Store)(nil)
	_ authorize.Codes    = (*store.Store)(nil)
	_ authorize.Pushes   = (*store.Store)(nil)
)

// signIns are the flows that people sign in by, in a browser.
func signIns(st *store.Store, c Config, p accounts, keys *keyring.Keyring, verifier *verify.Verifier, tokens *grant.Issuer) *authorize.Authorizer {
	a := &authorize.Authorizer{
		Policies: police.Judge{Kept: st},
		Realms:   st, Users: st, Sessions: st, Logins: st, Codes: st, Pushes: st,
		Requests: verifier, Clients: verifier, Tokens: tokens, Duties: p.rules, Passwords: p.passwords,
		Lockouts: &limit.Lockouts{Failures: st, Users: st, Events: p.events, NewID: uuid.NewString},
		Keys:     keys, Events: p.events, Now: c.clock(), NewID: uuid.NewString, NewToken: newToken,
	}
	a.Devices = &device.Decisions{Devices: st}
	addActions(a, st, p)
	return a
}

// signOuts are how browsers sign out.
func signOuts(st *store.Store, c Config, p accounts, keys *keyring.Keyring, upstream signout.Upstream) *signout.Ender {
	return &signout.Ender{Policies: police.Judge{Kept: st}, Realms: st, Users: st, Sessions: st, Logins: st, Keys: keys, Herald: p.herald, Upstream: upstream, Events: p.events,
		Now: c.clock(), NewID: uuid.NewString, NewToken: newToken}
}

// Wrong codes of devices that one address may try in about a quarter of an hour: more than people need, and too few
// to find one among 2.5 · 10¹⁰.
const (
	deviceGuesses = 50
	deviceSpan    = 10 * time.Minute
)

// devices give devices without a browser their codes.
func devices(st *store.Store, c Config, p accounts, verifier *verify.Verifier, a *authorize.Authorizer) *device.Authority {
	return &device.Authority{Policies: police.Judge{Kept: st}, Realms: st, Clients: verifier, Devices: st, Browsers: a, Events: p.events,
		Attempts: &limit.Guesses{Most: deviceGuesses, Span: deviceSpan, Now: c.clock()},
		Now:      c.clock(), NewID: uuid.NewString, NewCode: rand.Text, UserCode: device.NewUserCode}
}

// newToken is 24 characters of base64url that nobody can guess.
func newToken() string {
	var raw [18]byte
	rand.Read(raw[:])
	return base64.RawURLEncoding.EncodeToString(raw[:])
}
