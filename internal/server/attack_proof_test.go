package server_test

import (
	"net/http"
	"net/url"
	"testing"
	"time"

	"github.com/tokenhouse/tokenhouse/internal/core/proof/prooftest"
	"github.com/tokenhouse/tokenhouse/internal/core/realm"
)

// holder sends requests with proofs by a key.
type holder struct {
	*arena
	key *prooftest.Key
}

func (a *arena) holder() holder { return holder{a, prooftest.New(a.T)} }

// address is that of an endpoint of the realm, as "token".
func (h holder) address(endpoint string) string {
	return h.base + "/realms/" + h.realm + "/protocol/openid-connect/" + endpoint
}

// post sends a form with a new proof beside it.
func (h holder) post(endpoint string, form url.Values) answer {
	h.Helper()
	return h.send(endpoint, form.Encode(), http.Header{"Dpop": {h.key.Prove("POST", h.address(endpoint), time.Now(), nil)}})
}

// userinfo presents a token with a proof for it.
func (h holder) userinfo(compact string) answer {
	h.Helper()
	return h.send("userinfo", "", http.Header{"Authorization": {"DPoP " + compact},
		"Dpop": {h.key.Prove("POST", h.address("userinfo"), time.Now(), prooftest.With(compact))}})
}

// wantBound asks that an answer is a token that is bound to the holder's key.
func (h holder) wantBound(q answer) answer {
	h.Helper()
	cnf := h.open(h.want(q).get("access_token")).Confirmation
	if cnf == nil || cnf.JKT != h.key.Thumbprint() || q.get("token_type") != "DPoP" {
		h.Errorf("token_type %s, bound to %v", q.get("token_type"), cnf)
	}
	return q
}

func (h holder) wantRefused(what string, q answer, status int, text string) {
	h.Helper()
	if q.status != status || q.get("error_description") != text {
		h.Errorf("%s: %v, want %d %s", what, q, status, text)
	}
}

const (
	noProof    = "DPoP proof is missing"
	otherProof = "DPoP confirmation doesn't match DPoP proof"
	usedProof  = "DPoP proof has already been used"
)

// attackProof: what is bound to a key serves nobody else, whichever way it takes.
func attackProof(t *testing.T) {
	for _, db := range databases {
		t.Run(db.name, func(t *testing.T) {
			a := newArenas(t, db, nil, "shop")[0]
			for name, attack := range map[string]func(alice, mallory holder){
				"grants": attackProofOfGrants, "public clients": attackProofOfPublic, "exchange": attackProofOfExchange,
				"replay": attackProofReplay, "in front": attackProofInFront, "administration": attackProofOfAdministrators,
			} {
				a.run(name, func(a *arena) { attack(a.holder(), a.holder()) })
			}
		})
	}
}

func attackProofOfGrants(alice, mallory holder) {
	signIn := as("gateway", "grant_type", "password", "username", "alice", "password", "alice-password", "scope", "openid")
	first := alice.wantBound(alice.post("token", signIn))
	alice.wantBound(alice.post("token", as("gateway", "grant_type", "client_credentials")))
	// The refresh token is bound to the client's secret, and what it refreshes to, to the key of who refreshes.
	renew := as("gateway", "grant_type", "refresh_token", "refresh_token", first.get("refresh_token"))
	alice.wantBound(alice.post("token", renew))
	mallory.wantBound(mallory.post("token", renew))

	held := first.get("access_token")
	if q := alice.userinfo(held); q.status != 200 {
		alice.Errorf("the holder: %v", q)
	}
	for name, q := range map[string]answer{
		"with another key": mallory.userinfo(held),
		"without a proof":  alice.send("userinfo", "", http.Header{"Authorization": {"DPoP " + held}}),
		"as a bearer":      alice.send("userinfo", "", http.Header{"Authorization": {"Bearer " + held}}),
		"in the form":      alice.arena.userinfo(held),
	} {
		if q.status != 401 {
			alice.Errorf("userinfo %s: %v", name, q)
		}
	}
}

func attackProofOfPublic(alice, mallory holder) {
	first := alice.wantBound(alice.post("token", as("spa", "grant_type", "password", "username", "alice", "password", "alice-password")))
	renew := as("spa", "grant_type", "refresh_token", "refresh_token", first.get("refresh_token"))
	alice.wantRefused("refresh without a proof", alice.arena.post("token", renew), 400, noProof)
	mallory.wantRefused("refresh with another key", mallory.post("token", renew), 400, otherProof)
	second := alice.wantBound(alice.post("token", renew))
	renew.Set("refresh_token", second.get("refresh_token"))
	alice.wantRefused("refresh of what was refreshed", alice.arena.post("token", renew), 400, noProof)

	mine := alice.wantBound(alice.post("token", as("front", "grant_type", "password", "username", "alice", "password", "alice-password")))
	swap := pairs("grant_type", grantExchange, "subject_token", mine.get("access_token"), "subject_token_type", typeAccess, "audience", "orders")
	alice.wantRefused("exchange without a client and a proof", alice.arena.post("token", swap), 400, noProof)
	mallory.wantRefused("exchange without a client, with another key", mallory.post("token", swap), 400, otherProof)
	alice.wantBound(alice.post("token", swap))
}

func attackProofOfExchange(alice, mallory holder) {
	const others = "Sender-constrained token exchange rejected as the token was not issued for the requesting client"
	signIn := func(client string) string {
		return alice.wantBound(alice.post("token", as(client, "grant_type", "password", "username", "alice", "password", "alice-password"))).get("access_token")
	}
	swap := func(client, subject string, more ...string) url.Values {
		return as(client, append(more, "grant_type", grantExchange, "subject_token", subject, "subject_token_type", typeAccess)...)
	}
	own := swap("gateway", signIn("gateway"))
	alice.wantRefused("without a proof", alice.arena.post("token", own), 400, noProof)
	mallory.wantRefused("with another key", mallory.post("token", own), 400, otherProof)
	out := alice.wantBound(alice.post("token", own)).get("access_token")
	alice.wantRefused("another client's", alice.post("token", swap("gateway", signIn("app"))), 400, others)

	// What comes out is bound as what went in.
	alice.wantRefused("the result, without a proof", alice.arena.post("token", swap("gateway", out)), 400, noProof)
	mallory.wantRefused("the result, with another key", mallory.post("token", swap("gateway", out)), 400, otherProof)

	// What is not bound becomes so by a proof.
	alice.wantBound(alice.post("token", swap("gateway", alice.signIn("app", "alice", "").get("access_token"))))
}

func attackProofReplay(alice, mallory holder) {
	ask := as("gateway", "grant_type", "client_credentials").Encode()
	proof := http.Header{"Dpop": {alice.key.Prove("POST", alice.address("token"), time.Now(), map[string]any{"jti": "one"})}}
	alice.wantBound(alice.send("token", ask, proof))
	alice.wantRefused("again", alice.send("token", ask, proof), 400, usedProof)
	resigned := http.Header{"Dpop": {alice.key.Prove("POST", alice.address("token"), time.Now(), map[string]any{"jti": "one"})}}
	alice.wantRefused("signed again", alice.send("token", ask, resigned), 400, usedProof)
	others := http.Header{"Dpop": {mallory.key.Prove("POST", alice.address("token"), time.Now(), map[string]any{"jti": "one"})}}
	mallory.wantBound(mallory.send("token", ask, others))
	two := http.Header{"Dpop": {alice.key.Prove("POST", alice.address("token"), time.Now(), nil), alice.key.Prove("POST", alice.address("token"), time.Now(), nil)}}
	alice.wantRefused("two at once", alice.send("token", ask, two), 400, "DPoP header verification failure")
}

// attackProofInFront: a code that is bound to a key, and tokens that no key could be proved for.
func attackProofInFront(alice, mallory holder) {
	const back = "https://app.example/cb"
	alice.client("app", func(c *realm.Client) {
		c.StandardFlow, c.ImplicitFlow, c.RedirectURIs = true, true, []string{back}
	})
	push := as("app", "redirect_uri", back, "response_type", "code")
	named := func(key string) url.Values {
		return as("app", "redirect_uri", back, "response_type", "code", "dpop_jkt", key)
	}
	if q := alice.post("ext/par/request", push); q.status != 201 {
		alice.Errorf("pushed with a proof: %v", q)
	}
	if q := alice.post("ext/par/request", named(alice.key.Thumbprint())); q.status != 201 {
		alice.Errorf("pushed with a proof by the key that it names: %v", q)
	}
	mallory.wantRefused("pushed with a proof by another key than it names", mallory.post("ext/par/request", named(alice.key.Thumbprint())),
		400, "DPoP Proof public key thumbprint does not match dpop_jkt")
	alice.wantRefused("pushed with a rubbish proof", alice.send("ext/par/request", push.Encode(), http.Header{"Dpop": {"x"}}),
		400, "DPoP header verification failure")

	for _, bind := range []bool{true, false} {
		alice.client("app", func(c *realm.Client) { c.Tokens.BindDPoP = bind })
		for _, responseType := range []string{"token", "id_token token", "code token", "code id_token token"} {
			q := as("app", "redirect_uri", back, "response_type", responseType, "nonce", "n", "scope", "openid")
			if got := alice.arena.post("ext/par/request", q); (got.status == 201) == bind {
				alice.Errorf("%s, tokens must be bound %v: %v", responseType, bind, got)
			}
		}
	}
}

func attackProofOfAdministrators(alice, mallory holder) {
	master := func(h holder) holder {
		return holder{&arena{h.T, h.server, h.base, "master"}, h.key}
	}
	boss := master(alice)
	held := boss.wantBound(boss.post("token", pairs("client_id", "admin-cli", "grant_type", "password", "username", "admin", "password", "admin"))).get("access_token")
	resource := alice.base + "/admin/realms/shop"
	ask := func(scheme string, by *prooftest.Key, method string) int {
		q, err := http.NewRequestWithContext(alice.Context(), "GET", resource, nil)
		if err != nil {
			alice.Fatal(err)
		}
		q.Header.Set("Authorization", scheme+" "+held)
		if by != nil {
			q.Header.Set("DPoP", by.Prove(method, resource, time.Now(), prooftest.With(held)))
		}
		resp, err := http.DefaultClient.Do(q)
		if err != nil {
			alice.Fatal(err)
		}
		resp.Body.Close()
		return resp.StatusCode
	}
	for name, tt := range map[string]struct{ got, want int }{
		"the holder":         {ask("DPoP", alice.key, "GET"), 200},
		"another":            {ask("DPoP", mallory.key, "GET"), 401},
		"for another method": {ask("DPoP", alice.key, "DELETE"), 401},
		"without a proof":    {ask("DPoP", nil, ""), 401},
		"as a bearer":        {ask("Bearer", nil, ""), 401},
	} {
		if tt.got != tt.want {
			alice.Errorf("%s: %d, want %d", name, tt.got, tt.want)
		}
	}
}
