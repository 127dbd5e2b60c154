package server_test

import (
	"fmt"
	"net/http"
	"regexp"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/tokenhouse/tokenhouse/internal/core/user"
)

// attackGuesses guesses passwords, codes and names.
func attackGuesses(d *desk) {
	d.run("passwords", guessedPasswords)
	d.run("passwords at once", guessedAtOnce)
	d.run("one-time codes", guessedOTP)
	d.run("recovery of who is locked", recoveredLocked)
	d.run("names", guessedNames)
	d.run("user codes of devices", guessedUserCodes)
}

// changing is what differs between two pages that say the same.
var changing = regexp.MustCompile(`(session_code|tab_id|client_data|execution)=[^&"]*|value="[^"]*"`)

func (s *shown) said() string { return changing.ReplaceAllString(s.text, "$1") }

// unlocked forgets a user's failures.
func (d *desk) unlocked(name string) {
	d.Helper()
	if err := d.server.Store().ClearFailures(d.Context(), d.current().Key, d.user(name).ID); err != nil {
		d.Fatal(err)
	}
}

// guessedPasswords locks a user: the right password is then as wrong as any, by whichever door.
func guessedPasswords(d *desk) {
	defer d.unlocked("mallory")
	s := d.browser().open(d.request("web"))
	ordinary := s.send("username", "nobody", "password", "guess").expect("login-login").said()
	for i := range 6 {
		b := d.browser() // cookies, tabs and clients do not matter
		s = b.open(d.request([]string{"web", "other"}[i%2])).send("username", []string{"mallory", "MALLORY", "mallory@desk.example", " mallory "}[i%4], "password", "guess")
		if s.expect("login-login"); i%2 == 0 && s.said() != ordinary {
			d.Errorf("guess %d: the page says something else", i)
		}
	}
	s = d.browser().open(d.request("web")).send("username", "mallory", "password", "mallory-password")
	if s.expect("login-login"); s.said() != ordinary {
		d.Error("the page tells who guessed right that the user is locked")
	}
	q := d.post("token", pairs("grant_type", "password", "username", "mallory", "password", "mallory-password", "client_id", "web", "client_secret", "web-secret"))
	d.refused(q, "invalid_grant")
}

// guessedAtOnce guesses with many browsers at once: what they learn is not more.
func guessedAtOnce(d *desk) {
	defer d.unlocked("bob")
	var forms []*shown
	for range 24 {
		forms = append(forms, d.browser().open(d.request("web")).expect("login-login"))
	}
	var all sync.WaitGroup
	for _, f := range forms {
		all.Go(func() { f.submit("username", "bob", "password", "guess") })
	}
	all.Wait()
	d.browser().open(d.request("web")).send("username", "bob", "password", "bob-password").expect("login-login")
}

// guessedOTP knows the password and guesses the rest, in as many tabs as wanted.
func guessedOTP(d *desk) {
	d.unlocked("olga")
	defer d.unlocked("olga")
	var tabs []*shown
	for range 8 {
		tabs = append(tabs, d.browser().open(d.request("web")).send("username", "olga", "password", "olga-password").expect("login-login-otp"))
	}
	for i, tab := range tabs[1:] {
		tab.send("otp", fmt.Sprintf("%06d", i)).expect("login-login-otp")
	}
	if s := tabs[0].send("otp", oneTimeCode(olgas, time.Now().Add(30*time.Second))); s.query("code") != "" {
		d.Error("who is locked signs in by a one-time code")
	}
	d.browser().open(d.request("web")).send("username", "olga", "password", "olga-password").expect("login-login")

	// The page of one tab takes one code, however many are sent at once.
	d.unlocked("olga")
	tab := d.browser().open(d.request("web")).send("username", "olga", "password", "olga-password").expect("login-login-otp")
	var looked atomic.Int64
	var all sync.WaitGroup
	for i := range 8 {
		all.Go(func() {
			if s := tab.twin().ask("POST", tab.action(), pairs("otp", fmt.Sprintf("%06d", i))); strings.Contains(s.text, "Invalid authenticator code") {
				looked.Add(1)
			}
		})
	}
	all.Wait()
	if looked.Load() > 1 {
		d.Errorf("%d codes were looked at on one page", looked.Load())
	}
}

// recoveredLocked has somebody who is locked come in by a letter.
func recoveredLocked(d *desk) {
	b := d.browser()
	forgot := b.open(b.below("/protocol/openid-connect/forgot-credentials?") + parametersOf(b.request("web"))).expect("login-login-reset-password")
	forgot.send("username", "mallory").expect("login-login")
	to := d.mail.next(d.T).link(d.T)
	defer d.unlocked("mallory")
	for range 6 {
		d.browser().open(d.request("web")).send("username", "mallory", "password", "guess")
	}
	if s := b.open(to); s.status != http.StatusBadRequest || s.query("code") != "" {
		d.Errorf("%d %q %v", s.status, s.page(), s.location)
	}
}

// guessedNames asks whether there are users of some names.
func guessedNames(d *desk) {
	login := func(name, password string) string {
		return d.browser().open(d.request("web")).send("username", name, "password", password).expect("login-login").said()
	}
	unknown := login("nobody", "guess")
	d.changeUser("vera", func(u *user.User) { u.Enabled = false })
	defer d.changeUser("vera", func(u *user.User) { u.Enabled = true })
	for _, name := range []string{"alice", "alice@desk.example", "paul", "vera", "service-account-web", "nobody@desk.example", strings.Repeat("x", 300), "' OR 1=1 --", "${user}"} {
		if login(name, "guess") != unknown {
			d.Errorf("%q is answered another way than an unknown name", name)
		}
	}
	d.unlocked("alice")
	forgot := func(name string) string {
		b := d.browser()
		return b.open(b.below("/protocol/openid-connect/forgot-credentials?")+parametersOf(b.request("web"))).send("username", name).expect("login-login").said()
	}
	unknown = forgot("nobody")
	for _, name := range []string{"alice", "alice@desk.example", "vera", "nobody@desk.example"} {
		if forgot(name) != unknown {
			d.Errorf("forgotten password of %q is answered another way than of an unknown name", name)
		}
	}
	for range 2 { // alice, twice; not vera, who is switched off
		if p := d.mail.next(d.T); strings.Join(p.to, " ") != "TO:<alice@desk.example>" {
			d.Errorf("a letter to %v", p.to)
		}
	}
}

// guessedUserCodes tries user codes until the address may try no more.
func guessedUserCodes(d *desk) {
	b := d.browser()
	status := 0
	for i := range 60 {
		s := b.ask("POST", d.below("/device"), pairs("device_user_code", fmt.Sprintf("BCDF-GH%02d", i)))
		if status = s.status; status == http.StatusTooManyRequests {
			break
		}
	}
	if status != http.StatusTooManyRequests {
		d.Errorf("guessing goes on: %d", status)
	}
}
