package federation

import (
	"crypto/hmac"
	"crypto/sha256"
	"crypto/sha512"
	"encoding/base64"
	"errors"
	"fmt"
	"hash"
	"net/url"
	"time"

	"github.com/tokenhouse/tokenhouse/internal/core/token"
)

// TokenRequest is a request to a provider's token endpoint.
type TokenRequest struct {
	URL            string
	Form           url.Values
	User, Password string // of HTTP Basic, as they are to be sent; both empty: none
}

// CodeRequest redeems an authorization code; verifier is that of PKCE, empty where none was used. It is
// sent after Authenticate.
func (s *Settings) CodeRequest(code, redirectURI, verifier string) TokenRequest {
	form := url.Values{"grant_type": {"authorization_code"}, "code": {code}, "redirect_uri": {redirectURI}}
	if verifier != "" {
		form.Set("code_verifier", verifier)
	}
	return TokenRequest{URL: s.TokenEndpoint, Form: form}
}

// RefreshRequest asks for new tokens by a refresh token. It is sent after Authenticate.
func (s *Settings) RefreshRequest(refreshToken string) TokenRequest {
	return TokenRequest{URL: s.TokenEndpoint, Form: url.Values{"grant_type": {"refresh_token"}, "refresh_token": {refreshToken}}}
}

// Proof is what an assertion that proves this server to a provider is made with. Other methods do without.
type Proof struct {
	ID  string // jti
	Now time.Time
	// Sign signs by the realm's key of this algorithm. Only MethodPrivateJWT calls it.
	Sign func(alg string, claims *token.Claims) (string, error)
}

// Authenticate adds what proves this server, by the method that the provider is configured for (RFC 6749
// §2.3, RFC 7523 §2.2). A provider that gave no secret, and wants none, is only told the client's name.
func (s *Settings) Authenticate(q TokenRequest, by Proof) (TokenRequest, error) {
	form := url.Values{}
	for name, values := range q.Form {
		form[name] = values
	}
	q.Form = form
	switch s.Method {
	case MethodPost:
		form.Set("client_id", s.ClientID)
		if s.ClientSecret != "" {
			form.Set("client_secret", s.ClientSecret)
		}
	case MethodBasic:
		q.User, q.Password = url.QueryEscape(s.ClientID), url.QueryEscape(s.ClientSecret)
	case MethodBasicPlain:
		q.User, q.Password = s.ClientID, s.ClientSecret
	case MethodSecretJWT, MethodPrivateJWT:
		assertion, err := s.assertion(by)
		if err != nil {
			return TokenRequest{}, fmt.Errorf("make a client assertion for provider %q: %w", s.Alias, err)
		}
		form.Set("client_id", s.ClientID)
		form.Set("client_assertion_type", "urn:ietf:params:oauth:client-assertion-type:jwt-bearer")
		form.Set("client_assertion", assertion)
	default:
		return TokenRequest{}, fmt.Errorf("provider %q: client authentication %q is not spoken here", s.Alias, s.Method)
	}
	return q, nil
}

var errNoSecret = errors.New("there is no client secret")

// assertionLife is how long a client assertion is good. It is sent at once, and used once.
const assertionLife = time.Minute

func (s *Settings) assertion(by Proof) (string, error) {
	audience := s.AssertionAud
	if audience == "" {
		audience = s.TokenEndpoint
	}
	claims := &token.Claims{ID: by.ID, Issuer: s.ClientID, Subject: s.ClientID, Audience: []string{audience},
		IssuedAt: by.Now.Unix(), NotBefore: by.Now.Unix(), Expires: by.Now.Add(assertionLife).Unix()}
	if s.Method == MethodSecretJWT {
		return s.seal(claims)
	}
	alg := s.AssertionAlg
	if alg == "" {
		alg = "RS256"
	}
	return by.Sign(alg, claims)
}

// macs are the algorithms of client_secret_jwt.
var macs = map[string]func() hash.Hash{"HS256": sha256.New, "HS384": sha512.New384, "HS512": sha512.New}

// seal signs claims with a MAC by the client secret.
func (s *Settings) seal(claims *token.Claims) (string, error) {
	alg := s.AssertionAlg
	if alg == "" {
		alg = "HS256"
	}
	digest := macs[alg]
	if digest == nil {
		return "", fmt.Errorf("algorithm %q makes no MAC", alg)
	}
	if s.ClientSecret == "" {
		return "", errNoSecret
	}
	b64 := base64.RawURLEncoding
	signed := b64.EncodeToString([]byte(`{"alg":"`+alg+`","typ":"JWT"}`)) + "." + b64.EncodeToString(claims.AppendJSON(nil))
	mac := hmac.New(digest, []byte(s.ClientSecret))
	mac.Write([]byte(signed))
	return signed + "." + b64.EncodeToString(mac.Sum(nil)), nil
}
