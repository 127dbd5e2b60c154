package server_test

import (
	"bufio"
	"fmt"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/chromedp/chromedp"

	"github.com/tokenhouse/tokenhouse/internal/browsertest"
)

// singlePage plays the document on audiences in a browser: a page that signs people in by keycloak-js, exchanges
// its token and calls an API in Node. Browsers treat the page and the server as one site, or as two.
func singlePage(t *testing.T, dir string) {
	for _, c := range []struct {
		name, host string
		framed     bool // frames of the server have their cookies
	}{{"one site", "localhost", true}, {"two sites", "127.0.0.1", false}} {
		t.Run(c.name, func(t *testing.T) {
			s := openSPA(t, dir, c.host)
			s.signsIn()
			s.refreshes()
			s.exchanges()
			s.asksSilently()
			s.noticesSignOut(c.framed)
			s.signsOut()
		})
	}
}

// spa is a single-page application in a browser.
type spa struct {
	*browsertest.Tab
	page, server string
	complaints   chan string // of the API
}

// openSPA serves the page on localhost, and a server on a host. Their addresses take the place of the document's.
func openSPA(t *testing.T, dir, host string) *spa {
	t.Helper()
	site := httptest.NewUnstartedServer(nil)
	page := local("localhost", site.Listener.Addr().String())
	realm := replaced(t, "testdata/story/myrealm.json", "http://localhost:3000", page)
	_, base := start(t, databases[0].open(t), map[string][]byte{"myrealm.json": []byte(realm)})
	base = local(host, base)
	own := fitted(t, dir, "http://localhost:8080", base)
	api, complaints := serveAPI(t, own)
	site.Config.Handler = http.FileServer(http.Dir(fitted(t, own, "http://localhost:8081", api)))
	site.Start()
	t.Cleanup(site.Close)
	return &spa{browsertest.Open(t), page, base, complaints}
}

// local is an address of this machine by the name that host gives it.
func local(host, address string) string {
	return "http://" + host + address[strings.LastIndex(address, ":"):]
}

// replaced is the text of a file with the pairs replaced.
func replaced(t *testing.T, file string, pairs ...string) string {
	t.Helper()
	text, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	return strings.NewReplacer(pairs...).Replace(string(text))
}

// fitted is a copy of a program's own files, with the pairs replaced in them, beside what was installed for it.
func fitted(t *testing.T, dir string, pairs ...string) string {
	t.Helper()
	own := t.TempDir()
	files, err := os.ReadDir(dir)
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range files {
		if f.Type().IsRegular() {
			write(t, filepath.Join(own, f.Name()), replaced(t, filepath.Join(dir, f.Name()), pairs...))
		}
	}
	if err := os.Symlink(filepath.Join(dir, "node_modules"), filepath.Join(own, "node_modules")); err != nil {
		t.Fatal(err)
	}
	return own
}

func write(t *testing.T, file, text string) {
	t.Helper()
	if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
}

// serveAPI runs the document's API, which ends with the test, and gives its address and what it complains of.
func serveAPI(t *testing.T, dir string) (address string, complaints chan string) {
	t.Helper()
	c := exec.CommandContext(t.Context(), "node", "api.js")
	c.Dir = dir
	out, err := c.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	wrong, err := c.StderrPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := c.Start(); err != nil {
		t.Fatal(err)
	}
	complaints = make(chan string, 10)
	go func() {
		for s := bufio.NewScanner(wrong); s.Scan(); {
			complaints <- s.Text()
		}
		_ = c.Wait() // killed when the test ends
	}()
	port := bufio.NewScanner(out)
	if !port.Scan() {
		t.Fatalf("the API does not start: %s", <-complaints)
	}
	return "http://127.0.0.1:" + port.Text(), complaints
}

// load opens the page, which calls init of keycloak-js with these options, and gives whether somebody is signed in.
func (s *spa) load(options string) bool {
	s.Helper()
	s.Do(chromedp.Navigate(s.page + "/?" + options))
	return browsertest.Settled[bool](s.Tab, "ready")
}

// signsIn by redirect, with PKCE: the first password is wrong.
func (s *spa) signsIn() {
	s.Helper()
	s.Do(chromedp.Navigate(s.page + "/?onLoad=login-required"))
	s.Do(chromedp.WaitVisible("#kc-form-login"))
	asked, err := url.Parse(browsertest.Evaluate[string](s.Tab, "location.href"))
	if err != nil {
		s.Fatal(err)
	}
	if q := asked.Query(); q.Get("code_challenge_method") != "S256" || q.Get("code_challenge") == "" || !strings.HasPrefix(asked.String(), s.server) {
		s.Errorf("keycloak-js asks %s", asked)
	}
	s.SignIn("alice", "wrong")
	s.Do(chromedp.WaitVisible("#input-error-username"))
	s.SignIn("alice", "alice-password")
	if !browsertest.Settled[bool](s.Tab, "ready") || !browsertest.Evaluate[bool](s.Tab, "kc.authenticated && kc.subject !== undefined && kc.idTokenParsed.aud === 'myapp'") {
		s.Fatal("not signed in")
	}
	if at := browsertest.Evaluate[string](s.Tab, "location.href"); at != s.page+"/?onLoad=login-required" {
		s.Errorf("back at %s", at)
	}
}

func (s *spa) refreshes() {
	s.Helper()
	if !browsertest.Evaluate[bool](s.Tab, `(async () => { const before = kc.token; return await kc.updateToken(-1) && kc.token !== before; })()`) {
		s.Error("the token was not refreshed")
	}
}

// exchanges the token of the page, which the API refuses, for one that it takes.
func (s *spa) exchanges() {
	s.Helper()
	if got := browsertest.Evaluate[string](s.Tab, "call(kc.token)"); got != `{"error":"Invalid token"}` {
		s.Errorf("the page's own token: %s", got)
	}
	select {
	case got := <-s.complaints:
		if got != "jwt audience invalid. expected: api-service" {
			s.Errorf("the API says %s", got)
		}
	case <-time.After(30 * time.Second):
		s.Error("the API says nothing")
	}
	if got := browsertest.Evaluate[string](s.Tab, "exchange().then(call)"); got != `{"data":"sensitive data"}` {
		s.Errorf("the exchanged token: %s", got)
	}
}

// asksSilently finds out that somebody is signed in, without the person seeing it.
func (s *spa) asksSilently() {
	s.Helper()
	if !s.load("onLoad=check-sso&silent=yes") {
		s.Error("nobody is signed in")
	}
	if at := browsertest.Evaluate[string](s.Tab, "location.href"); at != s.page+"/?onLoad=check-sso&silent=yes" {
		s.Errorf("the page went to %s", at)
	}
}

// noticesSignOut of another tab: at once by the frame of the server, where the browser lets it have its cookies.
func (s *spa) noticesSignOut(framed bool) {
	s.Helper()
	goodbye := s.server + "/realms/myrealm/protocol/openid-connect/logout"
	other := s.Tab.Another(s.T)
	other.Do(chromedp.Navigate(goodbye), chromedp.Submit("form"), chromedp.WaitNotPresent("form"))
	if framed {
		browsertest.Settled[bool](s.Tab, "new Promise((resolve, reject) => kc.authenticated ? reject() : resolve(ended))")
	}
	if s.load("onLoad=check-sso&silent=yes") {
		s.Error("still signed in")
	}
}

// signsOut by redirect.
func (s *spa) signsOut() {
	s.Helper()
	s.Do(chromedp.Navigate(s.page + "/?onLoad=login-required"))
	s.SignIn("alice", "alice-password")
	if !browsertest.Settled[bool](s.Tab, "ready") {
		s.Fatal("not signed in")
	}
	home := s.page + "/?onLoad=check-sso"
	browsertest.Evaluate[bool](s.Tab, fmt.Sprintf("setTimeout(() => kc.logout({redirectUri: %q})); true", home))
	if browsertest.Settled[bool](s.Tab, fmt.Sprintf("location.href === %q ? ready : Promise.reject()", home)) {
		s.Error("still signed in")
	}
}
