package server_test

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"net/http"
	"net/url"
	"strings"

	"github.com/tokenhouse/tokenhouse/internal/core/realm"
	"github.com/tokenhouse/tokenhouse/internal/core/user"
)

// attackCookies looks at the cookies, and brings those of others and such as nobody made.
func attackCookies(d *desk) {
	d.run("attributes", cookieAttributes)
	d.run("session fixation", sessionFixation)
	d.run("identity that is none", falseIdentities)
	d.run("identity as a token", identityElsewhere)
	d.run("sign-in begun again", restarts)
}

func cookieAttributes(d *desk) {
	b := d.browser()
	first := b.open(d.request("web"))
	last := first.expect("login-login").submit("username", "alice", "password", "alice-password", "rememberMe", "on")
	last.granted("web")
	for _, c := range append(first.cookies, last.cookies...) {
		if c.MaxAge < 0 {
			continue
		}
		forScripts := c.Name == "KC_AUTH_SESSION_HASH" || c.Name == "KEYCLOAK_SESSION" // they prove nothing
		if !c.Secure || c.SameSite != http.SameSiteNoneMode || c.Path != "/realms/desk/" || c.Domain != "" || c.HttpOnly == forScripts {
			d.Errorf("cookie %s", c.Raw)
		}
	}
	if session, readable := last.query("session_state"), b.cookies["KEYCLOAK_SESSION"]; session == "" || strings.Contains(readable, session) {
		d.Errorf("scripts can read the session: %q", readable)
	}
}

// silent tells who is signed in: by a code, or by the error for nobody.
func (b *browser) silent() *shown {
	b.Helper()
	return b.open(b.request("web", "prompt", "none"))
}

// nobody asks that the browser is signed in as nobody.
func (b *browser) nobody() {
	b.Helper()
	if s := b.silent(); s.query("error") != "login_required" || s.query("code") != "" {
		b.Errorf("somebody is signed in: %d %v", s.status, s.location)
	}
}

// sessionFixation has a victim sign in with a cookie that the attacker knows, in the tab that the attacker began.
func sessionFixation(d *desk) {
	for name, way := range map[string]func(tab *shown) *shown{
		"a step is left": func(tab *shown) *shown {
			return tab.expect("login-login").send("username", "paul", "password", "paul-password").expect("login-login-update-password")
		},
		"the last step is done": func(tab *shown) *shown {
			s := tab.expect("login-login").send("username", "alice", "password", "alice-password")
			s.granted("web")
			return s
		},
	} {
		d.run(name, func(d *desk) {
			attacker := d.browser()
			begun, err := url.Parse(attacker.open(d.request("web")).expect("login-login").action())
			if err != nil {
				d.Fatal(err)
			}
			tab := begun.Query()
			tab.Del("session_code")
			planted := attacker.cookies["AUTH_SESSION_ID"]
			victim := attacker.twin()
			end := way(victim.open(d.below("/login-actions/authenticate?" + tab.Encode())))
			if id := end.query("session_state"); id == planted {
				d.Errorf("the session has the id that the attacker planted")
			}
			for _, path := range []string{"authenticate", "required-action"} {
				s := attacker.twin().open(d.below("/login-actions/" + path + "?" + tab.Encode()))
				if s.page() != "login-login" && s.page() != "login-error" {
					d.Errorf("the attacker goes on at %s: %d %q %v", path, s.status, s.page(), s.location)
				}
			}
			attacker.nobody()
		})
	}
}

// jwsPart is a part of a JWS.
func jwsPart(v any) string {
	text, _ := json.Marshal(v)
	return base64.RawURLEncoding.EncodeToString(text)
}

// falseIdentities brings as KEYCLOAK_IDENTITY what does not prove a session of the realm.
func falseIdentities(d *desk) {
	b := d.browser()
	tokens := d.want(d.redeem("web", b.login("web", "alice")))
	good := b.cookies["KEYCLOAK_IDENTITY"]
	b.open(d.request("other")).granted("other") // it is good
	restart := d.browser()
	restart.open(d.request("web"))
	annex := &desk{&arena{d.T, d.server, d.base, "annex"}, d.mail}
	foreign := annex.browser()
	foreign.login("web", "alice")

	parts := strings.Split(good, ".")
	payload, err := base64.RawURLEncoding.DecodeString(parts[1])
	if err != nil {
		d.Fatal(err)
	}
	var claims map[string]any
	if err := json.Unmarshal(payload, &claims); err != nil {
		d.Fatal(err)
	}
	public, err := json.Marshal(d.published())
	if err != nil {
		d.Fatal(err)
	}
	confused := jwsPart(map[string]any{"alg": "HS512", "typ": "JWT"}) + "." + parts[1]
	mac := hmac.New(sha256.New, public)
	mac.Write([]byte(jwsPart(map[string]any{"alg": "HS256", "typ": "JWT"}) + "." + parts[1]))
	for name, cookie := range map[string]string{
		"other realm's":         foreign.cookies["KEYCLOAK_IDENTITY"],
		"no signature":          jwsPart(map[string]any{"alg": "none"}) + "." + parts[1] + ".",
		"signature left out":    parts[0] + "." + parts[1] + ".",
		"signature cut":         good[:len(good)-4],
		"other payload":         parts[0] + "." + jwsPart(claims) + "x." + parts[2],
		"signed by public key":  jwsPart(map[string]any{"alg": "HS256", "typ": "JWT"}) + "." + parts[1] + "." + base64.RawURLEncoding.EncodeToString(mac.Sum(nil)),
		"signed by nothing":     confused + "." + base64.RawURLEncoding.EncodeToString(make([]byte, 64)),
		"signed by realm's key": d.sign("ES256", d.open(good)),
		"access token":          tokens.get("access_token"),
		"ID token":              tokens.get("id_token"),
		"refresh token":         tokens.get("refresh_token"),
		"request begun":         restart.cookies["KC_RESTART"],
		"empty":                 "",
		"no token":              "x",
	} {
		d.run(name, func(d *desk) {
			b := d.browser()
			b.cookies["KEYCLOAK_IDENTITY"] = cookie
			b.nobody()
		})
	}
	d.run("user switched off", func(d *desk) {
		d.changeUser("alice", func(u *user.User) { u.Enabled = false })
		defer d.changeUser("alice", func(u *user.User) { u.Enabled = true })
		b.twin().nobody()
	})
	d.run("not-before of the realm", func(d *desk) {
		before := d.current().NotBefore
		d.settings(func(s *realm.Settings) { s.NotBefore = 1 << 40 })
		defer d.settings(func(s *realm.Settings) { s.NotBefore = before })
		b.twin().nobody()
	})
	d.run("signed out", func(d *desk) {
		kept := b.twin()
		b.open(d.below("/protocol/openid-connect/logout?id_token_hint=" + tokens.get("id_token")))
		kept.nobody()
	})
}

// identityElsewhere brings the cookies that prove something where tokens are asked for.
func identityElsewhere(d *desk) {
	b := d.browser()
	b.open(d.request("web"))
	restart := b.cookies["KC_RESTART"]
	b.login("web", "alice")
	for name, cookie := range map[string]string{"identity": b.cookies["KEYCLOAK_IDENTITY"], "restart": restart} {
		if q := d.userinfo(cookie); q.status != http.StatusUnauthorized {
			d.Errorf("%s at userinfo: %v", name, q)
		}
		if q := d.introspect("web", cookie); q.members["active"] != false || len(q.members) != 1 {
			d.Errorf("%s is introspected: %s", name, q.text)
		}
		d.refused(d.refresh("web", cookie), "invalid_grant")
		if s := d.browser().open(d.below("/protocol/openid-connect/logout?id_token_hint=" + cookie)); s.status != http.StatusBadRequest {
			d.Errorf("%s as a hint for logout: %d", name, s.status)
		}
		if s := d.browser().open(d.below("/login-actions/action-token?key=" + cookie)); s.status != http.StatusBadRequest {
			d.Errorf("%s as the key of a letter: %d", name, s.status)
		}
	}
	own := d.browser()
	own.cookies = b.cookies
	own.header = http.Header{"X-Requested-With": {"XMLHttpRequest"}}
	q, err := http.NewRequestWithContext(d.Context(), "GET", d.below("/account"), nil)
	if err != nil {
		d.Fatal(err)
	}
	q.Header.Set("Accept", "application/json")
	for name, value := range b.cookies {
		q.AddCookie(&http.Cookie{Name: name, Value: value})
	}
	resp, err := http.DefaultClient.Do(q)
	if err != nil {
		d.Fatal(err)
	}
	if resp.Body.Close(); resp.StatusCode != http.StatusUnauthorized {
		d.Errorf("cookies open the account API, which any page can call: %d", resp.StatusCode)
	}
}

// restarts brings KC_RESTART where nothing else is left of a sign-in.
func restarts(d *desk) {
	b := d.browser()
	form := b.open(d.request("web", "scope", "openid profile")).expect("login-login")
	good := b.cookies["KC_RESTART"]
	annex := &desk{&arena{d.T, d.server, d.base, "annex"}, d.mail}
	foreign := annex.browser()
	foreign.open(annex.request("web"))
	signed := d.browser()
	signed.login("web", "alice")
	again := func(d *desk, cookie, action string) *shown {
		b := d.browser()
		if cookie != "" {
			b.cookies["KC_RESTART"] = cookie
		}
		return b.ask("POST", action, pairs("username", "alice", "password", "alice-password")).settle()
	}
	s := again(d, good, form.action())
	if s.expect("login-login"); s.cookies != nil && d.browser().cookies["KEYCLOAK_IDENTITY"] != "" {
		d.Error("the form signed somebody in whose sign-in is gone")
	}
	s.send("username", "alice", "password", "alice-password").granted("web")
	for name, cookie := range map[string]string{
		"none": "", "cut": good[:len(good)-4], "other realm's": foreign.cookies["KC_RESTART"], "identity": signed.cookies["KEYCLOAK_IDENTITY"],
		"unsigned": jwsPart(map[string]any{"alg": "none"}) + "." + strings.Split(good, ".")[1] + ".",
	} {
		if s := again(d, cookie, form.action()); s.status != http.StatusBadRequest || s.page() != "login-error" {
			d.Errorf("%s: %d %q %v", name, s.status, s.page(), s.location)
		}
	}
	elsewhere := strings.Replace(form.action(), "client_id=web", "client_id=other", 1)
	if s := again(d, good, elsewhere); s.status != http.StatusBadRequest {
		d.Errorf("at another client: %d %q", s.status, s.page())
	}
	d.client("web", func(c *realm.Client) { c.RedirectURIs = []string{"http://web.example/elsewhere"} })
	defer d.client("web", func(c *realm.Client) { c.RedirectURIs = []string{callback("web"), "http://web.example/deep/*"} })
	if s := again(d, good, form.action()); s.status != http.StatusBadRequest {
		d.Errorf("after the address was taken from the client: %d %q", s.status, s.page())
	}
	s = form.submit("username", "alice", "password", "alice-password")
	if s.query("code") != "" {
		d.Errorf("a sign-in that was under way leads to an address that was taken from the client: %v", s.location)
	}
}
