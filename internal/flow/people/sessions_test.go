package people_test

import (
	"context"
	"errors"
	"slices"
	"testing"
	"time"

	"github.com/tokenhouse/tokenhouse/internal/core/event"
	"github.com/tokenhouse/tokenhouse/internal/core/fault"
	"github.com/tokenhouse/tokenhouse/internal/core/permit"
	"github.com/tokenhouse/tokenhouse/internal/core/realm"
	"github.com/tokenhouse/tokenhouse/internal/core/session"
	"github.com/tokenhouse/tokenhouse/internal/core/token"
	"github.com/tokenhouse/tokenhouse/internal/core/user"
	"github.com/tokenhouse/tokenhouse/internal/flow/authorize"
	"github.com/tokenhouse/tokenhouse/internal/flow/people"
	"github.com/tokenhouse/tokenhouse/internal/flow/verify"
	"github.com/tokenhouse/tokenhouse/internal/store"
	"github.com/tokenhouse/tokenhouse/internal/store/storetest"
)

// signIn starts a session of a user, with a grant of the client "app".
func (d *desk) signIn(t *testing.T, id, userID string, offline bool) {
	t.Helper()
	err := d.store.StartSession(t.Context(), d.realm.Key,
		session.Session{ID: id, Offline: offline, UserID: userID, Username: userID, Started: noon, LastAccess: noon},
		session.Grant{Session: id, Offline: offline, Client: "app-key", Started: noon, LastAccess: noon})
	if err != nil {
		t.Fatal(err)
	}
}

func (d *desk) sessions() *people.Sessions {
	return &people.Sessions{Store: d.store, Users: d.store, Realms: d.store, Herald: d}
}

// Due says that somebody is to be told of every session.
func (d *desk) Due(ctx context.Context, r *realm.Realm, q session.Query) ([]session.Notice, error) {
	found, err := d.store.FindSessions(ctx, r.Key, q, 0, -1)
	var out []session.Notice
	for _, s := range found {
		out = append(out, session.Notice{Client: "app-key", Session: s})
	}
	return out, err
}

func (d *desk) Tell(_ context.Context, at verify.At, due []session.Notice) {
	for _, n := range due {
		d.told = append(d.told, at.Base+" "+n.Session.ID)
	}
}

// signedIn are the ids of a user's sessions.
func (d *desk) signedIn(t *testing.T, userID string, offline bool) []string {
	t.Helper()
	all, err := d.sessions().Of(t.Context(), d.realm, session.Query{User: userID, Offline: offline}, noon)
	if err != nil {
		t.Fatal(err)
	}
	ids := []string{}
	for _, s := range all {
		ids = append(ids, s.ID)
	}
	slices.Sort(ids)
	return ids
}

func same(t *testing.T, what string, got []string, want ...string) {
	t.Helper()
	if !slices.Equal(got, want) {
		t.Errorf("%s: %v, want %v", what, got, want)
	}
}

func TestSessions(t *testing.T) {
	storetest.Each(t, func(t *testing.T, st *store.Store) {
		d := newDesk(t, st)
		ctx := t.Context()
		for _, id := range []string{"one", "two"} {
			d.signIn(t, id, "ann", false)
		}
		d.signIn(t, "away", "ann", true)
		d.signIn(t, "other", "bob", false)
		over, err := d.sessions().Of(ctx, d.realm, session.Query{User: "ann"}, noon.Add(d.realm.Lifespans.SessionIdle))
		if err != nil || len(over) != 0 {
			t.Errorf("sessions that are over are shown: %v, %v", over, err)
		}
		if err := d.sessions().End(ctx, d.author(), d.realm, "one", false); err != nil {
			t.Error(err)
		}
		for _, id := range []string{"one", "away", "none"} {
			if err := d.sessions().End(ctx, d.author(), d.realm, id, false); !errors.Is(err, fault.ErrNotFound) {
				t.Errorf("ending %s: %v", id, err)
			}
		}
		same(t, "after one ended", d.signedIn(t, "ann", false), "two")
		if err := d.sessions().SignOut(ctx, d.author(), d.realm, "ann"); err != nil {
			t.Fatal(err)
		}
		same(t, "after signing out", d.signedIn(t, "ann", false))
		same(t, "offline after signing out", d.signedIn(t, "ann", true), "away")
		if got := d.account(t, "ann").User.NotBefore; got != noon.Unix() {
			t.Errorf("tokens before %d are refused", got)
		}
		if err := d.sessions().SignOutAll(ctx, d.author(), d.realm); err != nil {
			t.Fatal(err)
		}
		same(t, "bob after all signed out", d.signedIn(t, "bob", false))
		if r, err := st.Realm(ctx, "office"); err != nil || r.NotBefore != noon.Unix() {
			t.Errorf("realm: %v", err)
		}
		events, err := st.AdminEvents(ctx, d.realm.Key, event.AdminQuery{}, 0, -1)
		if err != nil {
			t.Fatal(err)
		}
		var paths []string
		for _, e := range events {
			paths = append(paths, e.Operation+" "+e.ResourceType+" "+e.ResourcePath)
		}
		slices.Sort(paths)
		same(t, "told", d.told, "https://id.test one", "https://id.test two", "https://id.test other")
		same(t, "events", paths, "ACTION REALM logout-all", "ACTION USER users/ann/logout", "DELETE USER_SESSION sessions/one")
	})
}

func TestConsents(t *testing.T) {
	d := newDesk(t, storetest.SQLite(t))
	ctx := t.Context()
	d.signIn(t, "here", "ann", false)
	d.signIn(t, "away", "ann", true)
	err := d.store.EditUser(ctx, d.realm.Key, "ann", func(a *user.Account) ([]event.Admin, error) {
		a.User.Consents = []user.Consent{{Client: "app-key", Created: noon}}
		return nil, nil
	})
	if err != nil {
		t.Fatal(err)
	}
	consents := &people.Consents{Sessions: d.sessions(), Users: d.store, Grants: d.store}
	ann := d.account(t, "ann").User
	all, err := consents.Of(ctx, d.realm, &ann, noon)
	if err != nil || len(all) != 1 || all[0].Consent == nil || !all[0].Offline {
		t.Fatalf("consents %+v, %v", all, err)
	}
	app := d.realm.Client("app")
	if err := consents.Revoke(ctx, d.author(), d.realm, &ann, app); err != nil {
		t.Fatal(err)
	}
	same(t, "offline sessions", d.signedIn(t, "ann", true))
	same(t, "sessions", d.signedIn(t, "ann", false), "here")
	if grants, err := d.store.Grants(ctx, d.realm.Key, "here", false); err != nil || len(grants) != 0 {
		t.Errorf("the client still holds %v, %v", grants, err)
	}
	ann = d.account(t, "ann").User
	if err := consents.Revoke(ctx, d.author(), d.realm, &ann, app); !errors.Is(err, fault.ErrNotFound) {
		t.Errorf("revoking again: %v", err)
	}
}

// notary signs nothing, and remembers what it was to sign; it keeps events too.
type notary struct {
	claims token.Claims
	events []event.Event
}

func (n *notary) Sign(_ context.Context, _ *realm.Realm, _, _ string, c *token.Claims) (string, error) {
	n.claims = *c
	return "signed", nil
}

func (n *notary) Record(_ context.Context, e event.Event) { n.events = append(n.events, e) }

func TestImpersonate(t *testing.T) {
	d := newDesk(t, storetest.SQLite(t))
	ctx := t.Context()
	d.signIn(t, "own", "boss", false)
	n := &notary{}
	impersonator := &people.Impersonator{Store: d.store, Keys: n, Herald: d, Events: n}
	ann := d.account(t, "ann").User
	boss := &permit.Administrator{Realm: d.realm, User: &user.User{ID: "boss", Username: "boss"}, Session: "own"}
	made, err := impersonator.Impersonate(ctx, d.author(), d.realm, boss, &ann)
	if err != nil {
		t.Fatal(err)
	}
	if !made.SameRealm || len(made.Cookies) != 2 || made.Cookies[0].Name != authorize.CookieIdentity || made.Cookies[0].Value != "signed" {
		t.Errorf("made %+v", made)
	}
	if n.claims.Issuer != d.realm.Issuer("https://id.test") || n.claims.Type != "Serialized-ID" {
		t.Errorf("the browser's token says %+v", n.claims)
	}
	same(t, "told", d.told, "https://id.test own")
	same(t, "the administrator's sessions", d.signedIn(t, "boss", false))
	same(t, "the user's sessions", d.signedIn(t, "ann", false), made.Session.ID)
	if n.claims.Subject != "ann" || n.claims.Session != made.Session.ID || n.claims.Expires != noon.Add(d.realm.Lifespans.SessionMax).Unix() {
		t.Errorf("claims %+v", n.claims)
	}
	if len(n.events) != 1 || n.events[0].Kind != event.Impersonate || n.events[0].Get("impersonator") != "boss" {
		t.Errorf("events %+v", n.events)
	}

	elsewhere := &permit.Administrator{Realm: &realm.Realm{Key: "master"}, User: &user.User{ID: "admin"}, Session: "own"}
	if made, err = impersonator.Impersonate(ctx, d.author(), d.realm, elsewhere, &ann); err != nil || made.SameRealm {
		t.Errorf("from another realm: %+v, %v", made, err)
	}
	for name, who := range map[string]*user.User{"disabled": {}, "service account": {Enabled: true, ServiceAccount: "app-key"}} {
		if _, err := impersonator.Impersonate(ctx, d.author(), d.realm, boss, who); err == nil {
			t.Errorf("impersonating %s goes well", name)
		}
	}
}

// A password that outlasted its time has to be changed.
func TestPendingOutdated(t *testing.T) {
	d := newDesk(t, storetest.SQLite(t))
	r := *d.realm
	r.PasswordPolicy = "forceExpiredPasswordChange(30)"
	ann := d.account(t, "ann").User
	for days, want := range map[int]bool{29: false, 30: true} {
		made := []user.Credential{{Kind: user.KindPassword, Created: noon.AddDate(0, 0, -days)}}
		got, err := d.Rules.Pending(t.Context(), &r, user.Attempt{User: &ann, Credentials: made, Now: noon.Add(time.Second)})
		if err != nil || got != want {
			t.Errorf("after %d days: %v, %v", days, got, err)
		}
	}
}
