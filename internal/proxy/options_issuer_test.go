package proxy_test

import (
	"crypto/tls"
	"fmt"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"
	"time"
)

var issuerOptions = map[string]shown{
	"discovery-url": {see: takes(nil), want: map[string]string{"{issuer}": "200", "{issuer}/.well-known/openid-configuration": "200", "{other issuer}": "401 Invalid signature",
		"-": noGate + "discovery-url is needed", "ftp://id.example": noGate + "discovery-url"}},
	"issuer": {given: func(_ *places, p *provider) { p.url = "https://id.example/realms/shop" }, also: flags{"discovery-url": "{issuer}"}, see: takes(nil),
		want: map[string]string{"https://id.example/realms/shop": "200", "-": noGate + `is of issuer "https://id.example/realms/shop"`}},
	"client-id":     {see: both(takes(nil), asksBy("client_id")), want: map[string]string{"my-app": "200, my-app", "other": "401 Invalid audience, other", "-": noGate + "client-id is needed"}},
	"client-secret": {see: signsIn, want: map[string]string{"app-secret": "signed in", "wrong": "403 The sign-in was not confirmed", "-": "403 The sign-in was not confirmed"}},
	"client-auth-method": {see: func(t *testing.T, v *view) string {
		signed := signsIn(t, v)
		return fmt.Sprint(signed, ", ", v.forms[len(v.forms)-1].Has("client_secret"))
	}, want: map[string]string{"-": "signed in, false", "secret-basic": "signed in, false", "secret-body": "signed in, true", "none": noGate + "client-auth-method is neither"}},
	"audience": {see: both(takes(nil), takes(claims{"aud": []string{"x", "api"}})), want: map[string]string{"-": "200, 401 Invalid audience", "api": "401 Invalid audience, 200"}},
	"scopes":   {see: asksBy("scope"), want: map[string]string{"-": "openid email profile", "orders\nemail": "openid email profile orders"}},
	"revocation-url": {also: flags{"enable-refresh-tokens": "true"}, see: func(t *testing.T, v *view) string {
		b := v.browser()
		passes(t, b.signIn("/"))
		b.send("GET", "/oauth/logout", page...)
		return fmt.Sprint(v.count("/realms/shop/revoke"), v.count("/realms/shop/elsewhere"))
	}, want: map[string]string{"-": "1 0", "{issuer}/elsewhere": "0 1"}},
	"openid-provider-proxy": {see: func(t *testing.T, v *view) string {
		return fmt.Sprint(takes(nil)(t, v), ", by proxy ", v.count("by proxy") > 0)
	}, want: map[string]string{"-": "200, by proxy false", "{issuer's proxy}": "200, by proxy true", "http://{free}": away + ", by proxy false", "proxy": noGate + "openid-provider-proxy"}},
	"openid-provider-timeout": {given: func(_ *places, p *provider) {
		p.instead = map[string]http.HandlerFunc{"/realms/shop/keys": func(w http.ResponseWriter, r *http.Request) { time.Sleep(slowness); p.keys(w, r) }}
	}, see: takes(nil), want: map[string]string{"-": "200", "20ms": away, "0s": noGate + "openid-provider-timeout"}},
	"openid-provider-ca": {given: secured, also: flags{"discovery-url": "{issuer}"}, see: takes(nil), want: map[string]string{"-": away, "{files}/ca.pem": "200", "{files}/key.pem": noGate + "holds no certificate"}},
	"openid-provider-insecure-http": {given: func(_ *places, p *provider) {
		p.url, p.at = "http://id.example/realms/shop", "http://id.example/realms/shop"
	},
		also: flags{"openid-provider-proxy": "{issuer's proxy}"}, see: takes(nil), want: map[string]string{"-": noGate + "without TLS", "true": "200"}},
	"accept-untyped-tokens": {see: both(takes(claims{"typ": nil}), takes(claims{"typ": "ID"})), want: map[string]string{"-": "401 Not an access token, 401 Not an access token", "true": "200, 401 Not an access token"}},
	"unsafe-skip-token-verification": {see: func(t *testing.T, v *view) string {
		return said(v.ask("GET", "/", "Authorization: Bearer "+v.other.bearer(claims{"iss": v.url})))
	}, want: map[string]string{"-": "401 Invalid signature", "true": "200"}},
	"explain-client-id":     {also: flags{"explain-client-secret": "explain-secret"}, see: explains, want: map[string]string{"-": noGate + "needed together", "explainer": "answer false, log true"}},
	"explain-client-secret": {also: flags{"explain-client-id": "explainer"}, see: explains, want: map[string]string{"-": noGate + "needed together", "explain-secret": "answer false, log true", "wrong": "answer false, log false"}},
	"show-explanations":     {also: flags{"explain-client-id": "explainer", "explain-client-secret": "explain-secret"}, see: explains, want: map[string]string{"-": "answer false, log true", "true": "answer true, log true"}},
}

// away is what is said while the issuer cannot be reached.
const away = "503 Whoever signs people in cannot be reached"

// said is an answer as programs read it: its status, and what is wrong.
func said(w *httptest.ResponseRecorder) string {
	if w.Code < 400 {
		return fmt.Sprint(w.Code)
	}
	_, text, _ := strings.Cut(w.Body.String(), `"error_description":"`)
	text, _, _ = strings.Cut(text, `"`)
	return fmt.Sprint(w.Code, " ", text)
}

// takes shows a token of alice's.
func takes(other claims) func(*testing.T, *view) string {
	return func(_ *testing.T, v *view) string {
		return said(v.ask("GET", "/", "Authorization: Bearer "+v.bearer(other)))
	}
}

// both looks twice.
func both(first, second func(*testing.T, *view) string) func(*testing.T, *view) string {
	return func(t *testing.T, v *view) string { return first(t, v) + ", " + second(t, v) }
}

// asksBy is a parameter of the address that people are sent to to sign in.
func asksBy(parameter string) func(*testing.T, *view) string {
	return func(t *testing.T, v *view) string {
		to, err := url.Parse(v.browser().open("/").Header().Get("Location"))
		if err != nil {
			t.Error(err)
		}
		return to.Query().Get(parameter)
	}
}

// signsIn has alice sign in.
func signsIn(_ *testing.T, v *view) string {
	b := v.browser()
	if w := b.send("GET", b.atProvider(b.open("/")).RequestURI(), "Sec-Fetch-Site: cross-site"); w.Code != http.StatusFound {
		return said(w)
	}
	if w := b.open("/"); w.Code != http.StatusOK {
		return said(w)
	}
	return "signed in"
}

// secured has the provider answer by TLS.
func secured(at *places, p *provider) {
	pair, err := tls.LoadX509KeyPair(at.files+"/pair.pem", at.files+"/pair.pem")
	if err != nil {
		p.Fatal(err)
	}
	s := httptest.NewUnstartedServer(p.Config.Handler)
	s.TLS = &tls.Config{Certificates: []tls.Certificate{pair}}
	s.StartTLS()
	p.Cleanup(s.Close)
	p.url = s.URL + "/realms/shop"
	p.at = p.url
}

// explains shows a token that is for others, and tells where the issuer's explanation is.
func explains(_ *testing.T, v *view) string {
	const sentence = "explained by the issuer"
	w := v.ask("GET", "/", "Authorization: Bearer "+v.bearer(claims{"aud": "account"}))
	return fmt.Sprint("answer ", strings.Contains(w.Body.String(), sentence), ", log ", strings.Contains(v.log.String(), sentence))
}
