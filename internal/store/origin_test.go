package store_test

import (
	"errors"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/tokenhouse/tokenhouse/internal/core/event"
	"github.com/tokenhouse/tokenhouse/internal/core/fault"
	"github.com/tokenhouse/tokenhouse/internal/core/login"
	"github.com/tokenhouse/tokenhouse/internal/core/realm"
	"github.com/tokenhouse/tokenhouse/internal/core/session"
	"github.com/tokenhouse/tokenhouse/internal/core/user"
	"github.com/tokenhouse/tokenhouse/internal/store"
	"github.com/tokenhouse/tokenhouse/internal/store/storetest"
)

// TestOrigins go with their sessions, and are found by what the provider knows of them.
func TestOrigins(t *testing.T) {
	storetest.Each(t, func(t *testing.T, s *store.Store) {
		ctx, now := t.Context(), time.Now().UTC()
		begin := func(id string) (session.Session, session.Grant) {
			now = now.Add(time.Second)
			return session.Session{ID: id, UserID: "u", Started: now, LastAccess: now}, session.Grant{Session: id, Client: "web-key"}
		}
		for _, id := range []string{"one", "two"} {
			ss, g := begin(id)
			must(t, s.StartSession(ctx, shop, ss, g))
		}
		third, g := begin("three")
		must(t, s.StartSessionFrom(ctx, shop, third, g, session.Origin{Provider: "other", Subject: "una", SID: "s1"}))
		one := session.Origin{Session: "one", Provider: "up", Subject: "una", Username: "Una", SID: "s1", IDToken: "secret"}
		must(t, s.KeepOrigin(ctx, shop, session.Origin{Session: "one", Provider: "old", Subject: "x"}))
		must(t, s.KeepOrigin(ctx, shop, one))
		must(t, s.KeepOrigin(ctx, shop, session.Origin{Session: "two", Provider: "up", Subject: "una", SID: "s2"}))
		if err := s.KeepOrigin(ctx, shop, session.Origin{Session: "nowhere", Provider: "up"}); !errors.Is(err, fault.ErrNotFound) {
			t.Errorf("the origin of no session: %v", err)
		}
		got, err := s.Origin(ctx, shop, "one")
		must(t, err)
		same(t, one, got)

		for _, c := range []struct {
			q    session.OriginQuery
			want string
		}{
			{session.OriginQuery{Provider: "up", Subject: "una"}, "one two"},
			{session.OriginQuery{Provider: "up", SID: "s1"}, "one"},
			{session.OriginQuery{Provider: "up", Subject: "una", SID: "s2"}, "two"},
			{session.OriginQuery{Provider: "up", Subject: "somebody else", SID: "s2"}, ""},
			{session.OriginQuery{Provider: "old", Subject: "x"}, ""},
		} {
			found, err := s.SessionsFrom(ctx, shop, c.q)
			must(t, err)
			if strings.Join(found, " ") != c.want {
				t.Errorf("%+v finds %q, want %q", c.q, found, c.want)
			}
		}
		if found, err := s.SessionsFrom(ctx, shop, session.OriginQuery{Provider: "up"}); err == nil {
			t.Errorf("a query for nobody finds %q", found)
		}
		must(t, s.EndSession(ctx, shop, "one", false))
		if _, err := s.Origin(ctx, shop, "one"); !errors.Is(err, fault.ErrNotFound) {
			t.Errorf("the session is gone, its origin is not: %v", err)
		}
	})
}

// TestProviderTokens go with the user's link.
func TestProviderTokens(t *testing.T) {
	storetest.Each(t, func(t *testing.T, s *store.Store) {
		ctx := t.Context()
		must(t, s.CreateRealm(ctx, realm.New(shop, realm.Settings{Name: "shop"}), nil, nil, nil))
		made := user.Account{User: user.User{ID: "una", Username: "una", Enabled: true, Links: []user.Link{{Provider: "up", Subject: "1"}, {Provider: "two", Subject: "2"}}}}
		must(t, s.CreateUser(ctx, shop, made, nil))
		for _, alias := range []string{"up", "two"} {
			must(t, s.KeepProviderToken(ctx, shop, "una", alias, []byte("first")))
			must(t, s.KeepProviderToken(ctx, shop, "una", alias, []byte(alias)))
		}
		if err := s.KeepProviderToken(ctx, shop, "nobody", "up", []byte("x")); !errors.Is(err, fault.ErrNotFound) {
			t.Errorf("a token of nobody: %v", err)
		}
		must(t, s.EditUser(ctx, shop, "una", func(a *user.Account) ([]event.Admin, error) {
			a.User.Links = slices.DeleteFunc(a.User.Links, func(l user.Link) bool { return l.Provider == "up" })
			return nil, nil
		}))
		if _, err := s.ProviderToken(ctx, shop, "una", "up"); !errors.Is(err, fault.ErrNotFound) {
			t.Errorf("the link is gone, its token is not: %v", err)
		}
		if got, err := s.ProviderToken(ctx, shop, "una", "two"); string(got) != "two" {
			t.Errorf("%q, %v", got, err)
		}
	})
}

// TestSoleLinks: of two users who are to be the only one with a link, one is. Others may share one.
func TestSoleLinks(t *testing.T) {
	storetest.Each(t, func(t *testing.T, s *store.Store) {
		ctx := t.Context()
		must(t, s.CreateRealm(ctx, realm.New(shop, realm.Settings{Name: "shop"}), nil, nil, nil))
		link := user.Link{Provider: "up", Subject: "1"}
		account := func(name string) user.Account {
			return user.Account{User: user.User{ID: name, Username: name, Links: []user.Link{link}}, SoleLinks: true}
		}
		outcomes := make(chan error)
		for _, name := range []string{"a", "b", "c", "d"} {
			go func() { outcomes <- s.CreateUser(ctx, shop, account(name), nil) }()
		}
		won := 0
		for range 4 {
			switch err := <-outcomes; {
			case err == nil:
				won++
			case !errors.Is(err, fault.ErrConflict):
				t.Error(err)
			}
		}
		if won != 1 {
			t.Errorf("%d users have the link", won)
		}
		must(t, s.CreateUser(ctx, shop, user.Account{User: user.User{ID: "e", Username: "e"}}, nil))
		claim := func(sole bool) error {
			return s.EditUser(ctx, shop, "e", func(a *user.Account) ([]event.Admin, error) {
				a.User.Links, a.SoleLinks = []user.Link{link}, sole
				return nil, nil
			})
		}
		if err := claim(true); !errors.Is(err, fault.ErrConflict) {
			t.Errorf("a user takes a link that is another's: %v", err)
		}
		must(t, claim(false))
	})
}

// TestLoginsAreSealed: who reads the database learns nothing of what a provider gave.
func TestLoginsAreSealed(t *testing.T) {
	s := storetest.SQLite(t)
	ctx := t.Context()
	b := &login.Browser{ID: "browser", Tabs: []*login.Attempt{{Tab: "one", Notes: map[string]string{"token": "the-secret"}}}}
	must(t, s.SaveLogin(ctx, shop, b, time.Now().Add(time.Hour)))
	doc := s.LoginDocument(t, shop, "browser")
	if doc == "" || strings.Contains(doc, "the-secret") || strings.Contains(doc, "one") {
		t.Errorf("the database has %q", doc)
	}
	s.SetLoginDocument(t, shop, "browser", `{"Tabs":[{"Tab":"of an earlier version"}]}`)
	got, err := s.Login(ctx, shop, "browser")
	must(t, err)
	if got.Tab("of an earlier version") == nil {
		t.Errorf("%+v", got)
	}
}
