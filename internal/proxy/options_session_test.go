package proxy_test

import (
	"fmt"
	"net/url"
	"strings"
	"testing"
	"time"
)

var sessionOptions = map[string]shown{
	"redirection-url": {see: both(asksBy("redirect_uri"), hears("X-Forwarded-Host")), want: map[string]string{
		"-":                            noGate + "redirection-url is needed",
		"https://gate.example":         "https://gate.example/oauth/callback, [gate.example]",
		"https://www.gate.example:444": "https://www.gate.example:444/oauth/callback, [www.gate.example:444]",
		"http://gate.example":          noGate + "cookies would never come back",
		"https://gate.example/x":       noGate + "more than scheme and host",
		"gate.example":                 noGate + "redirection-url"}},
	"base-uri": {see: both(finds("/oauth/health"), both(finds("/gate/oauth/health"), asksBy("redirect_uri"))), want: map[string]string{
		"-": "200, 401, https://gate.example/oauth/callback", "/gate": "401, 200, https://gate.example/gate/oauth/callback", "gate": noGate + "base-uri"}},
	"oauth-uri": {see: both(finds("/oauth/health"), both(finds("/in/health"), asksBy("redirect_uri"))), want: map[string]string{
		"-": "200, 401, https://gate.example/oauth/callback", "/in/": "401, 200, https://gate.example/in/callback", "/": noGate + "oauth-uri is empty", "in": noGate + "oauth-uri"}},
	"encryption-key": {see: func(t *testing.T, v *view) string {
		b := newGate(t, v.provider, nil).browser() // of a gatekeeper with the key that is called key
		passes(t, b.signIn("/"))
		b.gate = v.gate
		return fmt.Sprint("opens ", b.send("GET", "/").Code == 200)
	}, want: map[string]string{key: "opens true", strings.ToUpper(key): "opens false", "-": "opens false", key[:31]: noGate + "encryption-key has 31 bytes"}},
	"cookie-access-name": {see: cookie, want: map[string]string{"-": "__Host-kc-access=…; Path=/; HttpOnly; Secure; SameSite=Lax", "sid": "__Host-sid=…; Path=/; HttpOnly; Secure; SameSite=Lax",
		"a b": noGate + "cookie-access-name", "a(b": noGate + "cookie-access-name", "é": noGate + "cookie-access-name", "a[]": noGate + "cookie-access-name"}},
	"cookie-domain": {see: cookie, want: map[string]string{"-": "__Host-kc-access=…; Path=/; HttpOnly; Secure; SameSite=Lax",
		"gate.example": "__Secure-kc-access=…; Path=/; Domain=gate.example; HttpOnly; Secure; SameSite=Lax", ".example": "__Secure-kc-access=…; Path=/; Domain=example; HttpOnly; Secure; SameSite=Lax",
		"other.example": noGate + "cookie-domain", "te.example": noGate + "cookie-domain", "gate.example/": noGate + "cookie-domain"}},
	"secure-cookie": {also: flags{"redirection-url": "http://gate.example"}, see: cookie, want: map[string]string{"-": noGate + "cookies would never come back", "false": "kc-access=…; Path=/; HttpOnly; SameSite=Lax"}},
	"same-site-cookie": {see: cookie, want: map[string]string{"-": "__Host-kc-access=…; Path=/; HttpOnly; Secure; SameSite=Lax", "Strict": "__Host-kc-access=…; Path=/; HttpOnly; Secure; SameSite=Strict",
		"None": "__Host-kc-access=…; Path=/; HttpOnly; Secure; SameSite=None", "lax": noGate + "same-site-cookie"}},
	"enable-session-cookies": {see: cookie, want: map[string]string{"-": "__Host-kc-access=…; Path=/; HttpOnly; Secure; SameSite=Lax", "false": "__Host-kc-access=…; Path=/; Max-Age=300; HttpOnly; Secure; SameSite=Lax"}},
	// An issuer that does not say how long its tokens last.
	"access-token-duration": {also: flags{"enable-session-cookies": "false"}, given: func(_ *places, p *provider) { p.life, p.access["exp"] = 0, time.Now().Add(time.Hour).Unix() }, see: cookie,
		want: map[string]string{"-": "__Host-kc-access=…; Path=/; Max-Age=2592000; HttpOnly; Secure; SameSite=Lax", "10m": "__Host-kc-access=…; Path=/; Max-Age=600; HttpOnly; Secure; SameSite=Lax", "0s": noGate + "access-token-duration"}},
	"enable-refresh-tokens": {see: func(t *testing.T, v *view) string {
		b := v.browser()
		passes(t, b.signIn("/"))
		v.set(func() { v.life = time.Hour })
		v.skip(6 * time.Minute)
		return fmt.Sprint(b.open("/").Code, ", renewed ", v.count("refresh_token"))
	}, want: map[string]string{"-": "302, renewed 0", "true": "200, renewed 1"}},
	"enable-logout-redirect": {see: func(t *testing.T, v *view) string {
		b := v.browser()
		passes(t, b.signIn("/"))
		to, err := url.Parse(b.send("GET", "/oauth/logout?redirect=/bye", page...).Header().Get("Location"))
		if err != nil {
			t.Error(err)
		}
		return fmt.Sprint(to.Host != "", " ", to.Path, " ", to.Query().Get("post_logout_redirect_uri"))
	}, want: map[string]string{"-": "false /bye ", "true": "true /realms/shop/logout https://gate.example/bye"}},
}

// finds is the status of a path that is asked for without a token.
func finds(path string) func(*testing.T, *view) string {
	return func(_ *testing.T, v *view) string { return fmt.Sprint(v.ask("GET", path).Code) }
}

// cookie is the cookie of a session, without its value.
func cookie(_ *testing.T, v *view) string {
	b := v.browser()
	w := b.send("GET", b.atProvider(b.open("/")).RequestURI(), page...)
	for _, line := range w.Header()["Set-Cookie"] {
		if head, rest, ok := strings.Cut(line, "=1."); ok && !strings.Contains(head, "-login-") {
			_, attributes, _ := strings.Cut(rest, ";")
			return head + "=…;" + attributes
		}
	}
	return fmt.Sprintf("%d %q", w.Code, w.Header()["Set-Cookie"])
}
