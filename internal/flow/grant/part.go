package grant

import (
	"context"
	"errors"
	"maps"
	"strings"

	"github.com/tokenhouse/tokenhouse/internal/core/exchange"
	"github.com/tokenhouse/tokenhouse/internal/core/fault"
	"github.com/tokenhouse/tokenhouse/internal/core/oauth"
	"github.com/tokenhouse/tokenhouse/internal/core/session"
	"github.com/tokenhouse/tokenhouse/internal/core/token"
	"github.com/tokenhouse/tokenhouse/internal/flow/verify"
)

// methodExchange is the Method of a grant that an exchange began.
const methodExchange = "token_exchange"

// exchanged is an exchange that was granted: what is given out, and what becomes of the requester's
// part in the subject's session.
type exchanged struct {
	issue
	kind oauth.TokenType
	prev *session.Grant // the requester's part as it was read; nil: it had none
	held verify.Held    // the subject
}

// placeIn finds the requester's part in the session behind the subject. An exchange begins no session and,
// but for a refresh token, no part in one: its token lives as long as the session, and nothing is
// kept for it. Offline sessions are those of the client that began them; nobody else gets a part.
func (t *turn) placeIn(ctx context.Context, held verify.Held, d exchange.Decision) (*exchanged, error) {
	found := &d.Grant.Resolution
	x := &exchanged{held: held, kind: d.Grant.Type, issue: issue{
		user: found.User, session: found.Session, found: found,
		path: d.Grant.Path, actor: d.Grant.Actor, mayAct: d.Grant.MayAct,
		origin: token.Origin{Session: token.OnlineTransient, Grant: token.ByExchange},
	}}
	x.openID = asks(d.Grant.Resolution.Scope, oauth.ScopeOpenID)
	switch {
	case x.session == nil:
		x.session = &session.Session{UserID: x.user.ID, Username: x.user.Username, Started: t.at.Now}
		x.origin.Session = token.Transient
	case x.session.Offline:
		x.origin.Session = token.OfflineTransient
	default:
		if err := t.findPart(ctx, x); err != nil {
			return nil, err
		}
	}
	x.expires = d.Grant.Cap(t.accessExpires(x.session, x.grant), t.event.Trace)
	if x.kind == oauth.TypeRefreshToken {
		x.refresh = t.newFamily(x.session, x.grant)
		x.grant.RefreshID = x.refresh.id
		t.event.Set("refresh_token_id", x.refresh.id)
		t.event.Set("refresh_token_type", token.TypRefresh)
	}
	return x, nil
}

// findPart reads the requester's part in an online session, and says what becomes of it.
func (t *turn) findPart(ctx context.Context, x *exchanged) error {
	prev, err := t.Sessions.Grant(ctx, t.at.Realm.Key, x.session.ID, t.client.Key, false)
	switch {
	case errors.Is(err, fault.ErrNotFound):
		if x.kind != oauth.TypeRefreshToken {
			return nil
		}
	case err != nil:
		return err
	default:
		x.prev = prev
	}
	x.grant = t.partAfter(x)
	x.origin.Session = token.Online
	if t.call.Scope == nil && asks(x.grant.Scope, oauth.ScopeOpenID) {
		x.found.Scope = oauth.ScopeOpenID // as the client asked before: shown in the scope, no ID token
	}
	for _, s := range x.found.Scopes {
		if s.Name == oauth.ScopeOffline { // as Keycloak: said to be of an offline session, of which there is none
			x.origin.Session = token.Offline
		}
	}
	return nil
}

// partAfter is the requester's part after the exchange: as before, or a new one where it had none or that
// is over. It remembers where it comes from, so that it ends with that.
func (t *turn) partAfter(x *exchanged) *session.Grant {
	next := session.Grant{Session: x.session.ID, Client: t.client.Key, Started: t.at.Now, Method: methodExchange}
	if x.prev != nil && !x.prev.Expired(t.at.Realm, t.client, x.session, t.at.Now) {
		next = *x.prev
	}
	next.LastAccess = t.at.Now
	if t.call.Scope != nil {
		next.Scope = x.found.Scope
	}
	next.Sources = maps.Clone(next.Sources)
	if next.Sources == nil {
		next.Sources = map[string]string{}
	}
	if x.held.Grant != nil {
		maps.Copy(next.Sources, x.held.Grant.Sources)
	}
	next.Sources[x.held.Client.Key] = x.held.Token.ID
	next.RefreshID, next.RefreshUses = t.NewID(), 0
	return &next
}

// giveOut mints the token that was asked for.
func (t *turn) giveOut(ctx context.Context, x *exchanged) (*Response, error) {
	give := t.issue
	if x.kind == oauth.TypeIDToken {
		give = t.issueIDToken
	}
	resp, err := give(ctx, x.issue)
	if err != nil {
		return nil, err
	}
	t.event.Set("audience", strings.Join(x.found.Audiences, " "))
	resp.IssuedTokenType = string(x.kind)
	return resp, nil
}

// keepPart keeps what became of the requester's part. Where somebody changed it meanwhile, it is read again, so
// that no change is lost.
func (t *turn) keepPart(ctx context.Context, x *exchanged, subject string) error {
	if x.grant == nil {
		return nil
	}
	for {
		err := t.writePart(ctx, x)
		if err == nil {
			return t.confirmPart(ctx, x, subject)
		}
		if !errors.Is(err, fault.ErrStale) {
			return ended(err)
		}
		if x.prev, err = t.Sessions.Grant(ctx, t.at.Realm.Key, x.session.ID, t.client.Key, false); err != nil {
			return ended(err)
		}
		x.grant = t.partAfter(x)
	}
}

// confirmPart looks at the subject again now that the part can be seen: who took the subject back meanwhile either
// saw the part and ended it, or was first and is seen here.
func (t *turn) confirmPart(ctx context.Context, x *exchanged, subject string) error {
	_, why := t.Verifier.StillSubject(ctx, t.at, x.held.Client, subject)
	if verify.Why(why) == "" {
		return why
	}
	if err := t.Sessions.UndoGrant(ctx, t.at.Realm.Key, x.session.ID, t.client.Key, false); err != nil {
		return err
	}
	return takenBack(why)
}

func (t *turn) writePart(ctx context.Context, x *exchanged) error {
	if x.prev == nil {
		return t.Sessions.AddGrant(ctx, t.at.Realm.Key, *x.grant)
	}
	return t.Sessions.Refresh(ctx, t.at.Realm.Key, *x.prev, *x.grant)
}

// ended is the refusal of a subject whose session ended while it was exchanged.
func ended(err error) error {
	if errors.Is(err, fault.ErrNotFound) {
		return takenBack(err)
	}
	return err
}

func takenBack(why error) error {
	return oauth.Errorf(oauth.InvalidRequest, "Invalid token").
		InEvent("invalid_token", "subject_token validation failure").Because(why)
}
