package people_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/tokenhouse/tokenhouse/internal/core/event"
	"github.com/tokenhouse/tokenhouse/internal/core/fault"
	"github.com/tokenhouse/tokenhouse/internal/core/profile"
	"github.com/tokenhouse/tokenhouse/internal/core/realm"
	"github.com/tokenhouse/tokenhouse/internal/core/user"
	"github.com/tokenhouse/tokenhouse/internal/flow/audit"
	"github.com/tokenhouse/tokenhouse/internal/flow/people"
	"github.com/tokenhouse/tokenhouse/internal/keycloak"
	"github.com/tokenhouse/tokenhouse/internal/keycloak/realmtest"
	"github.com/tokenhouse/tokenhouse/internal/store"
	"github.com/tokenhouse/tokenhouse/internal/store/storetest"
)

var noon = time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)

// office is a realm that records what administrators do.
const office = `{"realm": "office", "enabled": true, "adminEventsEnabled": true, "adminEventsDetailsEnabled": true,
	"passwordPolicy": "length(4) and passwordHistory(2)", "groups": [{"id": "sales", "name": "sales"}], "defaultGroups": ["/sales"],
	"clients": [{"clientId": "app", "id": "app-key", "redirectUris": ["https://app.test/*"]}, {"clientId": "account", "id": "account-key"}],
	"requiredActions": [{"alias": "idp_link", "enabled": true}, {"alias": "delete_credential", "enabled": true}, {"alias": "update_user_locale", "enabled": true}, {"alias": "UPDATE_PASSWORD", "enabled": true}, {"alias": "VERIFY_PROFILE", "enabled": true},
		{"alias": "TERMS_AND_CONDITIONS", "enabled": false}, {"alias": "VERIFY_EMAIL", "enabled": true, "defaultAction": true}],
	"users": [{"id": "ann", "username": "ann", "email": "ann@office.test", "firstName": "Ann", "lastName": "Ames", "enabled": true,
		"credentials": [{"id": "card", "type": "card", "credentialData": "{}", "secretData": "{}"}]}]}`

// desk is the office with an administrator at work.
type desk struct {
	*people.Users
	store *store.Store
	realm *realm.Realm
	ids   atomic.Int64
	told  []string // ids of the sessions whose clients were told, in their order
}

func newDesk(t *testing.T, st *store.Store) *desk {
	t.Helper()
	f, err := realmtest.Read(office)
	if err != nil {
		t.Fatal(err)
	}
	if err := st.CreateRealm(t.Context(), f.Draft, f.Groups, f.Users(), nil); err != nil {
		t.Fatal(err)
	}
	r, err := st.Realm(t.Context(), "office")
	if err != nil {
		t.Fatal(err)
	}
	return &desk{&people.Users{Store: st, Groups: st, Failures: st, Rules: people.NewRulebook(st), Passwords: plain{}}, st, r, atomic.Int64{}, nil}
}

// plain spares tests the work of hashing: the hash is the password.
type plain struct{}

func (plain) Hash(_ context.Context, password string, _ user.Hashing) (user.Credential, error) {
	return user.Credential{Kind: user.KindPassword, Algorithm: "plain", Hash: []byte(password)}, nil
}

func (plain) Same(_ context.Context, c user.Credential, password string) (bool, error) {
	return string(c.Hash) == password, nil
}

func (d *desk) author() audit.Author {
	return audit.Author{Base: "https://id.test", Now: noon, NewID: func() string { return "id-" + strconv.FormatInt(d.ids.Add(1), 10) }}
}

func (d *desk) account(t *testing.T, id string) user.Account {
	t.Helper()
	a, err := d.store.Account(t.Context(), d.realm.Key, id)
	if err != nil {
		t.Fatal(err)
	}
	return a
}

func body(text string) keycloak.Object {
	checked, err := keycloak.Check("User", []byte(text))
	if err != nil {
		panic(err)
	}
	var o keycloak.Object
	if err := json.Unmarshal(checked, &o); err != nil {
		panic(err)
	}
	return o
}

// passwords are the present password and the former ones.
func passwords(a user.Account) (out []string) {
	for _, c := range a.Credentials {
		if c.Kind == user.KindPassword || c.Kind == user.KindHistory {
			out = append(out, c.Kind+" "+string(c.Hash))
		}
	}
	return out
}

func TestCreate(t *testing.T) {
	storetest.Each(t, func(t *testing.T, st *store.Store) {
		d := newDesk(t, st)
		id, err := d.Create(t.Context(), d.author(), d.realm, body(`{"username": "Bob", "email": "Bob@Office.test", "enabled": true,
			"requiredActions": ["UPDATE_PASSWORD", "unknown"], "groups": ["/sales"], "createdTimestamp": 1000, "attributes": {"colour": "red"},
			"federatedIdentities": [{"identityProvider": "partner", "userId": "b1"}],
			"credentials": [{"type": "password", "value": "secret", "temporary": true}]}`))
		if err != nil {
			t.Fatal(err)
		}
		got := d.account(t, id)
		if diff := cmp.Diff([]string{"password secret"}, passwords(got)); diff != "" {
			t.Errorf("passwords (-want +got):\n%s", diff)
		}
		want := user.User{ID: id, Username: "bob", Email: "bob@office.test", Enabled: true, Created: time.UnixMilli(1000).UTC(),
			Roles: []string{d.realm.DefaultRole}, GroupKeys: []string{"sales"}, RequiredActions: []string{"VERIFY_EMAIL", "UPDATE_PASSWORD"},
			Links: []user.Link{{Provider: "partner", Subject: "b1"}}, Extra: realm.Extra{}}
		if diff := cmp.Diff(want, got.User); diff != "" {
			t.Errorf("user (-want +got):\n%s", diff)
		}
		events, err := st.AdminEvents(t.Context(), d.realm.Key, event.AdminQuery{}, 0, -1)
		if err != nil || len(events) != 1 {
			t.Fatalf("events %v, %v", events, err)
		}
		if o := body(events[0].Representation); events[0].ResourcePath != "users/"+id || o.Has("credentials") || o.Text("username") != "Bob" {
			t.Errorf("event %+v", events[0])
		}
	})
}

func TestCreateRefuses(t *testing.T) {
	d := newDesk(t, storetest.SQLite(t))
	tests := map[string]string{
		`{}`:                  "User name is missing",
		`{"username": " "}`:   "User name is missing",
		`{"username": "ANN"}`: "User exists with same username",
		`{"username": "ann", "email": "ann@office.test"}`: "User exists with same email",
		`{"username": "bob", "email": "ANN@office.test"}`: "User exists with same email",
		`{"username": "b"}`:                        "username: error-invalid-length",
		`{"username": "bob", "groups": ["/none"]}`: "groups: Unable to find group specified by path: /none",
		`{"username": "bob", "credentials": [{"type": "password", "value": "abc"}]}`: "Invalid password: minimum length 4.",
	}
	for text, want := range tests {
		t.Run(text, func(t *testing.T) {
			_, err := d.Create(t.Context(), d.author(), d.realm, body(text))
			if invalid, ok := errors.AsType[*fault.Invalid](err); ok && invalid.Field == "username" {
				err = errors.New(invalid.Message)
			}
			if err == nil || err.Error() != want {
				t.Errorf("got %v, want %s", err, want)
			}
		})
	}
	if n, err := d.store.CountUsers(t.Context(), d.realm.Key, user.Query{}); n != 1 || err != nil {
		t.Errorf("there are %d users, %v", n, err)
	}
}

// TestCreateAtOnce has many create a user with one address: one of them may.
func TestCreateAtOnce(t *testing.T) {
	storetest.Each(t, func(t *testing.T, st *store.Store) {
		d := newDesk(t, st)
		var made atomic.Int32
		var all sync.WaitGroup
		for i := range 20 {
			all.Go(func() {
				_, err := d.Create(t.Context(), d.author(), d.realm, body(fmt.Sprintf(`{"username": "user%d", "email": "one@office.test"}`, i)))
				switch {
				case err == nil:
					made.Add(1)
				case !errors.Is(err, fault.ErrConflict):
					t.Error(err)
				}
			})
		}
		all.Wait()
		if made.Load() != 1 {
			t.Errorf("%d users have the address", made.Load())
		}
	})
}

func TestUpdate(t *testing.T) {
	d := newDesk(t, storetest.SQLite(t))
	update := func(t *testing.T, text string) {
		t.Helper()
		if err := d.Update(t.Context(), d.author(), d.realm, "ann", body(text)); err != nil {
			t.Fatal(err)
		}
	}
	update(t, `{"firstName": "Anna", "emailVerified": true, "requiredActions": ["UPDATE_PASSWORD", ""], "groups": [], "realmRoles": ["x"]}`)
	got := d.account(t, "ann").User
	if got.FirstName != "Anna" || !got.EmailVerified || got.LastName != "Ames" || !slices.Equal(got.RequiredActions, []string{"UPDATE_PASSWORD"}) {
		t.Errorf("after a part: %+v", got)
	}
	update(t, `{"attributes": {}}`)
	if got := d.account(t, "ann").User; got.Email != "" || got.FirstName != "" || got.Username != "ann" || !got.EmailVerified {
		t.Errorf("after all attributes: %+v", got)
	}
	update(t, `{"credentials": [{"type": "password", "value": "first"}]}`)
	update(t, `{"credentials": [{"type": "password", "value": "second"}]}`)
	if diff := cmp.Diff([]string{"password second", "password-history first"}, passwords(d.account(t, "ann"))); diff != "" {
		t.Errorf("passwords (-want +got):\n%s", diff)
	}
	err := d.Update(t.Context(), d.author(), d.realm, "ann", body(`{"credentials": [{"type": "password", "value": "first"}]}`))
	if unfit, ok := errors.AsType[*user.Unfit](err); !ok || unfit.Code != "invalidPasswordHistoryMessage" {
		t.Errorf("a former password is answered with %v", err)
	}
}

// TestUpdateUnlocks enables a user whom failed sign-ins disabled.
func TestUpdateUnlocks(t *testing.T) {
	d := newDesk(t, storetest.SQLite(t))
	ctx := t.Context()
	err := d.store.EditUser(ctx, d.realm.Key, "ann", func(a *user.Account) ([]event.Admin, error) {
		a.User.Enabled = false
		a.User.Attributes = map[string][]string{"disabledReason": {"permanentLockout"}}
		return nil, nil
	})
	if err != nil {
		t.Fatal(err)
	}
	if err := d.store.EditFailures(ctx, d.realm.Key, "ann", func(f *user.Failures) { f.Count = 7 }); err != nil {
		t.Fatal(err)
	}
	if err := d.Update(ctx, d.author(), d.realm, "ann", body(`{"enabled": true}`)); err != nil {
		t.Fatal(err)
	}
	if got := d.account(t, "ann").User; !got.Enabled || len(got.Attributes) > 0 {
		t.Errorf("user %+v", got)
	}
	if f, err := d.store.Failures(ctx, d.realm.Key, "ann"); f.Count != 0 || err != nil {
		t.Errorf("failures %+v, %v", f, err)
	}
}

func TestResetPassword(t *testing.T) {
	d := newDesk(t, storetest.SQLite(t))
	for _, step := range []struct {
		password  string
		temporary bool
		actions   []string
	}{{"first", true, []string{"UPDATE_PASSWORD"}}, {"second", false, nil}} {
		if err := d.ResetPassword(t.Context(), d.author(), d.realm, "ann", step.password, step.temporary); err != nil {
			t.Fatal(err)
		}
		if got := d.account(t, "ann").User.RequiredActions; !slices.Equal(got, step.actions) {
			t.Errorf("after %s: required actions %v", step.password, got)
		}
	}
	if err := d.ResetPassword(t.Context(), d.author(), d.realm, "ann", "abc", false); err == nil {
		t.Error("a short password is accepted")
	}
}

func TestCredentials(t *testing.T) {
	d := newDesk(t, storetest.SQLite(t))
	ctx := t.Context()
	err := d.store.EditUser(ctx, d.realm.Key, "ann", func(a *user.Account) ([]event.Admin, error) {
		a.Credentials = []user.Credential{{ID: "a", Kind: "otp"}, {ID: "b", Kind: "password"}, {ID: "c", Kind: "otp"}}
		return nil, nil
	})
	if err != nil {
		t.Fatal(err)
	}
	order := func() (out string) {
		for _, c := range d.account(t, "ann").Credentials {
			out += c.ID
		}
		return out
	}
	for _, step := range []struct{ id, after, want string }{
		{"c", "", "cab"}, {"c", "b", "abc"}, {"a", "c", "bca"}, {"a", "a", "bca"}, {"b", "c", "cba"},
		{"x", "", ""}, {"c", "x", ""},
	} {
		err := d.MoveCredential(ctx, d.author(), d.realm, "ann", step.id, step.after)
		switch {
		case step.want == "" && !errors.Is(err, fault.ErrNotFound):
			t.Errorf("%s after %s: %v", step.id, step.after, err)
		case step.want != "" && (err != nil || order() != step.want):
			t.Errorf("%s after %s: %s, %v", step.id, step.after, order(), err)
		}
	}
	if err := d.LabelCredential(ctx, d.author(), d.realm, "ann", "b", "phone"); err != nil || d.account(t, "ann").Credentials[1].Label != "phone" {
		t.Errorf("label: %v", err)
	}
	if err := d.LabelCredential(ctx, d.author(), d.realm, "ann", "b", " "); err == nil {
		t.Error("an empty label is accepted")
	}
	if err := d.DeleteCredentials(ctx, d.author(), d.realm, "ann", user.KindOTP, "remove-totp"); err != nil || order() != "b" {
		t.Errorf("after all devices: %s, %v", order(), err)
	}
	if err := d.DeleteCredential(ctx, d.author(), d.realm, "ann", "b"); err != nil || order() != "" {
		t.Errorf("after the last: %s, %v", order(), err)
	}
}

func TestPending(t *testing.T) {
	d := newDesk(t, storetest.SQLite(t))
	ann := d.account(t, "ann").User
	with := func(change func(*user.User)) *user.User { u := ann; change(&u); return &u }
	tests := map[string]struct {
		user        *user.User
		credentials []user.Credential
		want        bool
	}{
		"nothing":            {&ann, nil, false},
		"action":             {with(func(u *user.User) { u.RequiredActions = []string{"UPDATE_PASSWORD"} }), nil, true},
		"action that is off": {with(func(u *user.User) { u.RequiredActions = []string{"TERMS_AND_CONDITIONS"} }), nil, false},
		"action for applications to begin": {with(func(u *user.User) {
			u.RequiredActions = []string{"idp_link", "delete_credential", "update_user_locale"}
		}), nil, false},
		"unknown action":     {with(func(u *user.User) { u.RequiredActions = []string{"none"} }), nil, false},
		"temporary password": {&ann, []user.Credential{{Kind: user.KindPassword, Temporary: true}}, false},
		"no last name":       {with(func(u *user.User) { u.LastName = "" }), nil, true},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			got, err := d.Rules.Pending(t.Context(), d.realm, user.Attempt{User: tt.user, Credentials: tt.credentials, Now: noon})
			if err != nil || got != tt.want {
				t.Errorf("pending: %v, %v", got, err)
			}
		})
	}
}

// TestConfigure changes the profile; what follows is judged by the new one.
func TestConfigure(t *testing.T) {
	d := newDesk(t, storetest.SQLite(t))
	ctx := t.Context()
	profiles := &people.Profiles{Store: d.store}
	c := profile.Relaxed()
	c.Attributes = append(c.Attributes, profile.Attribute{Name: "badge", Required: &profile.Required{}, Permissions: &profile.Permissions{Edit: []string{"admin"}}})
	if err := profiles.Configure(ctx, d.author(), d.realm, c, keycloak.FromProfile(c)); err != nil {
		t.Fatal(err)
	}
	r, err := d.store.Realm(ctx, "office")
	if err != nil {
		t.Fatal(err)
	}
	got, err := d.Rules.Profile(ctx, r)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(keycloak.FromProfile(c), keycloak.FromProfile(got.Config)); diff != "" {
		t.Errorf("profile (-want +got):\n%s", diff)
	}
	if _, err := d.Create(ctx, d.author(), r, body(`{"username": "bob"}`)); err == nil {
		t.Error("a required attribute is not asked for")
	}
	err = profiles.Configure(ctx, d.author(), d.realm, profile.Config{}, nil)
	if invalid, ok := errors.AsType[*fault.Invalid](err); !ok || invalid.Message != "[The attribute 'username' can not be removed, The attribute 'email' can not be removed]" {
		t.Errorf("an empty profile is answered with %v", err)
	}
}
