package server_test

import (
	"net/http"
	"net/url"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/tokenhouse/tokenhouse/internal/core/realm"
	"github.com/tokenhouse/tokenhouse/internal/core/user"
)

// TestAccountActions: what the account page leads away for is done there and comes back, or is cancelled and changes
// nothing.
func TestAccountActions(t *testing.T) {
	inHomes(t, func(t *testing.T, a *arena) {
		ann := enters(t, a, "ann")
		t.Run("password", func(t *testing.T) { passwordFromAccount(t, a, ann) })
		t.Run("one-time codes", func(t *testing.T) { phoneFromAccount(t, a, ann) })
		t.Run("who must prove it anew", func(t *testing.T) { ann.in(t).nameIsShown(a) })
		t.Run("deletion", func(t *testing.T) { deletionFromAccount(t, a, enters(t, a, "bob")) })
	})
}

func (g *guest) in(t *testing.T) *guest { g.T = t; return g }

// begin follows the link of a page that begins an action.
func (g *guest) begin(path, action string) seen {
	g.Helper()
	link := regexp.MustCompile(`href="([^"]+kc_action=` + action + `[^"]*)"`)
	return g.send(http.MethodGet, first(g, g.open(path), link), nil)
}

// finish sends the form of a page.
func (g *guest) finish(p seen, pairs ...string) seen {
	g.Helper()
	form := url.Values{}
	for i := 0; i < len(pairs); i += 2 {
		form.Set(pairs[i], pairs[i+1])
	}
	return g.send(http.MethodPost, first(g, p, formAction), form)
}

const signInPart = homesAccount + "/account-security/signing-in"

func passwordFromAccount(t *testing.T, a *arena, ann *guest) {
	ann.in(t)
	before := a.credentials("ann")[0].Data + a.credentials("ann")[0].Secret
	p := ann.shows(ann.begin(signInPart, "UPDATE_PASSWORD"), 200, `data-page-id="login-login-update-password"`, "cancel-aia")
	p = ann.shows(ann.finish(p, "password-new", "flowers", "password-confirm", "trees"), 200, "Passwords don&#39;t match.")
	ann.shows(ann.finish(p, "cancel-aia", "true"), 200, `data-page-id="account-signing-in"`)
	if now := a.credentials("ann")[0]; now.Data+now.Secret != before {
		t.Error("what was cancelled changed the password")
	}

	p = ann.begin(signInPart, "UPDATE_PASSWORD")
	ann.shows(ann.finish(p, "password-new", "flowers", "password-confirm", "flowers"), 200, `data-page-id="account-signing-in"`)
	token := func(password string) string {
		return a.post("token", pairs("grant_type", "password", "client_id", "cli", "username", "ann", "password", password)).String()
	}
	if was, is := token("ann"), token("flowers"); !strings.Contains(was, "Invalid user credentials") || !strings.HasPrefix(is, "200") {
		t.Errorf("the old password is answered %s, the new one %s", was, is)
	}
}

func phoneFromAccount(t *testing.T, a *arena, ann *guest) {
	ann.in(t)
	secretOf := regexp.MustCompile(`name="totpSecret" value="([^"]+)"`)
	p := ann.shows(ann.begin(signInPart, "CONFIGURE_TOTP"), 200, `data-page-id="login-login-config-totp"`)
	secret := first(ann, p, secretOf)
	p = ann.shows(ann.finish(p, "totpSecret", secret, "totp", "000", "userLabel", "Phone"), 200, "Invalid authenticator code.")
	if got := len(a.credentials("ann")); got != 1 {
		t.Fatalf("a wrong code leaves ann with %d credentials", got)
	}
	secret = first(ann, p, secretOf)
	ann.shows(ann.finish(p, "totpSecret", secret, "totp", oneTimeCode(secret, time.Now()), "userLabel", "Phone"),
		200, `data-page-id="account-signing-in"`, "<b>Phone</b>")
	if got := a.credentials("ann"); len(got) != 2 || got[1].Kind != user.KindOTP {
		t.Errorf("ann has %d credentials", len(got))
	}
}

// nameIsShown: somebody who must prove anew who they are sees as whom, and a name that the form brings changes nothing.
func (g *guest) nameIsShown(a *arena) {
	g.Helper()
	again := "/realms/homes/protocol/openid-connect/auth?client_id=account&response_type=code&scope=openid&prompt=login&redirect_uri=" + url.QueryEscape(a.base+homesAccount)
	p := g.shows(g.open(again), 200, "Please re-authenticate to continue", `<dd id="kc-attempted-username">ann</dd>`)
	if strings.Contains(p.body, `name="username"`) {
		g.Error("the name is asked for")
	}
	g.shows(g.finish(p, "username", "bob", "password", "bob"), 200, "Invalid username or password.", `<dd id="kc-attempted-username">ann</dd>`)
}

func deletionFromAccount(t *testing.T, a *arena, bob *guest) {
	bob.in(t)
	if page := bob.open(homesAccount); strings.Contains(page.body, "delete-account") {
		t.Error("deletion is offered where the realm does not want it")
	}
	newOfficer(t, a.base, "master", "admin").call(204, http.MethodPut, "homes/authentication/required-actions/delete_account",
		`{"alias": "delete_account", "name": "Delete Account", "providerId": "delete_account", "enabled": true, "priority": 60}`)
	a.changeUser("bob", func(u *user.User) {
		u.Roles = append(u.Roles, a.current().Role(realm.RoleRef{Client: "account", Name: "delete-account"}).Key)
	})
	begin := func() seen { // a sign-in of a moment ago is not enough
		a.age(bob, time.Minute)
		p := bob.send(http.MethodGet, first(bob, bob.open(homesAccount), linkTo("delete-account")), nil)
		return bob.finish(bob.shows(p, 200, "Please re-authenticate to continue"), "password", "bob")
	}
	p := bob.shows(begin(), 200, `data-page-id="login-delete-account-confirm"`)
	bob.shows(bob.finish(p, "cancel-aia", "true"), 200, `data-page-id="account-profile"`)
	a.user("bob") // is still there
	bob.shows(bob.finish(begin()), 200, "User deleted successfully")
	if _, err := a.server.Store().UserByName(t.Context(), a.current().Key, "bob"); err == nil {
		t.Error("bob is still there")
	}
}
