package store_test

import (
	"testing"
	"time"

	"github.com/tokenhouse/tokenhouse/internal/core/event"
	"github.com/tokenhouse/tokenhouse/internal/core/realm"
	"github.com/tokenhouse/tokenhouse/internal/core/session"
	"github.com/tokenhouse/tokenhouse/internal/core/user"
	"github.com/tokenhouse/tokenhouse/internal/store"
	"github.com/tokenhouse/tokenhouse/internal/store/storetest"
)

func TestSmoke(t *testing.T) {
	storetest.Each(t, func(t *testing.T, s *store.Store) {
		start := time.Now()
		ctx := t.Context()
		d := realm.New("r1", realm.Settings{Name: "shop"})
		d.PutClient(&realm.Client{Key: "c1", ID: "web", Secret: "x", Extra: realm.Extra{"a": []byte("1")}})
		if err := s.CreateRealm(ctx, d, nil, nil, nil); err != nil {
			t.Fatal(err)
		}
		r, err := s.Realm(ctx, "shop")
		if err != nil || r.Client("web").Secret != "x" {
			t.Fatal(err)
		}
		err = s.Edit(ctx, "shop", func(d *realm.Draft) ([]event.Admin, error) {
			x, err := d.LoadExtra(realm.KindClient, "c1")
			t.Log(x, err)
			d.PutClient(&realm.Client{Key: "c2", ID: "web2"})
			return nil, nil
		})
		if err != nil {
			t.Fatal(err)
		}
		r, err = s.Realm(ctx, "shop")
		if err != nil || r.Client("web2") == nil {
			t.Fatal(err)
		}
		if err := s.CreateUser(ctx, "r1", user.Account{User: user.User{ID: "u1", Username: "alice", GroupKeys: []string{"g"}}, Credentials: []user.Credential{{ID: "x", Kind: "password"}}}, nil); err != nil {
			t.Fatal(err)
		}
		if err := s.PutGroup(ctx, "r1", &realm.Group{Key: "g", Name: "staff"}, nil); err != nil {
			t.Fatal(err)
		}
		u, err := s.UserByName(ctx, "r1", "Alice")
		if err != nil || len(u.Groups) != 1 {
			t.Fatal(u, err)
		}
		for a, err := range s.Users(ctx, "r1") {
			t.Log(a, err)
		}
		if err := s.StartSession(ctx, "r1", session.Session{ID: "s"}, session.Grant{Session: "s", Client: "c1", RefreshID: "1"}); err != nil {
			t.Fatal(err)
		}
		if err := s.Refresh(ctx, "r1", session.Grant{Session: "s", Client: "c1", RefreshID: "1"}, session.Grant{Session: "s", Client: "c1", RefreshID: "2"}); err != nil {
			t.Fatal(err)
		}
		if err := s.Refresh(ctx, "r1", session.Grant{Session: "s", Client: "c1", RefreshID: "1"}, session.Grant{Session: "s", Client: "c1", RefreshID: "2"}); err == nil {
			t.Fatal("no")
		} else {
			t.Log(err)
		}
		if ended, err := s.EndGrant(ctx, "r1", "s", "c1", false); err != nil || !ended {
			t.Fatal(ended, err)
		}
		if err := s.Revoke(ctx, "r1", "j", time.Now()); err != nil {
			t.Fatal(err)
		}
		if yes, err := s.Revoked(ctx, "r1", "j"); err != nil || !yes {
			t.Fatal(yes, err)
		}
		s.Record(ctx, event.Event{Realm: "r1", Kind: event.Login, Time: time.Now()})
		time.Sleep(50 * time.Millisecond)
		t.Log(s.Events(ctx, "r1", store.EventFilter{}))
		if err := s.Sweep(ctx, time.Now().Add(time.Hour)); err != nil {
			t.Fatal(err)
		}
		if err := s.DeleteUser(ctx, "r1", "u1", nil); err != nil {
			t.Fatal(err)
		}
		if err := s.DeleteRealm(ctx, "shop", nil); err != nil {
			t.Fatal(err)
		}
		if _, err := s.Realm(ctx, "shop"); err == nil {
			t.Fatal("still there")
		}
		t.Log(time.Since(start))
	})
}
