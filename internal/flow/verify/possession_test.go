package verify_test

import (
	"errors"
	"testing"
	"time"

	"github.com/tokenhouse/tokenhouse/internal/core/proof/prooftest"
	"github.com/tokenhouse/tokenhouse/internal/core/realm"
	"github.com/tokenhouse/tokenhouse/internal/core/token"
	"github.com/tokenhouse/tokenhouse/internal/flow/verify"
)

const resource = base + "/realms/shop/account"

// sent is a request to the resource with these proofs.
func sent(proofs ...string) verify.Sent {
	return verify.Sent{Proofs: proofs, Method: "GET", URL: resource}
}

func TestPresented(t *testing.T) {
	w := newWorld(t)
	k, other := prooftest.New(t), prooftest.New(t)
	issue := func(cnf *token.Confirmation) string {
		c := w.claims("onrtro")
		c.Confirmation = cnf
		return w.sign(c)
	}
	bound, free := issue(&token.Confirmation{JKT: k.Thumbprint()}), issue(nil)
	certificate := issue(&token.Confirmation{Certificate: "x"})
	prove := func(k *prooftest.Key, compact string, more map[string]any) string {
		claims := prooftest.With(compact)
		for name, v := range more {
			claims[name] = v
		}
		return k.Prove("GET", resource, now, claims)
	}
	used := prove(k, bound, nil)
	for _, tt := range []struct {
		name, scheme, token string
		proofs              []string
		want                verify.Reason
	}{
		{"bound, with its proof", "DPoP", bound, []string{used}, ""},
		{"with that again", "DPoP", bound, []string{used}, verify.Unproven},
		{"scheme in lower case", "dpop", bound, []string{prove(k, bound, nil)}, ""},
		{"no proof", "DPoP", bound, nil, verify.Unproven},
		{"an empty proof", "DPoP", bound, []string{""}, verify.Unproven},
		{"two proofs", "DPoP", bound, []string{prove(k, bound, nil), prove(k, bound, nil)}, verify.Unproven},
		{"as a bearer token", "Bearer", bound, nil, verify.Unproven},
		{"as a bearer token, with its proof", "Bearer", bound, []string{prove(k, bound, nil)}, verify.Unproven},
		{"proof by another key", "DPoP", bound, []string{prove(other, bound, nil)}, verify.Unproven},
		{"proof for another token", "DPoP", bound, []string{prove(k, free, nil)}, verify.Unproven},
		{"proof for no token", "DPoP", bound, []string{k.Prove("GET", resource, now, nil)}, verify.Unproven},
		{"proof for another method", "DPoP", bound, []string{prove(k, bound, map[string]any{"htm": "POST"})}, verify.Unproven},
		{"proof for another address", "DPoP", bound, []string{prove(k, bound, map[string]any{"htu": base})}, verify.Unproven},
		{"an old proof", "DPoP", bound, []string{prove(k, bound, map[string]any{"iat": now.Add(-time.Minute).Unix()})}, verify.Unproven},
		{"not bound", "Bearer", free, nil, ""},
		{"not bound, and a proof", "Bearer", free, []string{prove(k, free, nil)}, ""},
		{"not bound, as if it were", "DPoP", free, []string{prove(k, free, nil)}, verify.Unproven},
		{"bound to a certificate", "DPoP", certificate, []string{prove(k, certificate, nil)}, verify.Unproven},
		{"bound to a certificate, as a bearer token", "Bearer", certificate, nil, verify.Unproven},
		{"no token of ours", "DPoP", "a.b.c", []string{prove(k, "a.b.c", nil)}, verify.Unreadable},
	} {
		_, err := w.verifier().Presented(t.Context(), w.at(), verify.Presented{Scheme: tt.scheme, Token: tt.token, Sent: sent(tt.proofs...)})
		if (err == nil) != (tt.want == "") || verify.Why(err) != tt.want {
			t.Errorf("%s: %v, want %q", tt.name, err, tt.want)
		}
	}

	w.change("spa", func(c *realm.Client) { c.Tokens.BindDPoP = true })
	for scheme, proofs := range map[string][]string{"Bearer": nil, "DPoP": {prove(k, free, nil)}} {
		p := verify.Presented{Scheme: scheme, Token: free, Sent: sent(proofs...)}
		if _, err := w.verifier().Presented(t.Context(), w.at(), p); verify.Why(err) != verify.Unproven {
			t.Errorf("not bound, of a client that wants bound tokens, as %s: %v", scheme, err)
		}
	}
	p := verify.Presented{Scheme: "DPoP", Token: bound, Sent: sent(prove(k, bound, nil))}
	if _, err := w.verifier().Presented(t.Context(), w.at(), p); err != nil {
		t.Errorf("bound, of a client that wants bound tokens: %v", err)
	}
}

// A proof that is no good for the token is not used up by it, and that the database is down is no verdict.
func TestProofIsUsedUpOnce(t *testing.T) {
	w := newWorld(t)
	k := prooftest.New(t)
	compact := k.Prove("GET", resource, now, nil)
	elsewhere := sent(compact)
	elsewhere.URL = base + "/realms/shop/elsewhere"
	if _, err := w.verifier().Proof(t.Context(), w.at(), elsewhere); answerOf(t, err).Event != "invalid_dpop_proof" {
		t.Errorf("elsewhere: %v", err)
	}
	p, err := w.verifier().Proof(t.Context(), w.at(), sent(compact))
	if err != nil || p.Key != k.Thumbprint() {
		t.Errorf("%v, %v", p, err)
	}
	if _, err := w.verifier().Proof(t.Context(), w.at(), sent(compact)); answerOf(t, err).Description != "DPoP proof has already been used" {
		t.Errorf("again: %v", err)
	}
	if p, err := w.verifier().Proof(t.Context(), w.at(), sent()); p != nil || err != nil {
		t.Errorf("none: %v, %v", p, err)
	}
	c := w.claims("onrtro")
	c.Confirmation = &token.Confirmation{JKT: k.Thumbprint()}
	bound := w.sign(c)
	w.onceDown = errors.New("down")
	q := verify.Presented{Scheme: "DPoP", Token: bound, Sent: sent(k.Prove("GET", resource, now, prooftest.With(bound)))}
	if _, err := w.verifier().Presented(t.Context(), w.at(), q); !errors.Is(err, w.onceDown) || verify.Why(err) != "" {
		t.Errorf("down: %v", err)
	}
}
