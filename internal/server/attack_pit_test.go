package server_test

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"encoding/json"
	"maps"
	"net/netip"
	"net/url"
	"strconv"
	"sync/atomic"
	"testing"
	"time"

	"github.com/go-jose/go-jose/v4"

	"github.com/tokenhouse/tokenhouse/internal/core/proof/prooftest"
	"github.com/tokenhouse/tokenhouse/internal/core/token/tokentest"
	"github.com/tokenhouse/tokenhouse/internal/server"
)

// pit is a realm in which every grant is open to a client of each kind, and three issuers are trusted: "partner" with
// assertions, "abroad" with subjects of exchanges, "cluster" with clients. Alice is "a-there" at each. A fourth is another
// realm of the server, "neighbour", trusted with all of these; see next.
type pit struct {
	*desk
	second  *server.Server // on the same database; nil where one cannot be
	node    *server.Server // that requests go to; nil: the first
	keys    *pitKeys
	others  []*pit           // further realms of the server, the neighbour first
	beside  *pit             // the neighbour; nil before it is needed
	vouches string           // an identity assertion, and
	serves  string           // the token of client "secret" for itself, of the neighbour's: got when needed
	as      string           // the client that uses what ways bring; empty: the one that got it
	twist   func(url.Values) // changes what ways ask for; nil: nothing
	proof   *prooftest.Key   // goes with each request; nil: none
	shown   *tls.Certificate // that the caller came with, as the proxy before the server tells; nil: its own, if it proves itself by one
	bare    bool             // the caller came without any
	ca      *authority       // whose certificates the server believes in
	cards   *pitCards
	db      database // that the server is on
	first   *answer  // tokens of client "secret" for alice; nil before they are needed
}

// pitCards are certificates: of the client that proves itself by one, and of somebody else.
type pitCards struct{ own, other tls.Certificate }

// pitKeys are keys of others than the server: of the client that signs, and of an issuer each.
type pitKeys struct {
	client, partner, abroad, cluster, stranger *ecdsa.PrivateKey
	made                                       atomic.Int64 // how many jti
}

// kinds are the clients of the pit, each named like what it proves itself with.
var kinds = []string{"secret", "private-key", "secret-mac", "federated", "certificate", "public", "bearer-only", "disabled"}

// heard are the kinds that the token endpoint hears at all.
var heard = kinds[:6]

const (
	issuerPartner = "https://partner.example"
	issuerAbroad  = "https://abroad.example"
	issuerCluster = "https://cluster.example"
	grantJWT      = "urn:ietf:params:oauth:grant-type:jwt-bearer"
	typeJWT       = "urn:ietf:params:oauth:token-type:jwt"
	clientJWT     = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"
	macSecret     = "secret-mac-secret-that-is-long-enough"
)

func newPitKeys(t *testing.T) *pitKeys {
	t.Helper()
	made := func() *ecdsa.PrivateKey {
		key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
		if err != nil {
			t.Fatal(err)
		}
		return key
	}
	return &pitKeys{client: made(), partner: made(), abroad: made(), cluster: made(), stranger: made()}
}

// newPits starts a server with realms that are pits, by name.
func newPits(t *testing.T, db database, names ...string) []*pit {
	t.Helper()
	return newPitsOf(t, db, newPitKeys(t), func(*server.Config) {}, names...)
}

// newPitsOf is newPits with these keys, at a server that is configured another way.
func newPitsOf(t *testing.T, db database, keys *pitKeys, change func(c *server.Config), names ...string) []*pit {
	t.Helper()
	ca := newAuthority(t)
	cards := &pitCards{ca.issue("certificate"), ca.issue("theirs")}
	files := map[string][]byte{}
	for _, name := range names {
		text, err := json.Marshal(keys.realm(t, name))
		if err != nil {
			t.Fatal(err)
		}
		files[name+".json"] = text
	}
	place := db.open(t)
	s, base := startAs(t, place, files, func(c *server.Config, _ string) {
		// A proxy on this machine tells who called it: the tests are that proxy.
		c.Proxy = server.Proxy{Headers: "forwarded", Trusted: []netip.Prefix{netip.MustParsePrefix("127.0.0.1/32")}, Certificate: "Client-Cert"}
		c.Listen.TrustStore = ca.pem()
		change(c)
	})
	var second *server.Server
	if !onePlace(place) { // a SQLite database is one server's
		second = build(t, server.Config{Database: place}, nil, base)
	}
	var out []*pit
	for _, name := range names {
		out = append(out, &pit{desk: &desk{arena: &arena{t, s, base, name}}, second: second, keys: keys, ca: ca, cards: cards, db: db})
	}
	return out
}

// in is the pit for a subtest.
func (p *pit) in(t *testing.T) *pit {
	return &pit{desk: &desk{arena: p.arena.in(t)}, second: p.second, keys: p.keys, others: p.others, ca: p.ca, cards: p.cards, db: p.db}
}

// keySet is a key set with one public key.
func keySet(t *testing.T, key *ecdsa.PrivateKey) string {
	t.Helper()
	text, err := json.Marshal(jose.JSONWebKeySet{Keys: []jose.JSONWebKey{{Key: key.Public(), KeyID: "k", Algorithm: "ES256", Use: "sig"}}})
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

// realm is the realm's file.
func (k *pitKeys) realm(t *testing.T, name string) map[string]any {
	type object = map[string]any
	provider := func(alias, kind, issuer string, key *ecdsa.PrivateKey, more object) object {
		config := object{"issuer": issuer, "publicKeySignatureVerifier": keySet(t, key), "validateSignature": "true", "clientId": name}
		maps.Copy(config, more)
		return object{"alias": alias, "providerId": kind, "enabled": true, "config": config}
	}
	mapper := func(kind string, config object) object {
		return object{"name": kind, "protocol": "openid-connect", "protocolMapper": kind, "config": config}
	}
	sub := mapper("oidc-sub-mapper", object{"access.token.claim": "true", "introspection.token.claim": "true"})
	roles := mapper("oidc-usermodel-client-role-mapper", object{"claim.name": "resource_access.${client_id}.roles", "jsonType.label": "String",
		"multivalued": "true", "access.token.claim": "true", "introspection.token.claim": "true"})
	var clients []any
	for _, kind := range kinds {
		attributes := object{"standard.token.exchange.enabled": "true", "standard.token.exchange.enableRefreshRequestedTokenType": "SAME_SESSION",
			"oauth2.device.authorization.grant.enabled": "true", "oauth2.device.polling.interval": "1",
			"oauth2.jwt.authorization.grant.enabled": "true", "oauth2.jwt.authorization.grant.idp": "partner##neighbour",
			"tokenhouse.exchange.external": "true", "id.jag.issuance.enabled": "true", "id.jag.allowed.audiences": issuerPartner + "##${base}/realms/" + besideOf(name)}
		c := object{"clientId": kind, "enabled": kind != "disabled", "publicClient": kind == "public", "bearerOnly": kind == "bearer-only",
			"standardFlowEnabled": true, "directAccessGrantsEnabled": true, "serviceAccountsEnabled": kind != "public", "fullScopeAllowed": true,
			"redirectUris": []string{callback(kind)}, "secret": kind + "-secret", "attributes": attributes,
			"defaultClientScopes": []string{"basic"}, "optionalClientScopes": []string{"offline_access"},
			"protocolMappers": []any{mapper("oidc-audience-mapper", object{"included.client.audience": kind, "access.token.claim": "true", "introspection.token.claim": "true"})}}
		switch kind {
		case "private-key":
			c["clientAuthenticatorType"] = "client-jwt"
			attributes["use.jwks.string"], attributes["jwks.string"] = "true", keySet(t, k.client)
			attributes["request.object.signature.alg"] = "ES256"
		case "secret-mac":
			c["clientAuthenticatorType"], c["secret"] = "client-secret-jwt", macSecret
		case "federated":
			c["clientAuthenticatorType"] = "federated-jwt"
			attributes["jwt.credential.issuer"], attributes["jwt.credential.sub"] = "cluster", "pod"
		case "certificate":
			c["clientAuthenticatorType"] = "client-x509"
			attributes["x509.subjectdn"], attributes["x509.allow.regex.pattern.comparison"] = "CN=certificate,O=Acme", "false"
		}
		clients = append(clients, c)
	}
	clients = append(clients, object{"clientId": "target", "enabled": true, "bearerOnly": true, "attributes": object{"tokenhouse.resources": "https://target.example"}})
	clients = append(clients, object{"clientId": "lodger", "enabled": true, "serviceAccountsEnabled": true, "clientAuthenticatorType": "federated-jwt",
		"attributes": object{"jwt.credential.issuer": "neighbour", "jwt.credential.sub": "secret-of-" + besideOf(name)}})
	links := []any{object{"identityProvider": "neighbour", "userId": "alice-of-" + besideOf(name), "userName": "alice"}}
	for _, alias := range []string{"partner", "abroad"} {
		links = append(links, object{"identityProvider": alias, "userId": "a-there", "userName": "a"})
	}
	return object{"realm": name, "enabled": true, "sslRequired": "none", "eventsEnabled": true, "defaultSignatureAlgorithm": "ES256",
		"passwordPolicy": "hashAlgorithm(pbkdf2-sha256) and hashIterations(1)", "bruteForceProtected": true, "failureFactor": 3,
		"components": object{"org.keycloak.keys.KeyProvider": []any{
			object{"name": "ecdsa", "providerId": "ecdsa-generated", "config": object{"priority": []string{"100"}, "ecdsaEllipticCurveKey": []string{"P-256"}}},
			object{"name": "hmac", "providerId": "hmac-generated", "config": object{"priority": []string{"100"}, "algorithm": []string{"HS512"}}}}},
		"roles": object{"realm": []any{object{"name": "offline_access"}}, "client": object{"target": []any{object{"name": "use"}}}},
		"clientScopes": []any{
			object{"name": "basic", "protocol": "openid-connect", "attributes": object{"include.in.token.scope": "false"},
				"protocolMappers": []any{sub, roles, mapper("oidc-audience-resolve-mapper", object{"access.token.claim": "true", "introspection.token.claim": "true"})}},
			object{"name": "offline_access", "protocol": "openid-connect", "attributes": object{"include.in.token.scope": "true"}}},
		"scopeMappings": []any{object{"clientScope": "offline_access", "roles": []string{"offline_access"}}},
		"clients":       clients,
		"identityProviders": []any{
			provider("partner", "jwt-authorization-grant", issuerPartner, k.partner, nil),
			provider("abroad", "oidc", issuerAbroad, k.abroad, object{"tokenhouse.exchange.trusted": "true", "disableUserInfo": "true",
				"authorizationUrl": issuerAbroad + "/auth", "tokenUrl": issuerAbroad + "/token"}),
			provider("cluster", "oidc", issuerCluster, k.cluster, object{"supportsClientAssertions": "true",
				"authorizationUrl": issuerCluster + "/auth", "tokenUrl": issuerCluster + "/token"}),
			// The settings name a key that is not the neighbour's: it is not believed.
			provider("neighbour", "oidc", "${base}/realms/"+besideOf(name), k.stranger, object{"tokenhouse.exchange.trusted": "true",
				"supportsClientAssertions": "true", "jwtAuthorizationGrantEnabled": "true", "tokenhouse.id-jag": "accept", "authorizationUrl": issuerCluster + "/auth", "tokenUrl": issuerCluster + "/token"})},
		"users": []any{object{"id": "secret-of-" + name, "username": "service-account-secret", "serviceAccountClientId": "secret", "enabled": true},
			// Somebody linked the neighbour's service account: it is nobody all the same.
			object{"username": "machine", "firstName": "Max", "lastName": "Pit", "enabled": true, "email": "machine@pit.example", "emailVerified": true,
				"federatedIdentities": []any{object{"identityProvider": "neighbour", "userId": "secret-of-" + besideOf(name), "userName": "machine"}}}, object{
				"id": "alice-of-" + name, "username": "alice", "firstName": "Alice", "lastName": "Pit", "enabled": true, "email": "alice@pit.example", "emailVerified": true,
				"credentials": []any{object{"type": "password", "value": "alice-password"}}, "realmRoles": []string{"offline_access"},
				"clientRoles": object{"target": []string{"use"}}, "federatedIdentities": links}},
	}
}

// besideOf is the name of the realm that is the neighbour of another.
func besideOf(name string) string {
	if name == "rival" {
		return "pit"
	}
	return "rival"
}

// next is the neighbour: the realm of the server whose alice is known here as alice, and whose client "secret" is client
// "lodger" here.
func (p *pit) next() *pit {
	p.Helper()
	if p.beside == nil {
		p.beside = p.others[0].in(p.T)
	}
	return p.beside
}

// issuer is the realm's issuer URL.
func (p *pit) issuer() string { return p.base + "/realms/" + p.realm }

// says are claims that somebody signs now for this realm, changed.
func (p *pit) says(issuer, subject string, more map[string]any) map[string]any {
	now := time.Now().Unix()
	c := map[string]any{"iss": issuer, "sub": subject, "aud": p.issuer(), "iat": now, "exp": now + 50, "jti": strconv.FormatInt(p.keys.made.Add(1), 10)}
	maps.Copy(c, more)
	return c
}

// signs is a JWT by a key that has the id "k".
func (p *pit) signs(key any, alg, typ string, c map[string]any) string {
	header := map[string]any{"kid": "k"}
	if typ != "" {
		header["typ"] = typ
	}
	return tokentest.Sign(p.T, alg, key, header, c)
}

// by adds to a form what a client proves itself with.
func (p *pit) by(client string, form ...string) url.Values {
	p.Helper()
	v := pairs(form...)
	asserts := func(compact string) {
		v.Set("client_assertion_type", clientJWT)
		v.Set("client_assertion", compact)
	}
	switch client {
	case "private-key":
		asserts(p.signs(p.keys.client, "ES256", "", p.says(client, client, nil)))
	case "secret-mac":
		asserts(p.signs([]byte(macSecret), "HS256", "", p.says(client, client, nil)))
	case "federated":
		asserts(p.signs(p.keys.cluster, "ES256", "", p.says(issuerCluster, "pod", nil)))
	case "public", "certificate": // proving adds what it proves itself with
		v.Set("client_id", client)
	default:
		v.Set("client_id", client)
		v.Set("client_secret", client+"-secret")
	}
	return v
}

// assertion is one of the partner, about alice.
func (p *pit) assertion() string {
	return p.signs(p.keys.partner, "ES256", "", p.says(issuerPartner, "a-there", nil))
}

// foreign is an access token of the issuer abroad, about alice.
func (p *pit) foreign() string {
	return p.signs(p.keys.abroad, "ES256", "", p.says(issuerAbroad, "a-there", map[string]any{"typ": "Bearer", "azp": "there"}))
}

// gets are tokens for alice at a client by her password.
func (p *pit) gets(client, scope string) answer {
	p.Helper()
	form := p.by(client, "grant_type", "password", "username", "alice", "password", "alice-password")
	if scope != "" {
		form.Set("scope", scope)
	}
	return p.want(p.post("token", form))
}
