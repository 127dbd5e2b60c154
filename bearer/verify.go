package bearer

import (
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"sync"
	"time"
)

// Verifier verifies the access tokens of one issuer. It is safe for concurrent use. NewVerifier makes one.
type Verifier struct {
	config  Config
	fetcher *fetcher
	keys    *keys
	seen    *memory[[sha256.Size]byte, verified]
	proofs  *replays
	asked   *inquirer // nil: no introspection

	mu    sync.Mutex
	found *metadata // nil: not fetched yet, or in doubt
	at    time.Time // when it was found
}

// verified is a token whose signature, issuer and type are proven by a key.
type verified struct {
	claims *Claims
	key    string  // its identity
	set    *keySet // that the key was last found in
}

// Ready fetches the issuer's keys if there are none that may be believed, and tells what hinders: for readiness probes.
func (v *Verifier) Ready(ctx context.Context) error {
	_, err := v.keys.current(ctx)
	return err
}

// Verify proves a token and that it is for an audience and has the scopes. A token that is bound to a key or certificate is
// refused, since there is no request that could prove it: see VerifyRequest. An error is an *Error, or that of the context.
func (v *Verifier) Verify(ctx context.Context, token, audience string, scopes ...string) (*Claims, error) {
	demand(audience, scopes)
	c, err := v.prove(ctx, token)
	if err != nil {
		return nil, err
	}
	switch {
	case c.Confirmation != nil:
		return nil, about(c, refuse(ErrBound, nil))
	case v.config.DPoP.Require:
		return nil, about(c, refuse(ErrUnbound, nil))
	}
	if err := admit(c, audience, scopes); err != nil {
		return nil, err
	}
	return c, nil
}

// VerifyRequest proves the token in the header Authorization of a request, that who sent it may have it, and that it is for
// an audience and has the scopes. Tokens in the query or the body are not looked at. An error is an *Error, which Refuse
// answers, or that of the request's context.
func (v *Verifier) VerifyRequest(r *http.Request, audience string, scopes ...string) (*Claims, error) {
	demand(audience, scopes)
	given, err := credentialsOf(r)
	if err != nil {
		return nil, err
	}
	c, err := v.prove(r.Context(), given.token)
	if err != nil {
		return nil, err
	}
	if err := v.held(r, given, c); err != nil {
		return nil, about(c, err)
	}
	if err := admit(c, audience, scopes); err != nil {
		return nil, err
	}
	return c, nil
}

// Signed proves that the issuer signed a token of any kind, an ID token or a logout token for example, and nothing else: not what kind it is,
// whom it is for, or whether it is still good. To take an access token it is never enough. An error is an *Error, or that of the
// context.
func (v *Verifier) Signed(ctx context.Context, token string) error {
	if len(token) > v.config.MaxSize {
		return refuse(ErrTooLong, nil)
	}
	set, err := v.keys.current(ctx)
	if err != nil {
		return err
	}
	_, _, _, err = v.opened(ctx, set, token)
	return err
}

// demand panics where nothing is demanded: a token must never be taken that is for somebody else, and this is where
// it would begin.
func demand(audience string, scopes []string) {
	if strings.TrimSpace(audience) == "" {
		panic("bearer: no audience: say which \"aud\" access tokens must hold")
	}
	for _, s := range scopes {
		if s == "" || strings.ContainsFunc(s, func(c rune) bool { return c <= ' ' || c > '~' || c == '"' || c == '\\' }) {
			panic(fmt.Sprintf("bearer: %q is no scope (RFC 6749 §3.3)", s))
		}
	}
}

// prove proves what a token says, but not yet that it is for anybody. The claims are the caller's own.
func (v *Verifier) prove(ctx context.Context, token string) (*Claims, error) {
	if len(token) > v.config.MaxSize {
		return nil, refuse(ErrTooLong, nil)
	}
	if v.asked != nil && strings.Count(token, ".") != 2 {
		return v.asked.claims(ctx, token, nil)
	}
	known, err := v.signed(ctx, token)
	if err != nil {
		return nil, err
	}
	c := *known
	if err := v.timely(&c); err != nil {
		return nil, about(&c, err)
	}
	if v.asked != nil && v.asked.Always {
		return v.asked.claims(ctx, token, &c)
	}
	return &c, nil
}

// signed proves signature, issuer and type, or remembers that they are proven and by a key that still counts. The claims are
// shared with others who send the same token.
func (v *Verifier) signed(ctx context.Context, token string) (*Claims, error) {
	set, err := v.keys.current(ctx)
	if err != nil {
		return nil, err
	}
	sum := sha256.Sum256([]byte(token))
	if known, ok := v.seen.get(sum); ok {
		switch {
		case known.set == set:
			return known.claims, nil
		case set.known[known.key]:
			known.set = set
			v.seen.put(sum, known)
			return known.claims, nil
		}
	}
	jws, by, set, err := v.opened(ctx, set, token)
	if err != nil {
		return nil, err
	}
	c, err := v.claims(&jws)
	if err != nil {
		return nil, err
	}
	v.seen.put(sum, verified{c, by.identity, set})
	return c, nil
}

// opened takes apart a token that a key of the issuer signed, and gives the key, and the set that it is in.
func (v *Verifier) opened(ctx context.Context, set *keySet, token string) (compact, key, *keySet, error) {
	jws, err := open(token)
	if err != nil {
		return compact{}, key{}, nil, refuse(ErrMalformed, err)
	}
	if !slices.Contains(v.config.Algorithms, jws.header.alg) {
		return compact{}, key{}, nil, refuse(ErrAlgorithm, nil)
	}
	by, set, err := v.signer(ctx, set, &jws)
	return jws, by, set, err
}

// signer is the key that signed a token. Keys are fetched again where none of them is the one that the token names, or where it
// names none and none of them signed it.
func (v *Verifier) signer(ctx context.Context, set *keySet, jws *compact) (key, *keySet, error) {
	by, err := set.signer(jws)
	for range 2 { // the fetch that others wait for may have begun before the key was there
		if err == nil || errors.Is(err, ErrSignature) && set.names(jws.header.kid) {
			break
		}
		later, failed := v.keys.renewed(ctx, set, jws.header.alg+" "+jws.header.kid)
		if failed != nil {
			return key{}, nil, failed
		}
		if later == set {
			break
		}
		set = later
		by, err = set.signer(jws)
	}
	if err != nil {
		return key{}, nil, refuse(err, nil)
	}
	return by, set, nil
}

// claims reads the claims of a token that is signed.
func (v *Verifier) claims(jws *compact) (*Claims, error) {
	c, r, err := readClaims(jws.payload)
	switch {
	case err != nil:
		return nil, refuse(ErrMalformed, err)
	case c.Issuer != v.config.Issuer:
		return nil, refuse(ErrIssuer, fmt.Errorf("iss is %q, expected %q", c.Issuer, v.config.Issuer))
	case c.Expires.IsZero() || c.IssuedAt.IsZero():
		return nil, refuse(ErrMalformed, errors.New("it lacks exp or iat"))
	}
	if err := v.accessToken(jws.header.typ, r); err != nil {
		return nil, refuse(ErrType, err)
	}
	return c, nil
}

// accessToken tells an access token from all others that the issuer signs.
func (v *Verifier) accessToken(headerType string, r *reader) error {
	typ := strings.TrimPrefix(strings.ToLower(headerType), "application/")
	kind := r.text("typ")
	switch {
	case r.err != nil:
		return r.err
	case typ != "" && typ != "jwt" && typ != "at+jwt":
		return fmt.Errorf("header typ is %q", headerType)
	case kind == "Bearer", kind == "DPoP":
		return nil
	case kind != "":
		return fmt.Errorf("claim typ is %q", kind)
	case typ == "at+jwt":
		return nil
	case !v.config.AcceptUntyped:
		return errors.New("it has neither header typ at+jwt nor claim typ Bearer")
	}
	for _, name := range []string{"nonce", "at_hash", "c_hash", "s_hash", "events"} {
		if r.members[name] != nil {
			return fmt.Errorf("it has no typ, and %s as ID and logout tokens have", name)
		}
	}
	return nil
}

// timely checks the times of a token.
func (v *Verifier) timely(c *Claims) error {
	now := v.config.Now()
	switch {
	case !now.Before(c.Expires.Add(v.config.Leeway)):
		return refuse(ErrExpired, fmt.Errorf("at %s", c.Expires.UTC().Format(time.RFC3339)))
	case now.Add(v.config.Skew).Before(c.NotBefore), now.Add(v.config.Skew).Before(c.IssuedAt):
		return refuse(ErrNotYet, nil)
	}
	return nil
}

// admit tells whether a token is for an audience and has the scopes.
func admit(c *Claims, audience string, scopes []string) error {
	if !slices.Contains(c.Audience, audience) {
		e := refuse(ErrAudience, nil)
		e.WantAudience = audience
		return about(c, e)
	}
	for _, s := range scopes {
		if !c.HasScope(s) {
			e := refuse(ErrScope, nil)
			e.WantScopes = scopes
			return about(c, e)
		}
	}
	return nil
}

// about adds to a refusal what the token says.
func about(c *Claims, err error) error {
	if e, ok := errors.AsType[*Error](err); ok {
		e.Claims = c
	}
	return err
}
