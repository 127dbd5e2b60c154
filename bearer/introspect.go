package bearer

import (
	"context"
	"crypto/sha256"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"net/http"
	"net/url"
	"strings"
	"sync"
	"time"
)

// Introspection asks the issuer what a token says, and whether it is good still (RFC 7662).
type Introspection struct {
	// ClientID and ClientSecret authenticate the service to the issuer, by HTTP Basic. One of ClientID and Authenticate is required. Keycloak and Tokenhouse say of a token that does not
	// name this client in "aud" that it is not active.
	ClientID, ClientSecret string

	// Authenticate takes their place: it adds to form and header of a request what authenticates the service to an endpoint. The
	// client authentications of package brokerclient fit.
	Authenticate func(ctx context.Context, endpoint string, form url.Values, header http.Header) error

	// URL is the introspection endpoint. Default: that of the discovery document.
	URL string

	// Always asks about each token, also those that are signed: then revoked tokens are refused, and the lightweight access
	// tokens of Keycloak get the claims that they do not carry. Audience, scopes, roles and holder that a token names itself are not
	// widened. Default: only about tokens that are no JWT.
	Always bool

	// CacheFor is how long an answer is believed, and so how long a revoked token may still pass. Default: 10 seconds; negative
	// asks each time.
	CacheFor time.Duration

	// Remember is how many answers are kept. Default: 10,000.
	Remember int
}

// inquirer asks, and remembers what was answered.
type inquirer struct {
	Introspection
	v       *Verifier
	answers *memory[[sha256.Size]byte, answer]
	refused *memory[[sha256.Size]byte, answer] // apart, so that made-up tokens do not push out good ones

	mu      sync.Mutex
	flights map[[sha256.Size]byte]*flight
}

// answer is what the issuer says of a token: nil claims say that it is not active.
type answer struct {
	claims *Claims
	until  time.Time
}

// flight is a question under way.
type flight struct {
	done   chan struct{}
	answer answer
	err    error
}

func newInquirer(v *Verifier, i Introspection) *inquirer {
	orElse(&i.CacheFor, 10*time.Second)
	orElse(&i.Remember, 10_000)
	return &inquirer{Introspection: i, v: v, flights: map[[sha256.Size]byte]*flight{},
		answers: newMemory[[sha256.Size]byte, answer](i.Remember), refused: newMemory[[sha256.Size]byte, answer](i.Remember / 10)}
}

// claims gives what the issuer says of a token; own are the claims of one that is signed and proven, or nil. The result is the
// caller's own.
func (i *inquirer) claims(ctx context.Context, token string, own *Claims) (*Claims, error) {
	sum := sha256.Sum256([]byte(token))
	a, err := i.answer(ctx, sum, token, own)
	if err != nil {
		return nil, err
	}
	if a.claims == nil {
		return nil, refuse(ErrInactive, nil)
	}
	c := *a.claims
	if now := i.v.config.Now(); !c.Expires.IsZero() && !now.Before(c.Expires.Add(i.v.config.Leeway)) {
		return nil, about(&c, refuse(ErrExpired, nil))
	}
	return &c, nil
}

// answer remembers, waits for who asks the same, or asks.
func (i *inquirer) answer(ctx context.Context, sum [sha256.Size]byte, token string, own *Claims) (answer, error) {
	now := i.v.config.Now()
	for _, kept := range []*memory[[sha256.Size]byte, answer]{i.answers, i.refused} {
		if a, ok := kept.get(sum); ok && now.Before(a.until) {
			return a, nil
		}
	}
	i.mu.Lock()
	f := i.flights[sum]
	if f == nil {
		f = &flight{done: make(chan struct{})}
		i.flights[sum] = f
		f.answer.until = now.Add(i.CacheFor)
		go i.fly(context.WithoutCancel(ctx), f, sum, token, own)
	}
	i.mu.Unlock()
	if err := wait(ctx, f.done); err != nil {
		return answer{}, err
	}
	return f.answer, f.err
}

// fly asks, for all who wait, and keeps the answer.
func (i *inquirer) fly(ctx context.Context, f *flight, sum [sha256.Size]byte, token string, own *Claims) {
	// Authenticate may ask somebody too, and who would never answer would hold this token up for ever.
	ctx, cancel := context.WithTimeout(ctx, 2*fetchTime)
	defer cancel()
	f.answer.claims, f.err = i.ask(ctx, token, own)
	switch {
	case f.err != nil:
	case f.answer.claims == nil:
		i.refused.put(sum, f.answer)
	default:
		i.answers.put(sum, f.answer)
	}
	i.mu.Lock()
	delete(i.flights, sum)
	i.mu.Unlock()
	close(f.done)
}

// ask asks the issuer. Nil claims say that the token is not active.
func (i *inquirer) ask(ctx context.Context, token string, own *Claims) (*Claims, error) {
	endpoint, err := i.endpoint(ctx)
	if err != nil {
		return nil, refuse(ErrUnavailable, err)
	}
	form := url.Values{"token": {token}, "token_type_hint": {"access_token"}}
	header := http.Header{"Content-Type": {"application/x-www-form-urlencoded"}}
	if i.Authenticate != nil {
		if err := i.Authenticate(ctx, endpoint, form, header); err != nil {
			return nil, refuse(ErrUnavailable, fmt.Errorf("authenticate for introspection: %w", err))
		}
	}
	q, err := http.NewRequestWithContext(ctx, http.MethodPost, endpoint, strings.NewReader(form.Encode()))
	if err != nil {
		return nil, refuse(ErrUnavailable, err)
	}
	q.Header = header
	if i.Authenticate == nil {
		q.SetBasicAuth(url.QueryEscape(i.ClientID), url.QueryEscape(i.ClientSecret)) // RFC 6749 §2.3.1
	}
	body, err := i.v.fetcher.do(q)
	if err != nil {
		return nil, refuse(ErrUnavailable, fmt.Errorf("introspection: %w", err))
	}
	return i.read(body, own)
}

func (i *inquirer) endpoint(ctx context.Context) (string, error) {
	if i.URL != "" {
		return i.URL, nil
	}
	m, err := i.v.metadata(ctx)
	if err == nil && m.introspection == "" {
		err = errors.New("the issuer has no introspection endpoint")
	}
	return m.introspection, err
}

// read judges an answer (RFC 7662 §2.2). It is held to what a token is held to: a refresh token is active too, and no access
// token.
func (i *inquirer) read(body []byte, own *Claims) (*Claims, error) {
	m, err := readObject(body)
	if err != nil {
		return nil, refuse(ErrUnavailable, fmt.Errorf("introspection answer: %w", err))
	}
	r := &reader{members: m}
	active, issuer, kind := r.flag("active"), r.text("iss"), r.text("typ")
	if kind == "" {
		kind = r.text("token_type")
	}
	switch {
	case r.err != nil:
		return nil, refuse(ErrUnavailable, fmt.Errorf("introspection answer: %w", r.err))
	case !active:
		return nil, nil
	case issuer != "" && issuer != i.v.config.Issuer:
		return nil, refuse(ErrIssuer, fmt.Errorf("iss is %q, expected %q", issuer, i.v.config.Issuer))
	case kind == "" && (own != nil || i.v.config.AcceptUntyped): // a token that is signed has told its type
	case !strings.EqualFold(kind, "Bearer") && !strings.EqualFold(kind, "DPoP"):
		return nil, refuse(ErrType, fmt.Errorf("the issuer says that its type is %q", kind))
	}
	if own != nil {
		if body, err = m.below(own.payload); err != nil {
			return nil, refuse(ErrMalformed, err)
		}
	}
	c, _, err := readClaims(body)
	if err != nil {
		return nil, refuse(ErrUnavailable, fmt.Errorf("introspection answer: %w", err))
	}
	if now := i.v.config.Now().Add(i.v.config.Skew); now.Before(c.NotBefore) {
		return nil, refuse(ErrNotYet, nil)
	}
	return c, nil
}

// below gives the members of an answer with those of the token itself in their place, for an answer may tell of more than the token
// is for: audiences and roles that an exchange cut off, in Keycloak. What the token leaves out, as lightweight access tokens do, is
// the answer's to say; of roles it says all or nothing.
func (m object) below(token []byte) ([]byte, error) {
	own, err := readObject(token)
	if err != nil {
		return nil, err
	}
	if own["realm_access"] != nil || own["resource_access"] != nil {
		delete(m, "realm_access")
		delete(m, "resource_access")
	}
	maps.DeleteFunc(own, func(_ string, v json.RawMessage) bool { return string(v) == "null" })
	maps.Copy(m, own)
	return json.Marshal(m)
}
