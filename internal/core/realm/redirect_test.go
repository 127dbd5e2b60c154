package realm_test

import (
	"testing"

	"github.com/tokenhouse/tokenhouse/internal/core/realm"
)

func TestRedirect(t *testing.T) {
	const base = "https://id.example"
	tests := map[string]struct {
		registered []string
		root       string
		named      string
		optional   bool
		want       string
	}{
		"exact":                     {[]string{"https://app.example/cb"}, "", "https://app.example/cb", false, "https://app.example/cb"},
		"longer":                    {[]string{"https://app.example/cb"}, "", "https://app.example/cb/more", false, ""},
		"query added":               {[]string{"https://app.example/cb"}, "", "https://app.example/cb?x=1", false, ""},
		"other case":                {[]string{"https://app.example/cb"}, "", "https://app.example/CB", false, ""},
		"other host case":           {[]string{"https://app.example/cb"}, "", "https://APP.example/cb", false, ""},
		"other port":                {[]string{"http://127.0.0.1:3000/cb"}, "", "http://127.0.0.1:3999/cb", false, ""},
		"other scheme":              {[]string{"https://app.example/cb"}, "", "http://app.example/cb", false, ""},
		"below":                     {[]string{"https://app.example/deep/*"}, "", "https://app.example/deep/er?x=1", false, "https://app.example/deep/er?x=1"},
		"below, fragment":           {[]string{"https://app.example/deep/*"}, "", "https://app.example/deep/x#part", false, "https://app.example/deep/x#part"},
		"below, itself":             {[]string{"https://app.example/*"}, "", "https://app.example", false, "https://app.example"},
		"below, itself and a query": {[]string{"https://app.example/*"}, "", "https://app.example?x=1", false, "https://app.example?x=1"},
		"pattern in a query":        {[]string{"https://app.example/cb?x=*"}, "", "https://app.example/cb?x=1", false, ""},
		"loopback, any port":        {[]string{"http://127.0.0.1/cb"}, "", "http://127.0.0.1:5555/cb", false, "http://127.0.0.1:5555/cb"},
		"loopback, other path":      {[]string{"http://127.0.0.1/cb"}, "", "http://127.0.0.1:5555/cb2", false, ""},
		"loopback, below":           {[]string{"http://localhost/*"}, "", "http://localhost:5555/x?y", false, "http://localhost:5555/x?y"},
		"loopback, IPv6":            {[]string{"http://[::1]/cb"}, "", "http://[::1]:1/cb", false, "http://[::1]:1/cb"},
		"loopback, TLS":             {[]string{"https://127.0.0.1/cb"}, "", "https://127.0.0.1:5555/cb", false, ""},
		"loopback, user info":       {[]string{"http://127.0.0.1/*"}, "", "http://127.0.0.1:5555@evil.example/", false, ""},
		"other host, any port":      {[]string{"http://app.example/cb"}, "", "http://app.example:5555/cb", false, ""},
		"pattern for ports":         {[]string{"http://app.example:*"}, "", "http://app.example:5555/cb", false, "http://app.example:5555/cb"},
		"pattern for ports, host":   {[]string{"http://app.example:*"}, "", "http://app.example:x@evil.example/", false, ""},
		"no character of a URI":     {[]string{"https://app.example/*"}, "", `https://app.example/"><b>`, false, ""},
		"dots with a parameter":     {[]string{"https://app.example/deep/*"}, "", "https://app.example/deep/..;/cb2", false, ""},
		"answer in the query":       {[]string{"https://app.example/*"}, "", "https://app.example/x?a=b&St%61te=1", false, ""},
		"answer in the fragment":    {[]string{"https://app.example/*"}, "", "https://app.example/x#a=b&code=1", false, ""},
		"answer that is registered": {[]string{"https://app.example/?state=1"}, "", "https://app.example/?state=1", false, ""},
		"route in the fragment":     {[]string{"https://app.example/*"}, "", "https://app.example/x#/state=1", false, "https://app.example/x#/state=1"},
		"empty registration":        {[]string{""}, "", "", true, ""},
		"dots":                      {[]string{"https://app.example/deep/*"}, "", "https://app.example/deep/../cb2", false, ""},
		"encoded dots":              {[]string{"https://app.example/deep/*"}, "", "https://app.example/deep/%2e%2e/cb2", false, ""},
		"twice encoded dots":        {[]string{"https://app.example/deep/*"}, "", "https://app.example/deep/%252e%252e/cb2", false, ""},
		"encoded slash and dots":    {[]string{"https://app.example/deep/*"}, "", "https://app.example/deep/..%2fcb2", false, ""},
		"backslash":                 {[]string{"https://app.example/deep/*"}, "", `https://app.example/deep/\..\cb2`, false, ""},
		"user info":                 {[]string{"https://app.example/*"}, "", "https://me@app.example/cb", false, ""},
		"host that goes on":         {[]string{"https://app.example*"}, "", "https://app.example.evil.example/", false, ""},
		"user info before the host": {[]string{"https://app.example*"}, "", "https://app.example@evil.example/", false, ""},
		"port that goes on":         {[]string{"https://app.example:8*"}, "", "https://app.example:8443/", false, ""},
		"line break":                {[]string{"*"}, "", "https://app.example/\r\nSet-Cookie: x=y", false, ""},
		"script":                    {[]string{"*"}, "", "javascript:alert(1)", false, ""},
		"script in other case":      {[]string{"*"}, "", "JavaScript:alert(1)", false, ""},
		"data":                      {[]string{"*"}, "", "data:text/html,x", false, ""},
		"script that is registered": {[]string{"javascript:alert(1)"}, "", "javascript:alert(1)", false, ""},
		"anywhere":                  {[]string{"*"}, "", "http://127.0.0.1:4444/x", false, "http://127.0.0.1:4444/x"},
		"anywhere, own scheme":      {[]string{"*"}, "", "app.example:/cb", false, ""},
		"own scheme":                {[]string{"app.example:/cb"}, "", "app.example:/cb", false, "app.example:/cb"},
		"scheme-relative":           {[]string{"*"}, "", "//evil.example/", false, ""},
		"relative":                  {[]string{"https://app.example/cb"}, "", "/cb", false, ""},
		"relative registration":     {[]string{"/cb"}, "https://app.example/", "https://app.example/cb", false, "https://app.example/cb"},
		"relative to the server":    {[]string{"/realms/shop/account/*"}, "${authBaseUrl}", base + "/realms/shop/account/x", false, base + "/realms/shop/account/x"},
		"none registered":           {nil, "", "https://app.example/cb", false, ""},
		"none named":                {[]string{"https://app.example/cb"}, "", "", false, ""},
		"none needed":               {[]string{"https://app.example/cb"}, "", "", true, "https://app.example/cb"},
		"none of several named":     {[]string{"https://app.example/cb", "https://app.example/2"}, "", "", true, ""},
		"none named of a pattern":   {[]string{"https://app.example/*"}, "", "", true, ""},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			c := &realm.Client{RedirectURIs: tt.registered, RootURL: tt.root}
			if got := c.Redirect(base, tt.named, tt.optional); got != tt.want {
				t.Errorf("got %q, want %q", got, tt.want)
			}
		})
	}
}

func TestHome(t *testing.T) {
	tests := map[string]struct{ root, home, want string }{
		"none":     {"", "", ""},
		"complete": {"", "https://app.example/", "https://app.example/"},
		"relative": {"https://app.example", "/start", "https://app.example/start"},
		"built in": {"${authBaseUrl}", "/realms/shop/account/", "https://id.example/realms/shop/account/"},
		"script":   {"", "javascript:alert(1)", ""},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			c := &realm.Client{RootURL: tt.root, BaseURL: tt.home}
			if got := c.Home("https://id.example"); got != tt.want {
				t.Errorf("got %q, want %q", got, tt.want)
			}
		})
	}
}
