package upstream

import (
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"encoding/json"
	"errors"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"

	"github.com/go-jose/go-jose/v4"

	"github.com/tokenhouse/tokenhouse/internal/core/federation"
	"github.com/tokenhouse/tokenhouse/internal/core/realm"
	"github.com/tokenhouse/tokenhouse/internal/core/token/tokentest"
)

// issuer is an upstream issuer of the tests. Its mux answers as each test wants.
type issuer struct {
	*http.ServeMux
	url string
	key *ecdsa.PrivateKey
}

func newIssuer(t *testing.T) *issuer {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	i := &issuer{ServeMux: http.NewServeMux(), key: key}
	server := httptest.NewServer(i)
	t.Cleanup(server.Close)
	i.url = server.URL
	i.answers(t, "/keys", 200, "application/json", jose.JSONWebKeySet{Keys: []jose.JSONWebKey{{Key: key.Public(), KeyID: "k"}}})
	return i
}

// answers makes an address answer; what is no string is JSON.
func (i *issuer) answers(t *testing.T, path string, status int, kind string, what any) {
	t.Helper()
	body, ok := what.(string)
	if !ok {
		text, err := json.Marshal(what)
		if err != nil {
			t.Fatal(err)
		}
		body = string(text)
	}
	i.HandleFunc(path, func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", kind)
		w.WriteHeader(status)
		_, _ = w.Write([]byte(body))
	})
}

func (i *issuer) sign(t *testing.T, key *ecdsa.PrivateKey, claims map[string]any) string {
	t.Helper()
	return tokentest.Sign(t, "ES256", key, map[string]any{"kid": "k"}, claims)
}

// settings are those of the issuer as a provider; more are pairs of names and values.
func (i *issuer) settings(t *testing.T, more ...string) *federation.Settings {
	t.Helper()
	config := map[string]string{"clientId": "web", "issuer": i.url, "tokenUrl": i.url + "/token", "userInfoUrl": i.url + "/me", "logoutUrl": i.url + "/bye",
		"useJwksUrl": "true", "jwksUrl": i.url + "/keys", "validateSignature": "true"}
	for n := 0; n < len(more); n += 2 {
		config[more[n]] = more[n+1]
	}
	s, ok := federation.Read(&realm.Provider{Alias: "up", Kind: "oidc", Config: config})
	if !ok {
		t.Fatal("oidc is no kind")
	}
	return &s
}

func TestToken(t *testing.T) {
	i := newIssuer(t)
	i.HandleFunc("/token", func(w http.ResponseWriter, r *http.Request) {
		user, password, _ := r.BasicAuth()
		if r.Method != http.MethodPost || r.PostFormValue("code") != "c" || user != "web" || password != "s%3Acret" {
			http.Error(w, `{"error":"invalid_client"}`, http.StatusUnauthorized)
			return
		}
		_, _ = w.Write([]byte(`{"access_token":"a","id_token":"i","expires_in":60}`))
	})
	i.answers(t, "/refused", 400, "application/json", `{"error":"invalid_grant","error_description":"Code not valid"}`)
	i.answers(t, "/broken", 500, "application/json", `{"access_token":"a"}`)
	i.answers(t, "/page", 200, "text/html", `<html>maintenance</html>`)
	i.HandleFunc("/moved", func(w http.ResponseWriter, r *http.Request) {
		http.Redirect(w, r, "/token", http.StatusTemporaryRedirect)
	})
	i.answers(t, "/long", 200, "application/json", `{"access_token":"`+strings.Repeat("a", maxSize)+`"}`)

	open, strict := New(Config{AllowPrivate: true}), New(Config{})
	for _, tt := range []struct {
		name, url string
		client    *Client
		want      string // of the error; empty: tokens
	}{
		{"redeemed", i.url + "/token", open, ""},
		{"refused", i.url + "/refused", open, `refused: "invalid_grant"`},
		{"tokens that come with a failure", i.url + "/broken", open, "status 500"},
		{"a page", i.url + "/page", open, "neither JSON nor a form"},
		{"T34/a redirect is not followed with a secret", i.url + "/moved", open, "status 307"},
		{"nothing", i.url + "/token/elsewhere", open, "status 404"},
		{"T34/too long", i.url + "/long", open, errSize.Error()},
		{"T34/loopback", i.url + "/token", strict, errAddress.Error()},
		{"T34/a file", "file:///etc/passwd", open, errScheme.Error()},
	} {
		t.Run(tt.name, func(t *testing.T) {
			got, err := tt.client.Token(t.Context(), federation.TokenRequest{URL: tt.url, Form: url.Values{"code": {"c"}}, User: "web", Password: "s%3Acret"})
			if tt.want == "" && (err != nil || got.AccessToken != "a" || got.IDToken != "i") {
				t.Errorf("Token = %+v, %v", got, err)
			}
			if tt.want != "" && (err == nil || got.AccessToken != "" || !strings.Contains(err.Error(), tt.want)) {
				t.Errorf("Token = %+v, %v, want %s", got, err, tt.want)
			}
		})
	}
	_, err := open.Token(t.Context(), federation.TokenRequest{URL: i.url + "/refused"})
	if refusal, ok := errors.AsType[*federation.Refusal](err); !ok || refusal.Description != "Code not valid" {
		t.Errorf("a refusal is %v", err)
	}
}

func TestVerify(t *testing.T) {
	i := newIssuer(t)
	c := New(Config{AllowPrivate: true})
	stranger, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	good, forged := i.sign(t, i.key, map[string]any{"sub": "una"}), i.sign(t, stranger, map[string]any{"sub": "una"})
	if f, err := c.Verify(t.Context(), i.settings(t), good); err != nil || f.Subject != "una" {
		t.Errorf("Verify = %+v, %v", f, err)
	}
	if _, err := c.Verify(t.Context(), i.settings(t), forged); !errors.Is(err, federation.ErrSignature) {
		t.Errorf("a forged token: %v", err)
	}
	if _, err := c.Verify(t.Context(), i.settings(t, "validateSignature", "false"), forged); !errors.Is(err, federation.ErrSignature) {
		t.Errorf("a forged token of a provider whose signatures need not be checked: %v", err)
	}
	if _, err := c.Verify(t.Context(), i.settings(t, "jwksUrl", i.url+"/gone"), good); err == nil || errors.Is(err, federation.ErrSignature) {
		t.Errorf("keys that cannot be fetched are the token's fault: %v", err)
	}
	if _, err := c.Verify(t.Context(), i.settings(t, "useJwksUrl", "false"), good); err == nil {
		t.Error("a token is verified without a key")
	}
}

func TestUserInfo(t *testing.T) {
	i := newIssuer(t)
	i.HandleFunc("/me", func(w http.ResponseWriter, r *http.Request) {
		if r.Header.Get("Authorization") != "Bearer a" {
			w.WriteHeader(http.StatusUnauthorized)
			return
		}
		_, _ = w.Write([]byte(`{"sub":"f-1","name":"Una"}`))
	})
	stranger, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	jwt := func(path string, key *ecdsa.PrivateKey, claims map[string]any) {
		i.answers(t, path, 200, "application/jwt;charset=UTF-8", i.sign(t, key, claims))
	}
	jwt("/signed", i.key, map[string]any{"sub": "f-1", "iss": i.url, "aud": "web"})
	jwt("/forged", stranger, map[string]any{"sub": "f-1"})
	jwt("/others", i.key, map[string]any{"sub": "f-1", "iss": i.url, "aud": "api"})
	i.answers(t, "/unsigned", 200, "application/jwt", "eyJhbGciOiJub25lIn0.eyJzdWIiOiJmLTEifQ.")
	i.answers(t, "/page", 200, "text/html", `{"sub":"f-1"}`)
	i.answers(t, "/list", 200, "application/json", `["f-1"]`)
	i.HandleFunc("/moved", func(w http.ResponseWriter, r *http.Request) { http.Redirect(w, r, "/me", http.StatusFound) })

	c := New(Config{AllowPrivate: true})
	for path, want := range map[string]bool{"/me": true, "/signed": true, "/forged": false, "/others": false, "/unsigned": false, "/page": false, "/list": false, "/moved": false, "/gone": false} {
		got, err := c.UserInfo(t.Context(), i.settings(t, "userInfoUrl", i.url+path, "validateSignature", "false"), "a")
		if (err == nil) != want || want && got.Get("sub") != "f-1" {
			t.Errorf("%s: %v, %v", path, got, err)
		}
	}
	if _, err := c.UserInfo(t.Context(), i.settings(t), "b"); err == nil || strings.Contains(err.Error(), "Bearer") {
		t.Errorf("another token: %v", err)
	}
}

// GitHub tells e-mail addresses elsewhere.
func TestUserInfoOfGitHub(t *testing.T) {
	i := newIssuer(t)
	i.answers(t, "/api/user", 200, "application/json", `{"login":"octocat","id":583231,"email":null}`)
	i.answers(t, "/api/user/emails", 200, "application/json", `[{"email":"octocat@example.test","primary":true,"verified":true}]`)
	s, _ := federation.Read(&realm.Provider{Alias: "hub", Kind: "github", Config: map[string]string{"apiUrl": i.url + "/api"}})
	profile, err := New(Config{AllowPrivate: true}).UserInfo(t.Context(), &s, "a")
	if err != nil || profile.Get("email") != "octocat@example.test" || profile.Get("id") != int64(583231) {
		t.Errorf("UserInfo = %v, %v", profile, err)
	}
}

func TestLogout(t *testing.T) {
	i := newIssuer(t)
	var query url.Values
	i.HandleFunc("/bye", func(w http.ResponseWriter, r *http.Request) {
		query = r.URL.Query()
		http.Redirect(w, r, "https://elsewhere.example/", http.StatusFound)
	})
	c := New(Config{AllowPrivate: true})
	if err := c.Logout(t.Context(), i.settings(t), "i", "s"); err != nil || query.Get("id_token_hint") != "i" || query.Get("state") != "s" {
		t.Errorf("Logout: %v, %v", query, err)
	}
	if err := c.Logout(t.Context(), i.settings(t, "logoutUrl", i.url+"/gone"), "i", "s"); err == nil {
		t.Error("a provider that does not know the address signs out")
	}
	if err := c.Logout(t.Context(), i.settings(t, "logoutUrl", ""), "i", "s"); !errors.Is(err, errScheme) {
		t.Errorf("a provider without the address: %v", err)
	}
	// A failure is logged, and the ID token is in the address.
	if err := New(Config{}).Logout(t.Context(), i.settings(t), "secret", "s"); !errors.Is(err, errAddress) || strings.Contains(err.Error(), "secret") {
		t.Errorf("loopback: %v", err)
	}
}

func TestDiscover(t *testing.T) {
	i := newIssuer(t)
	i.HandleFunc("/realms/up/.well-known/openid-configuration", func(w http.ResponseWriter, _ *http.Request) {
		_ = json.NewEncoder(w).Encode(federation.Metadata{Issuer: i.url + "/realms/up", TokenEndpoint: i.url + "/token"})
	})
	i.answers(t, "/realms/other/.well-known/openid-configuration", 200, "application/json", `{"issuer":"https://evil.example"}`)
	i.answers(t, "/realms/page/.well-known/openid-configuration", 200, "text/html", `<html>`)
	c := New(Config{AllowPrivate: true})
	for name, want := range map[string]bool{"up": true, "other": false, "page": false, "gone": false} {
		m, err := c.Discover(t.Context(), i.url+"/realms/"+name)
		if (err == nil) != want || want && m.TokenEndpoint != i.url+"/token" {
			t.Errorf("%s: %+v, %v", name, m, err)
		}
	}
}

// Who gives up waiting is told so, and not that the provider is at fault.
func TestTokenGivesUp(t *testing.T) {
	i := newIssuer(t)
	i.answers(t, "/token", 200, "application/json", `{"access_token":"a"}`)
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := New(Config{AllowPrivate: true}).Token(ctx, federation.TokenRequest{URL: i.url + "/token"}); !errors.Is(err, context.Canceled) {
		t.Errorf("given up: %v", err)
	}
}
