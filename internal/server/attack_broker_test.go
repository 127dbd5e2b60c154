package server_test

import (
	"bytes"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"fmt"
	"maps"
	"net/http"
	"net/url"
	"strings"
	"time"

	"github.com/go-jose/go-jose/v4"

	"github.com/tokenhouse/tokenhouse/internal/core/realm"
	"github.com/tokenhouse/tokenhouse/internal/core/user"
	"github.com/tokenhouse/tokenhouse/internal/server"
)

// attackBroker is after people who come from identity providers.
func attackBroker(c *club) {
	c.run("states", strangeStates)
	c.run("mix-up", mixedUp)
	c.run("ID tokens", forgedIDTokens)
	c.run("accounts of others", claimedAccounts)
	c.run("answers", hostileAnswers)
	c.run("logout tokens", forgedLogouts)
	c.run("stored tokens", storedTokens)
	c.run("switched off", closedProviders)
	c.run("private addresses", privateProviders)
}

// kept asks that an answer from a provider let nobody in.
func (c *club) kept(name string, s *shown) {
	c.Helper()
	if s.query("code") != "" || s.browser.cookies["KEYCLOAK_IDENTITY"] != "" {
		c.Errorf("%s: somebody is in: %d %v", name, s.status, s.location)
	}
	s.browser.nobody()
}

// strangeStates has browsers come back that did not leave, or came back before: login CSRF (RFC 9700 §4.7).
func strangeStates(c *club) {
	attacker, victim := c.browser(), c.browser()
	q, own := c.leaves(attacker, "up"), c.leaves(victim, "up")
	c.up.gives("attackers", says(c.T, jose.ES256, c.up.key, "k", c.person(q, "bob-there", nil)))
	parts, hers := strings.Split(q.Get("state"), "."), strings.Split(own.Get("state"), ".")
	for name, state := range map[string]string{
		"attacker's":                      q.Get("state"),
		"attacker's secret, victim's tab": strings.Join(append([]string{parts[0]}, hers[1:]...), "."),
		"victim's secret, attacker's tab": strings.Join(append([]string{hers[0]}, parts[1:]...), "."),
		"none of the secret":              strings.Join(append([]string{""}, hers[1:]...), "."),
		"empty":                           "",
		"nonsense":                        "a.b.c.d",
		"twice":                           own.Get("state") + own.Get("state"),
	} {
		c.kept(name, c.back(victim, "up", "state", state, "code", "attackers"))
		c.kept(name+", without cookies", c.back(c.browser(), "up", "state", state, "code", "attackers"))
	}
	if c.up.count("/up/token") != 0 {
		c.Error("a code was redeemed that did not come for the browser")
	}

	// It was not used up by that, and works once: with another code, too, it does not work again.
	c.back(attacker, "up", "state", q.Get("state"), "code", "attackers").settle().granted("web")
	again := attacker.twin()
	delete(again.cookies, "KEYCLOAK_IDENTITY")
	for _, code := range []string{"attackers", "another"} {
		c.kept("a second time, with code "+code, c.back(again, "up", "state", q.Get("state"), "code", code))
	}
	if n := c.up.count("/up/token"); n != 1 {
		c.Errorf("redeemed %d times", n)
	}
}

// mixedUp brings the answer of one provider as that of another (RFC 9700 §4.4).
func mixedUp(c *club) {
	b := c.browser()
	q := c.leaves(b, "up")
	c.up.gives("mixed", says(c.T, jose.ES256, c.up.key, "k", c.person(q, "bob-there", nil)))
	before := c.up.count("/twin/token") + c.up.count("/up/token")
	c.kept("at the other endpoint", c.back(b, "twin", "state", q.Get("state"), "code", "mixed"))
	c.kept("with the other issuer", c.back(b, "up", "state", q.Get("state"), "code", "mixed", "iss", c.up.URL+"/twin"))
	if now := c.up.count("/twin/token") + c.up.count("/up/token"); now != before {
		c.Error("the code went to a provider")
	}
	b = c.browser()
	q = c.leaves(b, "twin")
	c.up.gives("twins", says(c.T, jose.ES256, c.up.key, "k", c.person(q, "bob-there", nil)))
	c.kept("an ID token of the other", b.ask502(c.below("/broker/twin/endpoint?"+pairs("state", q.Get("state"), "code", "twins").Encode())))

	// The same name at another provider is somebody else.
	b = c.browser()
	q = c.leaves(b, "twin")
	c.up.gives("same", says(c.T, jose.ES256, c.up.key, "k", c.person(q, "bob-there", map[string]any{"iss": c.up.URL + "/twin"})))
	s := c.back(b, "twin", "state", q.Get("state"), "code", "same").settle().expect("login-idp-review-user-profile")
	c.kept("the same name", s)
}

// forgedIDTokens has the token endpoint give ID tokens that prove nothing (OpenID Connect Core §3.1.3.7).
func forgedIDTokens(c *club) {
	other, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		c.Fatal(err)
	}
	der, err := x509.MarshalPKIXPublicKey(c.up.key.Public())
	if err != nil {
		c.Fatal(err)
	}
	change := func(name string, value any) func(url.Values) string {
		return func(q url.Values) string {
			return says(c.T, jose.ES256, c.up.key, "k", c.person(q, "bob-there", map[string]any{name: value}))
		}
	}
	now := time.Now()
	for name, token := range map[string]func(q url.Values) string{
		"none":              func(url.Values) string { return "" },
		"nonsense":          func(url.Values) string { return "a.b.c" },
		"other key":         func(q url.Values) string { return says(c.T, jose.ES256, other, "k", c.person(q, "bob-there", nil)) },
		"other key's id":    func(q url.Values) string { return says(c.T, jose.ES256, other, "o", c.person(q, "bob-there", nil)) },
		"alg none":          func(q url.Values) string { return bare(`{"alg":"none"}`, c.person(q, "bob-there", nil)) },
		"alg None":          func(q url.Values) string { return bare(`{"alg":"None","kid":"k"}`, c.person(q, "bob-there", nil)) },
		"no signature":      func(q url.Values) string { return bare(`{"alg":"ES256","kid":"k"}`, c.person(q, "bob-there", nil)) },
		"public key as MAC": func(q url.Values) string { return says(c.T, jose.HS256, der, "k", c.person(q, "bob-there", nil)) },
		"client secret as MAC": func(q url.Values) string {
			return says(c.T, jose.HS256, append([]byte("of the club"), make([]byte, 32)...), "k", c.person(q, "bob-there", nil))
		},
		"of this server":        func(url.Values) string { return c.signIn("web", "bob", "openid").get("id_token") },
		"other issuer":          change("iss", c.up.URL+"/twin"),
		"no issuer":             change("iss", nil),
		"issuer with a slash":   change("iss", c.up.URL+"/up/"),
		"other audience":        change("aud", "another"),
		"audience like ours":    change("aud", "club2"),
		"no audience":           change("aud", nil),
		"two audiences, no azp": change("aud", []string{"club", "another"}),
		"issued to another":     change("azp", "another"),
		"other nonce":           change("nonce", "another"),
		"no nonce":              change("nonce", nil),
		"empty nonce":           change("nonce", ""),
		"no subject":            change("sub", nil),
		"subject of no text":    change("sub", 7),
		"expired":               change("exp", now.Add(-time.Minute).Unix()),
		"never expires":         change("exp", nil),
		"from the future":       change("iat", now.Add(time.Hour).Unix()),
		"not yet":               change("nbf", now.Add(time.Hour).Unix()),
	} {
		b := c.browser()
		q := c.leaves(b, "up")
		c.up.gives("forged", token(q))
		s := b.ask502(c.below("/broker/up/endpoint?" + pairs("state", q.Get("state"), "code", "forged").Encode()))
		if s.status != http.StatusBadGateway {
			c.Errorf("%s: %d %v", name, s.status, s.location)
		}
		c.kept(name, s)
	}
	c.comes(c.browser(), "bob-there", nil).granted("web")
}

// ask502 is a GET whose refusal is that of a provider, not our own fault.
func (b *browser) ask502(address string) *shown {
	b.Helper()
	quiet := b.twin()
	q, err := http.NewRequestWithContext(b.Context(), http.MethodGet, address, nil)
	if err != nil {
		b.Fatal(err)
	}
	for name, value := range b.cookies {
		q.AddCookie(&http.Cookie{Name: name, Value: value})
	}
	maps.Copy(q.Header, b.header)
	q.Header.Set("Accept", "text/html")
	resp, err := http.DefaultTransport.RoundTrip(q)
	if err != nil {
		b.Fatal(err)
	}
	resp.Body.Close()
	for _, k := range resp.Cookies() {
		quiet.cookies[k.Name] = k.Value
	}
	out := &shown{browser: quiet, status: resp.StatusCode, header: resp.Header}
	out.location, _ = resp.Location()
	return out
}

// claimedAccounts has a provider's people claim accounts that are there: nobody gets one by a name or an address.
func claimedAccounts(c *club) {
	alice := map[string]any{"email": "alice@desk.example", "email_verified": true, "given_name": "Alice", "family_name": "Desk", "preferred_username": "alice"}
	for name, more := range map[string]map[string]any{
		"verified":   {"email_verified": true},
		"unverified": {"email_verified": false},
		"unsaid":     {"email_verified": nil},
		"other case": {"email": "ALICE@desk.example"},
		"only name":  {"email": "else@desk.example"},
	} {
		b := c.browser()
		claims := maps.Clone(alice)
		maps.Copy(claims, more)
		s := c.comes(b, "mallory-there", claims).expect("login-login-idp-link-confirm")
		c.kept(name, s)
		c.kept(name+", the end of the way at once", b.twin().open(c.below("/broker/after-first-broker-login?")+mustQuery(s.action()).Encode()))
		s = c.comes(b, "mallory-there", claims).send("submitAction", "linkAccount")
		c.mail.next(c.T) // to alice, who does not follow it
		c.kept(name+", a letter", s.expect("login-login-idp-link-email"))
	}
	if len(c.user("alice").Links) != 0 {
		c.Errorf("alice is linked to %v", c.user("alice").Links)
	}
	// A letter opened by its owner, in her own browser, does not link what somebody else began.
	b := c.browser()
	olga := map[string]any{"email": "olga@desk.example", "email_verified": true, "given_name": "O", "family_name": "D", "preferred_username": "mallory-too"}
	c.comes(b, "mallory-two", olga).send("submitAction", "linkAccount").expect("login-login-idp-link-email")
	link := c.mail.next(c.T).link(c.T)
	if s := c.browser().open(link); s.status != http.StatusBadRequest || len(c.user("olga").Links) != 0 {
		c.Errorf("by its owner's click: %d, %v", s.status, c.user("olga").Links)
	}
	b.nobody()
}

// hostileAnswers has the provider answer too much, elsewhere, or with markup.
func hostileAnswers(c *club) {
	for name, by := range map[string]http.HandlerFunc{
		"redirect": func(w http.ResponseWriter, r *http.Request) {
			http.Redirect(w, r, c.up.URL+"/stolen", http.StatusTemporaryRedirect)
		},
		"much":        func(w http.ResponseWriter, _ *http.Request) { _, _ = w.Write(bytes.Repeat([]byte(" "), 300<<10)) },
		"a page":      func(w http.ResponseWriter, _ *http.Request) { fmt.Fprint(w, "<script>alert(1)</script>") },
		"an error":    func(w http.ResponseWriter, _ *http.Request) { fmt.Fprint(w, `{"error":"<script>alert(1)</script>"}`) },
		"names twice": func(w http.ResponseWriter, _ *http.Request) { fmt.Fprint(w, `{"access_token":"a","access_token":"b"}`) },
	} {
		b := c.browser()
		q := c.leaves(b, "up")
		c.up.answer("hostile", by)
		s := b.ask502(c.below("/broker/up/endpoint?" + pairs("state", q.Get("state"), "code", "hostile").Encode()))
		if s.status != http.StatusBadGateway || c.up.count("/stolen") != 0 {
			c.Errorf("%s: %d, redirect followed %d times", name, s.status, c.up.count("/stolen"))
		}
		c.kept(name, s)
	}
	b := c.browser()
	q := c.leaves(b, "up")
	if s := c.back(b, "up", "state", q.Get("state"), "error", "<script>alert(1)</script>", "error_description", "<script>"); strings.Contains(s.text, "<script>alert") {
		c.Errorf("a script is shown: %s", s.text)
	}
}

// forgedLogouts ends nobody's session but by a logout token of their provider, which works once
// (Back-Channel Logout 1.0 §2.6).
func forgedLogouts(c *club) {
	b := c.browser()
	c.comes(b, "bob-there", nil).granted("web")
	const event = "http://schemas.openid.net/event/backchannel-logout"
	claims := func(more map[string]any) map[string]any {
		out := c.person(url.Values{}, "bob-there", map[string]any{"nonce": nil, "jti": rand.Text(), "events": map[string]any{event: map[string]any{}}})
		for k, v := range more {
			if out[k] = v; v == nil {
				delete(out, k)
			}
		}
		return out
	}
	signed := func(more map[string]any) string { return says(c.T, jose.ES256, c.up.key, "k", claims(more)) }
	out := func(token string) int {
		return b.ask("POST", c.below("/protocol/openid-connect/logout/backchannel-logout"), pairs("logout_token", token)).status
	}
	other, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		c.Fatal(err)
	}
	for name, token := range map[string]string{
		"empty":           "",
		"nonsense":        "a.b.c",
		"alg none":        bare(`{"alg":"none"}`, claims(nil)),
		"other key":       says(c.T, jose.ES256, other, "k", claims(nil)),
		"other issuer":    signed(map[string]any{"iss": "https://evil.example"}),
		"other audience":  signed(map[string]any{"aud": "another"}),
		"no audience":     signed(map[string]any{"aud": nil}),
		"with a nonce":    signed(map[string]any{"nonce": "n"}),
		"an ID token":     signed(map[string]any{"events": nil}),
		"other event":     signed(map[string]any{"events": map[string]any{"urn:x": map[string]any{}}}),
		"no id":           signed(map[string]any{"jti": nil}),
		"of nobody":       signed(map[string]any{"sub": nil, "sid": nil}),
		"old":             signed(map[string]any{"iat": time.Now().Add(-time.Hour).Unix(), "exp": nil}),
		"expired":         signed(map[string]any{"exp": time.Now().Add(-time.Minute).Unix()}),
		"from the future": signed(map[string]any{"iat": time.Now().Add(time.Hour).Unix()}),
	} {
		if status := out(token); status != http.StatusBadRequest {
			c.Errorf("%s: %d", name, status)
		}
	}
	for name, more := range map[string]map[string]any{
		"somebody else's":      {"sub": "else", "sid": nil},
		"another session":      {"sub": "bob-there", "sid": "other"},
		"of the twin provider": {"iss": c.up.URL + "/twin"},
	} {
		if out(signed(more)); b.twin().silent().query("code") == "" {
			c.Fatalf("%s: the session is over", name)
		}
	}
	good := signed(nil)
	if status := out(good); status != http.StatusOK {
		c.Errorf("a good one: %d", status)
	}
	b.nobody()
	b = c.browser()
	c.comes(b, "bob-there", nil).granted("web")
	if status := out(good); status != http.StatusBadRequest || b.twin().silent().query("code") == "" {
		c.Errorf("a second time: %d", status)
	}
}

// storedTokens asks for what the provider gave for bob, by tokens that must not have it.
func storedTokens(c *club) {
	code := c.comes(c.browser(), "bob-there", nil).granted("web")
	tokens := c.redeem("web", code)
	ask := func(token string) int {
		b := c.browser()
		b.header.Set("Authorization", "Bearer "+token)
		return b.ask502(c.below("/broker/up/token")).status
	}
	for name, q := range map[string]struct {
		token string
		want  int
	}{
		"none":          {"", 400},
		"nonsense":      {"x.y.z", 400},
		"refresh token": {tokens.get("refresh_token"), 400},
		"ID token":      {tokens.get("id_token"), 400},
		"without role":  {tokens.get("access_token"), 403},
		"somebody else": {c.signIn("web", "alice", "openid").get("access_token"), 403},
	} {
		if status := ask(q.token); status != q.want {
			c.Errorf("%s: %d, want %d", name, status, q.want)
		}
	}
	role := c.current().Role(realm.RoleRef{Client: "broker", Name: "read-token"})
	for _, name := range []string{"alice", "bob"} {
		c.changeUser(name, func(u *user.User) { u.Roles = append(u.Roles, role.Key) })
	}
	if status := ask(c.signIn("web", "alice", "openid").get("access_token")); status != 400 {
		c.Errorf("somebody who is not linked: %d", status)
	}
	held := c.signIn("web", "bob", "openid").get("access_token")
	if status := ask(held); status != 200 {
		c.Errorf("bob: %d", status)
	}
	c.enable("up", false)
	if status := ask(held); status != http.StatusBadGateway {
		c.Errorf("of a provider that is switched off: %d", status)
	}
	c.enable("up", true)
	c.changeUser("bob", func(u *user.User) { u.Enabled = false })
	if status := ask(held); status != 400 {
		c.Errorf("of a user who is disabled: %d", status)
	}
	c.changeUser("bob", func(u *user.User) { u.Enabled = true })
}

// enable switches a provider on or off.
func (c *club) enable(alias string, on bool) {
	c.Helper()
	c.edit(func(d *realm.Draft) {
		p := *d.Realm().Provider(alias)
		p.Enabled = on
		d.PutProvider(&p)
	})
}

// closedProviders takes providers away from people on their way (T05).
func closedProviders(c *club) {
	b := c.browser()
	q := c.leaves(b, "up")
	c.up.gives("late", says(c.T, jose.ES256, c.up.key, "k", c.person(q, "bob-there", nil)))
	c.enable("up", false)
	if s := c.back(b, "up", "state", q.Get("state"), "code", "late"); s.status != http.StatusNotFound {
		c.Errorf("back from it: %d", s.status)
	}
	b.nobody()
	if s := c.browser().open(c.request("web", "kc_idp_hint", "up")); s.page() != "login-login" || strings.Contains(s.text, "/broker/up/") {
		c.Errorf("it is offered: %d %q", s.status, s.page())
	}
	c.enable("up", true)
	c.comes(c.browser(), "bob-there", nil).granted("web")
}

// privateProviders are not asked where private addresses are not fetched from (T34).
func privateProviders(c *club) {
	up := newStranger(c.T)
	guarded := &club{newDeskOf(c.T, databases[0], func(c *server.Config, _ string) {
		c.Listen.HTTP, c.Public.AnyHost = true, true
	}, up.join), up}
	b := guarded.browser()
	q := guarded.leaves(b, "up")
	up.gives("inside", says(c.T, jose.ES256, up.key, "k", guarded.person(q, "bob-there", nil)))
	s := b.ask502(guarded.below("/broker/up/endpoint?" + pairs("state", q.Get("state"), "code", "inside").Encode()))
	guarded.kept("private address", s)
	if n := up.count("/up/token") + up.count("/up/keys"); s.status != http.StatusBadGateway || n != 0 {
		c.Errorf("%d, asked %d times", s.status, n)
	}
}
