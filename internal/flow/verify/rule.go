package verify

import (
	"context"
	"errors"
	"strings"

	"github.com/tokenhouse/tokenhouse/internal/core/realm"
	"github.com/tokenhouse/tokenhouse/internal/core/token"
)

// A rule refuses a token, or adds what stands behind it to the question. Its name is for tests, which
// see to it that all uses of tokens have the same rules.
type rule struct {
	name  string
	check func(ctx context.Context, q *question) error
}

// question is a token on its way through the rules.
type question struct {
	At
	Held
	verifier  *Verifier
	presenter *realm.Client // nil where anybody may present the token
}

// The order of the rules is Keycloak's: it decides what a caller hears of a token that several refuse.
// Not-before is asked again as soon as more is known of whose it could be. Taking a token back, and
// signing out by it, ask less: of a token that is expired, stale or revoked already both can be wanted.
var (
	accessRules = []rule{
		{"kind", isAccess}, {"issuer", issuer}, {"active", active},
		{"client", client}, {"notbefore", notBefore}, {"revoked", revoked}, {"enabled", enabled},
		{"session", standing}, {"grant", granted}, {"lineage", lineage}, {"user", person}, {"notbefore", notBefore},
		{"actors", actors},
	}
	anyRules     = append([]rule{{"kind", isEither}}, accessRules[1:]...)
	idRules      = append([]rule{{"kind", isID}}, accessRules[1:]...)
	refreshRules = []rule{
		{"kind", isRefresh}, {"issuer", issuer}, {"notbefore", notBefore}, {"active", active},
		{"presented", presented}, {"client", client}, {"enabled", enabled},
		{"session", standing}, {"user", person}, {"grant", granted}, {"lineage", lineage},
		{"notbefore", notBefore}, {"revoked", revoked}, {"actors", actors},
	}
	issuedRules = []rule{
		{"issuer", issuer}, {"kind", isEither}, {"presented", presented}, {"client", client},
		{"session", standing}, {"grant", granted}, {"user", exists},
	}
	signOutRules = []rule{{"kind", isRefresh}, {"issuer", issuer}, {"presented", presented}}
)

var (
	errLong   = errors.New("the token is too long")
	errOrigin = errors.New("the jti has an unknown prefix")
)

// internalAlg is the JWS algorithm of tokens that only the realm itself reads.
const internalAlg = "HS512"

// clockDrift is by how many seconds the clocks of two nodes may differ.
const clockDrift = 1

func refuse(r Reason) error { return &Failure{Reason: r} }

func isAccess(_ context.Context, q *question) error {
	if !strings.EqualFold(q.Token.Type, token.TypBearer) && !strings.EqualFold(q.Token.Type, token.TypDPoP) {
		return refuse(WrongType) // some clients want the type in lower case
	}
	return nil
}

// isRefresh wants the algorithm of internal tokens too, so that no claim that a mapper put into a token for
// others makes it a refresh token.
func isRefresh(_ context.Context, q *question) error {
	if !q.Token.Refreshes() || q.Token.Alg != internalAlg {
		return refuse(WrongType)
	}
	return nil
}

func isID(_ context.Context, q *question) error {
	if q.Token.Type != token.TypID {
		return refuse(WrongType)
	}
	return nil
}

func isEither(ctx context.Context, q *question) error {
	if q.Token.Refreshes() {
		return isRefresh(ctx, q)
	}
	return isAccess(ctx, q)
}

func issuer(_ context.Context, q *question) error {
	if q.Token.Issuer != q.Realm.Issuer(q.Base) {
		return refuse(OtherIssuer)
	}
	return nil
}

// active asks whether it is the token's time. Only an offline token may come without an end.
func active(_ context.Context, q *question) error {
	t, now := &q.Token, q.Now.Unix()
	switch {
	case t.Expires == 0 && t.Type != token.TypOffline, t.IssuedAt == 0:
		return refuse(Expired)
	case t.Expires != 0 && now >= t.Expires, now < t.NotBefore:
		return refuse(Expired)
	}
	return nil
}

// client finds the client that the token was issued to.
func client(_ context.Context, q *question) error {
	if q.Client = q.Realm.Client(q.Token.Client); q.Client == nil {
		return refuse(ClientGone)
	}
	return nil
}

// presented asks whether the client that brings the token is the one it was issued to.
func presented(_ context.Context, q *question) error {
	if q.presenter == nil || q.Token.Client != q.presenter.ID {
		return refuse(OtherClient)
	}
	return nil
}

func enabled(_ context.Context, q *question) error {
	if !q.Client.Enabled {
		return refuse(ClientDisabled)
	}
	return nil
}

// notBefore asks whether the token was issued before the latest time from which on realm, client or
// user want their tokens to be.
func notBefore(_ context.Context, q *question) error {
	from := q.Realm.NotBefore
	if q.Client != nil {
		from = max(from, q.Client.NotBefore)
	}
	if q.User != nil {
		from = max(from, q.User.NotBefore)
	}
	if q.Token.IssuedAt < from {
		return refuse(Stale)
	}
	return nil
}
