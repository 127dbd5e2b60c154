package token_test

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/tokenhouse/tokenhouse/internal/core/token"
)

func TestObject(t *testing.T) {
	var o token.Object
	o.Set("Alice", "name")
	o.Set([]string{"read"}, "resource_access", "orders", "roles")
	o.Set([]string{"admin"}, "resource_access", "billing", "roles")
	o.Set("Alice Archer", "name")
	o.Set("in the way", "a")
	o.Set(int64(1), "a", "b")
	if got, want := string(o.AppendJSON(nil)), `{"name":"Alice Archer","resource_access":{"orders":{"roles":["read"]},"billing":{"roles":["admin"]}},"a":{"b":1}}`; got != want {
		t.Errorf("got %s, want %s", got, want)
	}
	if diff := cmp.Diff([]string{"admin"}, o.Get("resource_access", "billing", "roles")); diff != "" {
		t.Error(diff)
	}
	for _, path := range [][]string{{"email"}, {"name", "given"}, {"resource_access", "crm", "roles"}} {
		if got := o.Get(path...); got != nil {
			t.Errorf("%q is %v, want nothing", path, got)
		}
	}
	o.Drop("resource_access")
	o.Drop("email")
	if got, want := string(o.AppendJSON(nil)), `{"name":"Alice Archer","a":{"b":1}}`; got != want {
		t.Errorf("got %s, want %s", got, want)
	}
}

func TestID(t *testing.T) {
	for id, want := range map[string]token.Origin{
		"onrtro:1": {Session: token.Online, Grant: token.ByPassword},
		"ntltte:1": {Session: token.OnlineTransient, Lightweight: true, Grant: token.ByExchange},
		"trrtcc:1": {Session: token.Transient, Grant: token.ByClientCredentials},
	} {
		if got := token.NewID(want, "1"); got != id {
			t.Errorf("made %q, want %q", got, id)
		}
		if got, ok := token.ParseID(id); !ok || got != want {
			t.Errorf("%q is of %+v, %t; want %+v", id, got, ok, want)
		}
	}
	for id, known := range map[string]bool{"4b0c": true, "": true, ":1": false, "onrt:1": false, "xxrtro:1": false, "onxxro:1": false} {
		got, ok := token.ParseID(id)
		if ok != known || ok && got.Session != token.UnknownSession {
			t.Errorf("%q is of %+v, %t", id, got, ok)
		}
	}
}
