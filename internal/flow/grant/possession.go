package grant

import (
	"context"
	"errors"

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

// confirmation is what binds the tokens of this turn; nil where nothing was proved.
func (t *turn) confirmation() *token.Confirmation {
	if t.proof == nil {
		return nil
	}
	return t.proof.Confirmation()
}

// checkHolder asks for proof of the key that a refresh token is bound to. Those of clients with credentials are bound to
// these alone (RFC 9449 §5): such a client may refresh with another key.
func (t *turn) checkHolder(refresh *token.Verified) error {
	err := proof.Match(refresh.Confirmation, t.key())
	if no, ok := errors.AsType[*oauth.Error](err); ok {
		return oauth.Errorf(oauth.InvalidGrant, "%s", no.Description).InEvent("invalid_token", no.Description)
	}
	return err
}

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
