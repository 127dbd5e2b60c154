package server_test

import (
	"crypto/hmac"
	"crypto/sha1"
	"encoding/binary"
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/tokenhouse/tokenhouse/internal/core/realm"
)

// attackSteps leaves steps of the sign-in out.
func attackSteps(d *desk) {
	d.run("required action", skippedAction)
	d.run("consent", skippedConsent)
	d.run("one-time code", skippedOTP)
	d.run("action of an application", startedActions)
	d.run("other tab", otherTab)
	d.run("levels", levelsOfAssurance)
	d.run("password changed", passwordChanged)
	d.run("flow switched off", flowSwitchedOff)
}

// jump changes where a form or a page goes.
func jump(address, path string, p ...string) string {
	u, _ := url.Parse(address)
	u.Path = u.Path[:strings.LastIndexByte(u.Path, '/')+1] + path
	q := u.Query()
	for i := 0; i < len(p); i += 2 {
		if q.Set(p[i], p[i+1]); p[i+1] == "" {
			q.Del(p[i])
		}
	}
	u.RawQuery = q.Encode()
	return u.String()
}

// jumps tries to go on from a page without doing what it asks.
func (s *shown) jumps() {
	s.Helper()
	at, before := s.action(), s.browser.cookies["KEYCLOAK_IDENTITY"]
	for _, path := range []string{"authenticate", "required-action", "consent", "registration", "reset-credentials", "action-token", "first-broker-login", "post-broker-login"} {
		for _, execution := range []string{"", "OAUTH_GRANT", "UPDATE_PASSWORD", "TERMS_AND_CONDITIONS", "VERIFY_EMAIL", "auth-username-password-form", "auth-otp-form"} {
			for _, code := range []string{"", "guess"} {
				to := jump(at, path, "execution", execution, "session_code", code)
				for _, got := range []*shown{s.twin().ask("GET", to, nil), s.twin().ask("POST", to, pairs("accept", "Yes", "cancel-aia", "true"))} {
					if got.query("code") != "" || got.browser.cookies["KEYCLOAK_IDENTITY"] != before {
						s.Errorf("%s %q %q: %d %v", path, execution, code, got.status, got.location)
					}
				}
			}
		}
	}
}

func skippedAction(d *desk) {
	b := d.browser()
	s := b.open(d.request("web")).send("username", "paul", "password", "paul-password").expect("login-login-update-password")
	s.jumps()
	b.nobody()
	s = b.open(d.request("web")).send("username", "paul", "password", "paul-password").expect("login-login-update-password")
	for _, p := range [][]string{{"cancel-aia", "true"}, {"cancel", "true"}, {"login", "x"}, {"password-new", "", "password-confirm", ""}} {
		s = s.send(p...).expect("login-login-update-password")
	}
	s = b.open(d.request("web", "kc_action", "UPDATE_PASSWORD")).send("username", "paul", "password", "paul-password").expect("login-login-update-password")
	s.send("cancel-aia", "true").expect("login-login-update-password") // who must, cannot say that the application asked
	q := d.post("token", pairs("grant_type", "password", "username", "paul", "password", "paul-password", "client_id", "web", "client_secret", "web-secret"))
	d.refused(q, "invalid_grant")
}

func skippedConsent(d *desk) {
	b := d.browser()
	s := b.open(d.request("asking", "scope", "openid profile")).send("username", "mallory", "password", "mallory-password").expect("login-login-oauth-grant")
	s.jumps()
	if u := d.user("mallory"); len(u.Consents) > 0 {
		d.Errorf("consent without a form: %v", u.Consents)
	}
	s = b.open(d.request("asking", "scope", "openid profile")).send("username", "mallory", "password", "mallory-password").expect("login-login-oauth-grant")
	if got := s.submit("cancel", "No", "accept", "Yes"); got.query("error") != "access_denied" || got.query("code") != "" {
		d.Errorf("a no and a yes: %v", got.location)
	}
	b.login("web", "mallory")
	s = b.open(d.request("asking", "scope", "openid profile", "prompt", "none"))
	if s.query("error") != "interaction_required" {
		d.Errorf("silent: %v", s.location)
	}
	q := d.post("token", pairs("grant_type", "password", "username", "mallory", "password", "mallory-password", "client_id", "asking", "client_secret", "asking-secret"))
	if q.status == http.StatusOK {
		d.Errorf("by password: %v", q)
	}
}

// olgas is the secret of olga's generator.
const olgas = "twelve-and-some-more"

// oneTimeCode is what a generator shows (RFC 6238 §4).
func oneTimeCode(secret string, at time.Time) string {
	mac := hmac.New(sha1.New, []byte(secret))
	mac.Write(binary.BigEndian.AppendUint64(nil, uint64(at.Unix()/30)))
	sum := mac.Sum(nil)
	i := sum[len(sum)-1] & 15
	return fmt.Sprintf("%06d", binary.BigEndian.Uint32(sum[i:])&0x7fffffff%1_000_000)
}

func skippedOTP(d *desk) {
	b := d.browser()
	s := b.open(d.request("web")).send("username", "olga", "password", "olga-password").expect("login-login-otp")
	s.jumps()
	for _, p := range [][]string{{}, {"otp", ""}, {"otp", "000000", "selectedCredentialId", "none"}} {
		s = s.send(p...).expect("login-login-otp")
	}
	if s := b.twin().open(d.request("other")); s.page() != "login-login" {
		d.Errorf("another tab is signed in: %d %q %v", s.status, s.page(), s.location)
	}
	code := oneTimeCode(olgas, time.Now())
	tabs := []*shown{s}
	for range 3 {
		tabs = append(tabs, d.browser().open(d.request("web")).send("username", "olga", "password", "olga-password").expect("login-login-otp"))
	}
	var granted atomic.Int64
	var all sync.WaitGroup
	for _, tab := range tabs {
		all.Go(func() {
			if tab.submit("otp", code).query("code") != "" {
				granted.Add(1)
			}
		})
	}
	all.Wait()
	if granted.Load() != 1 {
		d.Errorf("a one-time code worked %d times", granted.Load())
	}
	q := d.post("token", pairs("grant_type", "password", "username", "olga", "password", "olga-password", "totp", code, "client_id", "web", "client_secret", "web-secret"))
	d.refused(q, "invalid_grant")
}

// startedActions has applications start what they must not.
func startedActions(d *desk) {
	b := d.browser()
	b.login("web", "mallory")
	for _, action := range []string{"nonsense", "OAUTH_GRANT", "auth-otp-form", "../account", "javascript:alert(1)", "VERIFY_PROFILE "} {
		if s := b.open(d.request("web", "kc_action", action)); s.query("kc_action_status") != "error" || s.query("code") == "" {
			d.Errorf("%q: %d %q %v", action, s.status, s.page(), s.location)
		}
	}
	s := b.open(d.request("web", "kc_action", "delete_account"))
	if s.page() == "login-delete-account-confirm" {
		d.Error("an old sign-in is enough to delete an account")
	}
	d.user("mallory") // is still there
}

// otherTab has a form of a tab whose browser signed somebody else in.
func otherTab(d *desk) {
	b := d.browser()
	first, second := b.open(d.request("web")).expect("login-login"), b.open(d.request("other")).expect("login-login")
	first.send("username", "mallory", "password", "mallory-password").granted("web")
	s := second.submit("username", "alice", "password", "alice-password")
	if s.query("code") != "" || s.status != http.StatusBadRequest {
		d.Errorf("one browser is two people: %d %v", s.status, s.location)
	}
	third := b.open(d.request("other", "prompt", "login")).expect("login-login")
	s = third.send("username", "alice", "password", "alice-password")
	if s.query("code") != "" {
		d.Errorf("who was asked to prove who they are proved that they are somebody else: %v", s.location)
	}
}

// levelsOfAssurance asks for more than was proven.
func levelsOfAssurance(d *desk) {
	d.client("web", func(c *realm.Client) { c.SignIn.ACR = map[string]int{"gold": 2, "silver": 1} })
	defer d.client("web", func(c *realm.Client) { c.SignIn.ACR = nil })
	b := d.browser()
	tokens := d.want(d.redeem("web", b.login("web", "alice", "acr_values", "gold")))
	if acr := claims(d.T, tokens.get("access_token"))["acr"]; acr != "silver" {
		d.Errorf("a password is %v", acr)
	}
	if s := b.open(d.request("web", "acr_values", "gold", "prompt", "none")); s.query("error") != "login_required" {
		d.Errorf("a session below the level is enough: %v", s.location)
	}
	essential := `{"id_token":{"acr":{"essential":true,"values":["platinum"]}}}`
	if s := b.open(d.request("web", "claims", essential)); s.status != http.StatusBadRequest || s.location != nil {
		d.Errorf("a level that nobody knows: %d %v", s.status, s.location)
	}
	tokens = d.want(d.redeem("web", b.open(d.request("web")).granted("web")))
	if acr := claims(d.T, tokens.get("access_token"))["acr"]; acr != "0" {
		d.Errorf("a session alone is %v", acr)
	}
}

// passwordChanged looks at who was signed in before.
func passwordChanged(d *desk) {
	thief, owner := d.browser(), d.browser()
	stolen := d.want(d.redeem("web", thief.login("web", "bob")))
	owner.login("web", "bob")
	page := owner.open(d.request("web", "kc_action", "UPDATE_PASSWORD")).expect("login-login-update-password")
	s := page.send("password-new", "bob-password2", "password-confirm", "bob-password2", "logout-sessions", "on")
	if s.granted("web"); s.query("kc_action_status") != "success" {
		d.Fatalf("%v", s.location)
	}
	thief.nobody()
	d.refused(d.refresh("web", stolen.get("refresh_token")), "invalid_grant")
	if owner.silent().query("code") == "" {
		d.Error("the owner was signed out too")
	}
	old := d.browser().open(d.request("web")).send("username", "bob", "password", "bob-password")
	old.expect("login-login")
	back := owner.open(d.request("web", "kc_action", "UPDATE_PASSWORD")).expect("login-login-update-password")
	back.send("password-new", "bob-password", "password-confirm", "bob-password").granted("web")
}

// flowSwitchedOff takes from a client what it may, while somebody signs in.
func flowSwitchedOff(d *desk) {
	p := []string{"response_type", "id_token token", "nonce", "n"}
	form := d.browser().open(d.request("hybrid", p...)).expect("login-login")
	d.client("hybrid", func(c *realm.Client) { c.ImplicitFlow = false })
	defer d.client("hybrid", func(c *realm.Client) { c.ImplicitFlow = true })
	s := form.send("username", "mallory", "password", "mallory-password")
	if s.location == nil || strings.Contains(s.location.Fragment, "token=") || !strings.Contains(s.location.Fragment, "error=unauthorized_client") {
		d.Errorf("%d %v", s.status, s.location)
	}
}
