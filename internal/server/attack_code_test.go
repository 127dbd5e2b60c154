package server_test

import (
	"crypto/sha256"
	"encoding/base64"
	"net/http"
	"net/url"
	"strings"
	"sync"
	"sync/atomic"

	"github.com/tokenhouse/tokenhouse/internal/core/realm"
	"github.com/tokenhouse/tokenhouse/internal/core/session"
	"github.com/tokenhouse/tokenhouse/internal/core/user"
)

// attackCodes steals codes, and brings them in other hands, twice, and after what they stand on is gone.
func attackCodes(d *desk) {
	d.run("T24 substitution", codeSubstitution)
	d.run("T33 PKCE", pkceDowngrade)
	d.run("twice", codeTwice)
	d.run("twice at once", codeTwiceAtOnce)
	d.run("T03 T04 what a code stands on", codeStands)
	d.run("mix-up", mixUp)
	d.run("tokens at other clients", refreshElsewhere)
}

// codeSubstitution brings codes with what does not belong to them. Each spends its code: the one who has it is warned.
func codeSubstitution(d *desk) {
	b := d.browser()
	b.login("web", "alice")
	for name, try := range map[string]struct {
		client string
		change func(code string) []string
	}{
		"another client":  {"other", func(string) []string { return []string{"redirect_uri", callback("web")} }},
		"a public client": {"spa", func(string) []string { return []string{"redirect_uri", callback("web")} }},
		"another address": {"web", func(string) []string { return []string{"redirect_uri", "http://web.example/deep/x"} }},
		"no address":      {"web", func(string) []string { return []string{"redirect_uri", ""} }},
		"a verifier":      {"web", func(string) []string { return []string{"code_verifier", strings.Repeat("v", 43)} }},
		"its id alone":    {"web", func(code string) []string { return []string{"code", code[:36]} }},
		"another session's id": {"web", func(code string) []string {
			return []string{"code", code[:36] + ".AAAAAAAAAAAAAAAAAAAAAAAA" + code[61:]}
		}},
		"one letter more": {"web", func(code string) []string { return []string{"code", code + "x"} }},
		"other case":      {"web", func(code string) []string { return []string{"code", strings.ToUpper(code)} }},
	} {
		code := b.open(d.request("web")).granted("web")
		d.refused(d.redeem(try.client, code, try.change(code)...), "invalid_grant")
		if try.change(code)[0] != "code" {
			d.refused(d.redeem("web", code), "invalid_grant")
		} else if q := d.redeem("web", code); q.status != http.StatusOK {
			d.Errorf("%s: another code spends this: %v", name, q)
		}
	}
	code := b.open(d.request("web")).granted("web")
	wrong := pairs("grant_type", "authorization_code", "code", code, "redirect_uri", callback("web"), "client_id", "web", "client_secret", "guess")
	d.refused(d.post("token", wrong), "unauthorized_client")
	wrong = pairs("grant_type", "authorization_code", "code", code, "redirect_uri", callback("web"), "client_id", "web")
	d.refused(d.post("token", wrong), "unauthorized_client")
	twice := pairs("grant_type", "authorization_code", "code", code, "code", "x", "redirect_uri", callback("web"), "client_id", "web", "client_secret", "web-secret")
	d.refused(d.post("token", twice), "invalid_request")
	d.want(d.redeem("web", code)) // none of these spent it
	annex := &desk{&arena{d.T, d.server, d.base, "annex"}, d.mail}
	code = b.open(d.request("web")).granted("web")
	annex.refused(annex.redeem("web", code), "invalid_grant")
	for _, grant := range []string{"refresh_token", "urn:ietf:params:oauth:grant-type:device_code"} {
		q := d.post("token", pairs("grant_type", grant, "refresh_token", code, "device_code", code, "client_id", "tv", "client_secret", "tv-secret"))
		d.refused(q, "invalid_grant")
	}
}

// s256 is the challenge of a verifier (RFC 7636 §4.2).
func s256(verifier string) string {
	sum := sha256.Sum256([]byte(verifier))
	return base64.RawURLEncoding.EncodeToString(sum[:])
}

// pkceDowngrade takes the challenge away, makes it weaker, or brings a verifier of another.
func pkceDowngrade(d *desk) {
	b := d.browser()
	b.login("web", "alice")
	verifier, other := strings.Repeat("a", 43), strings.Repeat("b", 43)
	bound := []string{"code_challenge", s256(verifier), "code_challenge_method", "S256"}
	for name, p := range map[string][]string{
		"none":            {},
		"plain":           {"code_challenge", verifier, "code_challenge_method", "plain"},
		"no method":       {"code_challenge", s256(verifier)},
		"no challenge":    {"code_challenge_method", "S256"},
		"other case":      {"code_challenge", s256(verifier), "code_challenge_method", "s256"},
		"short challenge": {"code_challenge", "short", "code_challenge_method", "S256"},
		"long challenge":  {"code_challenge", strings.Repeat("a", 129), "code_challenge_method", "S256"},
	} {
		if s := b.open(d.request("spa", p...)); s.query("error") != "invalid_request" || s.query("code") != "" || s.query("iss") != d.below("") {
			d.Errorf("%s: %v", name, s.location)
		}
	}
	for name, v := range map[string]string{"none": "", "another": other, "the challenge itself": s256(verifier), "cut": verifier[:42], "longer": verifier + "a"} {
		code := b.open(d.request("spa", bound...)).granted("spa")
		d.refused(d.redeem("spa", code, "code_verifier", v), "invalid_grant")
		if q := d.redeem("spa", code, "code_verifier", verifier); q.status == http.StatusOK {
			d.Errorf("%s: the code may be tried again", name)
		}
	}
	d.want(d.redeem("spa", b.open(d.request("spa", bound...)).granted("spa"), "code_verifier", verifier))

	// A client that is free to use PKCE is held to it where it did, and where somebody took it away.
	code := b.open(d.request("web", bound...)).granted("web")
	d.refused(d.redeem("web", code), "invalid_grant")
	code = b.open(d.request("web")).granted("web")
	d.refused(d.redeem("web", code, "code_verifier", verifier), "invalid_grant")

	// The verifier of one attempt is no use for the code of another.
	mine := b.open(d.request("spa", "code_challenge", s256(other), "code_challenge_method", "S256")).granted("spa")
	d.refused(d.redeem("spa", mine, "code_verifier", verifier), "invalid_grant")

	// A client that must use PKCE from now on gets nothing for a code without.
	code = b.open(d.request("other")).granted("other")
	d.client("other", func(c *realm.Client) { c.SignIn.PKCE = "S256" })
	defer d.client("other", func(c *realm.Client) { c.SignIn.PKCE = "" })
	d.refused(d.redeem("other", code), "invalid_grant")
}

// codeTwice uses a code again: all that came of it falls.
func codeTwice(d *desk) {
	b := d.browser()
	code := b.login("web", "alice")
	tokens := d.want(d.redeem("web", code))
	for range 2 {
		d.refused(d.redeem("web", code), "invalid_grant")
	}
	d.refused(d.refresh("web", tokens.get("refresh_token")), "invalid_grant")
	if q := d.userinfo(tokens.get("access_token")); q.status != http.StatusUnauthorized {
		d.Errorf("the access token is good: %v", q)
	}
	if q := d.introspect("web", tokens.get("access_token")); q.members["active"] != false {
		d.Errorf("the access token is active: %s", q.text)
	}
}

// codeTwiceAtOnce brings codes from two sides at the same moment: at most one is granted, and nothing of it lasts.
func codeTwiceAtOnce(d *desk) {
	b := d.browser()
	b.login("web", "alice")
	for range 10 {
		code := b.open(d.request("web")).granted("web")
		var granted atomic.Int64
		var refresh atomic.Value
		var all sync.WaitGroup
		for range 4 {
			all.Go(func() {
				if q := d.redeem("web", code); q.status == http.StatusOK {
					granted.Add(1)
					refresh.Store(q.get("refresh_token"))
				}
			})
		}
		all.Wait()
		if granted.Load() > 1 {
			d.Fatalf("%d got tokens for one code", granted.Load())
		}
		if granted.Load() == 1 {
			d.refused(d.refresh("web", refresh.Load().(string)), "invalid_grant")
		}
	}
}

// codeStands takes away what a code or a refresh token stands on before it is used.
func codeStands(d *desk) {
	for name, q := range map[string]struct{ take, back func() }{
		"user switched off":   {func() { d.changeUser("bob", off) }, func() { d.changeUser("bob", on) }},
		"client switched off": {func() { d.client("web", func(c *realm.Client) { c.Enabled = false }) }, func() { d.client("web", func(c *realm.Client) { c.Enabled = true }) }},
		"flow switched off":   {func() { d.client("web", func(c *realm.Client) { c.StandardFlow = false }) }, func() { d.client("web", func(c *realm.Client) { c.StandardFlow = true }) }},
		"realm switched off":  {func() { d.settings(func(s *realm.Settings) { s.Enabled = false }) }, func() { d.settings(func(s *realm.Settings) { s.Enabled = true }) }},
		"session ended":       {func() { d.endAll("bob") }, func() {}},
	} {
		d.run(name, func(d *desk) {
			b := d.browser()
			code := b.login("web", "bob")
			q.take()
			got := d.redeem("web", code)
			q.back()
			if got.status == http.StatusOK || got.get("access_token") != "" {
				d.Errorf("granted: %v", got)
			}
		})
	}
	d.run("scope taken from the client", func(d *desk) {
		b := d.browser()
		code := b.login("web", "bob", "scope", "openid profile")
		key := d.current().Scope("profile").Key
		d.client("web", func(c *realm.Client) { c.OptionalScopes = without(c.OptionalScopes, key) })
		defer d.client("web", func(c *realm.Client) { c.OptionalScopes = append(c.OptionalScopes, key) })
		if q := d.redeem("web", code); strings.Contains(q.get("scope"), "profile") {
			d.Errorf("the token has it: %v", q.get("scope"))
		}
	})
	d.run("consent withdrawn", func(d *desk) {
		b := d.browser()
		grant := b.open(d.request("asking", "scope", "openid profile")).send("username", "bob", "password", "bob-password")
		code := grant.expect("login-login-oauth-grant").submit("accept", "Yes").granted("asking")
		d.changeUser("bob", func(u *user.User) { u.Consents = nil })
		d.refused(d.redeem("asking", code), "invalid_scope")
	})
}

func off(u *user.User) { u.Enabled = false }
func on(u *user.User)  { u.Enabled = true }

func without(list []string, item string) []string {
	var out []string
	for _, s := range list {
		if s != item {
			out = append(out, s)
		}
	}
	return out
}

// endAll ends the sessions of a user.
func (d *desk) endAll(name string) {
	d.Helper()
	key := d.current().Key
	found, err := d.server.Store().FindSessions(d.Context(), key, session.Query{User: d.user(name).ID}, 0, -1)
	if err != nil {
		d.Fatal(err)
	}
	for _, s := range found {
		if err := d.server.Store().EndSession(d.Context(), key, s.ID, false); err != nil {
			d.Fatal(err)
		}
	}
}

// mixUp asks that every answer says who gives it (RFC 9207 §2), in whatever mode.
func mixUp(d *desk) {
	b := d.browser()
	b.login("web", "alice")
	for name, s := range map[string]*shown{
		"code":     b.open(d.request("web")),
		"error":    b.open(d.request("web", "response_type", "rubbish")),
		"scope":    b.open(d.request("web", "scope", "openid rubbish")),
		"silent":   d.browser().open(d.request("web", "prompt", "none")),
		"none":     b.open(d.request("web", "response_type", "none")),
		"fragment": b.open(d.request("web", "response_mode", "fragment")),
		"tokens":   b.open(d.request("hybrid", "response_type", "code id_token token", "nonce", "n")),
		"form":     b.open(d.request("web", "response_mode", "form_post")),
	} {
		v := s.hidden()
		if s.location != nil {
			if v = s.location.Query(); s.location.Fragment != "" {
				v, _ = url.ParseQuery(s.location.EscapedFragment())
			}
		}
		if got := v["iss"]; len(got) != 1 || got[0] != d.below("") {
			d.Errorf("%s: iss %q, %v %s", name, got, s.location, s.text)
		}
	}
	for name, s := range map[string]*shown{
		"code":  b.open(d.request("web", "response_mode", "jwt")),
		"error": b.open(d.request("web", "response_mode", "jwt", "scope", "openid rubbish")),
	} {
		c := claims(d.T, s.query("response"))
		if c["iss"] != d.below("") || c["aud"] != "web" || c["exp"] == nil || s.location.Query().Has("code") || s.location.Query().Has("error") {
			d.Errorf("signed %s: %v", name, c)
		}
	}
}

// refreshElsewhere brings the tokens of one client at another (T24).
func refreshElsewhere(d *desk) {
	b := d.browser()
	tokens := d.want(d.redeem("web", b.login("web", "alice")))
	d.refused(d.refresh("other", tokens.get("refresh_token")), "invalid_grant")
	d.refused(d.post("token", pairs("grant_type", "refresh_token", "refresh_token", tokens.get("refresh_token"), "client_id", "spa")), "invalid_grant")
	d.want(d.refresh("web", tokens.get("refresh_token")))
	d.changeUser("alice", off)
	defer d.changeUser("alice", on)
	d.refused(d.refresh("web", tokens.get("refresh_token")), "invalid_grant")
}
