package verify

import (
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"crypto/sha512"
	"encoding/hex"
	"fmt"
	"hash"
	"slices"
	"time"

	"github.com/go-jose/go-jose/v4"

	"github.com/tokenhouse/tokenhouse/internal/core/federation"
	"github.com/tokenhouse/tokenhouse/internal/core/oauth"
	"github.com/tokenhouse/tokenhouse/internal/core/realm"
	"github.com/tokenhouse/tokenhouse/internal/core/token"
)

// skew is by how much the clock of a client may be fast.
const skew = 15 * time.Second

// assertionLife is how long an assertion may live where its client sets no limit.
const assertionLife = time.Minute

// purposeAssertion keeps the jti of assertions apart from other one-time values.
const purposeAssertion = "client-assertion"

// assertion is a client assertion (RFC 7523 §3) as it was sent: nothing of it is proven.
type assertion struct {
	token.Claims
	jws     token.Compact
	compact string
}

// asserted reads the request's assertion, of whatever type; nil where there is none, or none that can be read.
func (c *Credentials) asserted() *assertion {
	if c.Assertion == nil {
		return nil
	}
	a, err := readAssertion(*c.Assertion)
	if err != nil {
		return nil
	}
	return a
}

func readAssertion(compact string) (*assertion, error) {
	jws, err := token.Open(compact)
	if err != nil {
		return nil, err
	}
	claims, err := token.Parse(jws.Payload)
	if err != nil {
		return nil, err
	}
	return &assertion{claims, jws, compact}, nil
}

// names is the client that names itself by an assertion of its own; empty where none does.
func (c *Credentials) names(a *assertion) string {
	if a == nil || c.AssertionType == nil || *c.AssertionType != oauth.JWTBearerAssertion || a.Issuer != a.Subject {
		return ""
	}
	return a.Subject
}

// refused is a refusal of an assertion, recorded with its own text as the reason.
func refused(code oauth.Code, text string) *oauth.Error {
	return oauth.Errorf(code, "%s", text).InEvent("invalid_client_credentials", text)
}

var (
	errNoAssertionType = refused(oauth.InvalidClient, "Parameter client_assertion_type is missing")
	errNoAssertion     = refused(oauth.InvalidClient, "client_assertion parameter missing")
	errAlgorithm       = refused(oauth.InvalidClient, "Invalid signature algorithm")
	errNoKey           = refused(oauth.InvalidClient, "Unable to load public key")
	errKeySignature    = refused(oauth.InvalidClient, "Client authentication with signed JWT failed: Signature on JWT token failed validation")
	errMACSignature    = refused(oauth.UnauthorizedClient, "Client authentication with client secret signed JWT failed: Signature on JWT token by client secret  failed validation")
	errAudience        = refused(oauth.InvalidClient, "Invalid token audience")
	errAudiences       = refused(oauth.InvalidClient, "Multiple audiences not allowed")
	errInactive        = refused(oauth.InvalidClient, "Token is not active")
	errFuture          = refused(oauth.InvalidClient, "Token was issued in the future")
	errNoExpiry        = refused(oauth.InvalidClient, "Token exp claim is required")
	errFarExpiry       = refused(oauth.InvalidClient, "Token expiration is too far in the future and iat claim not present in token")
	errOldAssertion    = refused(oauth.InvalidClient, "Token was issued too far in the past to be used now")
	errNoID            = refused(oauth.InvalidClient, "Token jti claim is required")
	errReuse           = refused(oauth.InvalidClient, "Token reuse detected")
)

// assertion checks that a client is who it says by a signed assertion. a is what the request brought,
// nil where that cannot be read. The signature is checked before what it signs, and the jti is used up only
// by an assertion that is good in every other way.
func (v *Verifier) assertion(ctx context.Context, at At, c *realm.Client, sent *Credentials, a *assertion) error {
	switch {
	case sent.AssertionType == nil:
		return errNoAssertionType
	case *sent.AssertionType != oauth.JWTBearerAssertion:
		return refused(oauth.InvalidClient, fmt.Sprintf("Parameter client_assertion_type has value '%s' but expected is '%s'",
			*sent.AssertionType, oauth.JWTBearerAssertion))
	case sent.Assertion == nil:
		return errNoAssertion
	case a == nil, a.Subject != c.ID, a.Issuer != c.ID:
		return errAuthenticator
	case c.AuthAlg != "" && a.jws.Header.Alg != c.AuthAlg:
		return errAlgorithm
	}

	var err error
	if c.Authenticator == MethodSecretJWT {
		err = a.signedBySecret(c, at)
	} else {
		err = v.signedByKey(ctx, a, c)
	}
	if err != nil {
		return err
	}
	if err := a.addressed(at); err != nil {
		return err
	}
	until, err := a.active(c, at.Now)
	if err != nil {
		return err
	}
	if a.ID == "" {
		return errNoID
	}
	first, err := v.once(ctx, at, c, a.ID, until)
	if err == nil && !first {
		err = errReuse
	}
	return err
}

// macs are the algorithms of client_secret_jwt.
var macs = map[string]func() hash.Hash{"HS256": sha256.New, "HS384": sha512.New384, "HS512": sha512.New}

// signedBySecret checks a MAC by the client's secret, or by the one before while that is still good.
func (a *assertion) signedBySecret(c *realm.Client, at At) error {
	digest := macs[a.jws.Header.Alg]
	if digest == nil {
		return errAlgorithm
	}
	for _, secret := range secrets(c, at) {
		mac := hmac.New(digest, []byte(secret))
		mac.Write([]byte(a.jws.Signed))
		if hmac.Equal(mac.Sum(nil), a.jws.Signature) {
			return nil
		}
	}
	return errMACSignature
}

// signedByKey checks a signature by one of the client's public keys. The key decides which algorithms
// it may be used with (RFC 8725 §3.1): an HMAC by the text of a public key is none of them.
func (v *Verifier) signedByKey(ctx context.Context, a *assertion, c *realm.Client) error {
	if !federation.Asymmetric(a.jws.Header.Alg) {
		return errAlgorithm
	}
	keys, err := v.clientKeys(ctx, c, a.jws.Header.Kid)
	if err != nil {
		return errNoKey.Because(err)
	}
	tried := 0
	for _, k := range keys {
		if a.jws.Header.Kid != "" && k.KeyID != "" && k.KeyID != a.jws.Header.Kid || !federation.Fits(k, a.jws.Header.Alg) {
			continue
		}
		if tried++; tried > maxKeys {
			break
		}
		if verifies(k, a.jws.Header.Alg, a.compact) {
			return nil
		}
	}
	if tried == 0 {
		return errNoKey
	}
	return errKeySignature
}

// verifies tells whether the key signed the compact JWS with this algorithm.
func verifies(k jose.JSONWebKey, alg, compact string) bool {
	s, err := jose.ParseSignedCompact(compact, []jose.SignatureAlgorithm{jose.SignatureAlgorithm(alg)})
	if err != nil {
		return false
	}
	_, err = s.Verify(k.Key)
	return err == nil
}

// addressed checks that the assertion is for this realm and for nobody else: whoever it was also made for
// could use it here.
func (a *assertion) addressed(at At) error {
	issuer := at.Realm.Issuer(at.Base)
	protocol := issuer + "/protocol/openid-connect"
	switch {
	case len(a.Audience) > 1:
		return errAudiences
	case len(a.Audience) == 0, !slices.Contains([]string{issuer, protocol + "/token", protocol + "/token/introspect", protocol + "/ext/par/request"}, a.Audience[0]):
		return errAudience
	}
	return nil
}

// active checks the assertion's times and gives the time from which it is surely refused as too old, also by a node
// whose clock is slow. Whatever it says of its end, it is good no longer than its client's limit after it was issued;
// one that does not say when that was must end within the limit. The client's clock may be fast, but the end is the
// end, as in Keycloak.
func (a *assertion) active(c *realm.Client, now time.Time) (until time.Time, err error) {
	latest := now.Add(skew).Unix()
	switch {
	case a.Expires == 0:
		return until, errNoExpiry
	case now.Unix() >= a.Expires, a.NotBefore > latest:
		return until, errInactive
	case a.IssuedAt > latest:
		return until, errFuture
	}
	limit := c.AuthMaxExp
	if limit <= 0 {
		limit = assertionLife
	}
	until = time.Unix(a.Expires, 0)
	oldest := time.Unix(a.IssuedAt, 0).Add(limit)
	switch {
	case a.IssuedAt == 0 && until.Sub(now) > limit:
		return until, errFarExpiry
	case a.IssuedAt != 0 && now.After(oldest):
		return until, errOldAssertion
	case a.IssuedAt != 0 && oldest.Before(until):
		until = oldest
	}
	return until.Add(skew), nil
}

// once uses the jti of a client's assertion up, on every node, and tells whether it was unused.
func (v *Verifier) once(ctx context.Context, at At, c *realm.Client, jti string, until time.Time) (first bool, err error) {
	sum := sha256.Sum256([]byte(jti)) // of any length; who signs chooses it
	return v.Marks.UseOnce(ctx, at.Realm.Key, purposeAssertion, c.Key+" "+hex.EncodeToString(sum[:]), until)
}
