package signout_test

import (
	"context"
	"fmt"
	"net/url"
	"testing"
	"time"

	"github.com/tokenhouse/tokenhouse/internal/core/event"
	"github.com/tokenhouse/tokenhouse/internal/core/page"
	"github.com/tokenhouse/tokenhouse/internal/core/realm"
	"github.com/tokenhouse/tokenhouse/internal/core/session"
	"github.com/tokenhouse/tokenhouse/internal/core/token"
	"github.com/tokenhouse/tokenhouse/internal/core/user"
	"github.com/tokenhouse/tokenhouse/internal/flow/authorize"
	"github.com/tokenhouse/tokenhouse/internal/flow/keyring"
	"github.com/tokenhouse/tokenhouse/internal/flow/keyring/keyringtest"
	"github.com/tokenhouse/tokenhouse/internal/flow/police"
	"github.com/tokenhouse/tokenhouse/internal/flow/signout"
	"github.com/tokenhouse/tokenhouse/internal/flow/verify"
	"github.com/tokenhouse/tokenhouse/internal/store"
	"github.com/tokenhouse/tokenhouse/internal/store/storetest"
)

// world is a shop on a real store. Alice and bob have accounts; "site" has a page for those who have signed out.
type world struct {
	*signout.Ender
	t      *testing.T
	store  *store.Store
	keys   *keyring.Keyring
	post   *post
	from   map[string]string // session's id → address of the provider that its user came from
	events []event.Event
	tokens int
}

func (w *world) Record(_ context.Context, e event.Event) { w.events = append(w.events, e) }

// LogoutURL makes a world the provider that users came from.
func (w *world) LogoutURL(_ context.Context, _ verify.At, s *session.Session, state string) (string, error) {
	if to := w.from[s.ID]; to != "" {
		return to + "?state=" + state, nil
	}
	return "", nil
}

func newWorld(t *testing.T) *world {
	t.Helper()
	w := &world{t: t, store: storetest.SQLite(t), keys: keyring.New(nil, func() time.Time { return now }), post: &post{}}
	d := realm.New("shop-key", realm.Settings{Name: "shop", Enabled: true, SignatureAlg: "ES256",
		Lifespans: realm.Lifespans{SessionIdle: 30 * time.Minute, SessionMax: 10 * time.Hour, Login: 30 * time.Minute}})
	for _, k := range keyringtest.Shop() {
		d.PutKey(k)
	}
	d.PutClient(&realm.Client{Key: "site-key", ID: "site", Enabled: true, BaseURL: "https://site.example/", RedirectURIs: []string{"https://site.example/cb"},
		Logout: realm.ClientLogout{RedirectURIs: []string{"https://site.example/bye", "https://site.example/left/*"}}})
	d.PutClient(&realm.Client{Key: "front-key", ID: "front", Enabled: true,
		Logout: realm.ClientLogout{FrontChannel: true, FrontChannelURL: "https://front.example/out?a=b"}})
	d.PutClient(&realm.Client{Key: "plain-key", ID: "plain", Enabled: true,
		Logout: realm.ClientLogout{FrontChannel: true, FrontChannelURL: "https://plain.example/out", FrontChannelPlain: true}})
	d.PutClient(&realm.Client{Key: "back-key", ID: "back", Enabled: true, Logout: realm.ClientLogout{BackChannelURL: "https://back.example/out"}})
	users := func(yield func(user.Account, error) bool) {
		for _, name := range []string{"alice", "bob"} {
			if !yield(user.Account{User: user.User{ID: name, Username: name, Enabled: true}}, nil) {
				return
			}
		}
	}
	if err := w.store.CreateRealm(t.Context(), d, nil, users, nil); err != nil {
		t.Fatal(err)
	}
	w.Ender = &signout.Ender{Realms: w.store, Users: w.store, Sessions: w.store, Logins: w.store, Keys: w.keys,
		Policies: police.Judge{Kept: w.store}, Herald: herald(w.store, w.post), Upstream: w, Events: w, Now: func() time.Time { return now },
		NewID: func() string { return "event-id" }, NewToken: func() string { w.tokens++; return fmt.Sprintf("token-%d", w.tokens) }}
	return w
}

// at is the shop now.
func (w *world) at() verify.At {
	w.t.Helper()
	r, err := w.store.Realm(w.t.Context(), "shop")
	if err != nil {
		w.t.Fatal(err)
	}
	return verify.At{Realm: r, Base: base, Now: now}
}

// browser is a browser with its cookies.
type browser struct {
	w       *world
	cookies authorize.Cookies
}

func (w *world) browser() *browser { return &browser{w, authorize.Cookies{}} }

// signIn signs a browser in as a user, in a session with parts of clients.
func (b *browser) signIn(id, userID string, clients ...string) {
	b.w.t.Helper()
	begin(b.w.t, b.w.store, id, userID, false, clients...)
	cookies, err := authorize.Identify(b.w.t.Context(), b.w.keys, b.w.at(), &session.Session{ID: id, UserID: userID}, "jti")
	if err != nil {
		b.w.t.Fatal(err)
	}
	b.keep(cookies)
}

func (b *browser) keep(cookies []authorize.Cookie) {
	for _, c := range cookies {
		if c.Clear {
			delete(b.cookies, c.Name)
		} else {
			b.cookies[c.Name] = c.Value
		}
	}
}

func (b *browser) call() authorize.Call {
	return authorize.Call{Realm: "shop", Base: base, Address: "192.0.2.1", Secure: true, Cookies: b.cookies}
}

// logout sends the browser to the logout endpoint: hint, client, address to go to, state; empty ones do not come.
func (b *browser) logout(hint, client, to, state string) *authorize.Outcome {
	b.w.t.Helper()
	o, err := b.w.Logout(b.w.t.Context(), signout.Request{Call: b.call(), Hint: optional(hint), Client: optional(client), RedirectURI: optional(to), State: optional(state)})
	if err != nil {
		b.w.t.Fatal(err)
	}
	b.keep(o.Cookies)
	return o
}

// confirm sends the form of a page that asked.
func (b *browser) confirm(p page.LogoutConfirm, code string) *authorize.Outcome {
	b.w.t.Helper()
	u, err := url.Parse(p.Action)
	if err != nil {
		b.w.t.Fatal(err)
	}
	o, err := b.w.Confirm(b.w.t.Context(), signout.ConfirmRequest{Call: b.call(), Tab: u.Query().Get("tab_id"), Code: &code})
	if err != nil {
		b.w.t.Fatal(err)
	}
	b.keep(o.Cookies)
	return o
}

// hint is an ID token; change may make it another one.
func (w *world) hint(client, userID, sessionID string, change ...func(*token.Claims)) string {
	w.t.Helper()
	c := token.Claims{Type: token.TypID, Issuer: base + "/realms/shop", Subject: userID, Audience: []string{client}, Client: client, Session: sessionID,
		IssuedAt: now.Unix(), Expires: now.Add(-time.Hour).Unix()} // an expired one will do
	for _, f := range change {
		f(&c)
	}
	signed, err := w.keys.Sign(w.t.Context(), w.at().Realm, "", "JWT", &c)
	if err != nil {
		w.t.Fatal(err)
	}
	return signed
}

// over tells whether a session has ended.
func (w *world) over(id string) bool {
	_, err := w.store.Session(w.t.Context(), "shop-key", id, false)
	return err != nil
}

func optional(s string) *string {
	if s == "" {
		return nil
	}
	return &s
}

// underPolicy gives the shop one client policy.
func (w *world) underPolicy(condition, executor realm.PolicyPart) {
	w.t.Helper()
	err := w.store.Edit(w.t.Context(), "shop", func(d *realm.Draft) ([]event.Admin, error) {
		settings := d.Realm().Settings
		settings.Policies = []realm.ClientPolicy{{Name: "q", Conditions: []realm.PolicyPart{condition}, Executors: []realm.PolicyPart{executor}}}
		d.PutSettings(settings)
		return nil, nil
	})
	if err != nil {
		w.t.Fatal(err)
	}
}
