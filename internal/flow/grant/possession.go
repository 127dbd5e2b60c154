package grant

import (
	"context"
	"errors"

	"github.com/tokenhouse/tokenhouse/internal/core/mint"
	"github.com/tokenhouse/tokenhouse/internal/core/oauth"
	"github.com/tokenhouse/tokenhouse/internal/core/proof"
	"github.com/tokenhouse/tokenhouse/internal/core/session"
	"github.com/tokenhouse/tokenhouse/internal/core/token"
)

// prove checks the proof that the request brings, and demands one where the client wants its tokens bound
// (RFC 9449 §5). What is issued in this turn is bound to the key.
func (t *turn) prove(ctx context.Context) error {
	p, err := t.Verifier.Proof(ctx, t.at, t.call.Sent)
	switch {
	case err != nil:
		return err
	case p == nil && t.client.Tokens.BindDPoP:
		return proof.ErrMissing
	}
	t.proof = p
	return nil
}

// key is the thumbprint of the key that the caller proved to have; empty where nothing was proved.
func (t *turn) key() string {
	if t.proof == nil {
		return ""
	}
	return t.proof.Key
}

// proved is what the caller proved to have.
func (t *turn) proved() proof.Proved {
	return proof.Proved{Key: t.key(), Certificate: proof.Thumbprint(t.call.Sent.Certificate, t.at.Now)}
}

// confirmation is what binds the tokens of this turn; nil where nothing does.
func (t *turn) confirmation() *token.Confirmation {
	wants := t.client.Tokens
	wants.BindTLS = wants.BindTLS || t.verdict.BindTLS
	return proof.Bind(t.proved(), wants, t.sources...)
}

// accessRequest is what the access token is made of. It is not bound to the key where a policy wants that of the refresh
// token alone.
func (t *turn) accessRequest(q mint.Request) mint.Request {
	if q.Confirmation == nil || !t.verdict.BearerAccess {
		return q
	}
	c := *q.Confirmation
	c.JKT, c.JKTType = "", ""
	if q.Confirmation = &c; c == (token.Confirmation{}) {
		q.Confirmation = nil
	}
	return q
}

// stayBound keeps what comes of a token that is bound bound. Its holder has proved to have what it is bound to.
func (t *turn) stayBound(source *token.Confirmation) { t.sources = append(t.sources, source) }

// checkHolder asks for proof of what a refresh token is bound to. To a key are those of public clients alone: those of
// clients with credentials are bound to these (RFC 9449 §5), so that such a client may refresh with another key.
func (t *turn) checkHolder(refresh *token.Verified) error {
	t.stayBound(refresh.Confirmation)
	err := proof.Match(refresh.Confirmation, t.proved())
	if errors.Is(err, proof.ErrCertificate) {
		return errHolder
	}
	if no, ok := errors.AsType[*oauth.Error](err); ok {
		return oauth.Errorf(oauth.InvalidGrant, "%s", no.Description).InEvent("invalid_token", no.Description)
	}
	return err
}

// errHolder is Keycloak's answer to a refresh without the certificate that the token is bound to.
var errHolder = oauth.Errorf(oauth.UnauthorizedClient, "%s", proof.ErrCertificate.Description).WithStatus(401).
	InEvent("not_allowed", proof.ErrCertificate.Description)

// checkProofKey asks for proof of the key that the authorization request named (RFC 9449 §10).
func (t *turn) checkProofKey(code *session.Code) error {
	text := ""
	switch {
	case code.ProofKey == "" || code.ProofKey == t.key():
		return nil
	case t.proof == nil:
		text = "DPoP Proof missing"
	default:
		text = "DPoP Proof public key thumbprint does not match dpop_jkt"
	}
	return oauth.Errorf(oauth.InvalidRequest, "%s", text).InEvent("invalid_request", text)
}
