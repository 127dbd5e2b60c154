package broker

import (
	"context"
	"errors"
	"fmt"

	"github.com/tokenhouse/tokenhouse/internal/core/event"
	"github.com/tokenhouse/tokenhouse/internal/core/fault"
	"github.com/tokenhouse/tokenhouse/internal/core/federation"
	"github.com/tokenhouse/tokenhouse/internal/core/oauth"
	"github.com/tokenhouse/tokenhouse/internal/core/realm"
	"github.com/tokenhouse/tokenhouse/internal/core/token"
	"github.com/tokenhouse/tokenhouse/internal/core/user"
	"github.com/tokenhouse/tokenhouse/internal/flow/inspect"
	"github.com/tokenhouse/tokenhouse/internal/flow/verify"
)

// StoredRequest asks for the tokens that a provider gave for a user.
type StoredRequest struct {
	Realm   *realm.Realm
	Base    string // the server's URL as the caller reaches it
	Address string // the caller's
	Alias   string
	Token   verify.Presented // the user's access token; empty: none came
}

// Why somebody does not get the tokens of a provider.
var (
	ErrToken      = &fault.Invalid{Message: "Invalid token."}
	ErrNoProvider = errors.New("there is no such identity provider")
)

// Forbidden is an access token that may not have a provider's tokens.
type Forbidden struct{ Message string }

func (f *Forbidden) Error() string { return f.Message }

// Stored is what a provider answered when its user signed in, as JSON: OAuth's, with member
// accessTokenExpiration. An access token that has expired is renewed where there is a refresh token. A refusal is
// ErrToken or another *fault.Invalid, a *Forbidden, or ErrNoProvider.
func (b *Broker) Stored(ctx context.Context, q StoredRequest) (answer []byte, err error) {
	e := event.Event{ID: b.NewID(), Time: b.Now(), Kind: eventToken, Realm: q.Realm.Key, RealmName: q.Realm.Name, Address: q.Address}
	e.Set("identity_provider", q.Alias)
	defer func() {
		if err != nil {
			e.Fail(asEvent(err))
		}
		b.Events.Record(context.WithoutCancel(ctx), e)
	}()
	h, err := b.Holders.Holder(ctx, q.Realm, q.Base, q.Token)
	switch {
	case verify.Why(err) != "":
		return nil, errors.Join(ErrToken, err)
	case err != nil:
		return nil, err
	}
	e.Client, e.UserID, e.Session = h.Client.ID, h.User.ID, h.Session
	if !mayRead(q.Realm, h) {
		return nil, &Forbidden{"Client [" + h.Client.ID + "] not authorized to retrieve tokens from identity provider [" + q.Alias + "]."}
	}
	c, err := b.Book.of(ctx, q.Realm)
	if err != nil {
		return nil, err
	}
	p := c.provider(q.Alias)
	switch {
	case p == nil:
		return nil, ErrNoProvider
	case !p.StoreToken:
		return nil, &fault.Invalid{Message: "Identity Provider [" + q.Alias + "] does not support this operation."}
	}
	kept, err := b.kept(ctx, q.Realm, h.User, q.Alias)
	switch {
	case err != nil:
		return nil, err
	case kept == nil:
		return nil, &fault.Invalid{Message: "User [" + h.User.ID + "] is not associated with identity provider [" + q.Alias + "]."}
	}
	return b.fresh(ctx, q.Realm, p, h.User, kept)
}

// kept is what is kept of a provider's answer for a user; nil where nothing is, or they are not linked to it any more.
func (b *Broker) kept(ctx context.Context, r *realm.Realm, u *user.User, alias string) ([]byte, error) {
	return keptFor(ctx, b.Tokens, r, u, alias)
}

func keptFor(ctx context.Context, tokens KeptTokens, r *realm.Realm, u *user.User, alias string) ([]byte, error) {
	if linkTo(u, alias) == nil {
		return nil, nil
	}
	kept, err := tokens.ProviderToken(ctx, r.Key, u.ID, alias)
	if errors.Is(err, fault.ErrNotFound) {
		return nil, nil
	}
	return kept, err
}

// asEvent is a refusal as events have it.
func asEvent(err error) error {
	_, invalid := errors.AsType[*fault.Invalid](err)
	_, forbidden := errors.AsType[*Forbidden](err)
	switch {
	case errors.Is(err, ErrToken):
		return oauth.Errorf(oauth.InvalidToken, "").InEvent("invalid_token", "")
	case errors.Is(err, ErrNoProvider):
		return refusal(unknownProvider, "")
	case invalid || forbidden:
		return refusal("not_allowed", "")
	}
	return err
}

// mayRead tells whether a token lets its holder have the tokens of providers: by role read-token of client broker,
// for which it is meant.
func mayRead(r *realm.Realm, h *inspect.Holder) bool {
	client := r.Client(brokerClient)
	if client == nil || !client.Enabled {
		return false
	}
	for _, role := range r.RolesOf(client.Key) {
		if role.Name == readTokenRole && h.Roles.Has(role) {
			return true
		}
	}
	return false
}

// fresh renews a kept answer whose access token has expired. Where it cannot be renewed, the old one is given:
// its expiry is in it.
func (b *Broker) fresh(ctx context.Context, r *realm.Realm, p *Provider, u *user.User, kept []byte) ([]byte, error) {
	answer, err := b.renew(ctx, r, p, u, kept)
	if err != nil || answer == nil {
		return kept, err
	}
	return answer, nil
}

// renew asks the provider for another access token in place of one that has expired, and keeps it. It is the old one
// where that has not expired, and nil where it has and there is no refresh token, or the provider refuses it.
func (b *Broker) renew(ctx context.Context, r *realm.Realm, p *Provider, u *user.User, kept []byte) ([]byte, error) {
	held, err := federation.ReadKept(kept)
	if err != nil {
		return nil, fmt.Errorf("read provider's token: %w", err)
	}
	now := b.Now()
	switch {
	case !held.Lapsed(now):
		return kept, nil
	case held.RefreshToken == "":
		return nil, nil
	}
	request, err := p.Authenticate(p.RefreshRequest(held.RefreshToken), federation.Proof{ID: b.NewID(), Now: now,
		Sign: func(alg string, c *token.Claims) (string, error) { return b.Keys.Sign(ctx, r, alg, "JWT", c) }})
	if err != nil {
		return nil, err
	}
	tokens, err := b.Upstream.Token(ctx, request)
	if err != nil {
		return nil, ctx.Err()
	}
	renewed := []byte(tokens.Stored(now))
	if tokens.RefreshToken == "" {
		if renewed, err = withRefresh(renewed, held.RefreshToken); err != nil {
			return nil, err
		}
	}
	return renewed, b.Tokens.KeepProviderToken(ctx, r.Key, u.ID, p.Alias, renewed)
}

// withRefresh adds the refresh token that stays in force where an answer brings no other (RFC 6749 §6).
func withRefresh(answer []byte, refresh string) ([]byte, error) {
	o, err := token.ParseValue(string(answer))
	if err != nil {
		return nil, err
	}
	all, _ := o.(token.Object)
	all.Set(refresh, "refresh_token")
	return all.AppendJSON(nil), nil
}
