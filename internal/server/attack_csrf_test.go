package server_test

import (
	"net/http"
	"net/url"
	"strings"
)

// attackForms has a page elsewhere send the forms of the sign-in in a browser that is on its way, or signed in.
func attackForms(d *desk) {
	d.run("forms without their code", forgedForms)
	d.run("login CSRF", loginCSRF)
	d.run("forms of other paths", misdirectedForms)
	d.run("logout", forgedLogout)
	d.run("frames", framed)
}

// forgedForms sends each form with all that a page elsewhere can know of it.
func forgedForms(d *desk) {
	for name, q := range map[string]struct {
		page string
		way  func(b *browser) *shown // to the page
		form url.Values
	}{
		"login": {"login-login", func(b *browser) *shown { return b.open(b.request("web")) },
			pairs("username", "mallory", "password", "mallory-password")},
		"registration": {"login-register", func(b *browser) *shown {
			return b.open(b.below("/protocol/openid-connect/registrations?") + parametersOf(b.request("web")))
		},
			pairs("username", "eve", "email", "eve@desk.example", "firstName", "Eve", "lastName", "Desk", "password", "eve-password", "password-confirm", "eve-password")},
		"update password": {"login-login-update-password", func(b *browser) *shown {
			return b.open(b.request("web")).send("username", "paul", "password", "paul-password")
		}, pairs("password-new", "stolen", "password-confirm", "stolen")},
		"consent": {"login-login-oauth-grant", func(b *browser) *shown {
			return b.open(b.request("asking", "scope", "openid profile")).send("username", "bob", "password", "bob-password")
		}, pairs("accept", "Yes")},
		"one-time code": {"login-login-otp", func(b *browser) *shown {
			return b.open(b.request("web")).send("username", "olga", "password", "olga-password")
		}, pairs("otp", "123456")},
	} {
		d.run(name, func(d *desk) {
			b := d.browser()
			s := q.way(b).expect(q.page)
			to, err := url.Parse(s.action())
			if err != nil {
				d.Fatal(err)
			}
			for how, change := range map[string]func(v, form url.Values){
				"no code":      func(v, form url.Values) { v.Del("session_code"); form.Del("code") },
				"guessed code": func(v, form url.Values) { v.Set("session_code", "guess"); form.Set("code", "guess") },
				"no tab":       func(v, form url.Values) { v.Del("tab_id"); form.Set("code", "guess") },
			} {
				at, v, form := *to, to.Query(), url.Values{}
				for name, values := range q.form {
					form[name] = values
				}
				change(v, form)
				at.RawQuery = v.Encode()
				if got := b.twin().ask("POST", at.String(), form); got.query("code") != "" || got.twin().cookies["KEYCLOAK_IDENTITY"] != "" {
					d.Errorf("%s: the form counts: %d %v", how, got.status, got.location)
				}
			}
			if got := d.browser().ask("POST", to.String(), q.form); got.query("code") != "" || len(got.cookies) > 0 && got.status != 200 && got.cookies[0].Name == "KEYCLOAK_IDENTITY" {
				d.Errorf("the form counts in another browser: %d %v", got.status, got.location)
			}
		})
	}
	if u, err := d.server.Store().UserByName(d.Context(), d.current().Key, "eve"); err == nil {
		d.Errorf("a forged form registered %s", u.Username)
	}
	b := d.browser()
	b.open(d.request("web")).send("username", "paul", "password", "paul-password").expect("login-login-update-password")
}

// parametersOf are the parameters of an address, as they stand in it.
func parametersOf(address string) string {
	_, q, _ := strings.Cut(address, "?")
	return q
}

// loginCSRF has a victim send the attacker's own sign-in, so that what they do then is done in the attacker's name.
func loginCSRF(d *desk) {
	attacker, victim := d.browser(), d.browser()
	form := attacker.open(d.request("web")).expect("login-login")
	victim.open(d.request("web")).expect("login-login")
	s := victim.ask("POST", form.action(), pairs("username", "mallory", "password", "mallory-password"))
	if s.query("code") != "" || victim.cookies["KEYCLOAK_IDENTITY"] != "" {
		d.Errorf("the victim is signed in: %d %v", s.status, s.location)
	}
	victim.nobody()
	// An answer that the attacker got is of no use in the victim's browser where the client looks at state: it comes
	// back as it was sent, and is not made up.
	s = attacker.open(form.request("web", "state", ""))
	if s.send("username", "mallory", "password", "mallory-password"); s.location != nil && s.location.Query().Has("state") {
		d.Errorf("a state was made up: %v", s.location)
	}
}

// misdirectedForms sends the form of one step to the address of another.
func misdirectedForms(d *desk) {
	for _, path := range []string{"registration", "reset-credentials", "required-action", "consent", "first-broker-login", "post-broker-login"} {
		b := d.browser()
		form := b.open(d.request("web")).expect("login-login")
		s := b.ask("POST", strings.Replace(form.action(), "/authenticate?", "/"+path+"?", 1), pairs("accept", "Yes", "username", "mallory")).settle()
		if s.query("code") != "" || b.cookies["KEYCLOAK_IDENTITY"] != "" {
			d.Errorf("%s: the password was skipped: %v", path, s.location)
		}
	}
}

// forgedLogout has a page elsewhere sign people out.
func forgedLogout(d *desk) {
	b := d.browser()
	mine := d.want(d.redeem("web", b.login("web", "alice")))
	other := d.browser()
	foreign := d.want(d.redeem("web", other.login("web", "bob")))
	logout := d.below("/protocol/openid-connect/logout")
	for name, address := range map[string]string{
		"nothing":               logout,
		"client":                logout + "?client_id=web&post_logout_redirect_uri=http%3A%2F%2Fweb.example%2Fbye",
		"another's ID token":    logout + "?id_token_hint=" + foreign.get("id_token"),
		"another client's name": logout + "?client_id=other&id_token_hint=" + mine.get("id_token"),
		"access token":          logout + "?id_token_hint=" + mine.get("access_token"),
	} {
		if s := b.twin().open(address); s.location != nil {
			d.Errorf("%s: leads to %v", name, s.location)
		}
		if s := b.twin().silent(); s.query("code") == "" {
			d.Fatalf("%s: signed out", name)
		}
	}
	page := b.open(logout).expect("login-logout-confirm")
	for name, code := range map[string]string{"none": "", "guess": "guess", "another browser's": other.open(logout).hidden().Get("session_code")} {
		if s := b.twin().ask("POST", page.action(), pairs("session_code", code, "confirmLogout", "Logout")); s.status != http.StatusBadRequest {
			d.Errorf("%s: %d", name, s.status)
		}
	}
	if b.silent().query("code") == "" {
		d.Fatal("signed out by a forged form")
	}
	page.submit("confirmLogout", "Logout")
	b.nobody()
}

// framed asks that no page with something to click can be shown in frames of other sites.
func framed(d *desk) {
	b := d.browser()
	for name, s := range map[string]*shown{
		"login":   b.open(d.request("web")),
		"error":   b.open(d.request("nobody")),
		"logout":  b.open(d.below("/protocol/openid-connect/logout")),
		"device":  b.open(d.below("/device")),
		"consent": d.browser().open(d.request("asking", "scope", "openid profile")).send("username", "bob", "password", "bob-password"),
	} {
		policy := s.header.Get("Content-Security-Policy")
		if !strings.Contains(policy, "frame-ancestors 'self'") || s.header.Get("X-Frame-Options") != "SAMEORIGIN" {
			d.Errorf("%s: %v", name, s.header)
		}
		if !strings.Contains(s.text, `http-equiv="Content-Security-Policy" content="default-src &#39;none&#39;`) || strings.Contains(s.text, "script-src 'unsafe-inline'") {
			d.Errorf("%s: the page may load anything", name)
		}
	}
	for _, path := range []string{"login-status-iframe.html", "3p-cookies/step1.html", "3p-cookies/step2.html"} { // for frames; nothing to click
		s := b.open(d.below("/protocol/openid-connect/" + path))
		if s.header.Get("X-Frame-Options") != "" || strings.Contains(s.text, "<form") || strings.Contains(s.text, "<button") {
			d.Errorf("%s: %v %s", path, s.header, s.text)
		}
	}
}
