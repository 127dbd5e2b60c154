package cli

import (
	"html"
	"io"
	"net/http"
	"net/url"
	"regexp"
	"strings"
	"testing"
)

// TestFixesOfErrorPagesFix runs the command that each error page of sign-in and sign-out has for whoever runs the
// client, against a server that has the realm anew: the page is gone then. Pages without a command are there too.
func TestFixesOfErrorPagesFix(t *testing.T) {
	o := newBench(t)
	const auth = "/realms/shop/protocol/openid-connect/auth?response_type=code&scope=openid"
	const logout = "/realms/shop/protocol/openid-connect/logout?client_id=site"
	to := func(parameter, uri string) string { return "&" + parameter + "=" + url.QueryEscape(uri) }
	const realm = `{"realm": "shop", "enabled": true, "sslRequired": "none", "clients": [
		{"clientId": "site", "publicClient": true, "redirectUris": ["https://site.example/secret/*"], "attributes": {"post.logout.redirect.uris": "+"}},
		{"clientId": "many", "publicClient": true, "redirectUris": ["https://many.example/"], "attributes": {"post.logout.redirect.uris": "https://many.example/secret"}},
		{"clientId": "off", "publicClient": true, "enabled": false, "redirectUris": ["https://off.example/"]},
		{"clientId": "api", "bearerOnly": true, "redirectUris": ["https://api.example/"]}]}`
	off := strings.Replace(realm, `"enabled": true`, `"enabled": false`, 1)
	for name, tt := range map[string]struct {
		realm, path, command string // a part of the command; empty: there is none
	}{
		"redirect_uri":              {realm, auth + "&client_id=site" + to("redirect_uri", "https://site.example/it's $HOME"), ""},
		"redirect_uri to register":  {realm, auth + "&client_id=site" + to("redirect_uri", "https://site.example/a?b=1&c='$(id)'"), "redirectUris+="},
		"redirect_uri of an app":    {realm, auth + "&client_id=site" + to("redirect_uri", "app.example:/cb"), "redirectUris+="},
		"redirect_uri as script":    {realm, auth + "&client_id=site" + to("redirect_uri", "javascript:alert(1)"), ""},
		"redirect_uri of all":       {realm, auth + "&client_id=site" + to("redirect_uri", "https://site.example/*"), ""},
		"no redirect_uri":           {realm, auth + "&client_id=site", ""},
		"client off":                {realm, auth + "&client_id=off" + to("redirect_uri", "https://off.example/"), "enabled=true"},
		"client for tokens alone":   {realm, auth + "&client_id=api" + to("redirect_uri", "https://api.example/"), "bearerOnly=false"},
		"unknown client":            {realm, auth + "&client_id=none" + to("redirect_uri", "https://none.example/"), ""},
		"realm off":                 {off, auth + "&client_id=site" + to("redirect_uri", "https://site.example/secret/"), "realms/shop"},
		"registration off":          {realm, auth + "&client_id=site&prompt=create" + to("redirect_uri", "https://site.example/secret/"), "registrationAllowed=true"},
		"post_logout_redirect_uri":  {realm, logout + to("post_logout_redirect_uri", "https://site.example/bye?a='b'"), `post.logout.redirect.uris`},
		"post_logout, among others": {realm, strings.Replace(logout, "site", "many", 1) + to("post_logout_redirect_uri", "https://many.example/bye"), ""},
	} {
		t.Run(name, func(t *testing.T) {
			o := &bench{T: t, base: o.base, home: o.home}
			o.restore([]byte(tt.realm))
			page := o.page(tt.path)
			if !strings.Contains(page, `data-page-id="login-error"`) || strings.Contains(page, "/secret") {
				t.Fatalf("the page is %s", page)
			}
			command := ""
			if m := regexp.MustCompile(`<pre><code>([^<]*)</code></pre>`).FindStringSubmatch(page); m != nil {
				command = html.UnescapeString(m[1])
			}
			if !strings.Contains(command, tt.command) || command != "" && tt.command == "" {
				t.Fatalf("command %q, want one with %q", command, tt.command)
			}
			if o.run(command); command != "" && strings.Contains(o.page(tt.path), `data-page-id="login-error"`) {
				t.Errorf("%s\nand still %s", command, o.page(tt.path))
			}
		})
	}
}

// page is what a browser sees that does not follow redirects.
func (o *bench) page(path string) string {
	o.Helper()
	r, err := http.NewRequestWithContext(o.Context(), http.MethodGet, o.base+path, nil)
	if err != nil {
		o.Fatal(err)
	}
	resp, err := http.DefaultTransport.RoundTrip(r)
	if err != nil {
		o.Fatal(err)
	}
	defer resp.Body.Close()
	body, err := io.ReadAll(resp.Body)
	if err != nil {
		o.Fatal(err)
	}
	return string(body)
}
