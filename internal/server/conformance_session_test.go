package server_test

import (
	"fmt"
	"net/http"
	"net/url"
	"strings"

	"github.com/chromedp/chromedp"

	"github.com/tokenhouse/tokenhouse/internal/browsertest"
)

// sessionModules are those of the profile Session Management OP.
var sessionModules = []module{
	{"oidcc-session-management-discovery-endpoint-verification", func(x *trial) { x.has(discover(x), "check_session_iframe", "end_session_endpoint") }},
	{"oidcc-session-management-rp-initiated-logout", func(x *trial) {
		b := browsertest.Open(x.T)
		b.Do(chromedp.Navigate(x.metadata.Authorization + "?" + x.request().Encode()))
		b.SignIn("alice", "alice-password")
		b.Do(chromedp.WaitVisible("#watching"))
		session := browsertest.Evaluate[string](b, `new URLSearchParams(location.search).get("session_state")`)
		if got := watched(x, b, session); got != "unchanged" {
			x.Errorf("signed in, the frame says %q", got)
		}
		if got := watched(x, b, "another-session"); got != "changed" {
			x.Errorf("of another session the frame says %q", got)
		}
		b.Do(chromedp.Navigate(x.metadata.EndSession+"?"+url.Values{"client_id": {x.id}, "post_logout_redirect_uri": {x.callback}}.Encode()),
			chromedp.Click("#kc-logout"), chromedp.WaitVisible("#watching"))
		if got := watched(x, b, session); got != "changed" {
			x.Errorf("signed out, the frame says %q", got)
		}
	}},
}

// watched is what the frame of the server says of a session to a page of the client's (OpenID Connect Session
// Management §3.1).
func watched(x *trial, b *browsertest.Tab, session string) string {
	x.Helper()
	return browsertest.Evaluate[string](b, fmt.Sprintf(`new Promise((resolve) => {
		addEventListener("message", (e) => resolve(e.origin === %[1]q ? e.data : "from " + e.origin), {once: true});
		const frame = document.createElement("iframe");
		frame.onload = () => frame.contentWindow.postMessage(%[2]q, %[1]q);
		frame.src = %[3]q;
		document.body.append(frame);
	})`, x.web.URL, x.id+" "+session, x.metadata.CheckSession))
}

// watchingSite is the site of the client "watching".
func watchingSite(w http.ResponseWriter, _ *http.Request) {
	w.Header().Set("Content-Type", "text/html")
	_, _ = strings.NewReader(`<!doctype html><p id="watching">Welcome`).WriteTo(w)
}
