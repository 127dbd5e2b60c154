package server_test

import (
	"fmt"
	"net/http"
	"net/url"
	"strings"

	"github.com/tokenhouse/tokenhouse/internal/core/realm"
)

// attackTexts puts markup, line breaks and sheer length where text is expected.
func attackTexts(d *desk) {
	d.run("markup", reflectedMarkup)
	d.run("headers", everyHeader)
	d.run("answers by form", answersByForm)
	d.run("T20 sizes", hugeRequests)
}

// hostile are texts that do something where they are put into a page as they are.
var hostile = []string{
	`<script>alert(1)</script>`, `"><img src=x onerror=alert(1)>`, `' onfocus='alert(1)`, `{{.}}`, `${doLogIn}<b>`, "</title><script>alert(1)</script>", `javascript:alert(1)`, "a\r\nSet-Cookie: x=y",
}

// raw tells whether markup of a text has come into a page.
func raw(page, text string) bool {
	for _, mark := range []string{"<script>alert", "<img src=x", "onfocus='alert", `<b>`, `href="javascript:`, `action="javascript:`, `src="javascript:`} {
		if strings.Contains(page, mark) {
			return true
		}
	}
	return strings.ContainsAny(text, "<\"") && strings.Contains(page, text)
}

// reflectedMarkup has each text that comes back on a page be markup.
func reflectedMarkup(d *desk) {
	b := d.browser()
	for _, text := range hostile {
		for _, p := range []string{"state", "scope", "login_hint", "ui_locales", "kc_locale", "response_type", "response_mode", "nonce", "claims", "kc_idp_hint", "kc_action", "prompt", "acr_values", "client_id", "redirect_uri", "max_age"} {
			s := b.twin().open(d.request("web", p, text))
			if raw(s.text, text) || s.header.Get("Set-Cookie") == "x=y" {
				d.Errorf("%s=%q is on the page: %s", p, text, s.text)
			}
			if s.location != nil && !strings.HasPrefix(s.location.String(), callback("web")+"?") {
				d.Errorf("%s=%q leads to %v", p, text, s.location)
			}
		}
		form := d.browser().open(d.request("web")).expect("login-login")
		for name, s := range map[string]*shown{
			"user name": form.send("username", text, "password", "x"),
			"user code": b.ask("POST", d.below("/device"), pairs("device_user_code", text)),
			"status":    b.open(d.below("/device/status?" + pairs("error", text).Encode())),
			"realm":     b.open(d.base + "/realms/" + url.PathEscape(text) + "/protocol/openid-connect/auth"),
			"logout":    b.open(d.below("/protocol/openid-connect/logout?" + pairs("client_id", text, "state", text).Encode())),
			"action":    b.open(d.below("/login-actions/" + url.PathEscape(text))),
			"broker":    b.open(d.below("/broker/" + url.PathEscape(text) + "/login")),
			"key":       b.open(d.below("/login-actions/action-token?" + pairs("key", text).Encode())),
			"frame":     b.open(d.below("/protocol/openid-connect/login-status-iframe.html?" + pairs("client_id", text, "origin", text).Encode())),
			"account":   b.open(d.below("/account?" + pairs("referrer", text, "referrer_uri", text).Encode())),
		} {
			html := strings.HasPrefix(s.header.Get("Content-Type"), "text/html")
			if html && raw(s.text, text) {
				d.Errorf("%s %q is on the page: %s", name, text, s.text)
			}
		}
		register := d.browser()
		s := register.open(d.below("/protocol/openid-connect/registrations?")+parametersOf(d.request("web"))).expect("login-register").
			send("username", text, "email", text, "firstName", text, "lastName", text, "password", "a", "password-confirm", "b")
		if raw(s.text, text) {
			d.Errorf("registration %q is on the page: %s", text, s.text)
		}
	}
	for _, text := range hostile[:6] {
		d.settings(func(s *realm.Settings) { s.Internationalize = true })
		s := d.browser().open(d.request("asking", "scope", "openid profile")).send("username", "mallory", "password", "mallory-password")
		if s.expect("login-login-oauth-grant"); raw(s.text, text) { // its name and the realm's are markup
			d.Errorf("names are on the page: %s", s.text)
		}
	}
	d.settings(func(s *realm.Settings) { s.Internationalize = false })
}

// everyHeader looks at the headers of every kind of answer.
func everyHeader(d *desk) {
	b := d.browser()
	signed := d.browser()
	tokens := d.want(d.redeem("web", signed.login("web", "alice")))
	auth := d.below("/protocol/openid-connect/auth")
	form := b.open(d.request("web"))
	answers := map[string]struct {
		*shown
		kept bool // may be kept: it says nothing about anybody
	}{
		"page of sign-in":         {form, false},
		"page of a wrong form":    {form.submit("username", "alice", "password", "guess"), false},
		"page of an error":        {b.open(auth), true},
		"code":                    {signed.open(d.request("web")), false},
		"error to the client":     {b.open(d.request("web", "prompt", "none")), false},
		"tokens by fragment":      {signed.open(d.request("hybrid", "response_type", "code id_token token", "nonce", "n")), false},
		"code by form":            {signed.open(d.request("web", "response_mode", "form_post")), false},
		"redirect on the way":     {d.browser().ask("GET", d.below("/login-actions/restart?tab_id=x&client_id=web"), nil), true},
		"page of consent":         {d.browser().open(d.request("asking", "scope", "openid profile")).send("username", "mallory", "password", "mallory-password"), false},
		"page of device":          {b.open(d.below("/device")), false},
		"page of logout":          {signed.open(d.below("/protocol/openid-connect/logout")), false},
		"tokens":                  {b.ask("POST", d.below("/protocol/openid-connect/token"), pairs("grant_type", "refresh_token", "refresh_token", tokens.get("refresh_token"), "client_id", "web", "client_secret", "web-secret")), false},
		"refusal of tokens":       {b.ask("POST", d.below("/protocol/openid-connect/token"), pairs("grant_type", "refresh_token")), false},
		"user's claims":           {b.ask("POST", d.below("/protocol/openid-connect/userinfo"), pairs("access_token", tokens.get("access_token"))), false},
		"no such address":         {b.open(d.below("/nonsense")), true},
		"no such realm":           {b.open(d.base + "/realms/nonsense"), true},
		"resource":                {b.open(d.base + "/resources/nonsense.css"), true},
		"account":                 {b.open(d.below("/account")), true},
		"discovery":               {b.open(d.below("/.well-known/openid-configuration")), true},
		"status iframe":           {b.open(d.below("/protocol/openid-connect/login-status-iframe.html")), true},
		"third-party cookies":     {b.open(d.below("/protocol/openid-connect/3p-cookies/step1.html")), true},
		"answer to a HEAD":        {b.ask("HEAD", d.request("web"), nil), false},
		"method that is not":      {b.ask("PUT", auth, url.Values{}), true},
		"administration, refused": {b.open(d.base + "/admin/realms"), true},
	}
	for name, s := range answers {
		for header, want := range map[string]string{
			"Referrer-Policy": "no-referrer", "X-Content-Type-Options": "nosniff", "X-Robots-Tag": "none", "Strict-Transport-Security": "max-age=31536000; includeSubDomains",
		} {
			if got := s.header[header]; len(got) != 1 || got[0] != want {
				d.Errorf("%s: %s is %q", name, header, got)
			}
		}
		caching := s.header.Get("Cache-Control")
		if !s.kept && !strings.Contains(caching, "no-store") && !strings.Contains(caching, "no-cache") {
			d.Errorf("%s may be kept: %q", name, caching)
		}
		if strings.HasPrefix(s.header.Get("Content-Type"), "text/html") && s.header.Get("Content-Security-Policy") == "" {
			d.Errorf("%s has no policy", name)
		}
		if got := s.header.Get("Access-Control-Allow-Origin"); got != "" && name != "discovery" {
			d.Errorf("%s may be read by %s", name, got)
		}
		if s.header.Get("Server") != "" || s.header.Get("X-Powered-By") != "" {
			d.Errorf("%s says what runs here: %v", name, s.header)
		}
	}
}

// answersByForm has the page that sends an answer on hold what would leave its form.
func answersByForm(d *desk) {
	b := d.browser()
	b.login("web", "alice")
	for _, text := range hostile {
		s := b.open(d.request("web", "response_mode", "form_post", "state", text))
		if s.action() != callback("web") || s.hidden().Get("state") != strings.ReplaceAll(text, "\r\n", "\r\n") || raw(s.text, text) {
			d.Errorf("%q: to %s, %q\n%s", text, s.action(), s.hidden().Get("state"), s.text)
		}
	}
}

// hugeRequests sends much: it is refused, or bounded.
func hugeRequests(d *desk) {
	b := d.browser()
	long := strings.Repeat("x", 3900)
	for name, p := range map[string][]string{
		"state": {"state", long}, "nonce": {"nonce", long}, "login_hint": {"login_hint", long}, "claims": {"claims", `{"id_token":{"` + long + `":null}}`},
		"prompt": {"prompt", strings.Repeat("login ", 600)}, "acr_values": {"acr_values", strings.Repeat("1 ", 1900)}, "locales": {"ui_locales", strings.Repeat("de ", 1200)},
	} {
		if s := b.twin().open(d.request("web", p...)); s.status != http.StatusOK && s.status != http.StatusBadRequest && s.status != http.StatusRequestHeaderFieldsTooLarge {
			d.Errorf("%s: %d", name, s.status)
		}
	}
	for name, q := range map[string]*shown{
		"many scopes":     b.twin().open(d.request("web", "scope", "openid "+strings.Repeat("profile ", 400))),
		"many parameters": b.twin().ask("POST", d.below("/protocol/openid-connect/auth"), many(300)),
		"long parameter":  b.twin().ask("POST", d.below("/protocol/openid-connect/auth"), pairs("client_id", "web", "redirect_uri", callback("web"), "response_type", "code", "state", strings.Repeat(long, 10))),
		"long body":       b.twin().ask("POST", d.below("/protocol/openid-connect/auth"), pairs("client_id", "web", "state", strings.Repeat(long, 40))),
		"deep claims":     b.twin().ask("POST", d.below("/protocol/openid-connect/auth"), pairs("client_id", "web", "redirect_uri", callback("web"), "response_type", "code", "claims", strings.Repeat(`{"a":`, 700))),
	} {
		if q.query("code") != "" || q.status >= 500 {
			d.Errorf("%s: %d %v", name, q.status, q.location)
		}
	}
	many := d.browser()
	many.cookies["AUTH_SESSION_ID"] = strings.Repeat("x", 5000)
	many.cookies["KC_RESTART"] = strings.Repeat("x.", 5000)
	many.open(d.request("web")).expect("login-login")

	// The tabs of a browser are bounded: the last stands, the first has to begin again.
	tabs := d.browser()
	first := tabs.open(d.request("web", "state", "first")).expect("login-login")
	var last *shown
	for i := range 60 {
		last = tabs.open(d.request("web", "state", fmt.Sprint(i)))
	}
	stored, err := d.server.Store().Login(d.Context(), d.current().Key, tabs.cookies["AUTH_SESSION_ID"])
	if err != nil {
		d.Fatal(err)
	}
	if len(stored.Tabs) != 50 {
		d.Errorf("%d tabs are kept", len(stored.Tabs))
	}
	if s := first.twin().ask("POST", first.action(), pairs("username", "alice", "password", "alice-password")); s.query("code") != "" {
		d.Errorf("a tab that was given up goes on: %v", s.location)
	}
	if s := last.send("username", "alice", "password", "alice-password"); s.query("state") != "59" {
		d.Errorf("%d %v", s.status, s.location)
	}
}

// many is a form of n fields.
func many(n int) url.Values {
	v := pairs("client_id", "web", "redirect_uri", callback("web"), "response_type", "code")
	for i := range n {
		v.Set(fmt.Sprint("p", i), "x")
	}
	return v
}
