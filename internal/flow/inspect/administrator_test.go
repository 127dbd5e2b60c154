package inspect_test

import (
	"context"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/tokenhouse/tokenhouse/internal/core/event"
	"github.com/tokenhouse/tokenhouse/internal/core/realm"
	"github.com/tokenhouse/tokenhouse/internal/core/session"
	"github.com/tokenhouse/tokenhouse/internal/core/token"
	"github.com/tokenhouse/tokenhouse/internal/core/user"
	"github.com/tokenhouse/tokenhouse/internal/flow/inspect"
	"github.com/tokenhouse/tokenhouse/internal/flow/verify"
)

// managed is a world where alice may manage clients and users, and is signed in at admin-cli too.
func managed(t *testing.T) *world {
	w := newWorld(t)
	w.edit(func(d *realm.Draft) {
		d.PutClient(&realm.Client{Key: "k-rm", ID: "realm-management", Enabled: true})
		for _, name := range []string{"manage-clients", "manage-users", "view-realm"} {
			d.PutRole(&realm.Role{Key: "rm-" + name, Client: "k-rm", Name: name})
		}
		d.PutClient(&realm.Client{Key: "k-cli", ID: "admin-cli", Enabled: true, Public: true, Tokens: realm.ClientTokens{Lightweight: true}})
	})
	w.changeAlice(func(u *user.User) { u.Roles = append(u.Roles, "rm-manage-clients", "rm-manage-users") })
	began := now.Add(-60e9)
	s := session.Session{ID: "s2", UserID: "alice-id", Username: "alice", Started: began, LastAccess: began}
	for _, client := range []string{"k-cli", "k-spa"} {
		g := session.Grant{Session: "s2", Client: client, Started: began, LastAccess: began}
		if err := w.store.StartSession(t.Context(), "realm-key", s, g); err != nil {
			t.Fatal(err)
		}
	}
	return w
}

func (w *world) edit(change func(d *realm.Draft)) {
	w.t.Helper()
	err := w.store.Edit(w.t.Context(), "shop", func(d *realm.Draft) ([]event.Admin, error) {
		change(d)
		return nil, nil
	})
	if err != nil {
		w.t.Fatal(err)
	}
}

// through is a token of alice's for a client.
func (w *world) through(client string, change func(c *token.Claims)) string {
	return w.sign(func(c *token.Claims) {
		c.Client, c.Session = client, "s2"
		if change != nil {
			change(c)
		}
	})
}

// rights are what the token's holder may do in the realm.
func (w *world) rights(compact string) []string {
	w.t.Helper()
	a, err := w.inspector().Administrator(w.t.Context(), base, verify.Bearer(compact))
	if err != nil {
		w.t.Fatal(err)
	}
	return a.RightsIn(w.realm()).Names()
}

func TestAdministratorHasWhatTheTokenCarries(t *testing.T) {
	both := []string{"manage-clients", "manage-users"}
	for _, tt := range []struct {
		name   string
		change func(w *world)
		client string
		token  func(c *token.Claims)
		want   []string
	}{
		{"through a client that carries all", nil, "spa", nil, both},
		{"through one that carries nothing", func(w *world) { w.change("spa", func(c *realm.Client) { c.FullScope = false }) }, "spa", nil, nil},
		{"through one that carries one of them", func(w *world) {
			w.change("spa", func(c *realm.Client) { c.FullScope, c.ScopeMappings = false, []string{"rm-manage-users"} })
		}, "spa", nil, both[1:]},
		{"through one whose tokens have no roles", func(w *world) { w.change("spa", func(c *realm.Client) { c.DefaultScopes = nil }) }, "spa", nil, nil},
		{"through the client that is made for it", nil, "admin-cli", func(c *token.Claims) { c.ID = "onltro:1" }, both},
		{"a role that was taken meanwhile", func(w *world) {
			w.changeAlice(func(u *user.User) { u.Roles = []string{"rm-manage-users"} })
		}, "spa", nil, both[1:]},
		{"one that was given meanwhile", func(w *world) {
			w.changeAlice(func(u *user.User) { u.Roles = []string{"rm-view-realm"} })
		}, "spa", nil, []string{"view-realm"}},
		{"one that only a mapper adds", func(w *world) {
			w.change("spa", func(c *realm.Client) {
				c.Mappers = []realm.Mapper{mapper("oidc-hardcoded-role-mapper", map[string]string{"role": "realm-management.view-realm"})}
			})
		}, "spa", nil, both},
		{"by a token that was exchanged for another audience", nil, "spa", func(c *token.Claims) {
			c.ID, c.Audience = "onrtte:1", []string{"orders"}
			c.Other = token.Object{{Name: "resource_access", Value: token.Object{{Name: "orders", Value: token.Object{{Name: "roles", Value: []string{"read"}}}}}}}
		}, nil},
		{"by a lightweight one of those", nil, "admin-cli", func(c *token.Claims) {
			c.ID, c.Audience, c.RequestedAudience = "onltte:1", []string{"orders"}, []string{"orders"}
		}, nil},
	} {
		t.Run(tt.name, func(t *testing.T) {
			w := managed(t)
			if tt.change != nil {
				tt.change(w)
			}
			if diff := cmp.Diff(tt.want, w.rights(w.through(tt.client, tt.token))); diff != "" {
				t.Error(diff)
			}
		})
	}
}

// rereading gives a snapshot of its own to everybody who asks, all of one version, as a store does that was asked for one
// by several at once.
type rereading struct{ inspect.Realms }

func (r rereading) Realm(ctx context.Context, name string) (*realm.Realm, error) {
	snap, err := r.Realms.Realm(ctx, name)
	if err != nil {
		return nil, err
	}
	var changes []realm.Change
	for _, role := range snap.Roles() {
		like := *role
		changes = append(changes, realm.Change{Kind: realm.KindRole, Key: role.Key, Name: role.Name, Doc: &like})
	}
	return snap.With(snap.Version, changes), nil
}

// TestAdministratorBySnapshot: what a token carries is remembered for one snapshot of a realm, and not taken for the roles
// of another of the same version.
func TestAdministratorBySnapshot(t *testing.T) {
	w := managed(t)
	i := w.inspector()
	i.Realms = rereading{i.Realms}
	compact := w.through("spa", nil)
	for range 3 {
		a, err := i.Administrator(t.Context(), base, verify.Bearer(compact))
		if err != nil {
			t.Fatal(err)
		}
		if got := a.RightsIn(w.realm()).Names(); len(got) != 2 {
			t.Errorf("the administrator's rights are %v", got)
		}
	}
}

func TestAdministratorIsRefused(t *testing.T) {
	other := func(c *token.Claims) { c.Issuer = base + "/realms/bank" }
	for _, tt := range []struct {
		name   string
		change func(w *world)
		token  func(c *token.Claims)
		want   verify.Reason
	}{
		{"of a realm that is not there", nil, other, verify.OtherIssuer},
		{"of another server", nil, func(c *token.Claims) { c.Issuer = "https://evil.example/realms/shop" }, verify.OtherIssuer},
		{"an ID token", nil, func(c *token.Claims) { c.Type = token.TypID }, verify.WrongType},
		{"expired", nil, func(c *token.Claims) { c.Expires = now.Unix() - 1 }, verify.Expired},
		{"bound to a key that nobody proved", nil, func(c *token.Claims) { c.Confirmation = &token.Confirmation{JKT: "x"} }, verify.Unproven},
		{"of a user who is disabled", func(w *world) { w.changeAlice(func(u *user.User) { u.Enabled = false }) }, nil, verify.UserDisabled},
		{"of a client that is disabled", func(w *world) { w.change("spa", func(c *realm.Client) { c.Enabled = false }) }, nil, verify.ClientDisabled},
		{"of a realm that is disabled", func(w *world) {
			w.edit(func(d *realm.Draft) {
				s := d.Realm().Settings
				s.Enabled = false
				d.PutSettings(s)
			})
		}, nil, verify.ClientDisabled},
		{"of a session that has ended", func(w *world) {
			if err := w.store.EndSession(w.t.Context(), "realm-key", "s2", false); err != nil {
				w.t.Fatal(err)
			}
		}, nil, verify.SessionGone},
	} {
		t.Run(tt.name, func(t *testing.T) {
			w := managed(t)
			compact := w.through("spa", tt.token)
			if tt.change != nil {
				tt.change(w)
			}
			if _, err := w.inspector().Administrator(t.Context(), base, verify.Bearer(compact)); verify.Why(err) != tt.want {
				t.Errorf("%v, want %s", err, tt.want)
			}
		})
	}
	w := managed(t)
	for _, compact := range []string{"", "a", "a.b.c", w.through("spa", nil) + "x"} {
		if _, err := w.inspector().Administrator(t.Context(), base, verify.Bearer(compact)); verify.Why(err) != verify.Unreadable {
			t.Errorf("%q: %v", compact, err)
		}
	}
}
