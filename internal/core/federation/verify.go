package federation

import (
	"errors"
	"time"

	"github.com/go-jose/go-jose/v4"

	"github.com/tokenhouse/tokenhouse/internal/core/token"
)

// Why a foreign token is not believed. They are for the log and for events; people are told nothing of it.
var (
	ErrSignature = errors.New("the token is not signed by a key of the provider")
	ErrClaims    = errors.New("the token's claims do not fit")
)

// Foreign is a token of somebody else, as its signature was found good: its claims are not judged yet.
type Foreign struct {
	Claims token.Claims
	All    token.Object // every claim, as it stands
}

// KeyID is the key that a token says it is signed by; empty where it does not say.
func KeyID(compact string) string { return "" }

// Verify checks a token's signature by one of keys. The key says which algorithms it may be used with
// (RFC 8725 §3.1); "none" and MACs never pass. The claims are not looked at: see CheckIDToken.
func Verify(compact string, keys []jose.JSONWebKey) (Foreign, error) { return Foreign{}, nil }

// ReadUnverified reads a token whose signature is not checked. Only for what came from the provider itself by
// TLS (OpenID Connect Core §3.1.3.7 point 6), where it is configured so.
func ReadUnverified(compact string) (Foreign, error) { return Foreign{}, nil }

// Keys are the keys that the provider's settings hold themselves; none where they are fetched from JWKSURL.
func (s *Settings) Keys() ([]jose.JSONWebKey, error) { return nil, nil }

// CheckIDToken judges the claims of an ID token that came for the request with this nonce (OpenID Connect
// Core §3.1.3.7): iss, aud, azp, exp, iat, nbf, nonce. An error wraps ErrClaims.
func (s *Settings) CheckIDToken(f Foreign, nonce string, now time.Time) error { return nil }
