package exchange

import (
	"github.com/tokenhouse/tokenhouse/internal/core/explain"
	"github.com/tokenhouse/tokenhouse/internal/core/oauth"
	"github.com/tokenhouse/tokenhouse/internal/core/realm"
	"github.com/tokenhouse/tokenhouse/internal/core/token"
)

// askable asks that the requester may ask for the type of token that it does (R1).
func askable(s *state, t *explain.Trace) *oauth.Error {
	s.kind = requestedType(s.Request)
	switch s.kind {
	case oauth.TypeIDToken:
		if s.As != nil { // it would say that somebody signed in who did not
			return unsupported(s, t)
		}
	case oauth.TypeAccessToken, oauth.TypeSAML2:
	case oauth.TypeRefreshToken:
		if !mayRefresh(s.Client) {
			return unsupported(s, t)
		}
	default:
		return unsupported(s, t)
	}
	t.Add(explain.ExchangeType, explain.Allowed, string(s.kind))
	return nil
}

// renewable asks that the client may still have refresh tokens by exchange; one that a sign-in gave in the same session it
// may. Whether it gets refresh tokens at all is asked of those that are issued from now on, as of every grant.
func renewable(s *state, t *explain.Trace) *oauth.Error {
	if len(s.hops) > 0 && !refreshesExchanged(s.Client) {
		return unsupported(s, t)
	}
	return nil
}

// requestedType is what is asked for, an access token where nothing is said.
func requestedType(q Request) oauth.TokenType {
	if q.RequestedType == nil {
		return oauth.TypeAccessToken
	}
	return *q.RequestedType
}

// mayRefresh tells whether the client may exchange for refresh tokens.
func mayRefresh(c *realm.Client) bool { return refreshesExchanged(c) && !c.Tokens.NoRefresh }

// refreshesExchanged tells whether the client may hold refresh tokens that came of an exchange. A public client that may
// exchange may not: its tokens are in a browser. Others of that kind hear that they may not exchange at all.
func refreshesExchanged(c *realm.Client) bool {
	return c.Exchange.Refresh && !(c.Public && c.Exchange.Public)
}

// issuable refuses what may be asked for and is not issued (R2).
func issuable(s *state, t *explain.Trace) *oauth.Error {
	if s.kind == oauth.TypeSAML2 {
		return unsupported(s, t)
	}
	return nil
}

func unsupported(s *state, t *explain.Trace) *oauth.Error {
	t.Add(explain.ExchangeType, explain.Denied, string(s.kind))
	return refuse("requested_token_type unsupported")
}

// online asks that a refresh token has a session to live in (X1). Subjects that came by an exchange have
// none: nothing is kept for their client. An offline session is the client's that began it. For another issuer's
// token a session begins here; but where another realm of this server keeps none for it, there would be nothing that
// ends with what the token stands for there.
func online(s *state, t *explain.Trace) *oauth.Error {
	switch {
	case s.kind != oauth.TypeRefreshToken:
		return nil
	case s.Foreign != nil && s.Subject.Token.Origin.Session == token.Transient:
		t.Add(explain.ExchangeSession, explain.Denied, s.Subject.Token.Client, "the subject token has no session in the realm that it is of")
		return noSession()
	case s.Foreign != nil:
		return nil
	}
	if s.As != nil {
		t.Add(explain.ExchangeSession, explain.Denied, s.As.Name, "an impersonation begins no session")
		return noSession()
	}
	if s.Subject.Token.Origin.Session != token.Online || s.Subject.Token.Session == "" {
		t.Add(explain.ExchangeSession, explain.Denied, s.Subject.Token.Client, "the subject token has no online session of its own")
		return noSession()
	}
	return nil
}

func noSession() *oauth.Error {
	return refuse("Refresh token not valid as requested_token_type because creating a new session is needed")
}

// bounded refuses refresh tokens that would outlive the session (X2), and those of whoever asks for that and may not have it.
func bounded(s *state, t *explain.Trace) *oauth.Error {
	if s.kind != oauth.TypeRefreshToken {
		return nil
	}
	for _, scope := range s.resolve(t).Scopes {
		if scope.Name == oauth.ScopeOffline {
			t.Add(explain.ExchangeSession, explain.Denied, s.Client.ID, "an offline session would be needed")
			return refuse("Scope offline_access not allowed for token exchange")
		}
	}
	if s.Scope != nil && s.Realm.AsksOffline(s.Client, *s.Scope) {
		t.Add(explain.ExchangeSession, explain.Denied, s.Client.ID, "the user may have no offline session, which was asked for")
		return oauth.ErrOffline
	}
	return nil
}
