package verify_test

import (
	"context"
	"errors"
	"testing"

	"github.com/tokenhouse/tokenhouse/internal/core/fault"
	"github.com/tokenhouse/tokenhouse/internal/core/realm"
	"github.com/tokenhouse/tokenhouse/internal/core/user"
	"github.com/tokenhouse/tokenhouse/internal/flow/verify"
)

// people are users by name; broken is what the store says where it fails.
type people struct {
	all    []*user.User
	broken error
}

func (p people) find(is func(*user.User) bool) (*user.User, error) {
	if p.broken != nil {
		return nil, p.broken
	}
	for _, u := range p.all {
		if is(u) {
			return u, nil
		}
	}
	return nil, fault.ErrNotFound
}

func (p people) UserByName(_ context.Context, _, name string) (*user.User, error) {
	return p.find(func(u *user.User) bool { return u.Username == name })
}

func (p people) UserByEmail(_ context.Context, _, email string) (*user.User, error) {
	return p.find(func(u *user.User) bool { return u.Email == email })
}

func TestByLogin(t *testing.T) {
	all := people{all: []*user.User{
		{ID: "alice", Username: "alice", Email: "alice@shop.example"},
		{ID: "namesake", Username: "alice@shop.example"},
		{ID: "robot", Username: "service-account-robot", ServiceAccount: "robot", Email: "robot@shop.example"},
		{ID: "person", Username: "robot@shop.example"},
	}}
	for _, c := range []struct {
		login     string
		withEmail bool
		want      string // the user's id; empty where nobody signs in by it
	}{
		{"alice", false, "alice"},
		{"ALICE", false, "alice"},
		{"bob", true, ""},
		{"", true, ""},
		{"alice@shop.example", true, "alice"},
		{"Alice@Shop.Example", true, "alice"},
		{"alice@shop.example", false, "namesake"},
		{"service-account-robot", true, ""},
		{"robot@shop.example", true, "person"},
	} {
		u, err := verify.ByLogin(t.Context(), all, &realm.Realm{Settings: realm.Settings{LoginWithEmail: c.withEmail}}, c.login)
		if err != nil {
			t.Fatal(err)
		}
		got := ""
		if u != nil {
			got = u.ID
		}
		if got != c.want {
			t.Errorf("%q (addresses: %v) is %q, want %q", c.login, c.withEmail, got, c.want)
		}
	}
	down := errors.New("the store is down")
	if _, err := verify.ByLogin(t.Context(), people{broken: down}, &realm.Realm{}, "alice"); !errors.Is(err, down) {
		t.Errorf("a store that fails: %v", err)
	}
}
