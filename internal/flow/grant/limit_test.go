package grant_test

import (
	"errors"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/tokenhouse/tokenhouse/internal/core/oauth"
	"github.com/tokenhouse/tokenhouse/internal/core/realm"
	"github.com/tokenhouse/tokenhouse/internal/core/session"
	"github.com/tokenhouse/tokenhouse/internal/flow/grant"
	"github.com/tokenhouse/tokenhouse/internal/flow/limit"
	"github.com/tokenhouse/tokenhouse/internal/flow/verify"
	"github.com/tokenhouse/tokenhouse/internal/store"
	"github.com/tokenhouse/tokenhouse/internal/store/storetest"
)

// once is a rate that lets one request pass in a window that begins at noon.
var once = realm.Rate{Most: 1, Span: 10 * time.Second}

// only sets one limit in the realm, and no other.
func (w *world) only(name realm.LimitName, rate realm.Rate) {
	w.settings(func(s *realm.Settings) {
		s.Limits = realm.Limits{}
		s.Limits[name.Asked][name.By] = rate
	})
}

// grants are good requests of each grant for alice, each of which may come any number of times.
func (w *world) grants() map[string]func() error {
	signed := w.signIn("spa", "alice", "openid")
	subject := w.read(signed.AccessToken)
	app := w.realm().Client("spa")
	w.client("spa", func(c *realm.Client) { c.StandardFlow, c.Device.Enabled = true, true })
	w.Devices = w.store
	ofGateway := w.signIn("gateway", "alice", "openid")
	w.edit(func(d *realm.Draft) {
		d.PutProvider(&realm.Provider{Key: "stored", Alias: "stored", Kind: "oidc", Enabled: true, StoreToken: true})
	})
	w.client("gateway", func(c *realm.Client) {
		c.Exchange.Issuers = []string{"stored"}
		c.Assertions.Issue, c.Assertions.Audiences, c.Assertions.Scopes = true, []string{partner}, []string{"orders.read"}
	})
	w.Abroad = safe{"of-the-provider"}
	sequence := 0
	next := func() string {
		sequence++
		return "one-" + strconv.Itoa(sequence)
	}
	fails := func(_ *grant.Response, err error) error { return err }
	return map[string]func() error{
		"password": func() error {
			return fails(w.Password(w.t.Context(), grant.PasswordRequest{Call: as("spa"), Username: ptr("alice"), Password: "alice"}))
		},
		"refresh": func() error { return fails(w.refresh("spa", signed.RefreshToken)) },
		"code": func() error {
			code := subject.Session + "." + next()
			err := w.store.AddCode(w.t.Context(), w.realm().Key, code, session.Code{Session: subject.Session, Client: app.Key, Scope: "openid", Issued: w.clock(), Expires: w.clock().Add(time.Minute)})
			if err != nil {
				w.t.Fatal(err)
			}
			return fails(w.AuthorizationCode(w.t.Context(), grant.CodeRequest{Call: as("spa"), Code: &code}))
		},
		"device": func() error {
			code := next()
			err := w.store.AddDevice(w.t.Context(), w.realm().Key, code, code, session.Device{Client: app.Key, Scope: "openid", Issued: w.clock(), Expires: w.clock().Add(time.Minute),
				Decision: session.Granted, Session: subject.Session})
			if err != nil {
				w.t.Fatal(err)
			}
			return fails(w.Device(w.t.Context(), grant.DeviceRequest{Call: as("spa"), DeviceCode: &code}))
		},
		"client credentials": func() error { return fails(w.clientCredentials(as("gateway"))) },
		"exchange":           func() error { return fails(w.Exchange(w.t.Context(), swap("gateway", signed.AccessToken))) },
		"exchange for an identity assertion": func() error {
			return fails(w.Exchange(w.t.Context(), asksIdentity("gateway", ofGateway.IDToken)))
		},
		"exchange for a provider's token": func() error {
			q := swap("gateway", ofGateway.AccessToken)
			q.RequestedIssuer = ptr("stored")
			return fails(w.Exchange(w.t.Context(), q))
		},
		"JWT grant": func() error {
			compact := vouched(w.t, partnerKey, "", claimsOf(map[string]any{"jti": next(), "iat": w.clock().Unix() - 1, "exp": w.clock().Unix() + 60}))
			return fails(w.JWTBearer(w.t.Context(), grant.JWTBearerRequest{Call: as("gateway"), Assertion: &compact}))
		},
	}
}

// TestLimits: each limit holds for each grant. What it refuses says when to come again, and then passes.
func TestLimits(t *testing.T) {
	storetest.Each(t, func(t *testing.T, st *store.Store) {
		w := abroad(t, st)
		w.settings(func(s *realm.Settings) { s.Lifespans.AccessToken = time.Hour }) // the test's clock goes on for a quarter of one
		for kind, ask := range w.grants() {
			for _, name := range realm.LimitNames() {
				t.Run(kind+" by "+name.String(), func(t *testing.T) {
					outer := w.t
					w.t = t
					defer func() { w.t = outer }()
					w.later(10 * time.Second)
					w.Limits = &limit.Rates{Shares: st}
					w.only(name, once)
					if err := ask(); err != nil {
						t.Fatal(err)
					}
					again := ask()
					if name.Asked != realm.AskedToken && !(name.Asked == realm.AskedExchange && strings.HasPrefix(kind, "exchange")) {
						if again != nil {
							t.Errorf("refused by a limit that is not for it: %v", again)
						}
						return
					}
					of := map[realm.Axis]string{realm.ByClient: "of this client", realm.ByUser: "for this user", realm.ByAddress: "from this address"}[name.By]
					w.refused(again, 429, oauth.SlowDown, "Too many requests "+of, name.By.String()+"_rate_limited")
					if e, _ := errors.AsType[*oauth.Error](again); e.Retry != 10*time.Second {
						t.Errorf("again after %s", e.Retry)
					}
					if reason := details(w.last())["reason"]; reason != "tokenhouse.limit."+name.String()+" is 1/10s" {
						t.Errorf("the event's reason is %q", reason)
					}
					w.later(10 * time.Second)
					if err := ask(); err != nil {
						t.Errorf("after the wait: %v", err)
					}
				})
			}
		}
	})
}

// TestLimitsRefusedDevice: a device that was told to wait gets its tokens afterwards.
func TestLimitsRefusedDevice(t *testing.T) {
	w := abroad(t, storetest.SQLite(t))
	w.grants()
	w.Limits = &limit.Rates{}
	subject := w.read(w.signIn("spa", "alice", "openid").AccessToken)
	err := w.store.AddDevice(t.Context(), w.realm().Key, "d", "d", session.Device{Client: w.realm().Client("spa").Key, Scope: "openid", Issued: w.clock(),
		Expires: noon.Add(time.Hour), Decision: session.Granted, Session: subject.Session})
	if err != nil {
		t.Fatal(err)
	}
	w.only(realm.LimitName{By: realm.ByUser}, once)
	w.signIn("spa", "alice", "openid")
	ask := func() error {
		_, err := w.Device(t.Context(), grant.DeviceRequest{Call: as("spa"), DeviceCode: ptr("d")})
		return err
	}
	w.refused(ask(), 429, oauth.SlowDown, "Too many requests for this user", "user_rate_limited")
	w.later(10 * time.Second)
	if err := ask(); err != nil {
		t.Errorf("after the wait: %v", err)
	}
}

// TestLimitsGuesses: who guesses secrets of clients is held to the limit of their address, and does not use up that of the
// client; nor do those who guess passwords use up that of the user.
func TestLimitsGuesses(t *testing.T) {
	wrong := func(id string) grant.Call {
		q := as(id)
		q.Credentials = verify.Credentials{ID: &id, Secret: ptr("wrong")}
		return q
	}
	t.Run("address", func(t *testing.T) {
		w := newWorld(t)
		w.Limits = &limit.Rates{}
		w.only(realm.LimitName{By: realm.ByAddress}, realm.Rate{Most: 2, Span: 10 * time.Second})
		for range 2 {
			_, err := w.clientCredentials(wrong("gateway"))
			w.refused(err, 401, oauth.UnauthorizedClient, "Invalid client or Invalid client credentials", "invalid_client_credentials")
		}
		for _, q := range []grant.Call{wrong("gateway"), as("gateway"), wrong("nobody")} {
			_, err := w.clientCredentials(q)
			w.refused(err, 429, oauth.SlowDown, "Too many requests from this address", "address_rate_limited")
		}
		elsewhere := as("gateway")
		elsewhere.Address = "192.0.2.2"
		if _, err := w.clientCredentials(elsewhere); err != nil {
			t.Errorf("from elsewhere: %v", err)
		}
	})
	t.Run("client", func(t *testing.T) {
		w := newWorld(t)
		w.Limits = &limit.Rates{}
		w.only(realm.LimitName{By: realm.ByClient}, once)
		for range 3 {
			_, err := w.clientCredentials(wrong("gateway"))
			w.refused(err, 401, oauth.UnauthorizedClient, "Invalid client or Invalid client credentials", "invalid_client_credentials")
		}
		if _, err := w.clientCredentials(as("gateway")); err != nil {
			t.Errorf("the client itself: %v", err)
		}
	})
	t.Run("user", func(t *testing.T) {
		w := newWorld(t)
		w.Limits = &limit.Rates{}
		w.only(realm.LimitName{By: realm.ByUser}, once)
		for range 3 {
			if err := w.try("alice", "wrong"); err == nil {
				t.Fatal("a wrong password passes")
			}
		}
		if err := w.try("alice", "alice"); err != nil {
			t.Errorf("the user: %v", err)
		}
	})
}

// TestLimitsAdopted: an exchange that does not name its client is counted once by each axis.
func TestLimitsAdopted(t *testing.T) {
	for _, by := range []realm.Axis{realm.ByClient, realm.ByUser, realm.ByAddress} {
		w := newWorld(t)
		w.Limits = &limit.Rates{}
		subject := w.signIn("spa", "alice", "openid").AccessToken
		w.only(realm.LimitName{By: by}, once)
		q := swap("", subject)
		q.Credentials = verify.Credentials{}
		for _, public := range []bool{true, false} {
			w.client("spa", func(c *realm.Client) { c.Exchange.Public = public })
			w.later(10 * time.Second)
			_, err := w.Exchange(t.Context(), q)
			if e, ok := errors.AsType[*oauth.Error](err); ok && e.Status == 429 {
				t.Errorf("by %s, public %t: the first is refused: %v", by, public, err)
			}
		}
	}
}
