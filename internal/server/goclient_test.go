package server_test

import (
	"context"
	"strings"
	"testing"

	"github.com/coreos/go-oidc/v3/oidc"
	"golang.org/x/oauth2"

	"github.com/tokenhouse/tokenhouse/internal/server"
)

// harbour is a realm with clients that are programs.
const harbour = `{"realm": "harbour", "enabled": true, "sslRequired": "none",
	"passwordPolicy": "hashAlgorithm(pbkdf2-sha256) and hashIterations(1)",
	"clients": [
		{"clientId": "pier", "secret": "pier-secret", "redirectUris": ["https://pier.example/callback"],
		 "attributes": {"pkce.code.challenge.method": "S256", "oauth2.device.authorization.grant.enabled": "true", "oauth2.device.polling.interval": "1",
			"standard.token.exchange.enabled": "true", "post.logout.redirect.uris": "https://pier.example/goodbye"}},
		{"clientId": "deck", "publicClient": true, "redirectUris": ["https://deck.test/*"], "webOrigins": ["+"], "attributes": {"post.logout.redirect.uris": "+"}},
		{"clientId": "crane", "secret": "crane-secret", "redirectUris": ["https://crane.example/callback"]}],
	"users": [{"username": "alice", "enabled": true, "email": "alice@example.org", "emailVerified": true, "firstName": "Alice", "lastName": "Liddell",
		"credentials": [{"type": "password", "value": "alice-password"}]}]}`

// goClient is a program of Go's own libraries, golang.org/x/oauth2 and github.com/coreos/go-oidc.
type goClient struct {
	oauth2.Config
	provider *oidc.Provider
	verifier *oidc.IDTokenVerifier
}

// newGoClient finds a realm by discovery. The context must carry the HTTP client that trusts the server.
func newGoClient(ctx context.Context, t *testing.T, issuer, id, secret, callback string) *goClient {
	t.Helper()
	provider, err := oidc.NewProvider(ctx, issuer)
	if err != nil {
		t.Fatal(err)
	}
	return &goClient{provider: provider, verifier: provider.Verifier(&oidc.Config{ClientID: id}),
		Config: oauth2.Config{ClientID: id, ClientSecret: secret, RedirectURL: callback, Endpoint: provider.Endpoint(), Scopes: []string{oidc.ScopeOpenID, "email"}}}
}

func TestGoClient(t *testing.T) {
	web := secure(t, server.Config{}, map[string][]byte{"harbour.json": []byte(harbour)})
	ctx := oidc.ClientContext(t.Context(), web.Client())
	issuer := web.URL + "/realms/harbour"
	pier := newGoClient(ctx, t, issuer, "pier", "pier-secret", "https://pier.example/callback")

	// signIn brings a code, by the form.
	signIn := func(t *testing.T, p *person, options ...oauth2.AuthCodeOption) string {
		t.Helper()
		p.open(pier.AuthCodeURL("a-state", options...))
		p.submit("username", "alice", "password", "alice-password")
		p.leaves("https://pier.example/callback")
		if p.told.Get("state") != "a-state" || p.told.Get("iss") != issuer {
			t.Fatalf("told %v", p.told)
		}
		return p.told.Get("code")
	}

	t.Run("code, nonce, userinfo, refresh", func(t *testing.T) {
		proof := oauth2.GenerateVerifier()
		code := signIn(t, newPerson(t, web), oauth2.S256ChallengeOption(proof), oidc.Nonce("a-nonce"))
		tokens, err := pier.Exchange(ctx, code, oauth2.VerifierOption(proof))
		if err != nil {
			t.Fatal(err)
		}
		id, err := pier.verifier.Verify(ctx, tokens.Extra("id_token").(string))
		if err != nil {
			t.Fatal(err)
		}
		if id.Nonce != "a-nonce" || id.VerifyAccessToken(tokens.AccessToken) != nil {
			t.Errorf("nonce %q, access token %v", id.Nonce, id.VerifyAccessToken(tokens.AccessToken))
		}
		info, err := pier.provider.UserInfo(ctx, oauth2.StaticTokenSource(tokens))
		if err != nil || info.Subject != id.Subject || info.Email != "alice@example.org" || !info.EmailVerified {
			t.Errorf("userinfo %+v, %v", info, err)
		}
		again, err := pier.TokenSource(ctx, &oauth2.Token{RefreshToken: tokens.RefreshToken}).Token()
		if err != nil || again.AccessToken == tokens.AccessToken {
			t.Errorf("refresh: %v", err)
		}

		_, err = pier.provider.Verifier(&oidc.Config{ClientID: "crane"}).Verify(ctx, tokens.Extra("id_token").(string))
		if err == nil || !strings.Contains(err.Error(), `expected audience "crane"`) {
			t.Errorf("another client takes the ID token: %v", err)
		}
		if _, err := pier.verifier.Verify(ctx, tokens.AccessToken); err == nil {
			t.Error("the access token passes for an ID token")
		}
	})

	t.Run("PKCE is the client's way", func(t *testing.T) {
		proof := oauth2.GenerateVerifier()
		code := signIn(t, newPerson(t, web), oauth2.S256ChallengeOption(proof))
		if _, err := pier.Exchange(ctx, code, oauth2.VerifierOption(oauth2.GenerateVerifier())); err == nil || !strings.Contains(err.Error(), "Code mismatch") {
			t.Errorf("another verifier: %v", err)
		}
		p := newPerson(t, web)
		p.open(pier.AuthCodeURL("a-state"))
		p.leaves("https://pier.example/callback")
		if p.told.Get("error") != "invalid_request" {
			t.Errorf("without a challenge: %v", p.told)
		}
	})

	t.Run("a code of another client", func(t *testing.T) {
		proof := oauth2.GenerateVerifier()
		code := signIn(t, newPerson(t, web), oauth2.S256ChallengeOption(proof))
		crane := newGoClient(ctx, t, issuer, "crane", "crane-secret", "https://pier.example/callback")
		if _, err := crane.Exchange(ctx, code, oauth2.VerifierOption(proof)); err == nil || !strings.Contains(err.Error(), "invalid_grant") {
			t.Errorf("it is redeemed: %v", err)
		}
	})

	t.Run("device", func(t *testing.T) {
		proof := oauth2.GenerateVerifier()
		waiting, err := pier.DeviceAuth(ctx, oauth2.S256ChallengeOption(proof), oauth2.SetAuthURLParam("client_secret", pier.ClientSecret))
		if err != nil {
			t.Fatal(err)
		}
		p := newPerson(t, web)
		p.open(waiting.VerificationURIComplete)
		p.submit("username", "alice", "password", "alice-password")
		p.sees(200, "Grant Access to pier")
		p.submit("accept", "")
		p.sees(200, "Device Login Successful")
		waiting.Interval = 1
		tokens, err := pier.DeviceAccessToken(ctx, waiting, oauth2.VerifierOption(proof))
		if err != nil {
			t.Fatal(err)
		}
		if _, err := pier.verifier.Verify(ctx, tokens.Extra("id_token").(string)); err != nil {
			t.Error(err)
		}
	})
}
