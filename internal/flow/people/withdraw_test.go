package people_test

import (
	"testing"

	"github.com/tokenhouse/tokenhouse/internal/core/event"
	"github.com/tokenhouse/tokenhouse/internal/core/user"
	"github.com/tokenhouse/tokenhouse/internal/flow/people"
	"github.com/tokenhouse/tokenhouse/internal/store"
	"github.com/tokenhouse/tokenhouse/internal/store/storetest"
)

func TestPeopleEndTheirOwnSessionsOnly(t *testing.T) {
	storetest.Each(t, func(t *testing.T, st *store.Store) {
		d := newDesk(t, st)
		d.signIn(t, "hers", "ann", false)
		d.signIn(t, "his", "bob", false)
		for id, want := range map[string]bool{"hers": true, "his": false, "none": false} {
			if ended, err := d.sessions().EndOwn(t.Context(), d.author(), d.realm, "ann", id); err != nil || ended != want {
				t.Errorf("%s: ended is %v, %v", id, ended, err)
			}
		}
		same(t, "ann's sessions", d.signedIn(t, "ann", false))
		same(t, "bob's sessions", d.signedIn(t, "bob", false), "his")
		same(t, "told", d.told, "https://id.test hers")
	})
}

func TestPeopleWithdrawWhatTheyAllowed(t *testing.T) {
	d := newDesk(t, storetest.SQLite(t))
	d.signIn(t, "away", "ann", true)
	err := d.store.EditUser(t.Context(), d.realm.Key, "ann", func(a *user.Account) ([]event.Admin, error) {
		a.User.Consents = []user.Consent{{Client: "app-key", Created: noon}, {Client: "other-key", Created: noon}}
		return nil, nil
	})
	if err != nil {
		t.Fatal(err)
	}
	consents := &people.Consents{Sessions: d.sessions(), Users: d.store, Grants: d.store}
	for range 2 { // the second time there is nothing to take back
		ann := d.account(t, "ann").User
		if err := consents.Withdraw(t.Context(), d.author(), d.realm, &ann, d.realm.Client("app")); err != nil {
			t.Fatal(err)
		}
	}
	same(t, "offline sessions", d.signedIn(t, "ann", true))
	if left := d.account(t, "ann").User.Consents; len(left) != 1 || left[0].Client != "other-key" {
		t.Errorf("left: %+v", left)
	}
	if events, err := d.store.AdminEvents(t.Context(), d.realm.Key, event.AdminQuery{}, 0, -1); err != nil || len(events) != 0 {
		t.Errorf("admin events of what a user did: %v, %v", events, err)
	}
}
