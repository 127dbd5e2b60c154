package bearer

import (
	"crypto/sha256"
	"crypto/subtle"
	"crypto/x509"
	"encoding/base64"
	"net/http"
	"net/url"
	"strings"
)

// credentials are what a request presents (RFC 6750 §2.1, RFC 9449 §7.1).
type credentials struct {
	token string
	dpop  bool // by scheme DPoP
}

// credentialsOf reads the header Authorization. A request with another scheme came without a token.
func credentialsOf(r *http.Request) (credentials, error) {
	headers := r.Header.Values("Authorization")
	if len(headers) == 0 {
		return credentials{}, refuse(ErrMissing, nil)
	}
	scheme, token, _ := strings.Cut(headers[0], " ")
	bearer, dpop := strings.EqualFold(scheme, "Bearer"), strings.EqualFold(scheme, "DPoP")
	token = strings.Trim(token, " ")
	switch {
	case len(headers) > 1:
		return credentials{}, refuse(ErrRequest, nil)
	case !bearer && !dpop:
		return credentials{}, refuse(ErrMissing, nil)
	case token == "" || strings.ContainsFunc(token, func(c rune) bool { return !tokenRune(c) }):
		return credentials{}, refuse(ErrRequest, nil)
	}
	return credentials{token, dpop}, nil
}

// tokenRune tells whether tokens may hold a character: token68 of RFC 9110 §11.2.
func tokenRune(c rune) bool {
	return 'a' <= c && c <= 'z' || 'A' <= c && c <= 'Z' || '0' <= c && c <= '9' || strings.ContainsRune("-._~+/=", c)
}

// held tells whether who sent a request may have the token: whether it proves all that the token is bound to. A bound token sent
// as Bearer is refused even with a proof, and one that is not bound sent as DPoP (RFC 9449 §7.2).
func (v *Verifier) held(r *http.Request, given credentials, c *Claims) error {
	bound := c.Confirmation
	byKey := c.boundToKey()
	switch {
	case bound != nil && bound.Key == "" && bound.Certificate == "":
		return refuse(ErrBound, nil)
	case byKey && !given.dpop:
		return refuse(ErrBound, nil)
	case !byKey && (given.dpop || v.config.DPoP.Require):
		return refuse(ErrUnbound, nil)
	case bound == nil:
		return nil
	}
	if bound.Certificate != "" && !v.certified(r, bound.Certificate) {
		return refuse(ErrBound, nil)
	}
	if byKey {
		return v.proof(r, given.token, bound.Key)
	}
	return nil
}

// certified tells whether a request came with the TLS client certificate of a thumbprint (RFC 8705 §3).
func (v *Verifier) certified(r *http.Request, want string) bool {
	c := v.config.Certificate(r)
	if c == nil {
		return false
	}
	sum := sha256.Sum256(c.Raw)
	return same(base64.RawURLEncoding.EncodeToString(sum[:]), want)
}

// tlsCertificate is the certificate by which the client began the TLS connection.
func tlsCertificate(r *http.Request) *x509.Certificate {
	if r.TLS == nil || len(r.TLS.PeerCertificates) == 0 {
		return nil
	}
	return r.TLS.PeerCertificates[0]
}

// requestURL is the URL that a client sent a request to, without its query, as far as the request and the settings tell.
func (c *Config) requestURL(r *http.Request) string {
	scheme, host := "http", r.Host
	if r.TLS != nil {
		scheme = "https"
	}
	if u, err := url.Parse(c.Resource.URL); err == nil && u.Host != "" {
		scheme, host = u.Scheme, u.Host
	}
	path := r.URL.EscapedPath()
	if u, err := url.ParseRequestURI(r.RequestURI); err == nil { // as it came, before http.StripPrefix and the like
		path = u.EscapedPath()
	}
	return scheme + "://" + host + path
}

func same(a, b string) bool { return subtle.ConstantTimeCompare([]byte(a), []byte(b)) == 1 }
