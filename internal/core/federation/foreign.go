package federation

import (
	"encoding/json"
	"fmt"
	"math"

	"github.com/tokenhouse/tokenhouse/internal/core/token"
)

// Foreign is a token of somebody else. Its claims are as they stand, and not judged: see CheckIDToken.
type Foreign struct {
	ID       string // jti
	Type     string // typ, of the body: Keycloak's, as "Bearer" or "ID"
	Issuer   string
	Subject  string
	Audience []string
	Client   string // azp
	Nonce    string
	Session  string // sid

	Expires, IssuedAt, NotBefore int64 // Unix seconds; zero: absent

	Algorithm  string // of the signature
	HeaderType string // header "typ"
	Claims     token.Object
}

// Described is a token that nobody has, by what it would say: its claims, the JWS algorithm that would sign it, and its header
// "typ". An error wraps ErrClaims.
func Described(claims []byte, alg, headerType string) (Foreign, error) {
	return readForeign(token.Compact{Header: token.Header{Alg: alg, Typ: headerType}, Payload: claims})
}

// readForeign reads the claims that the rules ask for, each of its type or not at all (RFC 7519 §4.1). What
// other claims are is the provider's business.
func readForeign(c token.Compact) (Foreign, error) {
	value, err := token.ParseValue(string(c.Payload))
	claims, ok := value.(token.Object)
	if err != nil || !ok {
		return Foreign{}, fmt.Errorf("%w: they are no JSON object", ErrClaims)
	}
	f := Foreign{Algorithm: c.Header.Alg, HeaderType: c.Header.Typ, Claims: claims, Type: text(claims.Get("typ"))}
	for name, at := range map[string]*string{"jti": &f.ID, "iss": &f.Issuer, "sub": &f.Subject, "azp": &f.Client, "nonce": &f.Nonce, "sid": &f.Session} {
		if *at, ok = claimText(claims, name); !ok {
			return Foreign{}, fmt.Errorf("%w: %s is no string", ErrClaims, name)
		}
	}
	for name, at := range map[string]*int64{"exp": &f.Expires, "iat": &f.IssuedAt, "nbf": &f.NotBefore} {
		if *at, ok = claimTime(claims, name); !ok {
			return Foreign{}, fmt.Errorf("%w: %s is no time", ErrClaims, name)
		}
	}
	switch aud := claims.Get("aud").(type) {
	case nil:
	case string:
		f.Audience = []string{aud}
	case []string:
		f.Audience = aud
	default:
		return Foreign{}, fmt.Errorf("%w: aud is neither a string nor a list of them", ErrClaims)
	}
	return f, nil
}

func claimText(claims token.Object, name string) (string, bool) {
	value := claims.Get(name)
	s, ok := value.(string)
	return s, ok || value == nil
}

// Grants tells an access token, which lets its holder have something, from an ID token, which tells who somebody is. It
// goes by what the token says (claim typ, Keycloak's); by what it is said to be only where it says nothing.
func (f Foreign) Grants(saidTo bool) bool {
	switch f.Type {
	case token.TypBearer, token.TypDPoP:
		return true
	case token.TypID:
		return false
	}
	return saidTo
}

// claimTime reads a NumericDate (RFC 7519 §2), cut to whole seconds.
func claimTime(claims token.Object, name string) (int64, bool) {
	const most = 1 << 53
	switch v := claims.Get(name).(type) {
	case nil:
		return 0, true
	case int64:
		return v, 0 < v && v < most
	case json.Number:
		f, err := v.Float64()
		return int64(math.Floor(f)), err == nil && 1 <= f && f < most
	}
	return 0, false
}
