package server_test

import (
	"crypto/rand"
	"crypto/rsa"
	"encoding/base64"
	"encoding/json"
	"html"
	"net/url"
	"regexp"
	"strings"
	"time"

	"github.com/coreos/go-oidc/v3/oidc"
	"github.com/go-jose/go-jose/v4"
)

// logoutModules are those of the profile RP-Initiated Logout OP, in the order of its plan.
var logoutModules = []module{
	{"oidcc-rp-initiated-logout-discovery-endpoint-verification", func(x *trial) { x.has(discover(x), "end_session_endpoint") }},
	{"oidcc-rp-initiated-logout", func(x *trial) {
		x.signOut("id_token_hint", x.signedIn().ID, "post_logout_redirect_uri", x.goodbye, "state", "a-state")
		x.gone("a-state")
	}},
	{"oidcc-rp-initiated-logout-bad-post-logout-redirect-uri", func(x *trial) {
		x.signOut("id_token_hint", x.signedIn().ID, "post_logout_redirect_uri", "https://party.example/elsewhere")
		x.sees(400, "Invalid redirect uri")
		x.again("prompt", "none")
	}},
	{"oidcc-rp-initiated-logout-modified-id-token-hint", func(x *trial) {
		parts := strings.Split(x.signedIn().ID, ".")
		hint := base64.RawURLEncoding.EncodeToString([]byte(`{"alg":"none"}`)) + "." + parts[1] + "."
		x.signOut("id_token_hint", hint, "post_logout_redirect_uri", x.goodbye)
		x.sees(400, "Invalid parameter: id_token_hint")
		x.again("prompt", "none")
	}},
	{"oidcc-rp-initiated-logout-no-id-token-hint", func(x *trial) {
		x.signedIn()
		x.signOut("post_logout_redirect_uri", x.goodbye)
		x.sees(400, "Missing parameters: id_token_hint")
		x.again("prompt", "none")
	}},
	{"oidcc-rp-initiated-logout-no-params", func(x *trial) {
		x.signedIn()
		x.signOut()
		x.confirm()
	}},
	{"oidcc-rp-initiated-logout-no-post-logout-redirect-uri", func(x *trial) {
		x.signOut("id_token_hint", x.signedIn().ID, "state", "a-state")
		x.sees(200, "You are logged out")
		x.signedOut()
	}},
	{"oidcc-rp-initiated-logout-no-state", func(x *trial) {
		x.signOut("id_token_hint", x.signedIn().ID, "post_logout_redirect_uri", x.goodbye)
		x.gone("")
	}},
	{"oidcc-rp-initiated-logout-only-state", func(x *trial) {
		x.signedIn()
		x.signOut("state", "a-state")
		x.confirm()
	}},
	{"oidcc-rp-initiated-logout-query-added-to-post-logout-redirect-uri", func(x *trial) {
		x.signOut("id_token_hint", x.signedIn().ID, "post_logout_redirect_uri", x.goodbye+"?foo=bar")
		x.sees(400, "Invalid redirect uri")
		x.again("prompt", "none")
	}},
	{"oidcc-rp-initiated-logout-bad-id-token-hint", func(x *trial) {
		x.signOut("id_token_hint", forged(x, x.signedIn()), "post_logout_redirect_uri", x.goodbye)
		x.sees(400, "Invalid parameter: id_token_hint")
		x.again("prompt", "none")
	}},
}

// frontChannelModules are those of the profile Front-Channel Logout OP.
var frontChannelModules = []module{
	{"oidcc-frontchannel-logout-discovery-endpoint-verification", func(x *trial) {
		x.isTrue("frontchannel_logout_supported", "frontchannel_logout_session_supported")
		x.has(discover(x), "end_session_endpoint")
	}},
	{"oidcc-frontchannel-rp-initiated-logout", func(x *trial) {
		got := x.signedIn()
		x.signOut("id_token_hint", got.ID, "post_logout_redirect_uri", x.goodbye, "state", "a-state")
		x.sees(200, "<iframe")
		frame, err := url.Parse(x.linked(`<iframe[^>]* src="([^"]*)"`))
		if err != nil {
			x.Fatal(err)
		}
		q := frame.Query()
		if frame.Host != "framed.example" || frame.Path != "/leave" || len(q) != 2 || q.Get("iss") != x.issuer || q.Get("sid") != got.claims.Session || q.Get("sid") == "" {
			x.Errorf("the client is told by %s, the session is %s", frame, got.claims.Session)
		}
		if csp := x.header.Get("Content-Security-Policy"); !strings.Contains(csp, "framed.example") {
			x.Errorf("the page may not show the frame: %s", csp)
		}
		if to := x.linked(`<a[^>]* href="(https://framed[^"]*)"`); to != x.goodbye+"?state=a-state" {
			x.Errorf("then to %s", to)
		}
		x.signedOut()
	}},
}

// backChannelModules are those of the profile Back-Channel Logout OP.
var backChannelModules = []module{
	{"oidcc-backchannel-logout-discovery-endpoint-verification", func(x *trial) {
		x.isTrue("backchannel_logout_supported", "backchannel_logout_session_supported")
		x.has(discover(x), "end_session_endpoint")
	}},
	{"oidcc-backchannel-rp-initiated-logout", func(x *trial) {
		got := x.signedIn()
		x.signOut("id_token_hint", got.ID, "post_logout_redirect_uri", x.goodbye, "state", "a-state")
		x.gone("a-state")
		select {
		case form := <-x.called:
			if len(form) != 1 {
				x.Errorf("the client is told %v", form)
			}
			x.logoutToken(form.Get("logout_token"), got)
		case <-time.After(30 * time.Second):
			x.Error("the client is not told")
		}
	}},
}

// logoutToken checks a logout token (OpenID Connect Back-Channel Logout §2.6).
func (x *trial) logoutToken(compact string, of *grantedTokens) {
	x.Helper()
	verified, err := oidc.NewVerifier(x.issuer, x.keys, &oidc.Config{ClientID: x.id, Now: x.now}).Verify(x.ctx, compact)
	if err != nil {
		x.Fatal(err)
	}
	var c struct {
		ID      string                     `json:"jti"`
		Issued  int64                      `json:"iat"`
		Session string                     `json:"sid"`
		Nonce   *string                    `json:"nonce"`
		Events  map[string]json.RawMessage `json:"events"`
	}
	if err := verified.Claims(&c); err != nil {
		x.Fatal(err)
	}
	event := string(c.Events["http://schemas.openid.net/event/backchannel-logout"])
	if c.ID == "" || c.Issued == 0 || c.Nonce != nil || event != "{}" || c.Session != of.claims.Session || verified.Subject != of.token.Subject {
		x.Errorf("logout token %+v for %s, session %s of %s", c, verified.Subject, of.claims.Session, of.token.Subject)
	}
}

// signOut goes where a client sends people to sign out.
func (x *trial) signOut(pairs ...string) {
	x.Helper()
	q := url.Values{}
	for i := 0; i < len(pairs); i += 2 {
		q.Set(pairs[i], pairs[i+1])
	}
	x.open(x.metadata.EndSession + "?" + q.Encode())
}

// confirm says yes to signing out.
func (x *trial) confirm() {
	x.Helper()
	x.sees(200, "Do you want to log out?")
	x.submit("confirmLogout", "Logout")
	x.sees(200, "You are logged out")
	x.signedOut()
}

// gone expects that people came back to the client, with its state and nothing else, and are signed out.
func (x *trial) gone(state string) {
	x.Helper()
	x.leaves(x.goodbye)
	if x.told.Get("state") != state || len(x.told) > 1 || state == "" && len(x.told) > 0 {
		x.Errorf("the client was told %v", x.told)
	}
	x.signedOut()
}

func (x *trial) signedOut() {
	x.Helper()
	x.authorize("prompt", "none")
	x.refusedWith("login_required")
}

// linked is the address that the page has at a place.
func (x *trial) linked(place string) string {
	x.Helper()
	found := regexp.MustCompile(place).FindStringSubmatch(x.page)
	if found == nil {
		x.Fatalf("no %s:\n%s", place, x.page)
	}
	return html.UnescapeString(found[1])
}

// isTrue expects that discovery says so.
func (x *trial) isTrue(names ...string) {
	x.Helper()
	d := discover(x)
	for _, name := range names {
		if d[name] != true {
			x.Errorf("%s is %v", name, d[name])
		}
	}
}

// forged is an ID token with the claims and the key id of another, signed by somebody else.
func forged(x *trial, of *grantedTokens) string {
	x.Helper()
	key, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		x.Fatal(err)
	}
	signer, err := jose.NewSigner(jose.SigningKey{Algorithm: jose.RS256, Key: jose.JSONWebKey{Key: key, KeyID: of.head.KeyID}}, nil)
	if err != nil {
		x.Fatal(err)
	}
	payload, err := base64.RawURLEncoding.DecodeString(strings.Split(of.ID, ".")[1])
	if err != nil {
		x.Fatal(err)
	}
	signed, err := signer.Sign(payload)
	if err != nil {
		x.Fatal(err)
	}
	compact, err := signed.CompactSerialize()
	if err != nil {
		x.Fatal(err)
	}
	return compact
}
