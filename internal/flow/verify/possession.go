package verify

import (
	"context"
	"crypto/x509"
	"errors"
	"strings"

	"github.com/tokenhouse/tokenhouse/internal/core/proof"
	"github.com/tokenhouse/tokenhouse/internal/core/token"
)

// Sent is what a request brings to prove that its sender has a key (RFC 9449 §4.1) or a certificate (RFC 8705), and the
// request that the proof must be made for.
type Sent struct {
	Certificate *x509.Certificate // of the sender, who proved to have its key, by somebody who is trusted; nil: none

	Proofs []string // headers DPoP, verbatim; none: nothing is proved
	Method string
	URL    string // of the request, as its sender reaches it
}

// Presented is an access token as it was presented (RFC 6750 §2, RFC 9449 §7.1).
type Presented struct {
	Scheme string // of the header Authorization; "Bearer" for a token that came elsewhere
	Token  string
	Sent
}

// Bearer is an access token that came without proof.
func Bearer(compact string) Presented { return Presented{Scheme: token.TypBearer, Token: compact} }

// ReadPresented reads the access token in a header Authorization; it is empty where there is none.
func ReadPresented(authorization string, sent Sent) Presented {
	p := Presented{Sent: sent}
	scheme, compact, _ := strings.Cut(authorization, " ")
	if strings.EqualFold(scheme, token.TypBearer) || strings.EqualFold(scheme, token.TypDPoP) {
		p.Scheme, p.Token = scheme, strings.TrimSpace(compact)
	}
	return p
}

// DPoP tells whether the token was presented as one that is bound to a key.
func (p *Presented) DPoP() bool { return strings.EqualFold(p.Scheme, token.TypDPoP) }

// purposeProof keeps proofs apart from other values that work once.
const purposeProof = "dpop"

// Proof checks the proof that a request brings, and uses it up, on every node; nil where it brings none.
func (v *Verifier) Proof(ctx context.Context, at At, q Sent) (*proof.Proof, error) {
	if len(q.Proofs) == 0 {
		return nil, nil
	}
	p, err := v.prove(at, q)
	if err != nil {
		return nil, err
	}
	return p, v.useUp(ctx, at, p)
}

// prove is the one place where proofs are checked.
func (v *Verifier) prove(at At, q Sent) (*proof.Proof, error) {
	target := proof.Target{Method: q.Method, URL: q.URL, Now: at.Now}
	if at.Realm.DPoPNonce {
		target.Nonces = &v.Nonces
	}
	switch len(q.Proofs) {
	case 0:
		return nil, proof.ErrMissing
	case 1:
		return proof.Check(q.Proofs[0], target)
	}
	return nil, proof.ErrFormat // RFC 9449 §4.3: not more than one
}

func (v *Verifier) useUp(ctx context.Context, at At, p *proof.Proof) error {
	first, err := v.Marks.UseOnce(ctx, at.Realm.Key, purposeProof, p.Use(), p.Until)
	switch {
	case err != nil:
		return err
	case !first:
		return proof.ErrUsed
	}
	return nil
}

// Presented checks an access token, and that who presents it may: one that is bound to a key only with a proof by that
// key, made for this request and this token, one that is bound to a certificate only over a connection that has it, and one
// that is not bound to a key only as a bearer token. Where its client wants all of its tokens bound, so it must be. A refusal is a *Failure, as of AccessToken.
func (v *Verifier) Presented(ctx context.Context, at At, p Presented) (Held, error) {
	held, err := v.AccessToken(ctx, at, p.Token)
	if err != nil {
		return held, err
	}
	return held, v.possesses(ctx, at, &held, &p)
}

// possesses is the rule of Presented. The proof is used up only where it is good in every other way.
func (v *Verifier) possesses(ctx context.Context, at At, h *Held, p *Presented) error {
	c := token.Confirmation{}
	if h.Token.Confirmation != nil {
		c = *h.Token.Confirmation
	}
	wants := h.Client.Tokens
	if (c.JKT != "") != p.DPoP() || wants.BindDPoP && c.JKT == "" || wants.BindTLS && c.Certificate == "" {
		return refuse(Unproven)
	}
	var made *proof.Proof
	shown, err := proof.Proved{Certificate: proof.Thumbprint(p.Certificate, at.Now)}, error(nil)
	if c.JKT != "" {
		if made, err = v.prove(at, p.Sent); err != nil {
			return &Failure{Unproven, err}
		}
		shown.Key = made.Key
	}
	err = proof.Match(h.Token.Confirmation, shown)
	if err == nil && made != nil {
		err = made.With(p.Token)
	}
	if err != nil {
		return &Failure{Unproven, err}
	}
	if made == nil {
		return nil
	}
	if err = v.useUp(ctx, at, made); errors.Is(err, proof.ErrUsed) {
		return &Failure{Unproven, err}
	}
	return err
}
