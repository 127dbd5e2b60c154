package verify

import (
	"context"
	"errors"
	"strings"

	"github.com/tokenhouse/tokenhouse/internal/core/fault"
	"github.com/tokenhouse/tokenhouse/internal/core/realm"
	"github.com/tokenhouse/tokenhouse/internal/core/session"
	"github.com/tokenhouse/tokenhouse/internal/core/token"
	"github.com/tokenhouse/tokenhouse/internal/core/user"
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

// revoked asks whether the token was revoked, or one that it was exchanged from, or a client on that
// way was switched off.
func revoked(ctx context.Context, q *question) error {
	ids := []string{q.Token.ID}
	for _, hop := range q.Token.Path {
		if hop.Issuer != "" {
			if err := revokedAbroad(ctx, q, hop); err != nil {
				return err
			}
			continue
		}
		if c := q.Realm.Client(hop.Client); c == nil || !c.Enabled {
			return refuse(Revoked)
		}
		ids = append(ids, hop.JTI)
	}
	for _, id := range ids {
		gone, err := q.verifier.Marks.Revoked(ctx, q.Realm.Key, id)
		if err != nil {
			return err
		}
		if gone {
			return refuse(Revoked)
		}
	}
	return nil
}

// revokedAbroad asks the same of a hop of another issuer, where that is a realm of this server. What others revoked is
// not known here; nor are the sessions of other realms asked for, of which the hop says nothing.
func revokedAbroad(ctx context.Context, q *question, hop token.Hop) error {
	name, near := strings.CutPrefix(hop.Issuer, q.Base+"/realms/")
	if !near || q.verifier.Realms == nil {
		return nil
	}
	r, err := q.verifier.Realms.Realm(ctx, name)
	if errors.Is(err, fault.ErrNotFound) {
		return refuse(Revoked)
	}
	if err != nil {
		return err
	}
	if c := r.Client(hop.Client); !r.Enabled || c == nil || !c.Enabled {
		return refuse(Revoked)
	}
	gone, err := q.verifier.Marks.Revoked(ctx, r.Key, hop.JTI)
	if err == nil && gone {
		return refuse(Revoked)
	}
	return err
}

// kind is the kind of session that must stand behind the token.
func (q *question) kind() token.SessionKind {
	switch q.Token.Type {
	case token.TypRefresh:
		return token.Online
	case token.TypOffline:
		return token.Offline
	}
	return q.Token.Origin.Session
}

// standing asks whether the session behind the token stands, where one is kept for it.
func standing(ctx context.Context, q *question) error {
	kind := q.kind()
	if kind == token.Transient {
		return nil
	}
	offline := kind == token.Offline || kind == token.OfflineTransient
	missing, over := SessionGone, SessionGone
	if offline {
		missing, over = OfflineGone, OfflineExpired
	}
	if q.Token.Session == "" {
		return refuse(missing)
	}
	s, err := q.verifier.Sessions.Session(ctx, q.Realm.Key, q.Token.Session, offline)
	switch {
	case errors.Is(err, fault.ErrNotFound):
		return refuse(missing)
	case err != nil:
		return err
	case s.Expired(q.Realm, q.Now):
		return refuse(over)
	case q.Token.IssuedAt+clockDrift < s.Started.Unix():
		return refuse(SessionNewer)
	}
	q.Session = s
	return nil
}

// granted asks whether the client still has its part in the session, where the token needs one.
func granted(ctx context.Context, q *question) error {
	if kind := q.kind(); kind == token.Transient || kind == token.OnlineTransient || kind == token.OfflineTransient {
		return nil
	}
	g, err := q.grant(ctx)
	switch {
	case errors.Is(err, fault.ErrNotFound):
		return refuse(GrantGone)
	case err != nil:
		return err
	case g.Expired(q.Realm, q.Client, q.Session, q.Now):
		return refuse(GrantExpired)
	case q.Token.IssuedAt+clockDrift < g.Started.Unix():
		return refuse(SessionNewer)
	}
	q.Grant = g
	return nil
}

// lineage asks whether what the token came of was taken back: what its client, or one on the way of exchanges that
// led to it, held in the session.
func lineage(_ context.Context, q *question) error {
	if q.Session == nil || len(q.Session.Ended) == 0 {
		return nil
	}
	before := func(c *realm.Client) bool { return q.Token.IssuedAt < q.Session.TakenBack(c.Key).Unix() }
	over := before(q.Client)
	for _, hop := range q.Token.Path {
		if hop.Issuer != "" {
			continue // its session is not this one
		}
		c := q.Realm.Client(hop.Client)
		over = over || c == nil || before(c)
	}
	if over {
		return refuse(Revoked)
	}
	return nil
}

// grant reads the client's part of the session: as it stands now for who presents the token to change
// something, else from the cache.
func (q *question) grant(ctx context.Context) (*session.Grant, error) {
	read := q.verifier.Sessions.Granted
	if q.presenter != nil {
		read = q.verifier.Sessions.Grant
	}
	return read(ctx, q.Realm.Key, q.Session.ID, q.Client.Key, q.Session.Offline)
}

// exists finds the user of the token.
func exists(ctx context.Context, q *question) error {
	u, err := q.user(ctx)
	switch {
	case errors.Is(err, fault.ErrNotFound):
		return refuse(UserGone)
	case err != nil:
		return err
	}
	q.User = u
	return nil
}

// person finds the user of the token, who must be enabled. A service account is as long as its client may have
// one, whichever client the token was issued to.
func person(ctx context.Context, q *question) error {
	if err := exists(ctx, q); err != nil {
		return err
	}
	if !available(q.Realm, q.User) {
		return refuse(UserDisabled)
	}
	return nil
}

// available tells whether a user is enabled, or the client whose service account it is may act for itself.
func available(r *realm.Realm, u *user.User) bool {
	return u.Enabled && (u.ServiceAccount == "" || serves(r.ClientByKey(u.ServiceAccount)))
}

// serves tells whether a client may act for itself.
func serves(c *realm.Client) bool { return c != nil && c.Enabled && c.ServiceAccounts }

// user is who the session is of, since "sub" may be a pseudonym. Without a session it is the client's
// service account, or, after an exchange, the one that "sub" names.
func (q *question) user(ctx context.Context) (*user.User, error) {
	users := q.verifier.Users
	switch {
	case q.Session != nil:
		return users.User(ctx, q.Realm.Key, q.Session.UserID)
	case q.Token.Origin.Grant == token.ByClientCredentials:
		return users.ServiceAccount(ctx, q.Realm.Key, q.Client.Key)
	}
	return users.User(ctx, q.Realm.Key, q.Token.Subject)
}
