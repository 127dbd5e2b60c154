package server_test

import (
	"maps"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/tokenhouse/tokenhouse/internal/core/realm"
)

// TestLineage takes tokens back, and looks which others are over with them: those that were exchanged from them, by
// whatever way, and no others.
func TestLineage(t *testing.T) {
	tests := map[string]struct {
		takeBack func(a *arena, f *family)
		left     []string
	}{
		"nothing":                          {func(*arena, *family) {}, []string{"A1", "A1>G", "A1>G>G", "A2", "A2>G", "other", "other>G", "service", "service>G"}},
		"an access token":                  {func(a *arena, f *family) { f.revoke(a, "app", f.held["A1"]) }, []string{"A2", "A2>G", "other", "other>G", "service", "service>G"}},
		"an exchanged access token":        {func(a *arena, f *family) { f.revoke(a, "gateway", f.held["A1>G"]) }, []string{"A1", "A2", "A2>G", "other", "other>G", "service", "service>G"}},
		"the last of a chain":              {func(a *arena, f *family) { f.revoke(a, "gateway", f.held["A1>G>G"]) }, []string{"A1", "A1>G", "A2", "A2>G", "other", "other>G", "service", "service>G"}},
		"a refresh token":                  {func(a *arena, f *family) { f.revoke(a, "app", f.refresh) }, []string{"other", "other>G", "service", "service>G"}},
		"a service account's access token": {func(a *arena, f *family) { f.revoke(a, "gateway", f.held["service"]) }, []string{"A1", "A1>G", "A1>G>G", "A2", "A2>G", "other", "other>G"}},
		"the client that signed in": {func(a *arena, _ *family) { a.client("app", func(c *realm.Client) { c.Enabled = false }) },
			[]string{"service", "service>G"}},
		"the session": {func(a *arena, f *family) {
			if q := a.post("logout", as("app", "refresh_token", f.refresh)); q.status != 204 {
				a.Fatal(q)
			}
		}, []string{"other", "other>G", "service", "service>G"}},
	}
	for _, db := range databases {
		for name, tt := range tests {
			t.Run(db.name+"/"+name, func(t *testing.T) {
				t.Parallel()
				a := newArenas(t, db, nil, "shop")[0]
				f := a.family()
				tt.takeBack(a, f)
				var left []string
				for _, name := range slices.Sorted(maps.Keys(f.held)) {
					if a.alive(f.held[name]) {
						left = append(left, name)
					}
				}
				if diff := cmp.Diff(tt.left, left); diff != "" {
					t.Errorf("what is left (-want +got):\n%s", diff)
				}
			})
		}
	}
}

// family is access tokens by the way that led to them: two of one client in one session, one in another session, one
// of a service account, and what was exchanged from them.
type family struct {
	held    map[string]string
	refresh string // of the session of A1 and A2
}

func (a *arena) family() *family {
	a.Helper()
	first := a.signIn("app", "alice", "openid")
	f := &family{held: map[string]string{"A1": first.get("access_token")}}
	second := a.want(a.refresh("app", first.get("refresh_token")))
	f.held["A2"], f.refresh = second.get("access_token"), second.get("refresh_token")
	f.held["other"] = a.signIn("app", "alice", "openid").get("access_token")
	f.held["service"] = a.service("gateway").get("access_token")
	for _, of := range []string{"A1", "A1>G", "A2", "other", "service"} {
		f.held[of+">G"] = a.want(a.exchange("gateway", f.held[of], "scope", "openid")).get("access_token")
	}
	return f
}

func (f *family) revoke(a *arena, client, compact string) {
	a.Helper()
	if q := a.post("revoke", as(client, "token", compact)); q.status != 200 {
		a.Fatal(q)
	}
}

// alive tells whether a token is good, and sees to it that it is for all uses or for none.
func (a *arena) alive(compact string) bool {
	a.Helper()
	active := a.introspect("gateway", compact).members["active"] == true
	for use, granted := range map[string]bool{
		"userinfo": a.userinfo(compact).status == 200,
		"exchange": a.exchange("gateway", compact).status == 200,
	} {
		if granted != active {
			a.Errorf("introspection says active %t, and %s is granted %t", active, use, granted)
		}
	}
	return active
}
