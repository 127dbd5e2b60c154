package grant_test

import (
	"context"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/tokenhouse/tokenhouse/internal/core/oauth"
	"github.com/tokenhouse/tokenhouse/internal/core/realm"
	"github.com/tokenhouse/tokenhouse/internal/core/token"
	"github.com/tokenhouse/tokenhouse/internal/core/user"
	"github.com/tokenhouse/tokenhouse/internal/flow/grant"
	"github.com/tokenhouse/tokenhouse/internal/store"
	"github.com/tokenhouse/tokenhouse/internal/store/storetest"
)

// redeem is each grant as it is redeemed for alice, or by the service account of gateway, with what they
// got before. All of them are granted until something changes.
var redeem = map[string]func(w *world, before *held) error{
	"client credentials": func(w *world, _ *held) error { _, err := w.clientCredentials(as("gateway")); return err },
	"password": func(w *world, _ *held) error {
		_, err := w.Password(w.t.Context(), grant.PasswordRequest{Call: as("gateway"), Username: ptr("alice"), Password: "alice"})
		return err
	},
	"refresh":                               func(w *world, b *held) error { _, err := w.refresh("gateway", b.online.RefreshToken); return err },
	"offline refresh":                       func(w *world, b *held) error { _, err := w.refresh("gateway", b.offline.RefreshToken); return err },
	"service refresh":                       func(w *world, b *held) error { _, err := w.refresh("refresher", b.service.RefreshToken); return err },
	"exchange":                              func(w *world, b *held) error { return w.swapFor(b.online.AccessToken) },
	"exchange of an offline token":          func(w *world, b *held) error { return w.swapFor(b.offline.AccessToken) },
	"exchange of an exchanged token":        func(w *world, b *held) error { return w.swapFor(b.exchanged.AccessToken) },
	"exchange of a service account's token": func(w *world, b *held) error { return w.swapFor(b.own.AccessToken) },
}

// held are the tokens that alice, and the service accounts of gateway and refresher, have.
type held struct{ online, offline, exchanged, own, service *grant.Response }

func (w *world) hold() *held {
	w.t.Helper()
	b := &held{online: w.signIn("gateway", "alice", ""), offline: w.signIn("gateway", "alice", "offline_access")}
	b.exchanged = w.exchange(swap("gateway", w.signIn("spa", "alice", "").AccessToken))
	var err error
	if b.own, err = w.clientCredentials(as("gateway")); err != nil {
		w.t.Fatal(err)
	}
	if b.service, err = w.clientCredentials(as("refresher")); err != nil {
		w.t.Fatal(err)
	}
	return b
}

func (w *world) swapFor(subject string) error {
	_, err := w.Exchange(w.t.Context(), swap("gateway", subject))
	return err
}

// unless runs all grants but some, before a change and after it: first each is granted, then none is.
func unless(t *testing.T, change func(w *world), but ...string) {
	for name, redeem := range redeem {
		if slices.Contains(but, name) {
			continue
		}
		t.Run(name, func(t *testing.T) {
			w := newWorld(t)
			b := w.hold()
			if err := redeem(w, b); err != nil {
				t.Fatalf("refused before: %v", err)
			}
			change(w)
			if err := redeem(w, b); err == nil {
				t.Error("granted")
			}
		})
	}
}

// Flaws of other products, by number: what went wrong there must not here.
func TestAttack(t *testing.T) {
	t.Run("T01 exchange to any target", func(t *testing.T) {
		w := newWorld(t)
		subject := w.signIn("spa", "alice", "").AccessToken
		w.client("gateway", func(c *realm.Client) { c.Exchange.Permitted = &[]string{"orders"} })
		for audience, granted := range map[string]bool{"orders": true, "billing": false, "warehouse": false, "": false, "outsider": false, "ORDERS": false} {
			q := swap("gateway", subject)
			q.Audiences = []string{audience}
			if _, err := w.Exchange(t.Context(), q); (err == nil) != granted {
				t.Errorf("%q: %v", audience, err)
			}
		}
	})

	t.Run("T02 security parameters lost", func(t *testing.T) {
		w := newWorld(t)
		subject := w.signIn("spa", "alice", "").AccessToken
		for name, lose := range map[string]func(q *grant.ExchangeRequest){
			"as it should be":          func(*grant.ExchangeRequest) {},
			"no subject":               func(q *grant.ExchangeRequest) { q.SubjectToken = nil },
			"empty subject":            func(q *grant.ExchangeRequest) { q.SubjectToken = ptr("") },
			"no subject type":          func(q *grant.ExchangeRequest) { q.SubjectTokenType = nil },
			"empty subject type":       func(q *grant.ExchangeRequest) { q.SubjectTokenType = ptr("") },
			"empty requested type":     func(q *grant.ExchangeRequest) { q.RequestedTokenType = ptr("") },
			"empty scope":              func(q *grant.ExchangeRequest) { q.Scope = ptr("") },
			"empty audience":           func(q *grant.ExchangeRequest) { q.Audiences = append(q.Audiences, "") },
			"a parameter twice":        func(q *grant.ExchangeRequest) { q.Repeated = true },
			"empty requested subject":  func(q *grant.ExchangeRequest) { q.RequestedSubject = ptr("") },
			"empty requested issuer":   func(q *grant.ExchangeRequest) { q.RequestedIssuer = ptr("") },
			"empty subject issuer":     func(q *grant.ExchangeRequest) { q.SubjectIssuer = ptr("") },
			"control character behind": func(q *grant.ExchangeRequest) { q.SubjectToken = ptr(*q.SubjectToken + "\x00") },
		} {
			q := swap("gateway", subject)
			q.Audiences = []string{"orders"}
			lose(&q)
			if _, err := w.Exchange(t.Context(), q); (err == nil) != (name == "as it should be") {
				t.Errorf("%s: %v", name, err)
			}
		}
	})

	t.Run("T03 refresh keeps a disabled audience", func(t *testing.T) {
		w := newWorld(t)
		first := w.signIn("gateway", "alice", "")
		w.client("orders", func(c *realm.Client) { c.Enabled = false })
		resp, err := w.refresh("gateway", first.RefreshToken)
		if err != nil {
			t.Fatal(err)
		}
		if before, after := w.read(first.AccessToken).Audience, w.read(resp.AccessToken).Audience; !slices.Contains(before, "orders") || slices.Contains(after, "orders") {
			t.Errorf("aud %v, and after orders was disabled %v", before, after)
		}
	})

	t.Run("T04 disabled user", func(t *testing.T) {
		ofServices := []string{"client credentials", "service refresh", "exchange of a service account's token"}
		unless(t, func(w *world) { w.user("alice", func(u *user.User) { u.Enabled = false }) }, ofServices...)
	})
	t.Run("T04 disabled service account", func(t *testing.T) {
		ofAlice := []string{"password", "refresh", "offline refresh", "exchange", "exchange of an offline token", "exchange of an exchanged token"}
		unless(t, func(w *world) {
			for _, client := range []string{"gateway", "refresher"} {
				u, err := w.store.ServiceAccount(w.t.Context(), w.realm().Key, client)
				if err != nil {
					w.t.Fatal(err)
				}
				w.user(u.ID, func(u *user.User) { u.Enabled = false })
			}
		}, ofAlice...)
	})
	t.Run("T04 disabled client", func(t *testing.T) {
		unless(t, func(w *world) {
			for _, client := range []string{"gateway", "refresher"} {
				w.client(client, func(c *realm.Client) { c.Enabled = false })
			}
		})
	})
	t.Run("T04 disabled realm", func(t *testing.T) {
		unless(t, func(w *world) { w.settings(func(s *realm.Settings) { s.Enabled = false }) })
	})

	t.Run("T10 another's token under any flag", func(t *testing.T) {
		w := newWorld(t)
		subject := w.signIn("spa", "alice", "").AccessToken
		for flags := range 1 << 6 {
			on := func(bit int) bool { return flags>>bit&1 == 1 }
			set := func(c *realm.Client) {
				c.Exchange.Refresh, c.Exchange.Public, c.Exchange.External = on(0), on(1), on(2)
				c.Tokens.Lightweight, c.FullScope = on(3), on(4)
				c.Exchange.Permitted = nil
				if on(5) {
					c.Exchange.Permitted = &[]string{"orders"}
				}
			}
			w.client("outsider", set)
			w.client("gateway", set)
			if _, err := w.Exchange(t.Context(), swap("outsider", subject)); err == nil {
				t.Errorf("flags %06b: granted to a client that the token is neither of nor for", flags)
			}
			q := swap("gateway", subject)
			q.Audiences = []string{"gateway"} // reached by nobody's roles: what is asked is only who may ask
			_, err := w.Exchange(t.Context(), q)
			if err != nil && !strings.Contains(err.Error(), "not available") {
				t.Errorf("flags %06b: %v", flags, err)
			}
		}
	})

	t.Run("T18 spent token after a restart", func(t *testing.T) {
		file := storetest.File(t)
		first, second := "", ""
		t.Run("before", func(t *testing.T) {
			w := newWorldOn(t, storetest.Open(t, file))
			rotating(w, 0)
			first = w.signIn("spa", "alice", "").RefreshToken
			resp, err := w.refresh("spa", first)
			if err != nil {
				t.Fatal(err)
			}
			second = resp.RefreshToken
		})
		w := reopened(t, storetest.Open(t, file))
		if _, err := w.refresh("spa", first); err == nil {
			t.Error("the spent token is good again")
		}
		if _, err := w.refresh("spa", second); err == nil {
			t.Error("its successor is good, though the spent one was used")
		}
	})

	t.Run("T19 not-before of realm, client and user", func(t *testing.T) {
		later := noon.Unix() + 1
		for name, marks := range map[string][3]int64{
			"realm alone": {later, 0, 0}, "realm beside an older one of the client": {later, 1, 0}, "realm beside an older one of the user": {later, 0, 1},
			"client alone": {0, later, 0}, "client beside an older one of the realm": {1, later, 1},
			"user alone": {0, 0, later}, "user beside older ones": {1, 1, later},
		} {
			t.Run(name, func(t *testing.T) {
				anew := []string{"client credentials", "password"} // these are signed in anew
				if marks[2] != 0 && marks[0] < later && marks[1] < later {
					anew = append(anew, "service refresh", "exchange of a service account's token")
				}
				unless(t, func(w *world) {
					w.settings(func(s *realm.Settings) { s.NotBefore = marks[0] })
					w.client("gateway", func(c *realm.Client) { c.NotBefore = marks[1] })
					w.client("refresher", func(c *realm.Client) { c.NotBefore = marks[1] })
					w.user("alice", func(u *user.User) { u.NotBefore = marks[2] })
				}, anew...)
			})
		}
	})

	t.Run("T20 scope as denial of service", func(t *testing.T) {
		w := newWorld(t)
		long := strings.Repeat("profile ", 1<<13) // as long as a body may be
		began := time.Now()
		_, err := w.clientCredentials(scoped(as("gateway"), strings.TrimSpace(long)))
		if err != nil {
			t.Error(err)
		}
		if _, err := w.clientCredentials(scoped(as("gateway"), " "+long)); err == nil {
			t.Error("a scope that begins with a blank is valid")
		}
		if took := time.Since(began); took > 20*time.Second {
			t.Errorf("took %v", took)
		}
	})

	t.Run("T21 other clients' tokens", func(t *testing.T) {
		w := newWorld(t)
		ofSPA, ofOutsider := w.signIn("spa", "alice", "openid"), w.signIn("app", "alice", "openid")
		for name, tt := range map[string]struct {
			subject string
			granted bool
		}{
			"access token for gateway":         {ofSPA.AccessToken, true},
			"access token for others":          {ofOutsider.AccessToken, false},
			"refresh token for gateway's user": {ofSPA.RefreshToken, false},
			"ID token":                         {ofSPA.IDToken, false},
		} {
			if _, err := w.Exchange(t.Context(), swap("gateway", tt.subject)); (err == nil) != tt.granted {
				t.Errorf("%s: %v", name, err)
			}
		}
		q := swap("gateway", ofSPA.AccessToken)
		q.Scope = ptr("callers")
		if _, err := w.Exchange(t.Context(), q); err == nil {
			t.Error("a scope of the subject's client alone is granted")
		}
	})

	t.Run("T24 refresh token of another client", func(t *testing.T) {
		w := newWorld(t)
		for _, scope := range []string{"", "offline_access"} {
			first := w.signIn("gateway", "alice", scope)
			for client, granted := range map[string]bool{"gateway": true, "refresher": false, "spa": false} {
				if _, err := w.refresh(client, first.RefreshToken); (err == nil) != granted {
					t.Errorf("%q at %s: %v", scope, client, err)
				}
			}
		}
	})

	t.Run("T27 revoked subject", func(t *testing.T) {
		for name, pick := range map[string]func(b *held) string{
			"online": func(b *held) string { return b.online.AccessToken }, "offline": func(b *held) string { return b.offline.AccessToken },
			"exchanged": func(b *held) string { return b.exchanged.AccessToken }, "of a service account": func(b *held) string { return b.own.AccessToken },
		} {
			w := newWorld(t)
			subject := pick(w.hold())
			if err := w.swapFor(subject); err != nil {
				t.Fatalf("%s: %v", name, err)
			}
			if err := w.store.Revoke(t.Context(), w.realm().Key, w.read(subject).ID, noon.Add(time.Hour)); err != nil {
				t.Fatal(err)
			}
			if err := w.swapFor(subject); err == nil {
				t.Errorf("%s: granted", name)
			}
		}
	})

	t.Run("T27 subject taken back meanwhile", func(t *testing.T) {
		w := newWorld(t)
		keys := w.keys
		w.client("gateway", func(c *realm.Client) { c.Exchange.Refresh = true })
		for name, takeBack := range map[string]func(subject *token.Claims) error{
			"nothing": nil,
			"revoked": func(c *token.Claims) error {
				return w.store.Revoke(t.Context(), w.realm().Key, c.ID, noon.Add(time.Hour))
			},
			"part left": func(c *token.Claims) error {
				return w.store.DropGrant(t.Context(), w.realm().Key, c.Session, "spa", false, w.now)
			},
			"session over": func(c *token.Claims) error { return w.store.EndSession(t.Context(), w.realm().Key, c.Session, false) },
		} {
			w.Keys = &meanwhile{Keys: keys, do: takeBack}
			q := swap("gateway", w.signIn("spa", "alice", "").AccessToken)
			q.RequestedTokenType = ptr(string(oauth.TypeRefreshToken))
			if _, err := w.Exchange(t.Context(), q); (err == nil) != (takeBack == nil) {
				t.Errorf("%s: %v", name, err)
			}
			if _, err := w.store.Grant(t.Context(), w.realm().Key, w.read(*q.SubjectToken).Session, "gateway", false); (err == nil) != (takeBack == nil) {
				t.Errorf("%s: what is left of the part: %v", name, err)
			}
		}
	})

	t.Run("T29 more than was consented to", func(t *testing.T) {
		w := newWorld(t)
		w.client("consenting", func(c *realm.Client) { c.Exchange.Enabled = true })
		w.client("spa", func(c *realm.Client) { c.DefaultScopes = append(c.DefaultScopes, "for-consenting") })
		w.edit(func(d *realm.Draft) {
			d.PutScope(&realm.ClientScope{Key: "for-consenting", Name: "for-consenting", Mappers: []realm.Mapper{{
				Name: "aud", Kind: "oidc-audience-mapper", Protocol: "openid-connect",
				Config: map[string]string{"included.client.audience": "consenting", "access.token.claim": "true"}}}})
		})
		subject := w.signIn("spa", "alice", "").AccessToken
		try := func(scope string) error {
			q := swap("consenting", subject)
			q.Call = maybeScoped(as("consenting"), scope)
			_, err := w.Exchange(t.Context(), q)
			return err
		}
		if err := try(""); err == nil {
			t.Error("granted without consent")
		}
		w.user("alice", func(u *user.User) { u.Consents = []user.Consent{{Client: "consenting", Scopes: []string{"roles"}}} })
		if err := try(""); err != nil {
			t.Errorf("refused with consent: %v", err)
		}
		if err := try("profile"); err == nil {
			t.Error("granted a scope that was not consented to")
		}
	})

	t.Run("T30 absent is not unrestricted", func(t *testing.T) {
		w := newWorld(t)
		w.client("gateway", func(c *realm.Client) { c.Exchange.Permitted = &[]string{"orders"} })
		subject := w.signIn("spa", "alice", "").AccessToken
		for name, change := range map[string]func(q *grant.ExchangeRequest){
			"no audience":                       func(*grant.ExchangeRequest) {},
			"a resource that nobody registered": func(q *grant.ExchangeRequest) { q.Resources = []string{"https://billing.example"} },
		} {
			q := swap("gateway", subject)
			change(&q)
			if aud := w.read(w.exchange(q).AccessToken).Audience; !slices.Equal(aud, []string{"orders"}) {
				t.Errorf("%s: aud %v, and only orders is listed", name, aud)
			}
		}
	})

	t.Run("T32 one audience or several", func(t *testing.T) {
		w := newWorld(t)
		online := w.read(w.signIn("spa", "alice", "").AccessToken)
		for name, tt := range map[string]struct {
			aud     []string
			granted bool
		}{
			"named alone": {[]string{"gateway"}, true}, "named among others": {[]string{"orders", "gateway"}, true},
			"another alone": {[]string{"orders"}, false}, "others": {[]string{"orders", "billing"}, false}, "nobody": {nil, false},
			"part of a name": {[]string{"gateway2"}, false}, "names in one string": {[]string{"orders gateway"}, false},
		} {
			c := online.Claims
			c.Audience = tt.aud
			subject, err := w.keys.Sign(t.Context(), w.realm(), "ES256", "JWT", &c)
			if err != nil {
				t.Fatal(err)
			}
			if err := w.swapFor(subject); (err == nil) != tt.granted {
				t.Errorf("%s: %v", name, err)
			}
		}
	})

	t.Run("T12 bound subject", func(t *testing.T) {
		w := newWorld(t)
		c := w.read(w.signIn("gateway", "alice", "").AccessToken).Claims
		for name, cnf := range map[string]*token.Confirmation{"to a key": {JKT: "thumbprint"}, "to a certificate": {Certificate: "thumbprint"}, "not": nil} {
			c.Confirmation = cnf
			subject, err := w.keys.Sign(t.Context(), w.realm(), "ES256", "JWT", &c)
			if err != nil {
				t.Fatal(err)
			}
			if err := w.swapFor(subject); (err == nil) != (cnf == nil) {
				t.Errorf("bound %s: %v", name, err)
			}
		}
	})
}

// meanwhile does something while the first token of an exchange is signed.
type meanwhile struct {
	grant.Keys
	do     func(subject *token.Claims) error
	signed int
	first  token.Claims
}

func (m *meanwhile) Sign(ctx context.Context, r *realm.Realm, alg, typ string, c *token.Claims) (string, error) {
	if m.signed++; m.signed == 1 {
		m.first = *c // of the sign-in: the subject
	}
	if m.signed == 3 && m.do != nil {
		if err := m.do(&m.first); err != nil {
			return "", err
		}
	}
	return m.Keys.Sign(ctx, r, alg, typ, c)
}

// reopened is the world of a store that was closed.
func reopened(t *testing.T, st *store.Store) *world {
	t.Helper()
	w := wire(t, st)
	w.later(time.Second)
	return w
}
