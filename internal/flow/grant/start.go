package grant

import (
	"context"

	"github.com/tokenhouse/tokenhouse/internal/core/audience"
	"github.com/tokenhouse/tokenhouse/internal/core/oauth"
	"github.com/tokenhouse/tokenhouse/internal/core/realm"
	"github.com/tokenhouse/tokenhouse/internal/core/session"
	"github.com/tokenhouse/tokenhouse/internal/core/token"
	"github.com/tokenhouse/tokenhouse/internal/core/user"
)

// newSession is a session of the user that begins now, and the client's part in it; an offline one where the
// scope asks for that. It is not kept yet.
func (t *turn) newSession(u *user.User, method oauth.GrantType) (*session.Session, *session.Grant) {
	s := &session.Session{
		ID: t.NewID(), Offline: t.asksOffline(), UserID: u.ID, Username: u.Username,
		Started: t.at.Now, LastAccess: t.at.Now, Method: "openid-connect", Address: t.call.Address,
		Notes: session.NotesFrom(t.call.Agent),
	}
	g := &session.Grant{
		Session: s.ID, Offline: s.Offline, Client: t.client.Key,
		Started: t.at.Now, LastAccess: t.at.Now, Scope: t.scope(), Method: string(method),
	}
	return s, g
}

// start gives out the first tokens of a new session, and keeps it once they are made. A client without
// refresh tokens gets none, and the session all the same; for itself it has a switch of its own, which led here.
func (t *turn) start(ctx context.Context, u *user.User, s *session.Session, g *session.Grant, by token.GrantCode) (*Response, error) {
	found := t.resolve(u, s, t.scope())
	origin := token.Origin{Session: token.Online, Grant: by}
	if s.Offline {
		origin.Session = token.Offline
		if !mayStayOffline(found) {
			return nil, oauth.ErrOffline
		}
	}
	w := issue{
		user: u, session: s, grant: g, found: found, origin: origin,
		expires: t.accessExpires(s, g), openID: asks(t.scope(), oauth.ScopeOpenID),
	}
	if !t.client.Tokens.NoRefresh || by == token.ByClientCredentials {
		w.refresh = t.newFamily(s, g)
		g.RefreshID = w.refresh.id
		t.event.Set("refresh_token_id", w.refresh.id)
		t.event.Set("refresh_token_type", refreshType(s))
	}
	resp, err := t.issue(ctx, w)
	if err != nil {
		return nil, err
	}
	if err := t.Sessions.StartSession(ctx, t.at.Realm.Key, *s, *g); err != nil {
		return nil, err
	}
	t.event.Session = s.ID
	return resp, nil
}

// mayStayOffline tells whether user and client have the role that offline access needs.
func mayStayOffline(found *audience.Resolution) bool {
	role := found.Realm.Role(realm.RoleRef{Name: oauth.ScopeOffline})
	return role != nil && found.Held != nil && found.Held.Has(role)
}

// refreshType is the "typ" of refresh tokens of a session.
func refreshType(s *session.Session) string {
	if s.Offline {
		return token.TypOffline
	}
	return token.TypRefresh
}
