package broker_test

import (
	"regexp"
	"slices"
	"testing"

	"github.com/tokenhouse/tokenhouse/internal/core/event"
	"github.com/tokenhouse/tokenhouse/internal/core/page"
	"github.com/tokenhouse/tokenhouse/internal/core/realm"
	"github.com/tokenhouse/tokenhouse/internal/core/user"
	"github.com/tokenhouse/tokenhouse/internal/flow/authorize"
)

// newcomer is what a provider says of somebody whom nobody knows.
var newcomer = map[string]any{"email": "new@club.test", "email_verified": true, "given_name": "New", "family_name": "Comer"}

// as is newcomer with another address.
func as(email string, verified bool) map[string]any {
	return map[string]any{"email": email, "email_verified": verified, "given_name": "New", "family_name": "Comer"}
}

// TestNewcomer gets an account that is linked to who they are at the provider.
func TestNewcomer(t *testing.T) {
	each(t, "", func(t *testing.T, h *house) {
		b := h.browser()
		o := b.follow(b.come("new", newcomer))
		u := h.account("new")
		if !h.code(o) || u == nil {
			t.Fatalf("%+v; %s", o, h.last())
		}
		if !slices.Equal(u.Links, []user.Link{{Provider: "up", Subject: "new", Username: "new"}}) || !u.EmailVerified || u.LastName != "Comer" {
			t.Errorf("%+v", u)
		}
		r, _ := h.store.Realm(t.Context(), "club")
		if role := r.RolesOf("broker-key")[0]; !slices.Contains(u.Roles, role.Key) {
			t.Errorf("roles %v", u.Roles)
		}
		var kinds []event.Kind
		for _, e := range h.events {
			kinds = append(kinds, e.Kind)
		}
		if !slices.Equal(kinds, []event.Kind{"REGISTER", "IDENTITY_PROVIDER_FIRST_LOGIN", "LOGIN"}) {
			t.Errorf("events %v", kinds)
		}
		if !h.code(h.browser().come("new", newcomer)) {
			t.Error("the second time they are not known")
		}
	})
}

// TestAddressesOfProviders count as verified only where the provider is trusted, and does not say the contrary.
func TestAddressesOfProviders(t *testing.T) {
	for name, c := range map[string]struct{ trusted, says, want bool }{
		"trusted": {true, true, true}, "trusted, not verified there": {true, false, false}, "not trusted": {false, true, false},
	} {
		h := newHouse(t, sqlite(t), "")
		h.configure("up", func(p *realm.Provider) { p.TrustEmail = c.trusted })
		b := h.browser()
		b.follow(b.come("new", as("new@club.test", c.says)))
		if u := h.account("new"); u == nil || u.EmailVerified != c.want {
			t.Errorf("%s: %+v", name, u)
		}
	}
}

// TestReview asks for what is missing. An address that the user types is not verified.
func TestReview(t *testing.T) {
	h := newHouse(t, sqlite(t), "")
	b := h.browser()
	o := b.follow(b.come("new", map[string]any{"given_name": "New"}))
	if _, ok := o.Page.(page.ReviewProfile); !ok {
		t.Fatalf("%+v", o)
	}
	o = b.send(o.Page, "username", "new", "email", "", "firstName", "New", "lastName", "Comer")
	if p, ok := o.Page.(page.ReviewProfile); !ok || len(p.Wrong["email"]) == 0 {
		t.Fatalf("%+v", o)
	}
	o = b.send(o.Page, "username", "newer", "email", "New@club.test", "firstName", "New", "lastName", "Comer")
	if u := h.account("newer"); !h.code(o) || u == nil || u.EmailVerified || u.Email != "new@club.test" {
		t.Errorf("%+v %+v", o, u)
	}
}

// TestExistingAccount is not linked to whom a provider sends, whatever it says of them, before its owner proves that it
// is theirs.
func TestExistingAccount(t *testing.T) {
	h := newHouse(t, sqlite(t), "")
	b := h.browser()
	for name, claims := range map[string]map[string]any{"same address": as("ann@club.test", true), "not verified": as("ann@club.test", false)} {
		o := b.follow(b.come("attacker", claims))
		if text(o) != "federatedIdentityConfirmLinkMessage" {
			t.Errorf("%s: %+v", name, o)
		}
	}
	o := b.follow(b.come("ann", as("elsewhere@club.test", true)))
	if p, ok := o.Page.(page.LinkConfirm); !ok || p.Notice.Text.Args[0] != "username" {
		t.Errorf("same name: %+v", o)
	}
	if ann := h.account("ann"); len(ann.Links) > 0 {
		t.Fatalf("ann is linked to %+v", ann.Links)
	}

	asked := b.send(o.Page, "submitAction", "linkAccount")
	for name, form := range map[string][]string{"wrong": {"username", "ann", "password", "nonsense"}, "empty": {"username", "ann", "password", ""},
		"another's account": {"username", "ben", "password", "ben-pw"}} {
		if asked = b.send(asked.Page, form...); text(asked) != "invalidUserMessage" {
			t.Errorf("%s: %+v", name, asked)
		}
	}
	if ann, ben := h.account("ann"), h.account("ben"); len(ann.Links) > 0 || len(ben.Links) != 1 {
		t.Fatalf("linked: %+v, %+v", ann.Links, ben.Links)
	}
	if o := b.send(asked.Page, "password", "ann-pw"); !h.code(o) {
		t.Errorf("the owner is not let in: %+v; %s", o, h.last())
	}
	if ann := h.account("ann"); len(ann.Links) != 1 || ann.Links[0].Subject != "ann" {
		t.Errorf("ann is linked to %+v", ann.Links)
	}
	if !h.code(h.browser().come("ann", nil)) {
		t.Error("the second time they are not known")
	}
}

// TestOwnerWithOneTimeCodes is asked for one, too: the password alone does not open more than at sign-in.
func TestOwnerWithOneTimeCodes(t *testing.T) {
	h := newHouse(t, sqlite(t), "")
	r, _ := h.store.Realm(t.Context(), "club")
	err := h.store.EditUser(t.Context(), r.Key, "ann", func(a *user.Account) ([]event.Admin, error) {
		a.Credentials = append(a.Credentials, user.Credential{ID: "otp", Kind: user.KindOTP, Data: `{"subType":"totp","digits":6,"period":30,"algorithm":"HmacSHA1"}`, Secret: `{"value":"SecretOfTwentyBytes1"}`})
		return nil, nil
	})
	if err != nil {
		t.Fatal(err)
	}
	b := h.browser()
	o := b.send(b.follow(b.come("ann", as("ann@club.test", true))).Page, "submitAction", "linkAccount")
	o = b.send(o.Page, "password", "ann-pw")
	if _, ok := o.Page.(page.LoginOTP); !ok {
		t.Fatalf("%+v", o)
	}
	if o = b.send(o.Page, "otp", "000000"); h.code(o) || len(h.account("ann").Links) > 0 {
		t.Errorf("a wrong code is enough: %+v", o)
	}
}

// TestAccountOfAnotherThere: an account that is linked to somebody at the provider is not linked to another.
func TestAccountOfAnotherThere(t *testing.T) {
	h := newHouse(t, sqlite(t), "")
	b := h.browser()
	o := b.send(b.follow(b.come("second", as("ben@club.test", true))).Page, "submitAction", "linkAccount")
	if o = b.send(o.Page, "password", "ben-pw"); o.Status != 409 || text(o) != "identityProviderAlreadyLinkedMessage" {
		t.Errorf("%+v", o)
	}
	if ben := h.account("ben"); len(ben.Links) != 1 || ben.Links[0].Subject != "ben-there" {
		t.Errorf("%+v", ben.Links)
	}
}

// linking is a realm whose first login links accounts by itself.
const linking = `"firstBrokerLoginFlow": "ours", "authenticationFlows": [{"alias": "ours", "providerId": "basic-flow", "topLevel": true, "authenticationExecutions": [
	{"authenticator": "idp-create-user-if-unique", "requirement": "ALTERNATIVE", "priority": 1},
	{"authenticator": "idp-auto-link", "requirement": "ALTERNATIVE", "priority": 2},
	{"authenticator": "idp-confirm-link", "requirement": "DISABLED", "priority": 3},
	{"authenticator": "idp-username-password-form", "requirement": "ALTERNATIVE", "priority": 4}]}],`

// TestAutoLink takes a provider's word on an address where it counts, and asks for the password where not.
func TestAutoLink(t *testing.T) {
	for name, c := range map[string]struct {
		subject string
		claims  map[string]any
		trusted bool
		want    bool
	}{
		"proven on both sides":   {"x", as("ann@club.test", true), true, true},
		"not verified there":     {"x", as("ann@club.test", false), true, false},
		"provider not trusted":   {"x", as("ann@club.test", true), false, false},
		"the name alone":         {"ann", as("x@club.test", true), true, false},
		"owner did not prove it": {"x", as("cat@club.test", true), true, false},
	} {
		h := newHouse(t, sqlite(t), linking)
		h.configure("up", func(p *realm.Provider) { p.TrustEmail = c.trusted })
		r, _ := h.store.Realm(t.Context(), "club")
		err := h.store.CreateUser(t.Context(), r.Key, user.Account{User: user.User{ID: "cat", Username: "cat", Email: "cat@club.test", Enabled: true}}, nil)
		if err != nil {
			t.Fatal(err)
		}
		b := h.browser()
		o := b.follow(b.come(c.subject, c.claims))
		if h.code(o) != c.want {
			t.Errorf("%s: %+v", name, o)
		}
		if _, asks := o.Page.(page.Login); asks == c.want {
			t.Errorf("%s: %+v", name, o)
		}
	}
}

// TestNobodyIsMadeWithoutTheStep: a realm may let only those in who have an account.
func TestNobodyIsMadeWithoutTheStep(t *testing.T) {
	h := newHouse(t, sqlite(t), `"firstBrokerLoginFlow": "ours", "authenticationFlows": [{"alias": "ours", "providerId": "basic-flow", "topLevel": true,
		"authenticationExecutions": [{"authenticator": "idp-confirm-link", "requirement": "REQUIRED", "priority": 1}]}],`)
	b := h.browser()
	if o := b.follow(b.come("new", newcomer)); text(o) != "federatedIdentityUnavailableMessage" || h.account("new") != nil {
		t.Errorf("%+v", o)
	}
	if o := b.follow(b.come("ann", as("ann@club.test", true))); text(o) != "federatedIdentityExistsMessage" {
		t.Errorf("nothing lets the owner prove it: %+v", o)
	}
}

var linkInLetter = regexp.MustCompile(`https://\S+`)

// TestLetter proves that the account is its owner's, in the tab that waits for that, once.
func TestLetter(t *testing.T) {
	each(t, `"smtpServer": {"host": "mail.club.test", "from": "id@club.test"},`, func(t *testing.T, h *house) {
		b, other := h.browser(), h.browser()
		o := b.send(b.follow(b.come("xavier", as("ann@club.test", true))).Page, "submitAction", "linkAccount")
		if _, ok := o.Page.(page.LinkEmail); !ok || len(h.mail) != 1 || h.mail[0].To != "ann@club.test" {
			t.Fatalf("%+v; %+v", o, h.mail)
		}
		open := func(b *browser) *authorize.Outcome {
			return b.follow(b.got(h.sign.Continue(t.Context(), authorize.ContinueRequest{Call: b.call(), Path: authorize.LinkPath,
				Query: parameters(t, linkInLetter.FindString(h.mail[0].Text))})))
		}
		other.begin()
		if o := open(other); o.Status != 400 || len(h.account("ann").Links) > 0 {
			t.Errorf("another browser: %+v", o)
		}
		if o := open(b); !h.code(o) || len(h.account("ann").Links) != 1 {
			t.Errorf("%+v; %s", o, h.last())
		}
		if o := open(b); h.code(o) {
			t.Errorf("the link is good twice: %+v", o)
		}
	})
}

// TestFirstLoginOfNobody: who does not come from a provider does not get in by its addresses.
func TestFirstLoginOfNobody(t *testing.T) {
	h := newHouse(t, sqlite(t), "")
	b := h.browser()
	q := parameters(t, b.begin().Page.(page.Login).Action)
	to := "/?" + q.Encode()
	if o := b.got(h.sign.Continue(t.Context(), continued(t, b, "/?client_id=app&tab_id="+q.Get("tab_id")))); o.Status != 400 {
		t.Errorf("first login: %+v", o)
	}
	if o := b.got(h.AfterFirst(t.Context(), continued(t, b, to))); h.code(o) || o.Redirect != "" && !regexp.MustCompile(`/login-actions/authenticate`).MatchString(o.Redirect) {
		t.Errorf("after it: %+v", o)
	}
}

// TestTwoAtOnce: two browsers in which the same person signs in for the first time end in one account.
func TestTwoAtOnce(t *testing.T) {
	each(t, "", func(t *testing.T, h *house) {
		one, two := h.browser(), h.browser()
		a, b := one.come("new", newcomer), two.come("new", newcomer)
		first, second := one.follow(a), two.follow(b)
		if !h.code(first) || !h.code(second) {
			t.Errorf("%+v, %+v", first, second)
		}
		r, _ := h.store.Realm(t.Context(), "club")
		found, err := h.store.FindUsers(t.Context(), r.Key, user.Query{Provider: "up", ProviderUser: "new"}, 0, -1)
		if err != nil || len(found) != 1 {
			t.Errorf("%d accounts, %v", len(found), err)
		}
	})
}
