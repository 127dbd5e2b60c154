package revoke_test

import (
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/tokenhouse/tokenhouse/internal/core/event"
	"github.com/tokenhouse/tokenhouse/internal/core/token"
	"github.com/tokenhouse/tokenhouse/internal/flow/revoke"
	"github.com/tokenhouse/tokenhouse/internal/flow/verify"
)

func (w *world) revoke(client, compact string) error {
	return w.revoker().Revoke(w.t.Context(), revoke.Request{Call: by(client), Token: &compact})
}

// What a revocation takes with it, as recorded in a chain of exchanges.
func TestRevokeInAChain(t *testing.T) {
	tests := map[string]struct {
		kind, client string
		session      string
		left         []string // clients that still hold something in the session; nil: it is over
		taken        string   // detail token_exchange_revoked_clients, sorted
	}{
		"access token of the first":          {"onrtro", "front", "s1", []string{"front"}, "first,second,side"},
		"access token in the middle":         {"onrtte", "first", "s1", []string{"first", "front", "side"}, "second"},
		"access token of the last":           {"onrtte", "second", "s1", []string{"first", "front", "second", "side"}, ""},
		"access token with nothing kept":     {"ntrtte", "first", "s1", []string{"first", "front", "side"}, "second"},
		"refresh token of the first":         {token.TypRefresh, "front", "s1", nil, "first,second,side"},
		"refresh token in the middle":        {token.TypRefresh, "first", "s1", []string{"front", "side"}, "second"},
		"refresh token of the last":          {token.TypRefresh, "second", "s1", []string{"first", "front", "side"}, ""},
		"refresh token of one who is alone":  {token.TypRefresh, "front", "s2", nil, ""},
		"access token of one who is alone":   {"onrtro", "front", "s2", []string{"front"}, ""},
		"access token without a client part": {"ntrtte", "side", "s2", []string{"front"}, ""},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			w := newWorld(t)
			compact := w.sign(tt.kind, tt.client, tt.session)
			if err := w.revoke(tt.client, compact); err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(tt.left, w.parts(tt.session, false)); diff != "" {
				t.Errorf("left in the session (-want +got):\n%s", diff)
			}
			other := map[string]string{"s1": "s2", "s2": "s1"}[tt.session]
			if diff := cmp.Diff(newWorld(t).parts(other, false), w.parts(other, false)); diff != "" {
				t.Errorf("in another session (-want +got):\n%s", diff)
			}
			ev := w.last()
			taken := strings.Split(ev.Get("token_exchange_revoked_clients"), ",")
			slices.Sort(taken)
			if got := strings.Join(taken, ","); got != tt.taken {
				t.Errorf("event names %q, want %q", got, tt.taken)
			}
		})
	}
}

func TestRevokeEvents(t *testing.T) {
	w := newWorld(t)
	if err := w.revoke("front", w.sign("onrtro", "front", "s2")); err != nil {
		t.Fatal(err)
	}
	want := event.Event{ID: "event-id", Time: now, Kind: event.RevokeGrant, Realm: "realm-key", RealmName: "shop",
		Client: "front", UserID: "alice-id", Address: "192.0.2.1",
		Details: []event.Detail{{Name: "client_auth_method", Value: "client-secret"}, {Name: "token_id", Value: "onrtro:front"}}}
	if diff := cmp.Diff(want, w.last()); diff != "" {
		t.Errorf("access token (-want +got):\n%s", diff)
	}
	if err := w.revoke("front", w.sign(token.TypRefresh, "front", "s2")); err != nil {
		t.Fatal(err)
	}
	want.Session = "s2"
	want.Details = []event.Detail{{Name: "client_auth_method", Value: "client-secret"}, {Name: "revoked_client", Value: "front"},
		{Name: "refresh_token_id", Value: "id-front"}, {Name: "refresh_token_type", Value: "Refresh"}}
	if diff := cmp.Diff(want, w.last()); diff != "" {
		t.Errorf("refresh token (-want +got):\n%s", diff)
	}
}

// A token that its own client exchanged links the client to itself.
func TestRevokeOfOnesOwnSource(t *testing.T) {
	w := newWorld(t)
	w.start("s3", "side", false, "side")
	if err := w.revoke("side", w.sign("onrtro", "side", "s3")); err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff([]string{}, w.parts("s3", false)); diff != "" { // the user is signed in still
		t.Errorf("left in the session (-want +got):\n%s", diff)
	}
	w.start("s4", "side", false, "side")
	if err := w.revoke("side", w.sign(token.TypRefresh, "side", "s4")); err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff([]string(nil), w.parts("s4", false)); diff != "" {
		t.Errorf("by its refresh token (-want +got):\n%s", diff)
	}
}

func TestRevokeMarks(t *testing.T) {
	w := newWorld(t)
	access := w.sign("onrtro", "front", "s2")
	for range 2 { // twice is fine
		if err := w.revoke("front", access); err != nil {
			t.Fatal(err)
		}
		if !w.revoked("onrtro:front") {
			t.Fatal("the access token is not marked")
		}
	}
	if w.revoked("id-front") {
		t.Error("the refresh token beside it is marked too")
	}
	sa := w.sign("trrtcc", "front", "")
	if err := w.revoke("front", sa); err != nil || !w.revoked("trrtcc:front") {
		t.Errorf("service account: %v, marked %v", err, w.revoked("trrtcc:front"))
	}
	refresh := w.sign(token.TypRefresh, "front", "s2")
	if err := w.revoke("front", refresh); err != nil || !w.revoked("id-front") {
		t.Errorf("refresh token: %v, marked %v", err, w.revoked("id-front"))
	}
	if err := w.revoke("front", refresh); answerOf(t, err) != (answer{200, "invalid_token", "Invalid token", "user_session_not_found"}) {
		t.Errorf("refresh token again: %v", err)
	}
}

// By a service account's token somebody may act in sessions that outlive it: it stays revoked as long as those last.
func TestRevokedServiceAccountIsRemembered(t *testing.T) {
	w := newWorld(t)
	if err := w.revoke("front", w.sign("trrtcc", "front", "")); err != nil {
		t.Fatal(err)
	}
	for _, after := range []time.Duration{9 * time.Hour, 11 * time.Hour} {
		want := after < 10*time.Hour // longest that a session lasts
		if err := w.store.Sweep(t.Context(), now.Add(after)); err != nil {
			t.Fatal(err)
		}
		if w.revoked("trrtcc:front") != want {
			t.Errorf("after %v: revoked %v", after, !want)
		}
	}
}

func TestRevokeOffline(t *testing.T) {
	w := newWorld(t)
	w.start("off1", "spa", false) // an online session beside it
	compact := w.sign(token.TypOffline, "spa", "off1")
	q := revoke.Request{Call: revoke.Call{Realm: "shop", Base: base, Credentials: verify.Credentials{ID: ptr("spa")}}, Token: &compact}
	if err := w.revoker().Revoke(t.Context(), q); err != nil {
		t.Fatal(err)
	}
	if got := w.parts("off1", true); got != nil {
		t.Errorf("offline session: %v", got)
	}
	if got := w.parts("off1", false); len(got) != 1 {
		t.Errorf("online session: %v", got)
	}
	if ev := w.last(); ev.Get("refresh_token_type") != "Offline" {
		t.Errorf("event %+v", ev)
	}
}

func TestRevokeRefuses(t *testing.T) {
	w := newWorld(t)
	good := w.sign("onrtro", "front", "s1")
	const generic = "Invalid client or Invalid client credentials"
	unknown := func(name string) answer { return answer{200, "invalid_token", "Invalid token", name} }
	foreign := answer{400, "invalid_request", "Unmatching clients", "invalid_request"}
	tests := map[string]struct {
		q    revoke.Request
		want answer
	}{
		"no token":             {revoke.Request{Call: by("front")}, answer{400, "invalid_request", "Token not provided", "invalid_request"}},
		"empty token":          {revoke.Request{Call: by("front"), Token: ptr("")}, unknown("invalid_token")},
		"garbage":              {revoke.Request{Call: by("front"), Token: ptr("garbage")}, unknown("invalid_token")},
		"broken signature":     {revoke.Request{Call: by("front"), Token: ptr(good + "x")}, unknown("invalid_token")},
		"session over":         {revoke.Request{Call: by("front"), Token: ptr(w.sign("onrtro", "front", "s9"))}, unknown("user_session_not_found")},
		"no part in it":        {revoke.Request{Call: by("side"), Token: ptr(w.sign("onrtro", "side", "s2"))}, unknown("user_session_not_found")},
		"another client":       {revoke.Request{Call: by("side"), Token: &good}, foreign},
		"another's refresh":    {revoke.Request{Call: by("side"), Token: ptr(w.sign(token.TypRefresh, "front", "s1"))}, foreign},
		"ID token":             {revoke.Request{Call: by("front"), Token: ptr(w.sign(token.TypID, "front", "s1"))}, answer{400, "unsupported_token_type", "Unsupported token type", "invalid_token_type"}},
		"logout token":         {revoke.Request{Call: by("front"), Token: ptr(w.sign(token.TypLogout, "front", "s1"))}, answer{400, "unsupported_token_type", "Unsupported token type", "invalid_token_type"}},
		"wrong secret":         {revoke.Request{Call: revoke.Call{Realm: "shop", Base: base, Credentials: verify.Credentials{ID: ptr("front"), Secret: ptr("x")}}, Token: &good}, answer{401, "unauthorized_client", generic, "invalid_client_credentials"}},
		"no client":            {revoke.Request{Call: revoke.Call{Realm: "shop", Base: base}, Token: &good}, answer{401, "invalid_client", generic, "client_not_found"}},
		"bearer-only":          {revoke.Request{Call: by("bearer"), Token: &good}, answer{400, "invalid_client", "Bearer-only not allowed", "invalid_client"}},
		"a parameter twice":    {revoke.Request{Call: repeated(by("front")), Token: &good}, answer{400, "invalid_request", "duplicated parameter", "invalid_request"}},
		"another page":         {revoke.Request{Call: from(by("spa"), "https://elsewhere.example"), Token: &good}, answer{403, "Invalid origin", "", "invalid_request"}},
		"a page of the client": {revoke.Request{Call: from(by("spa"), "https://shop.example"), Token: &good}, foreign},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			err := w.revoker().Revoke(t.Context(), tt.q)
			if diff := cmp.Diff(tt.want, answerOf(t, err)); diff != "" {
				t.Errorf("answer (-want +got):\n%s", diff)
			}
			if ev := w.last(); ev.Kind != event.RevokeGrant.Failed() || ev.Error != tt.want.Event || ev.UserID != "" {
				t.Errorf("event %+v", ev)
			}
			if got := w.parts("s1", false); len(got) != 4 || w.revoked("onrtro:front") {
				t.Errorf("something was revoked: %v", got)
			}
		})
	}
	if err := w.revoke("front", good); err != nil {
		t.Errorf("the same token by its client: %v", err)
	}
}

func repeated(c revoke.Call) revoke.Call {
	c.Repeated = true
	return c
}

func from(c revoke.Call, origin string) revoke.Call {
	c.Origin = origin
	return c
}

// TestAttack plays what went wrong in other products, each refusal beside what is granted.
func TestAttack(t *testing.T) {
	// T27: a revoked token must not be exchanged, nor what is left of a chain be used.
	t.Run("T27 revoked tokens", func(t *testing.T) {
		w := newWorld(t)
		r, err := w.store.Realm(t.Context(), "shop")
		if err != nil {
			t.Fatal(err)
		}
		v := verify.New(verify.Deps{Keys: w.keys, Users: w.store, Sessions: w.store, Marks: w.store})
		at := verify.At{Realm: r, Base: base, Now: now}
		subject := func(compact string) verify.Reason {
			_, err := v.Subject(t.Context(), at, compact)
			return verify.Why(err)
		}
		front, first, second := w.sign("onrtro", "front", "s1"), w.sign("onrtte", "first", "s1"), w.sign("onrtte", "second", "s1")
		for _, compact := range []string{front, first, second} {
			if why := subject(compact); why != "" {
				t.Fatalf("refused: %s", why)
			}
		}
		if err := w.revoke("first", first); err != nil {
			t.Fatal(err)
		}
		if why := subject(front); why != "" {
			t.Errorf("what it came from: %q", why)
		}
		if why := subject(first); why != verify.Revoked {
			t.Errorf("the revoked token: %q", why)
		}
		if why := subject(second); why != verify.GrantGone {
			t.Errorf("what came of it: %q", why)
		}
	})

	// A refresh token that was revoked stays so when its client is granted something anew at the same moment.
	t.Run("T18 revoked refresh token", func(t *testing.T) {
		w := newWorld(t)
		compact := w.sign(token.TypRefresh, "second", "s1")
		if err := w.revoke("second", compact); err != nil {
			t.Fatal(err)
		}
		w.start("s1", "second", false, "first")
		r, err := w.store.Realm(t.Context(), "shop")
		if err != nil {
			t.Fatal(err)
		}
		v := verify.New(verify.Deps{Keys: w.keys, Users: w.store, Sessions: w.store, Marks: w.store})
		at := verify.At{Realm: r, Base: base, Now: now}
		if _, err := v.RefreshToken(t.Context(), at, r.Client("second"), compact); verify.Why(err) != verify.Revoked {
			t.Errorf("refused: %v, want %q", err, verify.Revoked)
		}
		at.Now = now.Add(time.Second)
		if _, err := v.RefreshToken(t.Context(), at, r.Client("first"), w.sign(token.TypRefresh, "first", "s1")); err != nil {
			t.Errorf("another client's: %v", err)
		}
	})
}
