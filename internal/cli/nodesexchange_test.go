package cli

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"maps"
	"net/http"
	"net/url"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/uuid"

	"github.com/tokenhouse/tokenhouse/internal/core/proof/prooftest"
	"github.com/tokenhouse/tokenhouse/internal/core/token/tokentest"
	"github.com/tokenhouse/tokenhouse/internal/flow/audit"
	"github.com/tokenhouse/tokenhouse/internal/flow/manage"
	"github.com/tokenhouse/tokenhouse/internal/keycloak"
)

// chainRealm has clients that exchange to each other, one that signs assertions, one of a partner's, and one that may
// ask for ten tokens a minute.
const chainRealm = `{
	"realm": "nodes", "enabled": true, "sslRequired": "none",
	"attributes": {"tokenhouse.exchange.chain-limit": "2", "tokenhouse.limit.introspection.client": "10/1m"},
	"clientScopes": [{"name": "chain", "protocol": "openid-connect", "protocolMappers": [
		{"name": "sub", "protocol": "openid-connect", "protocolMapper": "oidc-sub-mapper", "config": {"access.token.claim": "true"}},
		{"name": "front", "protocol": "openid-connect", "protocolMapper": "oidc-audience-mapper", "config": {"included.client.audience": "front", "access.token.claim": "true"}},
		{"name": "middle", "protocol": "openid-connect", "protocolMapper": "oidc-audience-mapper", "config": {"included.client.audience": "middle", "access.token.claim": "true"}},
		{"name": "back", "protocol": "openid-connect", "protocolMapper": "oidc-audience-mapper", "config": {"included.client.audience": "back", "access.token.claim": "true"}}]}],
	"clients": [
		{"clientId": "till", "secret": "till-secret", "directAccessGrantsEnabled": true, "defaultClientScopes": ["chain"]},
		{"clientId": "front", "secret": "front-secret", "attributes": {"standard.token.exchange.enabled": "true"}, "defaultClientScopes": ["chain"]},
		{"clientId": "middle", "secret": "middle-secret", "attributes": {"standard.token.exchange.enabled": "true"}, "defaultClientScopes": ["chain"]},
		{"clientId": "back", "secret": "back-secret", "attributes": {"standard.token.exchange.enabled": "true"}, "defaultClientScopes": ["chain"]},
		{"clientId": "signer", "secret": "a-secret-that-is-long-enough-to-sign", "clientAuthenticatorType": "client-secret-jwt", "serviceAccountsEnabled": true},
		{"clientId": "robot", "secret": "robot-secret", "defaultClientScopes": ["chain"],
			"attributes": {"oauth2.jwt.authorization.grant.enabled": "true", "oauth2.jwt.authorization.grant.idp": "partner"}}],
	"identityProviders": [{"alias": "partner", "providerId": "jwt-authorization-grant", "enabled": true,
		"config": {"issuer": "https://partner.example", "publicKeySignatureVerifier": "PARTNER-KEY"}}],
	"users": [{"username": "alice", "enabled": true, "email": "alice@example.org", "firstName": "Alice", "lastName": "Liddell",
		"credentials": [{"type": "password", "value": "alice-password"}],
		"federatedIdentities": [{"identityProvider": "partner", "userId": "p-alice", "userName": "alice"}]}]
}`

// TestExchangeOnTwoProcesses: what one node did, or was told, counts on the other.
func TestExchangeOnTwoProcesses(t *testing.T) {
	partner, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	public, err := x509.MarshalPKIXPublicKey(partner.Public())
	if err != nil {
		t.Fatal(err)
	}
	here, nodes := twoProcesses(t, strings.Replace(chainRealm, "PARTNER-KEY", base64.StdEncoding.EncodeToString(public), 1))
	const realmURL = nodesHost + "/realms/nodes"
	signIn := url.Values{"grant_type": {"password"}, "client_id": {"till"}, "client_secret": {"till-secret"}, "username": {"alice"}, "password": {"alice-password"}}

	t.Run("a chain goes over both, and ends on both with its first token", func(t *testing.T) {
		exchange := func(node, client, subject, audience string) (int, map[string]any) {
			return redeem(t, node, url.Values{"grant_type": {"urn:ietf:params:oauth:grant-type:token-exchange"}, "client_id": {client}, "client_secret": {client + "-secret"},
				"subject_token": {subject}, "subject_token_type": {"urn:ietf:params:oauth:token-type:access_token"}, "audience": {audience}})
		}
		_, first := redeem(t, nodes[0], signIn)
		_, second := exchange(nodes[1], "front", access(first), "middle")
		_, third := exchange(nodes[0], "middle", access(second), "back")
		if access(third) == "" {
			t.Fatalf("the second exchange: %v", third)
		}
		if status, refused := exchange(nodes[1], "back", access(third), "front"); status != http.StatusForbidden || refused["error_description"] != "Token exchange not permitted: chain limit of 2 reached" {
			t.Errorf("the third exchange: %d %v", status, refused["error_description"])
		}
		if active(t, nodes[1], "back", access(third)) != true {
			t.Fatal("what was exchanged is not active")
		}
		if status := send(t, nodes[0], "revoke", url.Values{"client_id": {"till"}, "client_secret": {"till-secret"}, "token": {access(first)}}, nil); status != http.StatusOK {
			t.Fatalf("revocation: %d", status)
		}
		soon(t, "the other node takes what was exchanged from a revoked token", func() bool { return !active(t, nodes[1], "back", access(third)) })
		if status, _ := exchange(nodes[1], "front", access(first), "middle"); status != http.StatusBadRequest {
			t.Errorf("the revoked token is exchanged: %d", status)
		}
	})

	t.Run("an assertion proves a client once", func(t *testing.T) {
		once(t, nodes, func() func(string) int {
			assertion := tokentest.Sign(t, "HS256", []byte("a-secret-that-is-long-enough-to-sign"), nil, map[string]any{"iss": "signer", "sub": "signer", "aud": realmURL,
				"jti": uuid.NewString(), "iat": time.Now().Unix(), "exp": time.Now().Add(time.Minute).Unix()})
			return func(node string) int {
				return send(t, node, "token", url.Values{"grant_type": {"client_credentials"},
					"client_assertion_type": {"urn:ietf:params:oauth:client-assertion-type:jwt-bearer"}, "client_assertion": {assertion}}, nil)
			}
		})
	})

	vouched := func() url.Values {
		assertion := tokentest.Sign(t, "ES256", partner, nil, map[string]any{"iss": "https://partner.example", "sub": "p-alice", "aud": realmURL,
			"jti": uuid.NewString(), "iat": time.Now().Unix(), "exp": time.Now().Add(time.Minute).Unix()})
		return url.Values{"grant_type": {"urn:ietf:params:oauth:grant-type:jwt-bearer"}, "client_id": {"robot"}, "client_secret": {"robot-secret"}, "assertion": {assertion}}
	}
	t.Run("an assertion of a partner is redeemed once", func(t *testing.T) {
		once(t, nodes, func() func(string) int {
			form := vouched()
			return func(node string) int { return send(t, node, "token", form, nil) }
		})
	})

	t.Run("a proof counts once", func(t *testing.T) {
		key := prooftest.New(t)
		once(t, nodes, func() func(string) int {
			header := http.Header{"Dpop": {key.Prove(http.MethodPost, realmURL+"/protocol/openid-connect/token", time.Now(), map[string]any{"jti": uuid.NewString()})}}
			return func(node string) int { return send(t, node, "token", signIn, header) }
		})
	})

	t.Run("a provider that is switched off on one is refused by the other", func(t *testing.T) {
		for _, node := range nodes {
			if status := send(t, node, "token", vouched(), nil); status != http.StatusOK {
				t.Fatalf("%s answers %d while it is on", node, status)
			}
		}
		providers := &manage.Providers{Store: here.Store()}
		author := audit.Author{Now: time.Now(), NewID: uuid.NewString}
		off := keycloak.Object{"alias": json.RawMessage(`"partner"`), "providerId": json.RawMessage(`"jwt-authorization-grant"`), "enabled": json.RawMessage("false"),
			"config": json.RawMessage(`{"issuer": "https://partner.example", "useJwksUrl": "true", "jwksUrl": "https://partner.example/keys"}`)}
		if err := providers.Update(t.Context(), author, "nodes", "partner", off); err != nil {
			t.Fatal(err)
		}
		soon(t, "the other node takes assertions of a provider that is off", func() bool { return send(t, nodes[1], "token", vouched(), nil) != http.StatusOK })
	})

	t.Run("a limit is one for both", func(t *testing.T) {
		_, subject := redeem(t, nodes[0], signIn)
		passed, refused := 0, map[string]bool{}
		for i := range 30 {
			node := nodes[i%2]
			switch status := send(t, node, "token/introspect", url.Values{"client_id": {"front"}, "client_secret": {"front-secret"}, "token": {access(subject)}}, nil); status {
			case http.StatusOK:
				passed++
			case http.StatusTooManyRequests:
				refused[node] = true
			default:
				t.Fatalf("answered %d", status)
			}
		}
		if passed == 0 || passed > 2*10 || len(refused) != 2 { // a minute may have begun between
			t.Errorf("%d of 30 passed, and %d nodes refused", passed, len(refused))
		}
	})
}

func access(answer map[string]any) string {
	s, _ := answer["access_token"].(string)
	return s
}

// once sees that of requests of all nodes at the same time one is granted.
func once(t *testing.T, nodes []string, fresh func() func(node string) int) {
	t.Helper()
	for range 5 {
		use := fresh()
		var granted int
		var mu sync.Mutex
		var all sync.WaitGroup
		for _, node := range append(nodes, nodes...) {
			all.Go(func() {
				status := use(node)
				mu.Lock()
				defer mu.Unlock()
				if status == http.StatusOK {
					granted++
				} else if status >= http.StatusInternalServerError {
					t.Errorf("%s answers %d", node, status)
				}
			})
		}
		all.Wait()
		if granted != 1 {
			t.Fatalf("granted %d times", granted)
		}
	}
}

// soon waits until something holds that the other node has yet to hear of.
func soon(t *testing.T, what string, holds func() bool) {
	t.Helper()
	for deadline := time.Now().Add(30 * time.Second); !holds(); time.Sleep(20 * time.Millisecond) {
		if time.Now().After(deadline) {
			t.Fatal(what)
		}
	}
}

// send posts a form below a node's protocol address, and gives the status.
func send(t *testing.T, node, path string, form url.Values, header http.Header) int {
	t.Helper()
	status, _ := post(t, node, path, form, header)
	return status
}

func post(t *testing.T, node, path string, form url.Values, header http.Header) (status int, answer map[string]any) {
	t.Helper()
	q, err := http.NewRequestWithContext(t.Context(), http.MethodPost, fmt.Sprintf("%s/realms/nodes/protocol/openid-connect/%s", node, path), strings.NewReader(form.Encode()))
	if err != nil {
		t.Fatal(err)
	}
	maps.Copy(q.Header, header)
	q.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	resp, err := http.DefaultClient.Do(q)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	_ = json.NewDecoder(resp.Body).Decode(&answer) // a revocation has no answer
	return resp.StatusCode, answer
}

// active introspects a token by a client.
func active(t *testing.T, node, client, token string) bool {
	t.Helper()
	status, answer := post(t, node, "token/introspect", url.Values{"client_id": {client}, "client_secret": {client + "-secret"}, "token": {token}}, nil)
	if status != http.StatusOK {
		t.Fatalf("introspection: %d", status)
	}
	return answer["active"] == true
}
