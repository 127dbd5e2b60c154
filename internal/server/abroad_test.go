package server_test

import (
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/tokenhouse/tokenhouse/internal/core/event"
	"github.com/tokenhouse/tokenhouse/internal/core/realm"
	"github.com/tokenhouse/tokenhouse/internal/server"
)

// realms are two realms of one server, known to callers as http://localhost:8080, where users of the second are linked to
// users of the first.
type realms struct {
	*testing.T
	server *server.Server
	second *server.Server // on the same database; nil where one cannot be
	base   string
}

// both are the realms: a issues, b takes.
func (r realms) both() (a, b *arena) {
	return &arena{r.T, r.server, r.base, "realm-a"}, &arena{r.T, r.server, r.base, "realm-b"}
}

// forRealmB has tokens of a client be for realm B.
func forRealmB() realm.Mapper {
	return realm.Mapper{Key: "for-b", Name: "for-b", Kind: "oidc-audience-mapper", Protocol: "openid-connect",
		Config: map[string]string{"included.custom.audience": "http://localhost:8080/realms/realm-b", "access.token.claim": "true"}}
}

func onBothRealms(t *testing.T, story func(r realms)) {
	files := map[string][]byte{}
	for _, name := range []string{"realm-a.json", "realm-b.json"} {
		text, err := os.ReadFile(filepath.Join("testdata/story", name))
		if err != nil {
			t.Fatal(err)
		}
		files[name] = text
	}
	for _, db := range databases {
		t.Run(db.name, func(t *testing.T) {
			where := db.open(t)
			s, base := startAs(t, where, files, func(c *server.Config, _ string) { c.Public.Hostname = "http://localhost:8080" })
			story(realms{t, s, secondNode(t, where), base})
		})
	}
}

// signIn gives the tokens of somebody who signs in at a client of realm A.
func (r realms) signIn(client, name string) map[string]any {
	r.Helper()
	return ask(r.T, r.base, "realm-a", 200, url.Values{"grant_type": {"password"}, "client_id": {client}, "scope": {"openid"},
		"username": {name}, "password": {name + "-password"}})
}

// exchange exchanges a token at realm B as the client with credentials. Later parameters win.
func (r realms) exchange(status int, subject string, more ...string) map[string]any {
	r.Helper()
	q := url.Values{"grant_type": {"urn:ietf:params:oauth:grant-type:token-exchange"}, "client_id": {"backend"}, "client_secret": {"backend-secret"},
		"subject_token": {subject}, "subject_token_type": {"urn:ietf:params:oauth:token-type:access_token"}, "subject_issuer": {"realm-a"}}
	for i := 0; i < len(more); i += 2 {
		q.Set(more[i], more[i+1])
		if more[i+1] == "" {
			q.Del(more[i])
		}
	}
	return ask(r.T, r.base, "realm-b", status, q)
}

// provider changes the identity provider of realm B.
func (r realms) provider(change func(p *realm.Provider)) {
	r.Helper()
	r.edit("realm-b", func(d *realm.Draft) {
		p := *d.Realm().Provider("realm-a")
		config := map[string]string{}
		for name, value := range p.Config {
			config[name] = value
		}
		p.Config = config
		change(&p)
		d.PutProvider(&p)
	})
}

func (r realms) edit(name string, change func(d *realm.Draft)) {
	r.Helper()
	err := r.server.Store().Edit(r.Context(), name, func(d *realm.Draft) ([]event.Admin, error) {
		change(d)
		return nil, d.Validate()
	})
	if err != nil {
		r.Fatal(err)
	}
}

// TestCrossRealmStory: a token of one realm is exchanged for one of another, as the third example of a guide has it. No
// client is named there: the public client that the provider names stands in.
func TestCrossRealmStory(t *testing.T) {
	const example = `
grant_type=urn:ietf:params:oauth:grant-type:token-exchange&
subject_token=eyJhbG...&
subject_token_type=urn:ietf:params:oauth:token-type:access_token&
subject_issuer=http://localhost:8080/realms/realm-a&
audience=api-service`
	onBothRealms(t, func(r realms) {
		subject := str(r.T, r.signIn("myapp", "alice"), "access_token")
		answer := post(r.T, r.base, "realm-b", 200, fill(example, subject), nil)
		issued := claims(r.T, str(r.T, answer, "access_token"))
		want := map[string]any{"iss": "http://localhost:8080/realms/realm-b", "aud": "api-service", "azp": "gateway", "preferred_username": "anna"}
		for name, value := range want {
			if d := cmp.Diff(value, issued[name]); d != "" {
				t.Errorf("%s (-want +got):\n%s", name, d)
			}
		}
		brought := claims(r.T, subject)
		path := []any{map[string]any{"iss": "http://localhost:8080/realms/realm-a", "client": "myapp", "jti": brought["jti"], "sid": brought["sid"]}}
		if d := cmp.Diff(path, issued["exchange_path"]); d != "" {
			t.Errorf("exchange_path (-want +got):\n%s", d)
		}
		if issued["exp"].(float64) > brought["exp"].(float64) {
			t.Errorf("the token outlives its subject: %v, %v", issued["exp"], brought["exp"])
		}
		if answer["refresh_token"] != nil {
			t.Error("a refresh token is issued to who proved nothing")
		}
		refused(r.T, post(r.T, r.base, "realm-b", 403, fill(example+"&audience=plain", subject), nil), "access_denied")

		r.provider(func(p *realm.Provider) { delete(p.Config, "tokenhouse.exchange.requester") })
		refused(r.T, post(r.T, r.base, "realm-b", 401, fill(example, subject), nil), "invalid_client")
	})
}

// TestAttackAbroad: between realms of a server there is a fence (T26), which tokens pass that are good where they come
// from, now (T27), by a provider that is trusted, now (T05), whatever they are said to be (T07).
func TestAttackAbroad(t *testing.T) {
	const (
		access, id, jwt = "urn:ietf:params:oauth:token-type:access_token", "urn:ietf:params:oauth:token-type:id_token", "urn:ietf:params:oauth:token-type:jwt"
		notAllowed      = "Client not allowed to exchange"
	)
	onBothRealms(t, func(r realms) {
		alice, bob, other := r.signIn("myapp", "alice"), r.signIn("myapp", "bob"), r.signIn("otherapp", "alice")
		tell := func(what string, answer map[string]any, text string) {
			t.Helper()
			if answer["error_description"] != text {
				t.Errorf("%s: %v %q, want %q", what, answer["error"], answer["error_description"], text)
			}
		}
		for _, kind := range []string{access, id, jwt} {
			for _, member := range []string{"access_token", "id_token"} {
				answer := r.exchange(200, str(r.T, alice, member), "subject_token_type", kind, "audience", "")
				if got := claims(r.T, str(r.T, answer, "access_token"))["preferred_username"]; got != "anna" {
					t.Errorf("%s sent as %s: a token of %v", member, kind, got)
				}
				tell("nobody is linked", r.exchange(400, str(r.T, bob, member), "subject_token_type", kind), "Token exchange not permitted: user is not linked")
				tell("of a client that does not count", r.exchange(400, str(r.T, other, member), "subject_token_type", kind), "invalid token")
			}
			tell("refresh token", r.exchange(400, str(r.T, alice, "refresh_token"), "subject_token_type", kind), "invalid token")
		}
		good := str(r.T, alice, "access_token")
		tell("altered", r.exchange(400, good[:len(good)-6]+"AAAAAA"), "invalid token")
		tell("another type", r.exchange(400, good, "subject_token_type", "urn:ietf:params:oauth:token-type:saml2"),
			"Parameter 'subject_token' supports access tokens, ID tokens and JWTs of other issuers only")
		for _, name := range []string{"realm-z", "REALM-A", "http://localhost:8080/realms/realm-a/", "http://localhost:8080/realms/master"} {
			refused(r.T, r.exchange(400, good, "subject_issuer", name), "invalid_issuer")
		}
		tell("no switch", r.exchange(400, good, "client_id", "plain", "client_secret", "plain-secret"),
			"Parameter 'subject_issuer' is not supported for standard token exchange")
		tell("without the issuer", r.exchange(400, good, "subject_issuer", ""), "Standard token exchange is not enabled for the requested client")

		// What came of it is refreshed as long as the provider is trusted, and no longer.
		kept := r.exchange(200, good, "requested_token_type", "urn:ietf:params:oauth:token-type:refresh_token")
		refresh := func(status int) map[string]any {
			return ask(r.T, r.base, "realm-b", status, url.Values{"grant_type": {"refresh_token"}, "client_id": {"backend"},
				"client_secret": {"backend-secret"}, "refresh_token": {str(r.T, kept, "refresh_token")}})
		}
		if claims(r.T, str(r.T, refresh(200), "access_token"))["exchange_path"] == nil {
			t.Error("a refreshed token has forgotten where it came from")
		}
		r.provider(func(p *realm.Provider) { p.Enabled = false })
		tell("switched off", r.exchange(403, good), notAllowed)
		tell("refresh, switched off", refresh(403), notAllowed)
		r.provider(func(p *realm.Provider) { p.Enabled, p.Config["tokenhouse.exchange.trusted"] = true, "false" })
		tell("not trusted", r.exchange(403, good), notAllowed)
		r.provider(func(p *realm.Provider) { p.Config["tokenhouse.exchange.trusted"] = "true" })

		// What is taken back in the realm that it came from is taken back here, too.
		issued := str(r.T, r.exchange(200, good, "audience", "api-service"), "access_token")
		active := func() any {
			return submit(r.T, r.base+"/realms/realm-b/protocol/openid-connect/token/introspect", url.Values{"token": {issued},
				"client_id": {"api-service"}, "client_secret": {"api-service-secret"}})["active"]
		}
		if active() != true {
			t.Error("an exchanged token is not active")
		}
		submit(r.T, r.base+"/realms/realm-a/protocol/openid-connect/revoke", url.Values{"token": {good}, "client_id": {"myapp"}})
		tell("revoked", r.exchange(400, good), "invalid token")
		if active() != false {
			t.Error("a token is active that was exchanged from a revoked one")
		}
		submit(r.T, r.base+"/realms/realm-a/protocol/openid-connect/logout", url.Values{"refresh_token": {str(r.T, alice, "refresh_token")}, "client_id": {"myapp"}})
		tell("ID token, signed out", r.exchange(400, str(r.T, alice, "id_token"), "subject_token_type", id), "invalid token")
	})
}

// submit posts a form and gives the members of the answer, if it has any.
func submit(t *testing.T, address string, q url.Values) map[string]any {
	t.Helper()
	resp, err := http.PostForm(address, q)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	if resp.StatusCode/100 != 2 {
		t.Fatalf("%s: status %d", address, resp.StatusCode)
	}
	answer := map[string]any{}
	if err := json.NewDecoder(resp.Body).Decode(&answer); err != nil && !errors.Is(err, io.EOF) {
		t.Fatal(err)
	}
	return answer
}
