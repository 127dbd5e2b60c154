package server_test

import (
	"bytes"
	"context"
	"crypto/tls"
	"encoding/json"
	"errors"
	"net/http"
	"net/http/httptest"
	"net/url"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/go-jose/go-jose/v4"

	"github.com/tokenhouse/tokenhouse/bearer"
	"github.com/tokenhouse/tokenhouse/brokerclient"
	"github.com/tokenhouse/tokenhouse/internal/core/proof/prooftest"
)

// quay is a realm that issues every kind of access token. Tokens of each client but agent are for orders and gateway.
var quay = []byte(strings.ReplaceAll(`{"realm": "quay", "enabled": true, "sslRequired": "none", "passwordPolicy": "hashAlgorithm(pbkdf2-sha256) and hashIterations(1)",
	"components": {"org.keycloak.keys.KeyProvider": [
		{"name": "rsa", "providerId": "rsa-generated", "subComponents": {}, "config": {"keySize": ["2048"]}},
		{"name": "es256", "providerId": "ecdsa-generated", "subComponents": {}, "config": {}},
		{"name": "es512", "providerId": "ecdsa-generated", "subComponents": {}, "config": {"ecdsaEllipticCurveKey": ["P-521"]}},
		{"name": "ed", "providerId": "eddsa-generated", "subComponents": {}, "config": {}}]},
	"clients": [
		{"clientId": "RS256", "publicClient": true, "directAccessGrantsEnabled": true, ${orders}},
		{"clientId": "PS512", "publicClient": true, "directAccessGrantsEnabled": true, ${orders}, "attributes": {"access.token.signed.response.alg": "PS512"}},
		{"clientId": "ES256", "publicClient": true, "directAccessGrantsEnabled": true, ${orders}, "attributes": {"access.token.signed.response.alg": "ES256"}},
		{"clientId": "ES512", "publicClient": true, "directAccessGrantsEnabled": true, ${orders}, "attributes": {"access.token.signed.response.alg": "ES512"}},
		{"clientId": "EdDSA", "publicClient": true, "directAccessGrantsEnabled": true, ${orders}, "attributes": {"access.token.signed.response.alg": "EdDSA"}},
		{"clientId": "at+jwt", "publicClient": true, "directAccessGrantsEnabled": true, ${orders}, "attributes": {"access.token.header.type.rfc9068": "true"}},
		{"clientId": "light", "publicClient": true, "directAccessGrantsEnabled": true, ${orders}, "attributes": {"client.use.lightweight.access.token.enabled": "true"}},
		{"clientId": "gateway", "secret": "gateway secret: %+", "serviceAccountsEnabled": true, ${orders},
		 "attributes": {"standard.token.exchange.enabled": "true", "tokenhouse.exchange.permitted": "orders"}},
		{"clientId": "agent", "secret": "agent-secret", "serviceAccountsEnabled": true},
		{"clientId": "signer", "clientAuthenticatorType": "client-jwt", "serviceAccountsEnabled": true, ${orders},
		 "attributes": {"use.jwks.string": "true", "jwks.string": "${jwks}"}},
		{"clientId": "orders", "secret": "orders-secret", "attributes": {"tokenhouse.resources": "https://orders.example"}},
		{"clientId": "billing", "bearerOnly": true}],
	"users": [{"username": "alice", "enabled": true, "email": "alice@example.org", "firstName": "Alice", "lastName": "Liddell",
		"credentials": [{"type": "password", "value": "alice-password"}]}]}`, "${orders}", `"protocolMappers": [
	{"name": "orders", "protocol": "openid-connect", "protocolMapper": "oidc-audience-mapper",
	 "config": {"included.client.audience": "orders##gateway", "access.token.claim": "true", "lightweight.claim": "true", "introspection.token.claim": "true"}}]`))

// gatewayAuth is the client authentication of gateway, whose secret has what forms and headers encode in different ways.
var gatewayAuth = brokerclient.SecretBasic("gateway", "gateway secret: %+")

// TestBearerTakesEachAccessToken: whatever the server issues as an access token passes package bearer for its audience and for no
// other, and whatever it issues beside does not pass. So the two cannot drift.
func TestBearerTakesEachAccessToken(t *testing.T) {
	t.Parallel()
	for _, db := range databases {
		t.Run(db.name, func(t *testing.T) { eachAccessToken(t, db) })
	}
}

func eachAccessToken(t *testing.T, db database) {
	key, err := brokerclient.NewKey()
	if err != nil {
		t.Fatal(err)
	}
	key.ID = "signing"
	_, base := start(t, db.open(t), map[string][]byte{"quay.json": withKey(t, quay, key),
		"nonces.json": bytes.Replace(withKey(t, quay, key), []byte(`{"realm": "quay",`), []byte(`{"realm": "nonces", "attributes": {"tokenhouse.dpop.nonce": "required"},`), 1)})
	issuer := base + "/realms/quay"
	// Keys of algorithms that nobody asked for yet are made when the first token is signed by them.
	v, err := bearer.Config{Issuer: issuer, Keys: bearer.Keys{MinInterval: time.Nanosecond}}.NewVerifier(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	signIn := func(client string) map[string]any {
		t.Helper()
		return ask(t, base, "quay", 200, url.Values{"grant_type": {"password"}, "client_id": {client}, "username": {"alice"}, "password": {"alice-password"}, "scope": {"openid"}})
	}
	gateway, err := brokerclient.New(issuer, gatewayAuth)
	if err != nil {
		t.Fatal(err)
	}
	agent, err := brokerclient.New(issuer, brokerclient.SecretPost("agent", "agent-secret"))
	if err != nil {
		t.Fatal(err)
	}
	signer, err := brokerclient.New(issuer, brokerclient.PrivateKeyJWT(issuer, "signer", key))
	if err != nil {
		t.Fatal(err)
	}
	proven := issuedTo(t)(signer.ClientCredentials(t.Context(), brokerclient.Own{}))
	own := issuedTo(t)(gateway.ClientCredentials(t.Context(), brokerclient.Own{}))
	stranger := issuedTo(t)(agent.ClientCredentials(t.Context(), brokerclient.Own{}))
	subject := str(t, signIn("RS256"), "access_token")
	exchanged := issuedTo(t)(gateway.Exchange(t.Context(), brokerclient.Request{SubjectToken: subject, Audience: []string{"orders"}}))
	resource := issuedTo(t)(gateway.Exchange(t.Context(), brokerclient.Request{SubjectToken: subject, Resource: []string{"https://orders.example"}}))
	delegated := issuedTo(t)(gateway.Exchange(t.Context(), brokerclient.Request{SubjectToken: subject, ActorToken: own.Access, Audience: []string{"orders"}}))

	takes := func(name, token string, audiences ...string) *bearer.Claims {
		t.Helper()
		var c *bearer.Claims
		for _, audience := range audiences {
			if c, err = v.Verify(t.Context(), token, audience); err != nil {
				t.Fatalf("%s: for %s: %v", name, audience, err)
			}
		}
		if _, err := v.Verify(t.Context(), token, "billing"); !errors.Is(err, bearer.ErrAudience) {
			t.Errorf("%s: for another audience: %v", name, err)
		}
		return c
	}
	for _, client := range []string{"RS256", "PS512", "ES256", "ES512", "EdDSA", "at+jwt", "light"} {
		answer := signIn(client)
		c := takes(client, str(t, answer, "access_token"), "orders", "gateway")
		if c.Client != client || client != "light" && c.Username != "alice" || c.Path != nil || c.Actor != nil {
			t.Errorf("%s: claims %+v", client, c)
		}
		for _, member := range []string{"id_token", "refresh_token"} {
			other := str(t, answer, member)
			for _, audience := range []string{client, issuer, "orders"} {
				if c, err := v.Verify(t.Context(), other, audience); err == nil || errors.Is(err, bearer.ErrAudience) {
					t.Errorf("%s: its %s passes as an access token: %v, %v", client, member, c, err)
				}
			}
		}
	}
	takes("client credentials", own.Access, "orders")
	takes("client credentials by a key", proven.Access, "orders")
	refreshed := ask(t, base, "quay", 200, url.Values{"grant_type": {"refresh_token"}, "client_id": {"ES256"}, "refresh_token": {str(t, signIn("ES256"), "refresh_token")}})
	takes("refreshed", str(t, refreshed, "access_token"), "orders")
	if c := takes("exchanged", exchanged.Access, "orders"); len(c.Audience) != 1 || len(c.Path) != 1 || c.Path[0].Client != "RS256" || c.Path[0].ID == "" || c.Client != "gateway" {
		t.Errorf("exchanged: claims %+v", c)
	}
	takes("exchanged for a resource", resource.Access, "orders")
	if c := takes("delegated", delegated.Access, "orders"); c.Actor == nil || c.Actor.Client != "gateway" || c.Actor.Subject == "" {
		t.Errorf("delegated: actor %+v", c.Actor)
	}
	if _, err := v.Verify(t.Context(), stranger.Access, "orders"); !errors.Is(err, bearer.ErrAudience) {
		t.Errorf("a token for nobody: %v", err)
	}
	t.Run("proof", func(t *testing.T) { boundTokens(t, v, issuer, subject) })
	t.Run("nonces", func(t *testing.T) { noncesOfServer(t, base+"/realms/nonces") })
	t.Run("introspection", func(t *testing.T) { introspected(t, issuer, str(t, signIn("light"), "access_token"), subject) })
	t.Run("refusals", func(t *testing.T) { refusalsOfExchange(t, base, subject) })
}

// withKey puts the public key of client signer into a realm file.
func withKey(t *testing.T, realm []byte, key brokerclient.Key) []byte {
	t.Helper()
	set, err := json.Marshal(jose.JSONWebKeySet{Keys: []jose.JSONWebKey{{Key: key.Private.Public(), KeyID: key.ID, Algorithm: "ES256", Use: "sig"}}})
	if err != nil {
		t.Fatal(err)
	}
	quoted, err := json.Marshal(string(set))
	if err != nil {
		t.Fatal(err)
	}
	return bytes.ReplaceAll(realm, []byte(`"${jwks}"`), quoted)
}

// noncesOfServer: where the realm wants proofs to name a nonce, brokerclient learns it from the refusal.
func noncesOfServer(t *testing.T, issuer string) {
	key, err := brokerclient.NewKey()
	if err != nil {
		t.Fatal(err)
	}
	c, err := brokerclient.Config{Issuer: issuer, Auth: gatewayAuth, Key: key}.NewClient()
	if err != nil {
		t.Fatal(err)
	}
	for range 2 {
		if token := issuedTo(t)(c.ClientCredentials(t.Context(), brokerclient.Own{})); !token.Bound() {
			t.Errorf("%v is not bound", token)
		}
	}
}

func issuedTo(t *testing.T) func(*brokerclient.Token, error) *brokerclient.Token {
	return func(token *brokerclient.Token, err error) *brokerclient.Token {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
		return token
	}
}

// boundTokens: brokerclient gets tokens that are bound to its key, and proves it to a service behind bearer.
func boundTokens(t *testing.T, v *bearer.Verifier, issuer, subject string) {
	key, err := brokerclient.NewKey()
	if err != nil {
		t.Fatal(err)
	}
	c, err := brokerclient.Config{Issuer: issuer, Auth: gatewayAuth, Key: key}.NewClient()
	if err != nil {
		t.Fatal(err)
	}
	var got *bearer.Claims
	web := httptest.NewServer(v.Require("orders")(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) { got, _ = bearer.FromContext(r.Context()) })))
	t.Cleanup(web.Close)
	service := web.URL
	calls := &http.Client{Transport: &brokerclient.Transport{Origin: service, Source: c.NewSource(), Audience: []string{"orders"},
		Subject: func(context.Context) (string, bool) { return subject, true }}}
	for range 2 {
		answer, err := calls.Get(service + "/orders/7?x=1")
		if err != nil {
			t.Fatal(err)
		}
		_ = answer.Body.Close()
		thumbprint, _ := key.Thumbprint()
		if answer.StatusCode != 200 || got == nil || got.Confirmation == nil || got.Confirmation.Key != thumbprint {
			t.Fatalf("%s %v", answer.Status, answer.Header)
		}
	}
	token := issuedTo(t)(c.Exchange(t.Context(), brokerclient.Request{SubjectToken: subject, Audience: []string{"orders"}}))
	thief := prooftest.New(t)
	for scheme, proof := range map[string]string{"Bearer": "", "DPoP": thief.Prove("GET", service+"/", time.Now(), prooftest.With(token.Access))} {
		q, _ := http.NewRequest("GET", service+"/", nil)
		q.Header.Set("Authorization", scheme+" "+token.Access)
		if proof != "" {
			q.Header.Set("DPoP", proof)
		}
		answer, err := http.DefaultClient.Do(q)
		if err != nil {
			t.Fatal(err)
		}
		_ = answer.Body.Close()
		if answer.StatusCode != 401 {
			t.Errorf("stolen, sent as %s: %s", scheme, answer.Status)
		}
	}
}

// introspected: what a lightweight token does not carry the server tells, and that a token was revoked.
func introspected(t *testing.T, issuer, light, subject string) {
	v, err := bearer.Config{Issuer: issuer, Introspection: &bearer.Introspection{Authenticate: brokerclient.SecretPost("orders", "orders-secret"), Always: true, CacheFor: -1}}.NewVerifier(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if c, err := v.Verify(t.Context(), light, "orders"); err != nil || c.Username != "alice" || c.Subject == "" {
		t.Errorf("lightweight: %+v, %v", c, err)
	}
	if _, err := v.Verify(t.Context(), subject, "orders"); err != nil {
		t.Errorf("active: %v", err)
	}
	revoked, err := http.PostForm(issuer+"/protocol/openid-connect/revoke", url.Values{"client_id": {"light"}, "token": {light}})
	if err != nil || revoked.StatusCode != 200 {
		t.Fatal(revoked, err)
	}
	_ = revoked.Body.Close()
	if _, err := v.Verify(t.Context(), light, "orders"); !errors.Is(err, bearer.ErrInactive) {
		t.Errorf("revoked: %v", err)
	}
}

// refusalsOfExchange: brokerclient tells in the server's words why it got no token, and what would change that.
func refusalsOfExchange(t *testing.T, base, subject string) {
	issuer := base + "/realms/quay"
	admin := str(t, ask(t, base, "master", 200, url.Values{"grant_type": {"password"}, "client_id": {"admin-cli"}, "username": {"admin"}, "password": {"admin"}}), "access_token")
	explain := func(context.Context) (string, error) { return admin, nil }
	for name, tt := range map[string]struct {
		auth        brokerclient.Auth
		request     brokerclient.Request
		code        brokerclient.Code
		status      int
		description string
		fix         string
	}{
		"not permitted": {gatewayAuth, brokerclient.Request{SubjectToken: subject, Audience: []string{"billing"}}, brokerclient.AccessDenied, 403,
			"Token exchange not permitted: client gateway may not exchange to billing", "let gateway exchange to billing"},
		"no such service": {gatewayAuth, brokerclient.Request{SubjectToken: subject, Audience: []string{"nowhere"}}, brokerclient.InvalidClient, 400,
			"Audience not found", ""},
		"no exchange": {brokerclient.SecretPost("agent", "agent-secret"), brokerclient.Request{SubjectToken: subject}, brokerclient.InvalidRequest, 400,
			"Standard token exchange is not enabled for the requested client", "switch"},
		"wrong secret": {brokerclient.SecretBasic("gateway", "guess"), brokerclient.Request{SubjectToken: subject}, brokerclient.UnauthorizedClient, 401,
			"Invalid client or Invalid client credentials", ""},
		"no token": {gatewayAuth, brokerclient.Request{SubjectToken: subject + "x", Audience: []string{"orders"}}, brokerclient.InvalidRequest, 400, "Invalid token", ""},
		"unknown resource": {gatewayAuth, brokerclient.Request{SubjectToken: subject, Resource: []string{"https://nowhere.example"}}, brokerclient.InvalidTarget, 400,
			"Invalid audience: https://nowhere.example", ""},
	} {
		c, err := brokerclient.Config{Issuer: issuer, Auth: tt.auth, Explain: explain}.NewClient()
		if err != nil {
			t.Fatal(err)
		}
		_, err = c.Exchange(t.Context(), tt.request)
		e, ok := errors.AsType[*brokerclient.Error](err)
		if !ok || !errors.Is(err, tt.code) || e.Status != tt.status || e.Description != tt.description {
			t.Errorf("%s: %v", name, err)
			continue
		}
		if tt.fix != "" && !slices.ContainsFunc(e.Fixes, func(f brokerclient.Fix) bool {
			return strings.Contains(f.Sentence, tt.fix) && strings.HasPrefix(f.Command, "tokenhouse admin")
		}) {
			t.Errorf("%s: fixes %+v", name, e.Fixes)
		}
		if strings.Contains(err.Error(), subject) || strings.Contains(err.Error(), "guess") {
			t.Errorf("%s: the error holds what was sent: %v", name, err)
		}
	}
}

// TestBearerTakesCertificateBoundTokens: a token that the server bound to a TLS client certificate serves whoever shows that one to a
// service, and brokerclient proves a client by one.
func TestBearerTakesCertificateBoundTokens(t *testing.T) {
	authority := newAuthority(t)
	s := newCertified(t, databases[0], authority)
	issuer := strings.TrimSuffix(s.base, "/protocol/openid-connect/")
	mine, theirs, warehouse := authority.issue("gateway"), authority.issue("mallory"), authority.issue("warehouse")
	client := func(auth brokerclient.Auth, shown *tls.Certificate) *brokerclient.Client {
		t.Helper()
		c, err := brokerclient.Config{Issuer: issuer, Auth: auth, HTTPClient: s.with(shown)}.NewClient()
		if err != nil {
			t.Fatal(err)
		}
		return c
	}
	issuedTo(t)(client(brokerclient.ClientID("warehouse"), &warehouse).ClientCredentials(t.Context(), brokerclient.Own{}))
	if _, err := client(brokerclient.ClientID("warehouse"), &theirs).ClientCredentials(t.Context(), brokerclient.Own{}); !errors.Is(err, brokerclient.InvalidClient) && !errors.Is(err, brokerclient.UnauthorizedClient) {
		t.Errorf("by another's certificate: %v", err)
	}
	gateway := as("gateway")
	token := issuedTo(t)(client(brokerclient.SecretPost(gateway.Get("client_id"), gateway.Get("client_secret")), &mine).ClientCredentials(t.Context(), brokerclient.Own{}))

	v, err := bearer.Config{Issuer: issuer, HTTPClient: s.with(nil)}.NewVerifier(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	var got error
	web := httptest.NewUnstartedServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		_, got = v.VerifyRequest(r, "somebody else") // who is let through to this question has proven to be the holder
	}))
	web.TLS = &tls.Config{ClientAuth: tls.RequestClientCert}
	web.StartTLS()
	t.Cleanup(web.Close)
	for name, tt := range map[string]struct {
		shown *tls.Certificate
		want  error
	}{"its own": {&mine, bearer.ErrAudience}, "another": {&theirs, bearer.ErrBound}, "none": {nil, bearer.ErrBound}} {
		c := s.with(tt.shown)
		c.Transport.(*http.Transport).TLSClientConfig.RootCAs = web.Client().Transport.(*http.Transport).TLSClientConfig.RootCAs
		q, _ := http.NewRequest("GET", web.URL, nil)
		q.Header.Set("Authorization", "Bearer "+token.Access)
		answer, err := c.Do(q)
		if err != nil {
			t.Fatal(err)
		}
		_ = answer.Body.Close()
		if !errors.Is(got, tt.want) {
			t.Errorf("by %s: %v, want %v", name, got, tt.want)
		}
	}
}
