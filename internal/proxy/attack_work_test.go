package proxy_test

import (
	"fmt"
	"strings"
	"testing"
)

// attackWork has strangers send what takes long to look at: more than anybody means is refused, or passed over, before it is.
func attackWork(t *testing.T) {
	p := newProvider(t)
	g := newGate(t, p, flags{"resources": "uri=/write|methods=DELETE|roles=writer\nuri=/a/{x}/b|roles=x\nuri=/css/*|white-listed=true"})
	var methods, cookies strings.Builder
	for i := range 2000 {
		fmt.Fprintf(&methods, "_method=M%d&", i)
		fmt.Fprintf(&cookies, "; __Host-kc-access-login-%d=1", i)
	}
	for name, tt := range map[string]struct {
		target string
		header string
		want   int
	}{
		"methods in a query":    {"/css/x?" + methods.String(), "X-A: 1", 400},
		"methods in a header":   {"/css/x", "X-HTTP-Method: " + methods.String(), 400},
		"some methods":          {"/css/x?_method=GET&_method=PUT&_method=POST", "X-A: 1", 200},
		"a path to be read":     {"/css/" + strings.Repeat("%2e", 4000), "X-A: 1", 400},
		"a path that is plain":  {"/css/" + strings.Repeat("abc", 4000), "X-A: 1", 200},
		"sign-ins that it left": {"/", "Cookie: a=b" + cookies.String(), 302},
	} {
		w := g.ask("GET", tt.target, append(page, tt.header)...)
		if w.Code != tt.want {
			t.Errorf("%s: %d, want %d", name, w.Code, tt.want)
		}
		if n := len(w.Header()["Set-Cookie"]); n > 101 {
			t.Errorf("%s: %d cookies are set", name, n)
		}
	}
}
