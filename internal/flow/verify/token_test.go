package verify_test

import (
	"context"
	"errors"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/tokenhouse/tokenhouse/internal/core/realm"
	"github.com/tokenhouse/tokenhouse/internal/core/session"
	"github.com/tokenhouse/tokenhouse/internal/core/token"
	"github.com/tokenhouse/tokenhouse/internal/core/user"
	"github.com/tokenhouse/tokenhouse/internal/flow/verify"
)

// use is one way of presenting a token.
type use struct {
	name  string
	kinds []string // of tokens that it takes, as world.claims names them
	check func(ctx context.Context, w *world, compact string) (verify.Held, error)
}

// uses are the ways of presenting a token that grant something.
var uses = []use{
	{"access", []string{"onrtro", "ofrtro", "ntrtte", "ftrtte", "trrtcc"},
		func(ctx context.Context, w *world, s string) (verify.Held, error) {
			return w.verifier().AccessToken(ctx, w.at(), s)
		}},
	{"subject", []string{"onrtro", "ofrtro", "ntrtte", "ftrtte", "trrtcc"},
		func(ctx context.Context, w *world, s string) (verify.Held, error) {
			return w.verifier().Subject(ctx, w.at(), s)
		}},
	{"any", []string{"onrtro", "ofrtro", "ntrtte", "ftrtte", "trrtcc", token.TypRefresh, token.TypOffline},
		func(ctx context.Context, w *world, s string) (verify.Held, error) {
			return w.verifier().AnyToken(ctx, w.at(), s)
		}},
	{"refresh", []string{token.TypRefresh, token.TypOffline},
		func(ctx context.Context, w *world, s string) (verify.Held, error) {
			return w.verifier().RefreshToken(ctx, w.at(), &realm.Client{Key: "k-spa", ID: "spa"}, s)
		}},
}

// each runs a test for every use and every kind of token that it takes.
func each(t *testing.T, run func(t *testing.T, u use, kind string)) {
	for _, u := range uses {
		for _, kind := range u.kinds {
			t.Run(u.name+"/"+kind, func(t *testing.T) { run(t, u, kind) })
		}
	}
}

// Another node may have made the key after this one last read the realm.
func TestTokenSignedByAKeyThatWasJustMade(t *testing.T) {
	w := newWorld(t)
	compact := w.sign(w.claims("onrtro"))
	before := w.at()
	d := realm.Edit(w.realm)
	for _, k := range w.realm.Keys() {
		d.Delete(realm.KindKey, k.Key)
	}
	before.Realm = w.realm.With(w.realm.Version-1, d.Changes())
	if _, err := w.verifier().AccessToken(t.Context(), before, compact); err != nil {
		t.Errorf("the key is there by now: %v", err)
	}
	w.down = errors.New("down")
	if _, err := w.verifier().AccessToken(t.Context(), before, compact); !errors.Is(err, w.down) || verify.Why(err) != "" {
		t.Errorf("%v, want the store's error, which is no refusal", err)
	}
	w.down, w.realm = nil, before.Realm
	if _, err := w.verifier().AccessToken(t.Context(), before, compact); verify.Why(err) != verify.Unreadable {
		t.Errorf("%v, want a refusal", err)
	}
}

func TestTokenThatStands(t *testing.T) {
	each(t, func(t *testing.T, u use, kind string) {
		w := newWorld(t)
		c := w.claims(kind)
		held, err := u.check(t.Context(), w, w.sign(c))
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(c, held.Token.Claims); diff != "" {
			t.Errorf("claims (-want +got):\n%s", diff)
		}
		if held.Client.ID != c.Client || held.User.ID != c.Subject {
			t.Errorf("held by %q for %q", held.Client.ID, held.User.ID)
		}
		if kept := kind != "trrtcc"; kept != (held.Session != nil) {
			t.Errorf("session %v", held.Session)
		}
		if needed := kind != "trrtcc" && kind != "ntrtte" && kind != "ftrtte"; needed != (held.Grant != nil) {
			t.Errorf("grant %v", held.Grant)
		}
	})
}

// What makes tokens fall, whichever way they are presented. A kind that a change does not touch must stand.
// actors are ines, signed in at desk, and before her client robot.
func actors() *token.Actor {
	return &token.Actor{Subject: "ines", Client: "desk", Token: "onrtro:a", Session: "s2",
		Actor: &token.Actor{Subject: "account", Client: "robot", Token: "trrtcc:b"}}
}

// abroad is the way of a token that ines got at desk, which went to another realm and came back.
func abroad() []token.Hop {
	return []token.Hop{{Client: "robot", JTI: "onrtro:a"}, {Client: "desk", JTI: "onrtte:b", Session: "s2"}, {Issuer: "https://elsewhere.example/realms/shop", Client: "x", JTI: "c"}}
}

func TestTokenThatFalls(t *testing.T) {
	online := []string{"onrtro", "ntrtte", token.TypRefresh}
	offline := []string{"ofrtro", "ftrtte", token.TypOffline}
	granted := []string{"onrtro", token.TypRefresh}
	offlineGranted := []string{"ofrtro", token.TypOffline}
	kept := append(append([]string{}, online...), offline...)
	all := append([]string{"trrtcc"}, kept...)
	started := func(ago time.Duration) time.Time { return now.Add(-ago) }

	tests := map[string]struct {
		change func(w *world, c *token.Claims)
		fall   []string // kinds
		why    verify.Reason
	}{
		"client disabled": {func(w *world, c *token.Claims) {
			w.change(c.Client, func(c *realm.Client) { c.Enabled = false })
		}, all, verify.ClientDisabled},
		"client deleted": {func(w *world, c *token.Claims) {
			w.edit(func(d *realm.Draft) { d.Delete(realm.KindClient, "k-"+c.Client) })
		}, all, verify.ClientGone},
		"user disabled": {func(w *world, c *token.Claims) { w.people[c.Subject].Enabled = false }, all, verify.UserDisabled},
		"user deleted": {func(w *world, c *token.Claims) {
			delete(w.people, c.Subject)
			delete(w.people, "client k-robot")
		}, all, verify.UserGone},
		"realm not-before": {func(w *world, c *token.Claims) {
			w.settings(func(s *realm.Settings) { s.NotBefore = c.IssuedAt + 1 })
		}, all, verify.Stale},
		"realm not-before, just in time": {func(w *world, c *token.Claims) {
			w.settings(func(s *realm.Settings) { s.NotBefore = c.IssuedAt })
		}, nil, ""},
		"client not-before": {func(w *world, c *token.Claims) {
			w.change(c.Client, func(cl *realm.Client) { cl.NotBefore = c.IssuedAt + 1 })
		}, all, verify.Stale},
		"user not-before": {func(w *world, c *token.Claims) { w.people[c.Subject].NotBefore = c.IssuedAt + 1 }, all, verify.Stale},
		"revoked":         {func(w *world, c *token.Claims) { w.revoked[c.ID] = true }, all, verify.Revoked},
		"another revoked": {func(w *world, c *token.Claims) { w.revoked[c.ID+"x"] = true }, nil, ""},
		"revoked upstream": {func(w *world, c *token.Claims) {
			c.Path = []token.Hop{{Client: "spa", JTI: "first"}, {Client: "robot", JTI: "second"}}
			w.revoked["first"] = true
		}, all, verify.Revoked},
		"a client upstream disabled": {func(w *world, c *token.Claims) {
			w.edit(func(d *realm.Draft) { d.PutClient(&realm.Client{Key: "k-mid", ID: "mid"}) })
			c.Path = []token.Hop{{Client: "mid", JTI: "first"}}
		}, all, verify.Revoked},
		"exchanged, all well": {func(w *world, c *token.Claims) {
			c.Path = []token.Hop{{Client: "spa", JTI: "first"}, {Client: "robot", JTI: "second"}}
		}, nil, ""},
		"with actors, all well": {func(w *world, c *token.Claims) { c.Actor = actors() }, nil, ""},
		"the actor revoked": {func(w *world, c *token.Claims) {
			c.Actor, w.revoked["onrtro:a"] = actors(), true
		}, all, verify.ActorGone},
		"a former actor revoked": {func(w *world, c *token.Claims) {
			c.Actor, w.revoked["trrtcc:b"] = actors(), true
		}, all, verify.ActorGone},
		"the actor's session over": {func(w *world, c *token.Claims) {
			c.Actor = actors()
			delete(w.sessions, "s2")
		}, all, verify.ActorGone},
		"the actor's session expired": {func(w *world, c *token.Claims) {
			c.Actor = actors()
			w.sessions["s2"].LastAccess = started(31 * time.Minute)
		}, all, verify.ActorGone},
		"taken back from the actor's client": {func(w *world, c *token.Claims) {
			c.Actor = actors()
			w.sessions["s2"].Ended = map[string]time.Time{"k-desk": now}
		}, all, verify.ActorGone},
		"taken back from another client of the actor's session": {func(w *world, c *token.Claims) {
			c.Actor = actors()
			w.sessions["s2"].Ended = map[string]time.Time{"k-spa": now}
		}, nil, ""},
		"the actor's client disabled": {func(w *world, c *token.Claims) {
			c.Actor = actors()
			w.change("desk", func(c *realm.Client) { c.Enabled = false })
		}, all, verify.ActorGone},
		"the actor's client not-before": {func(w *world, c *token.Claims) {
			c.Actor = actors()
			w.change("desk", func(cl *realm.Client) { cl.NotBefore = c.IssuedAt + 1 })
		}, all, verify.ActorGone},
		"the actor disabled": {func(w *world, c *token.Claims) {
			c.Actor = actors()
			w.people["ines"].Enabled = false
		}, all, verify.ActorGone},
		"the actor deleted": {func(w *world, c *token.Claims) {
			c.Actor = actors()
			delete(w.people, "ines")
		}, all, verify.ActorGone},
		"the actor not-before": {func(w *world, c *token.Claims) {
			c.Actor = actors()
			w.people["ines"].NotBefore = c.IssuedAt + 1
		}, all, verify.ActorGone},
		"an actor of no token": {func(w *world, c *token.Claims) {
			c.Actor = actors()
			c.Actor.Token = ""
		}, all, verify.ActorGone},
		"an actor who is nobody": {func(w *world, c *token.Claims) { c.Actor = &token.Actor{} }, all, verify.ActorGone},
		"an actor of another issuer": {func(w *world, c *token.Claims) {
			c.Actor = &token.Actor{Subject: "x", Issuer: "https://elsewhere.example"}
		}, nil, ""},
		"expired":        {func(w *world, c *token.Claims) { c.Expires = now.Unix() }, all, verify.Expired},
		"last second":    {func(w *world, c *token.Claims) { c.Expires = now.Unix() + 1 }, nil, ""},
		"not valid yet":  {func(w *world, c *token.Claims) { c.NotBefore = now.Unix() + 1 }, all, verify.Expired},
		"no issue time":  {func(w *world, c *token.Claims) { c.IssuedAt = 0 }, all, verify.Expired},
		"another issuer": {func(w *world, c *token.Claims) { c.Issuer = "https://other.example/realms/shop" }, all, verify.OtherIssuer},
		"another realm":  {func(w *world, c *token.Claims) { c.Issuer = base + "/realms/shop2" }, all, verify.OtherIssuer},
		"no issuer":      {func(w *world, c *token.Claims) { c.Issuer = "" }, all, verify.OtherIssuer},
		"session over":   {func(w *world, c *token.Claims) { delete(w.sessions, "s1") }, online, verify.SessionGone},
		"offline session over": {func(w *world, c *token.Claims) {
			delete(w.sessions, place("off1", true))
		}, offline, verify.OfflineGone},
		"session idle for too long": {func(w *world, c *token.Claims) {
			w.sessions["s1"].LastAccess = started(31 * time.Minute)
		}, online, verify.SessionGone},
		"session has lived too long": {func(w *world, c *token.Claims) {
			w.sessions["s1"].Started = started(11 * time.Hour)
		}, online, verify.SessionGone},
		"offline session idle for too long": {func(w *world, c *token.Claims) {
			w.sessions[place("off1", true)].LastAccess = started(721 * time.Hour)
		}, offline, verify.OfflineExpired},
		"no session named": {func(w *world, c *token.Claims) {
			if c.Session == "s1" {
				c.Session = ""
			}
		}, online, verify.SessionGone},
		"an online session under the id": {func(w *world, c *token.Claims) {
			if c.Session == "off1" {
				c.Session = "s1"
			}
		}, offline, verify.OfflineGone},
		"session newer than the token": {func(w *world, c *token.Claims) {
			for _, s := range w.sessions {
				s.Started = now.Add(-5 * time.Second)
			}
		}, kept, verify.SessionNewer},
		"grant ended":         {func(w *world, c *token.Claims) { delete(w.grants, place("s1", false, "k-spa")) }, granted, verify.GrantGone},
		"offline grant ended": {func(w *world, c *token.Claims) { delete(w.grants, place("off1", true, "k-spa")) }, offlineGranted, verify.GrantGone},
		"grant newer than the token": {func(w *world, c *token.Claims) {
			w.grants[place("s1", false, "k-spa")] = &session.Grant{Session: "s1", Client: "k-spa", Started: now, LastAccess: now}
		}, granted, verify.SessionNewer},
		"grant idle for too long": {func(w *world, c *token.Claims) {
			w.change("spa", func(c *realm.Client) { c.Tokens.SessionIdle = realm.Override{Set: true, Value: 30 * time.Second} })
		}, granted, verify.GrantExpired},
		"was abroad": {func(w *world, c *token.Claims) { c.Path = abroad() }, nil, ""},
		"was abroad, and its session there ended": {func(w *world, c *token.Claims) {
			c.Path = abroad()
			delete(w.sessions, "s2")
		}, all, verify.Revoked},
		"was abroad, and is taken back from a client there": {func(w *world, c *token.Claims) {
			c.Path = abroad()
			w.sessions["s2"].Ended = map[string]time.Time{"k-robot": now}
		}, all, verify.Revoked},
		"was abroad, and its user there is disabled": {func(w *world, c *token.Claims) {
			c.Path = abroad()
			w.people["ines"] = &user.User{ID: "ines", Username: "ines"}
		}, all, verify.Revoked},
		"was abroad without a session, and its user there is gone": {func(w *world, c *token.Claims) {
			c.Path = []token.Hop{{Client: "desk", JTI: "trrtag:b", Subject: "nobody"}}
		}, all, verify.Revoked},
		"came of a realm that is gone": {func(w *world, c *token.Claims) {
			c.Path = []token.Hop{{Issuer: base + "/realms/gone", Client: "desk", JTI: "onrtro:b"}}
		}, all, verify.Revoked},
		"came of a realm that nobody knows any more": {func(w *world, c *token.Claims) {
			c.Path = []token.Hop{{Issuer: "https://former.example/realms/gone", Client: "desk", JTI: "onrtro:b", Session: "s2"}}
		}, all, verify.Revoked},
		"ID token":           {func(w *world, c *token.Claims) { c.Type = token.TypID }, all, verify.WrongType},
		"logout token":       {func(w *world, c *token.Claims) { c.Type = token.TypLogout }, all, verify.WrongType},
		"no type":            {func(w *world, c *token.Claims) { c.Type = "" }, all, verify.WrongType},
		"an unknown prefix":  {func(w *world, c *token.Claims) { c.ID = "zzrtro:1" }, all, verify.Unreadable},
		"a truncated prefix": {func(w *world, c *token.Claims) { c.ID = "on:1" }, all, verify.Unreadable},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			each(t, func(t *testing.T, u use, kind string) {
				w := newWorld(t)
				c := w.claims(kind)
				tt.change(w, &c)
				alg := "ES256"
				if kind == token.TypRefresh || kind == token.TypOffline {
					alg = "HS512"
				}
				_, err := u.check(t.Context(), w, w.signWith(alg, c))
				want := verify.Reason("")
				for _, k := range tt.fall {
					if k == kind {
						want = tt.why
					}
				}
				if got := verify.Why(err); got != want || want == "" && err != nil {
					t.Errorf("refused: %q (%v), want %q", got, err, want)
				}
			})
		})
	}
}

// Keycloak 26.1 and older issued access tokens whose jti tells nothing: they need all that a token can need.
func TestTokenOfUnknownOrigin(t *testing.T) {
	w := newWorld(t)
	c := w.claims("onrtro")
	c.ID = "1c2d"
	if _, err := w.verifier().AccessToken(t.Context(), w.at(), w.sign(c)); err != nil {
		t.Errorf("refused: %v", err)
	}
	c.Session = ""
	if _, err := w.verifier().AccessToken(t.Context(), w.at(), w.sign(c)); verify.Why(err) != verify.SessionGone {
		t.Errorf("without a session: %v", err)
	}
}

// A pairwise "sub" is no user's id: the session knows whose it is.
func TestTokenWithAPseudonym(t *testing.T) {
	w := newWorld(t)
	c := w.claims("onrtro")
	c.Subject = "pseudonym"
	held, err := w.verifier().AccessToken(t.Context(), w.at(), w.sign(c))
	if err != nil || held.User.ID != "alice" {
		t.Errorf("user %v, %v", held.User, err)
	}
	c = w.claims("trrtcc")
	c.Subject = ""
	held, err = w.verifier().AccessToken(t.Context(), w.at(), w.sign(c))
	if err != nil || held.User.ID != "account" {
		t.Errorf("service account %v, %v", held.User, err)
	}
}

// A store that is down is no verdict on the token.
func TestTokenWhileTheStoreIsDown(t *testing.T) {
	each(t, func(t *testing.T, u use, kind string) {
		w := newWorld(t)
		compact := w.sign(w.claims(kind))
		w.down = errors.New("out of order")
		if _, err := u.check(t.Context(), w, compact); !errors.Is(err, w.down) || verify.Why(err) != "" {
			t.Errorf("err = %v, want that of the store", err)
		}
	})
}

func TestIssued(t *testing.T) {
	tests := map[string]struct {
		change func(w *world, c *token.Claims)
		why    verify.Reason
	}{
		"good":                 {func(w *world, c *token.Claims) {}, ""},
		"expired":              {func(w *world, c *token.Claims) { c.Expires = 1 }, ""},
		"revoked before":       {func(w *world, c *token.Claims) { w.revoked[c.ID] = true }, ""},
		"user disabled":        {func(w *world, c *token.Claims) { w.people["alice"].Enabled = false }, ""},
		"of another client":    {func(w *world, c *token.Claims) { c.Client = "robot" }, verify.OtherClient},
		"session over":         {func(w *world, c *token.Claims) { delete(w.sessions, "s1") }, verify.SessionGone},
		"grant ended":          {func(w *world, c *token.Claims) { delete(w.grants, place("s1", false, "k-spa")) }, verify.GrantGone},
		"user deleted":         {func(w *world, c *token.Claims) { delete(w.people, "alice") }, verify.UserGone},
		"ID token":             {func(w *world, c *token.Claims) { c.Type = token.TypID }, verify.WrongType},
		"token of another one": {func(w *world, c *token.Claims) { c.Issuer = base + "/realms/other" }, verify.OtherIssuer},
	}
	for name, tt := range tests {
		for _, kind := range []string{"onrtro", token.TypRefresh} {
			t.Run(name+"/"+kind, func(t *testing.T) {
				w := newWorld(t)
				c := w.claims(kind)
				tt.change(w, &c)
				_, err := w.verifier().Issued(t.Context(), w.at(), w.realm.Client("spa"), w.sign(c))
				if got := verify.Why(err); got != tt.why || tt.why == "" && err != nil {
					t.Errorf("refused: %q (%v), want %q", got, err, tt.why)
				}
			})
		}
	}
}

func TestSignedOut(t *testing.T) {
	tests := map[string]struct {
		kind   string
		change func(w *world, c *token.Claims)
		why    verify.Reason
	}{
		"refresh token":     {token.TypRefresh, func(w *world, c *token.Claims) {}, ""},
		"offline token":     {token.TypOffline, func(w *world, c *token.Claims) {}, ""},
		"expired":           {token.TypRefresh, func(w *world, c *token.Claims) { c.Expires = 1 }, ""},
		"session over":      {token.TypRefresh, func(w *world, c *token.Claims) { delete(w.sessions, "s1") }, ""},
		"of another client": {token.TypRefresh, func(w *world, c *token.Claims) { c.Client = "robot" }, verify.OtherClient},
		"access token":      {"onrtro", func(w *world, c *token.Claims) {}, verify.WrongType},
		"of another realm":  {token.TypRefresh, func(w *world, c *token.Claims) { c.Issuer = base + "/realms/other" }, verify.OtherIssuer},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			w := newWorld(t)
			c := w.claims(tt.kind)
			tt.change(w, &c)
			held, err := w.verifier().SignedOut(t.Context(), w.at(), w.realm.Client("spa"), w.sign(c))
			if got := verify.Why(err); got != tt.why || tt.why == "" && err != nil {
				t.Errorf("refused: %q (%v), want %q", got, err, tt.why)
			}
			if err == nil && held.Token.Session != c.Session {
				t.Errorf("session %q, want %q", held.Token.Session, c.Session)
			}
		})
	}
}
