package server_test

import (
	"encoding/json"
	"html"
	"io"
	"net/http"
	"net/url"
	"regexp"
	"strings"
	"testing"
)

// brokering are two realms of one server: home lets the people of office in.
var brokering = map[string][]byte{
	"home.json": []byte(`{"realm": "home", "enabled": true, "sslRequired": "none",
		"clients": [{"clientId": "app", "publicClient": true, "redirectUris": ["https://app.test/cb"]}],
		"identityProviders": [{"alias": "office", "providerId": "keycloak-oidc", "enabled": true, "trustEmail": true, "config": {
			"issuer": "${base}/realms/office", "authorizationUrl": "${base}/realms/office/protocol/openid-connect/auth",
			"tokenUrl": "${base}/realms/office/protocol/openid-connect/token", "jwksUrl": "${base}/realms/office/protocol/openid-connect/certs",
			"logoutUrl": "${base}/realms/office/protocol/openid-connect/logout", "useJwksUrl": "true", "validateSignature": "true",
			"pkceEnabled": "true", "pkceMethod": "S256", "clientId": "home", "clientSecret": "secret-of-home"}}]}`),
	"office.json": []byte(`{"realm": "office", "enabled": true, "sslRequired": "none",
		"users": [{"username": "olga", "enabled": true, "email": "olga@office.test", "emailVerified": true, "firstName": "Olga", "lastName": "Office",
			"credentials": [{"type": "password", "value": "olga-password"}]}],
		"clients": [{"clientId": "home", "secret": "secret-of-home", "redirectUris": ["${base}/realms/home/broker/office/*"], "attributes": {
			"backchannel.logout.url": "${base}/realms/home/protocol/openid-connect/logout/backchannel-logout",
			"backchannel.logout.session.required": "true", "pkce.code.challenge.method": "S256"}}]}`),
}

// wanderer is a browser that keeps cookies as browsers do on loopback, where they are sent though they are Secure.
type wanderer struct {
	t    *testing.T
	base string
	kept map[string]*http.Cookie // by path and name
}

func (w *wanderer) SetCookies(_ *url.URL, cookies []*http.Cookie) {
	for _, c := range cookies {
		if w.kept[c.Path+c.Name] = c; c.MaxAge < 0 {
			delete(w.kept, c.Path+c.Name)
		}
	}
}

func (w *wanderer) Cookies(u *url.URL) (out []*http.Cookie) {
	for _, c := range w.kept {
		if strings.HasPrefix(u.Path, c.Path) {
			out = append(out, c)
		}
	}
	return out
}

// visit asks for an address, by a form where there are fields, and follows redirects as far as the server's own. It
// gives the last answer's body, and where that leads, which is at the application.
func (w *wanderer) visit(address string, fields url.Values) (body, to string) {
	w.t.Helper()
	c := http.Client{Jar: w, CheckRedirect: func(r *http.Request, _ []*http.Request) error {
		if strings.HasPrefix(r.URL.String(), w.base) {
			return nil
		}
		return http.ErrUseLastResponse
	}}
	ask := func() (*http.Response, error) { return c.Get(address) }
	if fields != nil {
		ask = func() (*http.Response, error) { return c.PostForm(address, fields) }
	}
	resp, err := ask()
	if err != nil {
		w.t.Fatal(err)
	}
	defer resp.Body.Close()
	text, err := io.ReadAll(resp.Body)
	if err != nil {
		w.t.Fatal(err)
	}
	return string(text), resp.Header.Get("Location")
}

// signIn begins to sign in at home; more are parameters beside, as "name=value".
func (w *wanderer) signIn(more string) (body, to string) {
	w.t.Helper()
	return w.visit(w.base+"/realms/home/protocol/openid-connect/auth?client_id=app&redirect_uri=https://app.test/cb&response_type=code&scope=openid&"+more, nil)
}

// formOf is where the form of a page goes.
func formOf(t *testing.T, body string) string {
	t.Helper()
	m := regexp.MustCompile(`<form[^>]* action="([^"]+)"`).FindStringSubmatch(body)
	if m == nil {
		t.Fatalf("there is no form in %s", body)
	}
	return html.UnescapeString(m[1])
}

// member is a member of a JSON object.
func member(t *testing.T, body, name string) string {
	t.Helper()
	var all map[string]any
	if err := json.Unmarshal([]byte(body), &all); err != nil {
		t.Fatalf("%v: %s", err, body)
	}
	text, _ := all[name].(string)
	return text
}

// TestSignInThroughAnotherRealm goes the whole way by HTTP, and is over at home when it is over at the office.
func TestSignInThroughAnotherRealm(t *testing.T) {
	for _, db := range databases {
		t.Run(db.name, func(t *testing.T) {
			_, base := start(t, db.open(t), brokering)
			w := &wanderer{t, base, map[string]*http.Cookie{}}
			page, _ := w.signIn("kc_idp_hint=office")
			_, to := w.visit(formOf(t, page), url.Values{"username": {"olga"}, "password": {"olga-password"}})
			code := query(t, to).Get("code")
			if code == "" {
				t.Fatalf("no code came: %q", to)
			}
			got, _ := w.visit(base+"/realms/home/protocol/openid-connect/token", url.Values{"grant_type": {"authorization_code"}, "client_id": {"app"},
				"code": {code}, "redirect_uri": {"https://app.test/cb"}})
			refresh := member(t, got, "refresh_token")
			if refresh == "" {
				t.Fatal(got)
			}
			if _, to := w.signIn("prompt=none"); query(t, to).Get("code") == "" {
				t.Errorf("there is no single sign-on: %q", to)
			}

			out := base + "/realms/home/protocol/openid-connect/logout/backchannel-logout"
			if refused, _ := w.visit(out, url.Values{"logout_token": {member(t, got, "id_token")}}); member(t, refused, "error") != "invalid_request" {
				t.Errorf("an ID token of home signs out: %s", refused)
			}
			if _, to := w.signIn("prompt=none"); query(t, to).Get("code") == "" {
				t.Errorf("the session is over: %q", to)
			}

			w.leaveOffice()
			if _, to := w.signIn("prompt=none"); query(t, to).Get("error") != "login_required" {
				t.Errorf("signed out at the office, and not at home: %q", to)
			}
			got, _ = w.visit(base+"/realms/home/protocol/openid-connect/token", url.Values{"grant_type": {"refresh_token"}, "client_id": {"app"}, "refresh_token": {refresh}})
			if member(t, got, "error") != "invalid_grant" {
				t.Errorf("the application goes on: %s", got)
			}
		})
	}
}

// leaveOffice signs out at the office alone.
func (w *wanderer) leaveOffice() {
	w.t.Helper()
	out := w.base + "/realms/office/protocol/openid-connect/logout"
	page, _ := w.visit(out, nil)
	code := regexp.MustCompile(`name="session_code" value="([^"]+)"`).FindStringSubmatch(page)
	if code == nil {
		w.t.Fatalf("nobody is asked: %s", page)
	}
	at, err := url.Parse(formOf(w.t, page))
	if err != nil {
		w.t.Fatal(err)
	}
	w.visit(w.base+at.RequestURI(), url.Values{"session_code": {code[1]}, "confirmLogout": {"Logout"}})
}

func query(t *testing.T, address string) url.Values {
	t.Helper()
	u, err := url.Parse(address)
	if err != nil {
		t.Fatal(err)
	}
	return u.Query()
}
