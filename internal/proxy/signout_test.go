package proxy_test

import (
	"net/http"
	"strings"
	"testing"
)

// TestSignOutOfOldBrowsers: browsers that do not say where a request comes from, and all of them where there is no TLS, name the page it
// comes from, if any. Who does not come from this site is asked.
func TestSignOutOfOldBrowsers(t *testing.T) {
	g := newGate(t, newProvider(t), nil)
	for referer, asked := range map[string]bool{"": true, "https://evil.example/": true, "https://gate.example.evil.example/": true, "http://gate.example/": true, "https://gate.example@evil.example/": true,
		"://": true, "https://gate.example/orders?x=1": false} {
		b := g.browser()
		passes(t, b.signIn("/"))
		w := b.send("GET", "/oauth/logout?redirect=/bye", "Accept: text/html", "Referer: "+referer)
		if got := strings.Contains(w.Body.String(), `<form method="post" action="/oauth/logout?redirect=/bye">`); got != asked || (len(b.cookies) == 0) == asked {
			t.Errorf("from %q: %d, cookies %v: %s", referer, w.Code, b.cookies, w.Body)
		}
		if !asked {
			continue
		}
		// The page has to let its button say where it comes from: without a policy that does, browsers send "Origin: null".
		if got := w.Header().Get("Referrer-Policy"); got != "same-origin" {
			t.Errorf("Referrer-Policy: %s", got)
		}
		if w := b.send("POST", "/oauth/logout?redirect=/bye", "Accept: text/html", "Origin: null"); w.Code != http.StatusForbidden || len(b.cookies) == 0 {
			t.Errorf("a button of nowhere: %d", w.Code)
		}
		if w := b.send("POST", "/oauth/logout?redirect=/bye", "Accept: text/html", "Origin: https://gate.example"); w.Header().Get("Location") != "/bye" || len(b.cookies) != 0 {
			t.Errorf("the button: %d to %q", w.Code, w.Header().Get("Location"))
		}
	}
}
