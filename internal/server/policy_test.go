package server_test

import "testing"

// demand is a realm file's only client policy: what it demands of one client.
func demand(client, executor string, configuration map[string]any) func(file map[string]any) {
	return func(file map[string]any) {
		file["clientProfiles"] = map[string]any{"profiles": []any{map[string]any{"name": "p",
			"executors": []any{map[string]any{"executor": executor, "configuration": configuration}}}}}
		file["clientPolicies"] = map[string]any{"policies": []any{map[string]any{"name": "q", "enabled": true, "profiles": []string{"p"},
			"conditions": []any{map[string]any{"condition": "client-ids", "configuration": map[string]any{"clientIds": []string{client}}}}}}}
	}
}

// TestCertificatePolicy: a policy binds tokens to certificates, also of a client that does not ask for it, and only who
// has the certificate takes them back.
func TestCertificatePolicy(t *testing.T) {
	a := newAuthority(t)
	unasked := func(file map[string]any) {
		for _, each := range file["clients"].([]any) {
			delete(each.(map[string]any)["attributes"].(map[string]any), "tls.client.certificate.bound.access.tokens")
		}
	}
	s := newCertified(t, databases[0], a, unasked, demand("gateway", "holder-of-key-enforcer", nil))
	mine, theirs := a.issue("alice"), a.issue("mallory")
	alice, mallory, nobody := s.with(&mine), s.with(&theirs), s.with(nil)

	service := as("gateway", "grant_type", "client_credentials")
	s.wantRefused("client credentials without", s.ask(nobody, "token", "", service), 400, "invalid_request", noCertificate)
	held := s.wantBound(s.ask(alice, "token", "", service), mine).get("access_token")

	signIn := as("gateway", "grant_type", "password", "username", "alice", "password", "alice-password")
	loose := s.ask(alice, "token", "", signIn)
	renew := as("gateway", "grant_type", "refresh_token", "refresh_token", loose.get("refresh_token"))
	s.wantRefused("refresh of what is not bound", s.ask(alice, "token", "", renew), 400, "invalid_grant", otherCertificate)

	revoke := as("gateway", "token", held)
	s.wantRefused("revocation without", s.ask(nobody, "revoke", "", revoke), 401, "not_allowed", otherCertificate)
	s.wantRefused("revocation with another", s.ask(mallory, "revoke", "", revoke), 401, "not_allowed", otherCertificate)
	if q := s.ask(alice, "revoke", "", revoke); q.status != 200 {
		t.Errorf("revocation by the holder: %v", q)
	}
	out := as("gateway", "refresh_token", loose.get("refresh_token"))
	s.wantRefused("logout by what is not bound", s.ask(alice, "logout", "", out), 401, "not_allowed", otherCertificate)
}

// TestProofPolicy: a policy demands proofs of a key where a token is taken back too, and may leave access tokens unbound
// whose refresh tokens are not.
func TestProofPolicy(t *testing.T) {
	a := newArenas(t, databases[0], func(_ string, file map[string]any) {
		demand("spa", "dpop-bind-enforcer", map[string]any{"allow-only-refresh-token-binding": true})(file)
	}, "shop")[0]
	alice, mallory := a.holder(), a.holder()
	first := alice.wantBound(alice.post("token", as("spa", "grant_type", "password", "username", "alice", "password", "alice-password")))

	renew := as("spa", "grant_type", "refresh_token", "refresh_token", first.get("refresh_token"))
	alice.wantRefused("refresh without a proof", a.post("token", renew), 400, noProof)
	second := a.want(alice.post("token", renew))
	if cnf := a.open(second.get("access_token")).Confirmation; cnf != nil || second.get("token_type") != "Bearer" {
		t.Errorf("token_type %s, bound to %+v", second.get("token_type"), cnf)
	}
	renew.Set("refresh_token", second.get("refresh_token"))
	mallory.wantRefused("refresh of that with another key", mallory.post("token", renew), 400, otherProof)

	bound := as("spa", "token", first.get("access_token"))
	alice.wantRefused("revocation without a proof", a.post("revoke", bound), 400, noProof)
	mallory.wantRefused("revocation with another key", mallory.post("revoke", bound), 400, "DPoP proof and token binding verification failed")
	if q := alice.post("revoke", bound); q.status != 200 {
		t.Errorf("revocation by the holder: %v", q)
	}
	if q := a.post("revoke", as("spa", "token", second.get("access_token"))); q.status != 200 {
		t.Errorf("revocation of what is not bound: %v", q)
	}
}
