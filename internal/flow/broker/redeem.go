package broker

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"

	"github.com/tokenhouse/tokenhouse/internal/core/explain"
	"github.com/tokenhouse/tokenhouse/internal/core/federation"
	"github.com/tokenhouse/tokenhouse/internal/core/token"
	"github.com/tokenhouse/tokenhouse/internal/flow/authorize"
)

// visitor is somebody whom a provider vouches for, with what it answered.
type visitor struct {
	Provider string // alias
	Person   federation.Person
	Answer   string // of the token endpoint, as it is kept
	IDToken  string

	First *firstLogin `json:",omitempty"` // how far the first login is; nil: it has not begun
}

// errNoIDToken is an answer that does not prove who the user is.
var errNoIDToken = errors.New("the provider gave no ID token")

// redeem redeems the code for tokens, verifies them, and finds out who came.
func (b *Broker) redeem(ctx context.Context, t *authorize.Turn, p *Provider, way trip, code string) (*visitor, error) {
	q, err := b.proven(ctx, t, p, p.CodeRequest(code, endpointURL(t, p.Alias), way.Verifier))
	if err != nil {
		return nil, err
	}
	tokens, err := b.Upstream.Token(ctx, q)
	if err != nil {
		return nil, fmt.Errorf("redeem the code: %w", err)
	}
	var told federation.Answer
	if told.IDToken, err = b.identity(ctx, t, p, way, tokens.IDToken); err != nil {
		return nil, err
	}
	if p.AccessTokenJWT {
		f, err := b.Upstream.Verify(ctx, &p.Settings, tokens.AccessToken)
		if err != nil {
			return nil, fmt.Errorf("verify the access token: %w", err)
		}
		if err := p.CheckToken(f, t.At.Now); err != nil {
			return nil, fmt.Errorf("check the access token: %w", err)
		}
		told.AccessToken = f.Claims
	}
	if p.FetchesProfile() {
		if told.Profile, err = b.Upstream.UserInfo(ctx, &p.Settings, tokens.AccessToken); err != nil {
			return nil, fmt.Errorf("fetch the profile: %w", err)
		}
	}
	person, err := p.Person(told)
	if err != nil {
		return nil, err
	}
	t.Event.Trace = &explain.Trace{}
	person = p.Preprocess(person, p.Mappers, b.NewID(), t.Event.Trace)
	return &visitor{Provider: p.Alias, Person: person, Answer: tokens.Stored(t.At.Now), IDToken: tokens.IDToken}, nil
}

// proven is a request with what proves this server to the provider.
func (b *Broker) proven(ctx context.Context, t *authorize.Turn, p *Provider, q federation.TokenRequest) (federation.TokenRequest, error) {
	return p.Authenticate(q, federation.Proof{ID: b.NewID(), Now: t.At.Now, Sign: func(alg string, c *token.Claims) (string, error) {
		return b.Keys.Sign(ctx, t.Realm(), alg, "JWT", c)
	}})
}

// identity verifies an ID token (OpenID Connect Core §3.1.3.7), and gives its claims; nil where the provider is not
// one that gives any.
func (b *Broker) identity(ctx context.Context, t *authorize.Turn, p *Provider, way trip, compact string) (token.Object, error) {
	switch {
	case compact == "" && p.NeedsIDToken():
		return nil, errNoIDToken
	case compact == "" || !p.ReadsIDToken():
		return nil, nil
	}
	f, err := b.foreign(ctx, p, compact)
	if err != nil {
		return nil, fmt.Errorf("verify the ID token: %w", err)
	}
	if err := p.CheckIDToken(f, way.Nonce, t.At.Now); err != nil {
		return nil, fmt.Errorf("check the ID token: %w", err)
	}
	return f.Claims, nil
}

// foreign reads a token that came from the provider itself. Its signature counts unless the provider is
// configured otherwise: then TLS has to do (OpenID Connect Core §3.1.3.7 point 6).
func (b *Broker) foreign(ctx context.Context, p *Provider, compact string) (federation.Foreign, error) {
	if !p.ValidateSignature {
		return federation.ReadUnverified(compact)
	}
	return b.Upstream.Verify(ctx, &p.Settings, compact)
}

// noteVisitor is the note of an attempt whose user comes from a provider for the first time. Attempts are sealed
// in the store.
const noteVisitor = "broker.visitor"

// keep keeps a visitor with the attempt.
func (v *visitor) keep(t *authorize.Turn) error {
	text, err := json.Marshal(v)
	t.Attempt.Note(noteVisitor, string(text))
	return err
}

// visitorOf is who the attempt's user is, if they come from a provider for the first time; else nil.
func visitorOf(t *authorize.Turn) (*visitor, error) {
	text := t.Attempt.Notes[noteVisitor]
	if text == "" {
		return nil, nil
	}
	v := &visitor{}
	if err := json.Unmarshal([]byte(text), v); err != nil {
		return nil, fmt.Errorf("read visitor: %w", err)
	}
	return v, nil
}
