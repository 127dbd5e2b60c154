package mint

import (
	"crypto/sha256"
	"crypto/sha512"
	"encoding/base64"
	"strings"

	"github.com/tokenhouse/tokenhouse/internal/core/mapper"
	"github.com/tokenhouse/tokenhouse/internal/core/token"
)

// ID composes an ID token (OpenID Connect Core §2). For is that of the access token beside it.
// accessToken is that one, signed, for at_hash; empty where there is none. alg signs the ID token.
func ID(q Request, accessToken, alg string) Token {
	r := q.For.For(mapper.ID)
	t := Token{Claims: token.Claims{
		ID:       q.ID,
		Type:     token.TypID,
		Issuer:   r.Issuer,
		Audience: r.Audiences,
		Client:   r.Client.ID,
		Session:  q.sid(),
		Nonce:    q.Nonce,
		Expires:  seconds(q.Expires),
		IssuedAt: seconds(q.Now),
		Actor:    q.Actor,
		Path:     q.Path,
		Other:    make(token.Object, 0, roomForClaims),
	}}
	if r.User != nil {
		t.Claims.Subject = r.User.ID
	}
	if accessToken != "" {
		t.Claims.AccessHash = HalfHash(alg, accessToken)
	}
	t.Trace = write(&q, &r, &t.Claims)
	q.keepMayAct(&t.Claims)
	return t
}

// HalfHash is the left half of a hash (OpenID Connect Core §3.1.3.6), made with the hash function of the JWS
// algorithm; Ed25519 hashes with SHA-512 (RFC 8032 §5.1).
func HalfHash(alg, text string) string {
	var sum []byte
	switch {
	case strings.HasSuffix(alg, "384"):
		h := sha512.Sum384([]byte(text))
		sum = h[:]
	case strings.HasSuffix(alg, "512"), alg == "EdDSA":
		h := sha512.Sum512([]byte(text))
		sum = h[:]
	default:
		h := sha256.Sum256([]byte(text))
		sum = h[:]
	}
	return base64.RawURLEncoding.EncodeToString(sum[:len(sum)/2])
}
