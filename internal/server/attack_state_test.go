package server_test

import (
	"slices"
	"testing"
	"time"

	"github.com/tokenhouse/tokenhouse/internal/core/realm"
	"github.com/tokenhouse/tokenhouse/internal/core/session"
	"github.com/tokenhouse/tokenhouse/internal/core/user"
)

// holding is a token and what it stands on.
type holding struct {
	name    string
	compact string
	client  string // it was issued to
	user    string
	session string   // "online", "offline", or "" where none is kept
	uses    []string // what it is good for
}

// hold gets a token of each kind there is.
func (a *arena) hold() []holding {
	a.Helper()
	of, offline := a.signIn("app", "alice", "openid"), a.signIn("app", "alice", "openid offline_access")
	light, service := a.signIn("light", "alice", "openid"), a.service("gateway")
	kept := a.service("refresher")
	first := a.signIn("spa", "alice", "openid").get("access_token")
	brief := a.want(a.exchange("gateway", first, "scope", "openid"))
	long := a.want(a.exchange("gateway", first, "scope", "openid", "requested_token_type", typeRefresh))
	own := a.want(a.exchange("gateway", service.get("access_token"), "scope", "openid"))
	id := a.want(a.exchange("gateway", first, "requested_token_type", typeID))

	access, refresh, none := []string{"exchange", "introspection", "userinfo"}, []string{"refresh"}, []string(nil)
	return []holding{
		{"access", of.get("access_token"), "app", "alice", "online", access},
		{"ID", of.get("id_token"), "app", "alice", "online", none},
		{"refresh", of.get("refresh_token"), "app", "alice", "online", refresh},
		{"access of an offline session", offline.get("access_token"), "app", "alice", "offline", access},
		{"offline", offline.get("refresh_token"), "app", "alice", "offline", refresh},
		{"lightweight access", light.get("access_token"), "light", "alice", "online", []string{"exchange", "introspection"}},
		{"exchanged access", brief.get("access_token"), "gateway", "alice", "online", access},
		{"exchanged access with a refresh token", long.get("access_token"), "gateway", "alice", "online", access},
		{"exchanged refresh", long.get("refresh_token"), "gateway", "alice", "online", refresh},
		{"exchanged ID", id.get("access_token"), "gateway", "alice", "online", none},
		{"service account's access", service.get("access_token"), "gateway", "service", "", access},
		{"service account's exchanged access", own.get("access_token"), "gateway", "service", "", access},
		{"service account's access with a session", kept.get("access_token"), "refresher", "service", "online", access},
		{"service account's refresh", kept.get("refresh_token"), "refresher", "service", "online", refresh},
	}
}

// uses are the ways to use a token: each tells whether it was granted. Refresh comes first, since it is what finds out
// that an offline token lost what it lives by.
var uses = []struct {
	name    string
	granted func(a *arena, h holding) bool
}{
	{"refresh", func(a *arena, h holding) bool { return a.refresh(h.client, h.compact).status == 200 }},
	{"exchange", func(a *arena, h holding) bool { return a.exchange("gateway", h.compact).status == 200 }},
	{"introspection", func(a *arena, h holding) bool { return a.introspect("gateway", h.compact).members["active"] == true }},
	{"userinfo", func(a *arena, h holding) bool { return a.userinfo(h.compact).status == 200 }},
}

// attackUses: a token is good for what its kind is for, and for nothing else, whoever signed it.
func attackUses(t *testing.T) {
	a := newArena(t)
	for _, h := range a.hold() {
		for _, use := range uses {
			if got, want := use.granted(a, h), slices.Contains(h.uses, use.name); got != want {
				t.Errorf("%s token at %s: granted %v", h.name, use.name, got)
			}
		}
	}
	// Who takes tokens back, or signs out by them, looks at their kind too.
	for _, h := range a.hold() {
		refreshes := slices.Contains(h.uses, "refresh")
		if got := a.post("logout", as(h.client, "refresh_token", h.compact)).status == 204; got != refreshes {
			t.Errorf("%s token signs out: %v", h.name, got)
		}
	}
	for _, h := range a.hold() {
		if q := a.post("revoke", as(h.client, "token", h.compact)); (q.status == 200 && q.text == "") != (h.uses != nil) {
			t.Errorf("%s token revoked: %v", h.name, q)
		}
	}
	// For the other types of RFC 8693 a subject is not taken either, whatever it is.
	for _, h := range a.hold() {
		for _, kind := range []string{typeRefresh, typeID, "urn:ietf:params:oauth:token-type:jwt", "urn:ietf:params:oauth:token-type:saml2", "", "access_token"} {
			form := as("gateway", "grant_type", grantExchange, "subject_token", h.compact, "subject_token_type", kind)
			if q := a.post("token", form); q.status != 400 {
				t.Errorf("%s token as %q: %v", h.name, kind, q)
			}
		}
	}
}

// state is a change after which some tokens are good for nothing any more.
type state struct {
	name    string
	change  func(a *arena)
	hits    func(h holding) bool
	signIns []string // that are refused from then on
}

// signIns are the ways to tokens that need no token.
var signIns = map[string]func(a *arena) bool{
	"password": func(a *arena) bool {
		return a.post("token", as("app", "grant_type", "password", "username", "alice", "password", "alice-password")).status == 200
	},
	"client credentials": func(a *arena) bool {
		return a.post("token", as("gateway", "grant_type", "client_credentials")).status == 200
	},
}

func ofAlice(h holding) bool   { return h.user == "alice" }
func ofService(h holding) bool { return h.user == "service" }
func all(holding) bool         { return true }
func none(holding) bool        { return false }
func online(h holding) bool    { return h.session == "online" && h.user == "alice" }
func offline(h holding) bool   { return h.session == "offline" }
func refreshing(h holding) bool {
	return slices.Contains(h.uses, "refresh")
}

func of(client string) func(h holding) bool {
	return func(h holding) bool { return h.client == client }
}

func named(names ...string) func(h holding) bool {
	return func(h holding) bool { return slices.Contains(names, h.name) }
}

// soon is a not-before that all tokens there are fall under.
func soon() int64 { return time.Now().Unix() + 5 }

func (a *arena) key(alg string, change func(k *realm.KeyProvider)) {
	a.edit(func(d *realm.Draft) {
		for _, k := range d.Realm().Keys() {
			if k.Algorithm == alg {
				changed := *k
				change(&changed)
				d.PutKey(&changed)
			}
		}
	})
}

func (a *arena) endSessions(offline bool) {
	key := a.current().Key
	sessions, err := a.server.Store().FindSessions(a.Context(), key, session.Query{User: a.user("alice").ID, Offline: offline}, 0, -1)
	if err != nil || len(sessions) == 0 {
		a.Fatalf("%d sessions, %v", len(sessions), err)
	}
	for _, s := range sessions {
		if err := a.server.Store().EndSession(a.Context(), key, s.ID, offline); err != nil {
			a.Fatal(err)
		}
	}
}

func (a *arena) dropScope(client, name string) {
	a.client(client, func(c *realm.Client) {
		key := a.current().Scope(name).Key
		c.OptionalScopes = slices.DeleteFunc(slices.Clone(c.OptionalScopes), func(s string) bool { return s == key })
	})
}

var states = []state{
	{"nothing", func(*arena) {}, none, nil},
	{"user-disabled", func(a *arena) { a.changeUser("alice", func(u *user.User) { u.Enabled = false }) }, ofAlice, []string{"password"}},
	{"user-deleted", func(a *arena) {
		if err := a.server.Store().DeleteUser(a.Context(), a.current().Key, a.user("alice").ID, nil); err != nil {
			a.Fatal(err)
		}
	}, ofAlice, []string{"password"}},
	{"user-not-before", func(a *arena) { a.changeUser("alice", func(u *user.User) { u.NotBefore = soon() }) }, ofAlice, nil},
	{"service-user-disabled", func(a *arena) {
		for _, client := range []string{"gateway", "refresher"} {
			a.changeUser("service-account-"+client, func(u *user.User) { u.Enabled = false })
		}
	}, ofService, []string{"client credentials"}},
	{"service-accounts-off", func(a *arena) {
		for _, client := range []string{"gateway", "refresher"} {
			a.client(client, func(c *realm.Client) { c.ServiceAccounts = false })
		}
	}, ofService, []string{"client credentials"}},
	{"client-disabled", func(a *arena) { a.client("app", func(c *realm.Client) { c.Enabled = false }) }, of("app"), []string{"password"}},
	{"client-deleted", func(a *arena) {
		a.edit(func(d *realm.Draft) { d.Delete(realm.KindClient, d.Realm().Client("app").Key) })
	}, of("app"), []string{"password"}},
	{"client-not-before", func(a *arena) { a.client("app", func(c *realm.Client) { c.NotBefore = soon() }) }, of("app"), nil},
	{"realm-not-before", func(a *arena) { a.settings(func(s *realm.Settings) { s.NotBefore = soon() }) }, all, nil},
	{"realm-not-before-with-older-ones", func(a *arena) { // T19: the latest counts
		a.settings(func(s *realm.Settings) { s.NotBefore = soon() })
		for _, client := range []string{"app", "light", "gateway", "refresher"} {
			a.client(client, func(c *realm.Client) { c.NotBefore = 1 })
		}
		a.changeUser("alice", func(u *user.User) { u.NotBefore = 1 })
	}, all, nil},
	{"realm-disabled", func(a *arena) { a.settings(func(s *realm.Settings) { s.Enabled = false }) }, all, []string{"password", "client credentials"}},
	{"sessions-ended", func(a *arena) { a.endSessions(false) }, online, nil},
	{"offline-sessions-ended", func(a *arena) { a.endSessions(true) }, offline, nil},
	{"sessions-expired", func(a *arena) {
		a.settings(func(s *realm.Settings) { s.Lifespans.SessionMax = time.Nanosecond })
	}, func(h holding) bool { return h.session == "online" }, nil},
	{"offline-role-removed", func(a *arena) {
		key := a.current().Role(realm.RoleRef{Name: "offline_access"}).Key
		a.changeUser("alice", func(u *user.User) {
			u.Roles = slices.DeleteFunc(slices.Clone(u.Roles), func(r string) bool { return r == key })
		})
	}, named("offline"), nil},
	{"offline-scope-removed", func(a *arena) { a.dropScope("app", "offline_access") }, named("offline"), nil},
	{"signing-key-disabled", func(a *arena) { a.key("ES256", func(k *realm.KeyProvider) { k.Enabled = false }) },
		func(h holding) bool { return !refreshing(h) }, nil},
	{"signing-key-passive", func(a *arena) { a.key("ES256", func(k *realm.KeyProvider) { k.Active = false }) }, none, nil},
	{"signing-key-deleted", func(a *arena) {
		a.edit(func(d *realm.Draft) {
			for _, k := range d.Realm().Keys() {
				if k.Algorithm == "ES256" {
					d.Delete(realm.KindKey, k.Key)
				}
			}
		})
	}, func(h holding) bool { return !refreshing(h) }, nil},
	{"internal-key-disabled", func(a *arena) { a.key("HS512", func(k *realm.KeyProvider) { k.Enabled = false }) }, refreshing, nil},
	{"internal-key-passive", func(a *arena) { a.key("HS512", func(k *realm.KeyProvider) { k.Active = false }) }, none, nil},
}

// attackStates: whatever a token stands on may go, and then it is good for nothing, whichever way it is
// used and whichever switches are on (T10); the tokens that do not stand on it stay good.
func attackStates(t *testing.T) {
	for _, db := range databases {
		for _, switches := range []string{"off", "on"} {
			t.Run(db.name+" switches "+switches, func(t *testing.T) {
				t.Parallel()
				var names []string
				for _, s := range states {
					names = append(names, s.name)
				}
				var vary func(string, map[string]any)
				if switches == "on" {
					vary = switchOn
				}
				for i, a := range newArenas(t, db, vary, names...) {
					a.run(states[i].name, func(a *arena) { states[i].play(a) })
				}
			})
		}
	}
}

func (s state) play(a *arena) {
	held := a.hold()
	granted := map[string]bool{}
	for _, h := range held {
		for _, use := range uses {
			granted[h.name+" "+use.name] = use.granted(a, h)
		}
		for _, name := range h.uses {
			if !granted[h.name+" "+name] {
				a.Fatalf("%s at %s: refused before", h.name, name)
			}
		}
	}
	s.change(a)
	for name, granted := range signIns {
		if got, want := granted(a), !slices.Contains(s.signIns, name); got != want {
			a.Errorf("%s: granted %v, want %v", name, got, want)
		}
	}
	for _, h := range held {
		for _, use := range uses {
			if got, want := use.granted(a, h), granted[h.name+" "+use.name] && !s.hits(h); got != want {
				a.Errorf("%s at %s: granted %v, want %v", h.name, use.name, got, want)
			}
		}
	}
}

// switchOn turns every switch on that must not make a difference to whether a token is good.
func switchOn(_ string, file map[string]any) {
	file["revokeRefreshToken"], file["refreshTokenMaxReuse"] = true, 1000
	file["attributes"] = map[string]any{
		"tokenhouse.exchange.unlisted": "deny", "tokenhouse.exchange.cap-lifetime": "false", "tokenhouse.events.trace": "all",
	}
	for _, c := range file["clients"].([]any) {
		c := c.(map[string]any)
		attributes := c["attributes"].(map[string]any)
		for name, value := range map[string]string{
			"allow.token.introspection.without.audience.check":      "true",
			"client.introspection.response.allow.jwt.claim.enabled": "true",
			"allow.userinfo.with.lightweight.access.token":          "true",
			"access.token.header.type.rfc9068":                      "true",
			"token.response.type.bearer.lower-case":                 "true",
			"tokenhouse.exchange.external":                          "true",
			"tokenhouse.exchange.public":                            "true",
			"user.info.response.signature.alg":                      "ES256",
			"tokenhouse.exchange.permitted":                         "orders##gateway",
		} {
			attributes[name] = value
		}
	}
}
