package server_test

import (
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/go-jose/go-jose/v4"
	"github.com/go-jose/go-jose/v4/jwt"

	"github.com/tokenhouse/tokenhouse/internal/server"
)

// holed is a realm in which Keycloak lets through what it should not; see docs/keycloak-divergences.md.
const holed = `{"realm": "holed", "enabled": true, "sslRequired": "none", "passwordPolicy": "hashAlgorithm(pbkdf2-sha256) and hashIterations(1)",
	"clients": [
		{"clientId": "shop", "secret": "shop-secret", "redirectUris": ["https://shop.example/cb"]},
		{"clientId": "desk", "secret": "desk-secret", "redirectUris": ["https://desk.example/cb"]},
		{"clientId": "asking", "secret": "asking-secret", "redirectUris": ["https://asking.example/cb"], "consentRequired": true},
		{"clientId": "signing", "secret": "signing-secret", "redirectUris": ["https://signing.example/cb"],
		 "attributes": {"use.jwks.string": "true", "jwks.string": ""}}],
	"users": [{"username": "ann", "enabled": true, "email": "ann@holed.example", "firstName": "Ann", "lastName": "Lee",
		"credentials": [{"type": "password", "value": "ann-password"}], "realmRoles": ["offline_access"]}]}`

// hole is the realm as somebody at a browser meets it.
type hole struct {
	*person
	protocol string
	web      *httptest.Server
}

// inHole tests the realm on each database.
func inHole(t *testing.T, test func(*testing.T, hole)) {
	for _, db := range databases {
		t.Run(db.name, func(t *testing.T) {
			web := secure(t, server.Config{Database: db.open(t)}, map[string][]byte{"holed.json": []byte(holed)})
			test(t, hole{newPerson(t, web), web.URL + "/realms/holed/protocol/openid-connect", web})
		})
	}
}

// asks opens the authorization endpoint for a client.
func (h hole) asks(client string, pairs ...string) {
	h.Helper()
	q := url.Values{"client_id": {client}, "redirect_uri": {"https://" + client + ".example/cb"}, "response_type": {"code"}, "scope": {"openid"}}
	for i := 0; i < len(pairs); i += 2 {
		q.Set(pairs[i], pairs[i+1])
	}
	h.open(h.protocol + "/auth?" + q.Encode())
}

func (h hole) signsIn() {
	h.Helper()
	h.submit("username", "ann", "password", "ann-password")
}

// posts sends a client's own request, and gives the members of the answer.
func (h hole) posts(want int, path, client string, pairs ...string) map[string]any {
	h.Helper()
	form := url.Values{"client_id": {client}, "client_secret": {client + "-secret"}}
	for i := 0; i < len(pairs); i += 2 {
		form.Set(pairs[i], pairs[i+1])
	}
	resp, err := h.web.Client().PostForm(h.protocol+path, form)
	if err != nil {
		h.Fatal(err)
	}
	defer resp.Body.Close()
	var out map[string]any
	if err := json.NewDecoder(resp.Body).Decode(&out); err != nil || resp.StatusCode != want {
		h.Fatalf("%s of %s is answered %d %v, want %d (%v)", path, client, resp.StatusCode, out, want, err)
	}
	return out
}

func (h hole) pushes(client string) string {
	h.Helper()
	uri, _ := h.posts(http.StatusCreated, "/ext/par/request", client, "response_type", "code", "scope", "openid",
		"redirect_uri", "https://"+client+".example/cb")["request_uri"].(string)
	return uri
}

// TestPushedRequestWorksOnce: for the client that pushed it, and before any sign-in with it is complete.
func TestPushedRequestWorksOnce(t *testing.T) { inHole(t, pushedRequestWorksOnce) }

func pushedRequestWorksOnce(t *testing.T, h hole) {
	uri := h.pushes("shop")
	use := func(client string) {
		h.open(h.protocol + "/auth?" + url.Values{"client_id": {client}, "request_uri": {uri}}.Encode())
	}
	use("desk")
	h.sees(400, "Invalid Request")
	use("shop") // the other's try did not use it up
	h.sees(200, "kc-form-login")
	use("shop")
	h.sees(400, "Invalid Request")
}

// TestRequestObjectsCount: what a request object says of itself holds, and who registered keys signs.
func TestRequestObjectsCount(t *testing.T) { inHole(t, requestObjectsCount) }

func requestObjectsCount(t *testing.T, h hole) {
	issuer := h.web.URL + "/realms/holed"
	at := func(d time.Duration) int64 { return time.Now().Add(d).Unix() }
	for name, tt := range map[string]struct {
		claims map[string]any
		want   int
	}{
		"good":               {map[string]any{"iss": "shop", "aud": issuer, "exp": at(time.Minute), "nbf": at(-time.Minute)}, 200},
		"says nothing":       {map[string]any{}, 200},
		"expired":            {map[string]any{"exp": at(-time.Minute)}, 400},
		"not yet":            {map[string]any{"nbf": at(time.Minute)}, 400},
		"for another server": {map[string]any{"aud": "https://other.example"}, 400},
		"of another client":  {map[string]any{"iss": "desk"}, 400},
		"for another client": {map[string]any{"client_id": "desk"}, 400},
	} {
		t.Run(name, func(t *testing.T) {
			claims := map[string]any{"client_id": "shop", "redirect_uri": "https://shop.example/cb", "response_type": "code", "scope": "openid"}
			for k, v := range tt.claims {
				claims[k] = v
			}
			h := h
			h.person = newPerson(t, h.web)
			h.open(h.protocol + "/auth?" + url.Values{"client_id": {"shop"}, "response_type": {"code"}, "scope": {"openid"},
				"request": {unsigned(t, claims)}}.Encode())
			if h.status != tt.want {
				t.Errorf("answered %d, want %d: %s", h.status, tt.want, h.page)
			}
		})
	}
}

// TestUnsignedRequestOfWhoSigns is refused, though it says nothing that is wrong.
func TestUnsignedRequestOfWhoSigns(t *testing.T) { inHole(t, unsignedRequestOfWhoSigns) }

func unsignedRequestOfWhoSigns(t *testing.T, h hole) {
	for client, want := range map[string]int{"shop": 200, "signing": 400} {
		h.person = newPerson(t, h.web)
		object := unsigned(t, map[string]any{"client_id": client, "redirect_uri": "https://" + client + ".example/cb", "response_type": "code", "scope": "openid"})
		h.asks(client, "request", object)
		if h.status != want {
			t.Errorf("an unsigned request of %s is answered %d, want %d", client, h.status, want)
		}
	}
}

// unsigned is a request object with the algorithm "none".
func unsigned(t *testing.T, claims map[string]any) string {
	t.Helper()
	key := []byte("a key for what nobody is going to verify")
	signer, err := jose.NewSigner(jose.SigningKey{Algorithm: jose.HS256, Key: key}, nil)
	if err != nil {
		t.Fatal(err)
	}
	text, err := jwt.Signed(signer).Claims(claims).Serialize()
	if err != nil {
		t.Fatal(err)
	}
	return "eyJhbGciOiJub25lIn0." + strings.Split(text, ".")[1] + "." // {"alg":"none"}
}

// TestConsentNeedsItsCode: a form that another site made up allows nothing.
func TestConsentNeedsItsCode(t *testing.T) { inHole(t, consentNeedsItsCode) }

func consentNeedsItsCode(t *testing.T, h hole) {
	h.asks("asking")
	h.signsIn()
	h.sees(200, "Grant Access to asking")
	for _, code := range []string{"", "made-up"} {
		h.submit("code", code, "accept", "Yes")
		h.sees(200, "Grant Access to asking")
	}
	h.submit("accept", "Yes")
	h.leaves("https://asking.example/cb")
}

// TestFormOfAnOlderTabNeedsItsPassword, though the browser signed in elsewhere meanwhile.
func TestFormOfAnOlderTabNeedsItsPassword(t *testing.T) { inHole(t, formOfAnOlderTabNeedsItsPassword) }

func formOfAnOlderTabNeedsItsPassword(t *testing.T, h hole) {
	h.asks("shop")
	older := h.form()
	h.asks("desk")
	h.signsIn()
	h.leaves("https://desk.example/cb")
	older.values.Set("username", "ann")
	older.values.Set("password", "wrong")
	h.send(older.method, older.action.String(), older.values)
	h.sees(200, "Invalid username or password.")
	h.submit("username", "ann", "password", "ann-password")
	h.leaves("https://shop.example/cb")
}

// TestOfflineAccessLeavesTheBrowserSignedIn, of the only client in its session too.
func TestOfflineAccessLeavesTheBrowserSignedIn(t *testing.T) {
	inHole(t, offlineAccessLeavesTheBrowserSignedIn)
}

func offlineAccessLeavesTheBrowserSignedIn(t *testing.T, h hole) {
	h.asks("shop", "scope", "openid offline_access")
	h.signsIn()
	h.leaves("https://shop.example/cb")
	h.posts(200, "/token", "shop", "grant_type", "authorization_code", "code", h.told.Get("code"), "redirect_uri", "https://shop.example/cb")
	h.asks("shop", "prompt", "none")
	h.leaves("https://shop.example/cb")
	if h.told.Get("code") == "" {
		t.Errorf("after an offline token the browser is told %v", h.told)
	}
}

// TestWrongSessionCodeIsThePersonsMistake: no answer to one is the server's failure.
func TestWrongSessionCodeIsThePersonsMistake(t *testing.T) {
	inHole(t, wrongSessionCodeIsThePersonsMistake)
}

func wrongSessionCodeIsThePersonsMistake(t *testing.T, h hole) {
	h.asks("shop")
	f := h.form()
	wrong := *f.action
	q := wrong.Query()
	q.Set("session_code", "made-up")
	wrong.RawQuery = q.Encode()
	h.send(f.method, wrong.String(), url.Values{"username": {"ann"}, "password": {"ann-password"}})
	h.sees(200, "Action expired. Please continue with login now.")
	h.signsIn()
	h.leaves("https://shop.example/cb")

	h.open(h.protocol + "/logout")
	h.submit("session_code", "made-up")
	h.sees(400, "Logout failed")
	h.asks("shop", "prompt", "none") // and nobody was signed out
	h.leaves("https://shop.example/cb")
	if h.told.Get("code") == "" {
		t.Errorf("a logout with a wrong code signed out: %v", h.told)
	}
}
