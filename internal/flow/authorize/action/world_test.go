package action_test

import (
	"context"
	"errors"
	"fmt"
	"net/url"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/tokenhouse/tokenhouse/internal/core/event"
	"github.com/tokenhouse/tokenhouse/internal/core/letter"
	"github.com/tokenhouse/tokenhouse/internal/core/login"
	"github.com/tokenhouse/tokenhouse/internal/core/page"
	"github.com/tokenhouse/tokenhouse/internal/core/realm"
	"github.com/tokenhouse/tokenhouse/internal/core/user"
	"github.com/tokenhouse/tokenhouse/internal/flow/audit"
	"github.com/tokenhouse/tokenhouse/internal/flow/authorize"
	"github.com/tokenhouse/tokenhouse/internal/flow/authorize/action"
	"github.com/tokenhouse/tokenhouse/internal/flow/keyring"
	"github.com/tokenhouse/tokenhouse/internal/flow/limit"
	"github.com/tokenhouse/tokenhouse/internal/flow/people"
	"github.com/tokenhouse/tokenhouse/internal/flow/verify"
	"github.com/tokenhouse/tokenhouse/internal/keycloak/realmtest"
	"github.com/tokenhouse/tokenhouse/internal/store"
	"github.com/tokenhouse/tokenhouse/internal/store/storetest"
)

var noon = time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)

// club is a realm whose members have everything to do that there is.
const club = `{"realm": "club", "enabled": true, "registrationAllowed": true, "resetPasswordAllowed": true, "loginWithEmailAllowed": true,
	"displayName": "The Club", "passwordPolicy": "length(4) and notEmail", "bruteForceProtected": true, "failureFactor": 3, "waitIncrementSeconds": 60,
	"quickLoginCheckMilliSeconds": 0, "maxFailureWaitSeconds": 900, "maxDeltaTimeSeconds": 43200, "actionTokenGeneratedByUserLifespan": 300,
	"smtpServer": {"host": "mail.club.test", "from": "id@club.test"},
	"requiredActions": [{"alias": "VERIFY_PROFILE", "enabled": true, "priority": 90}, {"alias": "UPDATE_PASSWORD", "enabled": true, "priority": 57},
		{"alias": "TERMS_AND_CONDITIONS", "enabled": true, "priority": 20}, {"alias": "UPDATE_PROFILE", "enabled": true, "priority": 40},
		{"alias": "VERIFY_EMAIL", "enabled": true, "priority": 50}, {"alias": "CONFIGURE_TOTP", "enabled": true, "priority": 54},
		{"alias": "delete_account", "enabled": true, "priority": 60}, {"alias": "UPDATE_EMAIL", "enabled": true, "priority": 70},
		{"alias": "webauthn-register", "enabled": true, "priority": 80}, {"alias": "CONFIGURE_RECOVERY_AUTHN_CODES", "enabled": true, "priority": 130}],
	"clientScopes": [{"name": "profile", "protocol": "openid-connect", "attributes": {"display.on.consent.screen": "true", "consent.screen.text": "${profileScopeConsentText}"}},
		{"name": "phone", "protocol": "openid-connect", "attributes": {"display.on.consent.screen": "true"}},
		{"name": "hidden", "protocol": "openid-connect", "attributes": {"display.on.consent.screen": "false"}}],
	"clients": [{"clientId": "app", "id": "app-key", "name": "App", "consentRequired": true, "baseUrl": "https://app.test/", "redirectUris": ["https://app.test/*"],
			"defaultClientScopes": ["profile", "hidden"], "optionalClientScopes": ["phone"], "attributes": {"tosUri": "https://app.test/tos"}},
		{"clientId": "account", "id": "account-key"}],
	"roles": {"client": {"account": [{"name": "delete-account"}]}},
	"users": [
		{"id": "ann", "username": "ann", "email": "ann@club.test", "emailVerified": true, "firstName": "Ann", "lastName": "Ames", "enabled": true,
			"credentials": [{"id": "pw", "type": "password", "algorithm": "argon2", "hashIterations": 1, "credentialData": "{}", "secretData": "{}"}]},
		{"id": "ben", "username": "ben", "email": "ben@club.test", "firstName": "Ben", "lastName": "Bell", "enabled": true,
			"clientRoles": {"account": ["delete-account"]},
			"requiredActions": ["UPDATE_PASSWORD", "TERMS_AND_CONDITIONS", "VERIFY_EMAIL", "UPDATE_PROFILE", "CONFIGURE_TOTP"]},
		{"id": "cat", "username": "cat", "firstName": "Cat", "enabled": true}]}`

// house is the club with all its actions.
type house struct {
	*action.Deps
	store    *store.Store
	realm    *realm.Realm
	post     *post
	kinds    []event.Kind // of the events that tell of success, in their order
	subjects []string     // of whom these are: ids of users
	failures []string     // the other events, each with its error
	ended    []string     // whose other sessions were ended
	ids      int
}

// post is a mail server; down makes it refuse.
type post struct {
	sent []letter.Letter
	down bool
}

func (p *post) Send(_ context.Context, _ *realm.Realm, settings map[string]string, l letter.Letter) error {
	if p.down || settings["host"] == "" {
		return errors.New("nobody answers")
	}
	p.sent = append(p.sent, l)
	return nil
}

func (h *house) Record(_ context.Context, e event.Event) {
	if e.Error != "" {
		h.failures = append(h.failures, strings.TrimSuffix(string(e.Kind), "_ERROR")+" "+e.Error)
		return
	}
	h.kinds = append(h.kinds, e.Kind)
	h.subjects = append(h.subjects, e.UserID)
}

func (h *house) EndOthers(_ context.Context, _ audit.Author, _ *realm.Realm, userID, except string) error {
	h.ended = append(h.ended, userID+" but "+except)
	return nil
}

// plain spares tests the work of hashing: the hash is the password.
type plain struct{}

func (plain) Hash(_ context.Context, password string, _ user.Hashing) (user.Credential, error) {
	return user.Credential{Kind: user.KindPassword, Algorithm: "plain", Hash: []byte(password)}, nil
}

func (plain) Same(_ context.Context, c user.Credential, password string) (bool, error) {
	return string(c.Hash) == password, nil
}

func newHouse(t *testing.T, st *store.Store) *house {
	t.Helper()
	f, err := realmtest.Read(club)
	if err != nil {
		t.Fatal(err)
	}
	if err := st.CreateRealm(t.Context(), f.Draft, f.Groups, f.Users(), nil); err != nil {
		t.Fatal(err)
	}
	r, err := st.Realm(t.Context(), "club")
	if err != nil {
		t.Fatal(err)
	}
	h := &house{store: st, realm: r, post: &post{}}
	rules := people.NewRulebook(st)
	newID := func() string { h.ids++; return "id-" + strconv.Itoa(h.ids) }
	h.Deps = &action.Deps{Users: st, People: &people.Users{Store: st, Groups: st, Failures: st, Rules: rules, Passwords: plain{}}, Rules: rules,
		Sessions: h, Once: st, Lockouts: &limit.Lockouts{Failures: st, Users: st, Events: h, NewID: newID}, Kept: st, Mail: h.post,
		Tokens: keyring.New(st, func() time.Time { return noon }), Events: h, NewID: newID, Secret: func() string { return "SecretOfTwentyBytes1" }, Letters: h.letters,
		Aside: func(f func()) bool { f(); return true }}
	return h
}

// letters are others each time, and none of chance: a number that counts up, and the first of the letters.
func (h *house) letters(n int, from string) string {
	h.ids++
	out := []byte(strings.Repeat(from[:1], n))
	for i, rest := n-1, h.ids; rest > 0; i, rest = i-1, rest/len(from) {
		out[i] = from[rest%len(from)]
	}
	return string(out)
}

// turn is a request by a user at the app; nobody's where id is empty.
func (h *house) turn(t *testing.T, id string, q login.Request) *authorize.Turn {
	t.Helper()
	r, err := h.store.Realm(t.Context(), "club") // it may have got a key meanwhile
	if err != nil {
		t.Fatal(err)
	}
	h.realm = r
	q.Client, q.RedirectURI = "app", "https://app.test/cb"
	a := &login.Attempt{Tab: "tab", Code: "code", Request: q}
	turn := &authorize.Turn{At: verify.At{Realm: h.realm, Base: "https://id.test", Now: noon}, Client: h.realm.Client("app"),
		Browser: &login.Browser{ID: "browser", Tabs: []*login.Attempt{a}}, Attempt: a}
	if id != "" {
		u, err := h.store.User(t.Context(), h.realm.Key, id)
		if err != nil {
			t.Fatal(err)
		}
		turn.User = u
	}
	return turn
}

// process sends a form to an action, and fails for technical errors.
func process(t *testing.T, a interface {
	Process(context.Context, *authorize.Turn, url.Values) (authorize.Result, error)
}, turn *authorize.Turn, fields ...string) authorize.Result {
	t.Helper()
	form := url.Values{}
	for i := 0; i < len(fields); i += 2 {
		form.Add(fields[i], fields[i+1])
	}
	result, err := a.Process(t.Context(), turn, form)
	if err != nil {
		t.Fatal(err)
	}
	return result
}

func due(t *testing.T, a authorize.Action, turn *authorize.Turn) bool {
	t.Helper()
	d, err := a.Due(t.Context(), turn)
	if err != nil {
		t.Fatal(err)
	}
	return d
}

// said is what a page says is wrong or to be known: its notice, and its fields in the order given.
func said(p page.Page, fields ...string) (out []string) {
	var f page.Form
	switch p := p.(type) {
	case page.UpdatePassword:
		f = p.Form
	case page.UpdateProfile:
		f = p.Form
	case page.ConfigTOTP:
		f = p.Form
	case page.LoginOTP:
		f = p.Form
	case page.Register:
		f = p.Form
	case page.ResetPassword:
		f = p.Form
	default:
		return []string{fmt.Sprintf("%T", p)}
	}
	if f.Notice.Text.Key != "" {
		out = append(out, f.Notice.Text.Key)
	}
	for _, field := range fields {
		for _, text := range f.Wrong[field] {
			out = append(out, field+": "+text.Key)
		}
	}
	return out
}

// each runs a test in a house on each database.
func each(t *testing.T, test func(t *testing.T, h *house)) {
	storetest.Each(t, func(t *testing.T, st *store.Store) { test(t, newHouse(t, st)) })
}
