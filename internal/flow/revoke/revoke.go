package revoke

import (
	"context"
	"strings"
	"time"

	"github.com/tokenhouse/tokenhouse/internal/core/event"
	"github.com/tokenhouse/tokenhouse/internal/core/oauth"
	"github.com/tokenhouse/tokenhouse/internal/core/policy"
	"github.com/tokenhouse/tokenhouse/internal/core/session"
	"github.com/tokenhouse/tokenhouse/internal/flow/verify"
)

// Request takes a token back (RFC 7009 §2.1). The parameter "token_type_hint" is not looked at: the
// token says what it is.
type Request struct {
	Call
	Token *string // nil where absent
}

var (
	errNoToken  = oauth.Errorf(oauth.InvalidRequest, "Token not provided").InEvent("invalid_request", "Token not provided")
	errType     = oauth.Errorf(oauth.UnsupportedTokenType, "Unsupported token type").InEvent("invalid_token_type", "Unsupported token type")
	errForeign  = oauth.Errorf(oauth.InvalidRequest, "Unmatching clients").InEvent("invalid_request", "Unmatching clients")
	errNotKnown = oauth.Errorf(oauth.InvalidToken, "Invalid token").WithStatus(200)
)

// Revoke takes a token of the calling client back, and with it all that the client's tokens were
// exchanged into in that session. An *oauth.Error may have Status 200: that a token is unknown is no
// failure (RFC 7009 §2.2), yet Keycloak says so in the body.
func (v *Revoker) Revoke(ctx context.Context, q Request) (err error) {
	t, err := v.begin(ctx, event.RevokeGrant, q.Call)
	if err != nil {
		return err
	}
	defer func() { t.end(ctx, err) }()

	if err := t.authenticate(ctx, q.Call); err != nil {
		return err
	}
	if q.Token == nil {
		return errNoToken
	}
	held, err := t.Verifier.Issued(ctx, t.at, t.client, *q.Token)
	if err != nil {
		return refused(err)
	}
	t.event.UserID = held.User.ID
	if err := t.police(ctx, policy.Revocation, &held); err != nil {
		return err
	}
	if held.Token.Refreshes() {
		return t.revokeRefresh(ctx, &held)
	}
	return t.revokeAccess(ctx, &held)
}

// refused puts a refusal of the token in the words of this endpoint.
func refused(err error) error {
	switch why := verify.Why(err); why {
	case "":
		return err
	case verify.WrongType:
		return errType
	case verify.OtherClient:
		return errForeign
	default:
		return errNotKnown.InEvent(why.Event(), "").Because(err)
	}
}

// revokeAccess takes an access token back. The client's refresh token goes on, unless it came of the
// same client's token by exchange.
func (t *turn) revokeAccess(ctx context.Context, h *verify.Held) error {
	t.event.Set("token_id", h.Token.ID)
	if err := t.Marks.Revoke(ctx, t.at.Realm.Key, h.Token.ID, t.remembered(h)); err != nil {
		return err
	}
	if h.Session == nil {
		return nil
	}
	return t.unchain(ctx, h.Session)
}

// revokeRefresh takes all back that the client holds in the session, and the session where nobody else
// holds anything in it.
func (t *turn) revokeRefresh(ctx context.Context, h *verify.Held) error {
	t.event.Session = h.Session.ID
	t.event.Set("revoked_client", t.client.ID)
	t.event.Set("refresh_token_id", h.Token.ID)
	t.event.Set("refresh_token_type", h.Token.Type)
	// A client that is granted something anew in the same second must not bring this token back to life.
	if err := t.Marks.Revoke(ctx, t.at.Realm.Key, h.Token.ID, t.remembered(h)); err != nil {
		return err
	}
	// Its own part first: an exchange that is on its way sees either that it is gone, or is seen by unchain.
	if err := t.Sessions.DropGrant(ctx, t.at.Realm.Key, h.Session.ID, t.client.Key, h.Session.Offline, t.at.Now); err != nil {
		return err
	}
	if err := t.unchain(ctx, h.Session); err != nil {
		return err
	}
	_, err := t.Sessions.EndGrant(ctx, t.at.Realm.Key, h.Session.ID, t.client.Key, h.Session.Offline, t.at.Now)
	return err
}

// unchain ends what clients hold in the session by exchanging a token of this client, any of them.
func (t *turn) unchain(ctx context.Context, s *session.Session) error {
	grants, err := t.Sessions.Grants(ctx, t.at.Realm.Key, s.ID, s.Offline)
	if err != nil {
		return err
	}
	var ended []string
	for _, g := range grants {
		if _, of := g.Sources[t.client.Key]; !of {
			continue
		}
		if err := t.Sessions.UndoGrant(ctx, t.at.Realm.Key, s.ID, g.Client, s.Offline); err != nil {
			return err
		}
		if c := t.at.Realm.ClientByKey(g.Client); c != nil {
			ended = append(ended, c.ID)
		}
	}
	t.event.Set("token_exchange_revoked_clients", strings.Join(ended, ","))
	return nil
}

// leastRemembered is how long a revoked token is remembered at least.
const leastRemembered = 10 * time.Second

// remembered is until when a token must be known as revoked: until it, every token that may have been exchanged from
// it, and every token that somebody may act with by it, has expired. The last live as long as the session of whom they
// act for, whether who acts has one or not.
func (t *turn) remembered(h *verify.Held) time.Time {
	until := t.at.Now.Add(leastRemembered)
	if own := time.Unix(h.Token.Expires+1, 0); own.After(until) {
		until = own
	}
	l := &t.at.Realm.Lifespans
	longest := max(l.SessionMax, l.SessionMaxRemember)
	if h.Session != nil && h.Session.Offline {
		longest = max(longest, l.OfflineMax)
	}
	if last := t.at.Now.Add(longest); last.After(until) {
		until = last
	}
	return until
}
