package keyring

import (
	"errors"

	"github.com/tokenhouse/tokenhouse/internal/core/realm"
	"github.com/tokenhouse/tokenhouse/internal/core/token"
)

// Why a token is not one of the realm's.
var (
	ErrUnknownKey = token.ErrUnknownKey
	ErrSignature  = errors.New("the token's signature is wrong")
)

// Verify proves that an enabled key of the realm signed the token: the one that the header names, by
// its own algorithm (RFC 8725 §3.1). It does not check what the token says: not iss, exp, nbf, typ or
// aud, and not whether it was revoked.
//
// Origin is empty where the token's id has a prefix that is none of ours.
func (k *Keyring) Verify(r *realm.Realm, compact string) (token.Verified, error) {
	jws, err := token.Open(compact)
	if err != nil {
		return token.Verified{}, err
	}
	signer := k.ring(r).verifying[keyName{jws.Header.Kid, jws.Header.Alg}]
	if signer == nil {
		return token.Verified{}, ErrUnknownKey
	}
	if !signer.pair.verify([]byte(jws.Signed), jws.Signature) {
		return token.Verified{}, ErrSignature
	}
	claims, err := token.Parse(jws.Payload)
	if err != nil {
		return token.Verified{}, err
	}
	v := token.Verified{Claims: claims, KeyID: jws.Header.Kid, Alg: jws.Header.Alg}
	if origin, ok := token.ParseID(claims.ID); ok {
		v.Origin = origin
	}
	return v, nil
}
