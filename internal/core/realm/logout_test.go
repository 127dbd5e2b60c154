package realm_test

import (
	"testing"

	"github.com/tokenhouse/tokenhouse/internal/core/realm"
)

func TestPostLogout(t *testing.T) {
	redirects := []string{"https://app.example/cb", "https://app.example/deep/*"}
	tests := map[string]struct {
		registered []string
		root       string
		uri        string
		want       bool
	}{
		"none registered":                {nil, "", "https://app.example/cb", false},
		"registered":                     {[]string{"https://app.example/bye"}, "", "https://app.example/bye", true},
		"a redirect URI":                 {[]string{"https://app.example/bye"}, "", "https://app.example/cb", false},
		"another one":                    {[]string{"https://app.example/bye"}, "", "https://evil.example/", false},
		"longer than registered":         {[]string{"https://app.example/bye"}, "", "https://app.example/bye/more", false},
		"the same host and more":         {[]string{"https://app.example/*"}, "", "https://app.example.evil.example/", false},
		"user before the host":           {[]string{"https://app.example/*"}, "", "https://app.example/@evil.example", true}, // a path
		"host as a user":                 {[]string{"https://app.example*"}, "", "https://app.example@evil.example/", false},
		"below a wildcard":               {[]string{"https://app.example/left/*"}, "", "https://app.example/left/here?x=1", true},
		"above a wildcard":               {[]string{"https://app.example/left/*"}, "", "https://app.example/left/../x", false},
		"above a wildcard, encoded":      {[]string{"https://app.example/left/*"}, "", "https://app.example/left/%2e%2e/x", false},
		"a script below any":             {[]string{"*"}, "", "javascript:alert(1)", false},
		"a relative address":             {[]string{"*"}, "", "//evil.example", false},
		"plus":                           {[]string{"+"}, "", "https://app.example/cb", true},
		"plus, below":                    {[]string{"+"}, "", "https://app.example/deep/er", true},
		"plus and others":                {[]string{"https://app.example/bye", "+"}, "", "https://app.example/cb", true},
		"minus":                          {[]string{"-"}, "", "https://app.example/cb", false},
		"minus wins":                     {[]string{"https://app.example/bye", "-"}, "", "https://app.example/bye", false},
		"relative":                       {[]string{"/bye"}, "https://app.example", "https://app.example/bye", true},
		"relative without a root URL":    {[]string{"/bye"}, "", "https://id.example/bye", true},
		"line break":                     {[]string{"https://app.example/*"}, "", "https://app.example/\r\nSet-Cookie: a=b", false},
		"backslash, read as a slash":     {[]string{"https://app.example*"}, "", "https://app.example\\@evil.example/", false},
		"nothing":                        {[]string{"*"}, "", "", false},
		"empty registered":               {[]string{""}, "", "", false},
		"capitals in the registered one": {[]string{"https://app.example/bye"}, "", "https://APP.example/bye", false},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			c := &realm.Client{RootURL: tt.root, RedirectURIs: redirects, Logout: realm.ClientLogout{RedirectURIs: tt.registered}}
			if got := c.PostLogout("https://id.example", tt.uri); got != tt.want {
				t.Errorf("%q with %q registered: %v", tt.uri, tt.registered, got)
			}
		})
	}
}
