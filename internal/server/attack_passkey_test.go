package server_test

import (
	"encoding/json"
	"html"
	"net/url"
	"regexp"
	"strings"
	"sync"

	"github.com/tokenhouse/tokenhouse/internal/flow/passkey/passkeytest"
)

// havePasskeys gives the people of a realm file passkeys, or recovery codes, to make when they sign in.
func havePasskeys(file map[string]any) {
	var flows map[string]any
	if err := json.Unmarshal([]byte(keys), &flows); err != nil {
		panic(err)
	}
	for _, name := range []string{"browserFlow", "authenticationFlows", "requiredActions"} {
		file[name] = flows[name]
	}
	file["bruteForceProtected"] = false // of many at once, those who come too late would lock out the one who is in time
	has := map[string]string{"alice": "webauthn-register", "bob": "webauthn-register", "mallory": "CONFIGURE_RECOVERY_AUTHN_CODES"}
	for _, u := range file["users"].([]any) {
		if u := u.(map[string]any); has[u["username"].(string)] != "" {
			u["requiredActions"] = []string{has[u["username"].(string)]}
		}
	}
}

// attackPasskeys is after passkeys and recovery codes that are others'.
func attackPasskeys(d *desk) {
	d.run("passkeys", foreignPasskeys)
	d.run("recovery codes at once", recoveryAtOnce)
}

var passkeyOptions = regexp.MustCompile(`data-options="([^"]*)"`)

// challenge is what the page wants signed.
func (s *shown) challenge() string {
	s.Helper()
	var options struct{ Challenge string }
	m := passkeyOptions.FindStringSubmatch(s.text)
	if m == nil || json.Unmarshal([]byte(html.UnescapeString(m[1])), &options) != nil || options.Challenge == "" {
		s.Fatalf("no challenge: %d %v %s", s.status, s.location, s.text)
	}
	return options.Challenge
}

// password goes as far as a password leads.
func (b *browser) password(name string) *shown {
	b.Helper()
	return b.open(b.request("web")).expect("login-login").send("username", name, "password", name+"-password")
}

// foreignPasskeys answers the page that asks for a passkey with whatever is not the user's, for this page, now.
func foreignPasskeys(d *desk) {
	made := map[string]*passkeytest.Authenticator{}
	for _, name := range []string{"alice", "bob"} {
		s := d.browser().password(name).expect("login-webauthn-register")
		made[name] = passkeytest.New(d.base, "127.0.0.1")
		s.ask("POST", s.action(), made[name].Make(s.challenge())).settle().granted("web")
	}
	id := d.user("alice").ID
	elsewhere := d.browser().password("alice").expect("login-webauthn-authenticate").challenge()
	liar := func(change func(a *passkeytest.Authenticator)) *passkeytest.Authenticator {
		a := *made["alice"]
		change(&a)
		return &a
	}
	s := d.browser().password("alice")
	first := s.challenge()
	for name, answer := range map[string]func(challenge string) url.Values{
		"nothing":                 func(string) url.Values { return url.Values{} },
		"another user's":          func(now string) url.Values { return made["bob"].Sign(now, "") },
		"another user's, in name": func(now string) url.Values { return made["bob"].Sign(now, id) },
		"challenge of a page before": func(string) url.Values {
			return liar(func(*passkeytest.Authenticator) {}).Sign(first, id)
		},
		"challenge of another browser": func(string) url.Values {
			return liar(func(*passkeytest.Authenticator) {}).Sign(elsewhere, id)
		},
		"other origin": func(now string) url.Values {
			return liar(func(a *passkeytest.Authenticator) { a.Origin = "https://evil.example" }).Sign(now, id)
		},
		"other party": func(now string) url.Values {
			return liar(func(a *passkeytest.Authenticator) { a.Party = "evil.example" }).Sign(now, id)
		},
		"other port": func(now string) url.Values {
			return liar(func(a *passkeytest.Authenticator) { a.Origin = "http://127.0.0.1:1" }).Sign(now, id)
		},
		"counted before": func(now string) url.Values {
			return liar(func(a *passkeytest.Authenticator) { a.Count = 1 }).Sign(now, id)
		},
	} {
		now := s.expect("login-webauthn-authenticate").challenge()
		if name == "challenge of a page before" && now == first {
			s = s.ask("POST", s.action(), url.Values{}).settle() // there is one before now
			now = s.challenge()
		}
		s = s.ask("POST", s.action(), answer(now)).settle()
		if s.query("code") != "" || s.page() != "login-webauthn-authenticate" {
			d.Fatalf("%s: %d %q %v", name, s.status, s.page(), s.location)
		}
		s.browser.twin().nobody()
	}
	to, form := s.action(), made["alice"].Sign(s.challenge(), id)
	copied := s.browser.twin()
	s.ask("POST", to, form).settle().granted("web")
	if again := copied.ask("POST", to, form).settle(); again.query("code") != "" {
		d.Errorf("sent again: %v", again.location)
	}
	if again := d.browser().password("alice"); again.ask("POST", again.action(), form).settle().query("code") != "" {
		d.Error("replayed in another browser")
	}
}

// recoveryAtOnce uses one recovery code in several browsers at once.
func recoveryAtOnce(d *desk) {
	s := d.browser().password("mallory").expect("login-login-recovery-authn-code-config")
	codes := strings.Split(s.hidden().Get("generatedRecoveryAuthnCodes"), ",")
	s.send("kcRecoveryCodesConfirmationCheck", "on").granted("web")
	tabs := make([]*shown, 3)
	for i := range tabs {
		tabs[i] = d.browser().password("mallory").expect("login-login-recovery-authn-code-input")
	}
	var all sync.WaitGroup
	in := make([]bool, len(tabs))
	for i, tab := range tabs {
		all.Go(func() { in[i] = tab.send("recoveryCodeInput", codes[0]).query("code") != "" })
	}
	all.Wait()
	times := 0
	for _, ok := range in {
		if ok {
			times++
		}
	}
	if times != 1 {
		d.Errorf("one code let in %d times", times)
	}
	s = d.browser().password("mallory").send("recoveryCodeInput", codes[0])
	if s.query("code") != "" {
		d.Error("a code works again")
	}
	if s = s.send("recoveryCodeInput", codes[2]); s.query("code") != "" {
		d.Error("a code works before its turn")
	}
	s.send("recoveryCodeInput", codes[1]).granted("web")
}
