package authorize

import (
	"context"
	"errors"
	"maps"
	"net/url"
	"slices"
	"strconv"
	"time"

	"github.com/tokenhouse/tokenhouse/internal/core/fault"
	"github.com/tokenhouse/tokenhouse/internal/core/login"
	"github.com/tokenhouse/tokenhouse/internal/core/page"
	"github.com/tokenhouse/tokenhouse/internal/core/session"
	"github.com/tokenhouse/tokenhouse/internal/core/user"
)

// rememberName is how long a browser remembers the name that signed in last.
const rememberName = 365 * 24 * time.Hour

// finish answers the client. The tab is closed first: of two requests that come this far one is first.
func (a *Authorizer) finish(ctx context.Context, t *Turn) (*Outcome, error) {
	if t.Attempt.Errand != nil {
		return a.end(ctx, t, page.Info{Message: page.T("accountUpdatedMessage"), Kind: page.Success, Back: t.back()}, nil)
	}
	if no, err := a.unready(ctx, t); no != nil || err != nil {
		if err != nil {
			return nil, err
		}
		return a.failed(ctx, t, &t.Attempt.Request, no)
	}
	if err := a.level(ctx, t); err != nil {
		return nil, err
	}
	if err := a.close(ctx, t); err != nil {
		return a.twice(t, err)
	}
	s, g, err := a.signIn(ctx, t)
	if err != nil {
		return nil, err
	}
	if t.Attempt.Proven() {
		if err := a.Lockouts.Succeeded(ctx, t.At.Realm, t.User); err != nil {
			return nil, err
		}
	}
	if err := a.identify(ctx, t, s); err != nil {
		return nil, err
	}
	t.Event.UserID, t.Event.Session = t.User.ID, s.ID
	t.Event.Set("username", t.User.Username)
	t.Event.Set("code_id", s.ID)
	describeRequest(&t.Event, &t.Attempt.Request)
	t.describeEnd()
	o, err := a.give(ctx, t, s, g)
	if err != nil {
		return nil, err
	}
	a.record(ctx, t, nil)
	return t.with(o), nil
}

// Notes of sessions whose user came from an identity provider, by Keycloak's names.
const (
	noteProvider     = "identity_provider"
	noteProviderName = "identity_provider_identity"
)

// originNotes are what claim mappers may tell of where the user came from.
func (t *Turn) originNotes() map[string]string {
	o := t.Attempt.Origin
	if o == nil {
		return nil
	}
	notes := map[string]string{noteProvider: o.Provider, noteProviderName: o.Username}
	maps.Copy(notes, o.Notes)
	return notes
}

// keepOrigin keeps where the user of a session that was there came from, if from elsewhere.
func (a *Authorizer) keepOrigin(ctx context.Context, t *Turn, s *session.Session) error {
	if t.Attempt.Origin == nil || a.Origins == nil {
		return nil
	}
	o := t.Attempt.Origin.Origin
	o.Session = s.ID
	return a.Origins.KeepOrigin(ctx, t.At.Realm.Key, o)
}

// start keeps a new session, and where its user came from, if from elsewhere.
func (a *Authorizer) start(ctx context.Context, t *Turn, s *session.Session, g *session.Grant) error {
	if t.Attempt.Origin == nil || a.Origins == nil {
		return a.Sessions.StartSession(ctx, t.At.Realm.Key, *s, *g)
	}
	return a.Origins.StartSessionFrom(ctx, t.At.Realm.Key, *s, *g, t.Attempt.Origin.Origin)
}

// unready tells why a user must not sign in though no step is left: something is due that there is no page for.
// Better no sign-in than one that skips a factor or a duty.
func (a *Authorizer) unready(ctx context.Context, t *Turn) (*refusal, error) {
	if no := t.withdrawn(); no != nil {
		return no, nil
	}
	if t.Client.ConsentRequired && a.Consent == nil {
		return onPage("consent_denied", "invalidRequestMessage"), nil
	}
	credentials, err := a.Users.Credentials(ctx, t.At.Realm.Key, t.User.ID)
	if err != nil {
		return nil, err
	}
	_, lacking, err := a.choices(ctx, t)
	if err != nil {
		return nil, err
	}
	if len(lacking) > 0 {
		return onPage("invalid_user_credentials", "invalidRequestMessage"), nil
	}
	if short, err := a.fallsShort(ctx, t); short || err != nil {
		return onPage("generic_authentication_error", "acrNotFulfilled"), err
	}
	pending, err := a.Duties.Pending(ctx, t.At.Realm, user.Attempt{User: t.User, Credentials: credentials, Scopes: t.Scopes(), Now: t.At.Now})
	if err != nil || !pending {
		return nil, err
	}
	return onPage("resolve_required_actions", "invalidRequestMessage"), nil
}

// withdrawn tells what of the request its client may not have any more: it was checked when the attempt began, or
// even before, where the browser kept it. Scopes count as they are now when tokens are made, and a device is asked
// again when it wants them.
func (t *Turn) withdrawn() *refusal {
	q := &t.Attempt.Request
	switch {
	case q.Device != "":
		return nil
	case t.Client.Redirect(t.At.Base, q.RedirectURI, false) == "":
		return onPage("invalid_redirect_uri", "invalidParameterMessage", "redirect_uri")
	}
	now := &checking{client: t.Client, q: *q}
	if no := flowOn(now); no != nil {
		return no
	}
	return bound(now)
}

// Scopes are the names of the client scopes in play.
func (t *Turn) Scopes() []string {
	asked, _ := t.At.Realm.ScopesOf(t.Client, t.Attempt.Request.Scope)
	var names []string
	for _, key := range slices.Concat(t.Client.DefaultScopes, asked) {
		if s := t.At.Realm.ScopeByKey(key); s != nil {
			names = append(names, s.Name)
		}
	}
	return names
}

// signIn is the session of the user, new or the one that was there, and the client's part in it.
func (a *Authorizer) signIn(ctx context.Context, t *Turn) (*session.Session, *session.Grant, error) {
	if s := t.identity.Session; s != nil && s.UserID == t.User.ID {
		g, err := a.rejoin(ctx, t, *s)
		if !errors.Is(err, fault.ErrNotFound) {
			renewed := t.renewed(*s)
			if err == nil {
				err = a.keepOrigin(ctx, t, s)
			}
			return &renewed, g, err
		}
		// It ended meanwhile. Whoever proved who they are gets another; a session alone proves nothing now.
		if !t.Attempt.Proven() {
			return nil, nil, err
		}
	}
	s := session.Session{ID: a.NewToken(), UserID: t.User.ID, Username: t.User.Username, Started: t.At.Now, Remember: t.Attempt.Remember,
		Method: "openid-connect", Address: t.Address, Notes: session.NotesFrom(t.Agent)}
	s = t.renewed(s)
	g := t.part(&s, nil)
	g.RefreshID = a.NewID()
	return &s, g, a.start(ctx, t, &s, g)
}

// renewed is a session after this sign-in.
func (t *Turn) renewed(s session.Session) session.Session {
	s.LastAccess = t.At.Now
	if !t.Attempt.Proven() {
		return s
	}
	s.AuthTime = t.At.Now
	s.Notes = noted(s.Notes, session.NoteLevels, t.levels)
	maps.Copy(s.Notes, t.originNotes())
	return s
}

// rejoin gives the client a part in a session that was there. fault.ErrNotFound where it ended meanwhile.
func (a *Authorizer) rejoin(ctx context.Context, t *Turn, s session.Session) (*session.Grant, error) {
	key := t.At.Realm.Key
	if err := a.Sessions.RenewSession(ctx, key, t.renewed(s)); err != nil {
		return nil, err
	}
	for {
		prev, err := a.Sessions.Grant(ctx, key, s.ID, t.Client.Key, false)
		switch {
		case errors.Is(err, fault.ErrNotFound):
			g := t.part(&s, nil)
			g.RefreshID = a.NewID()
			err = a.Sessions.AddGrant(ctx, key, *g)
			if !errors.Is(err, fault.ErrStale) {
				return g, err
			}
		case err != nil:
			return nil, err
		default:
			g := t.part(&s, prev)
			g.RefreshID, g.RefreshUses = a.NewID(), 0
			err = a.Sessions.Refresh(ctx, key, *prev, *g)
			if !errors.Is(err, fault.ErrStale) {
				return g, err
			}
		}
	}
}

// part is what the client holds in the session after this sign-in. One that is over begins anew.
func (t *Turn) part(s *session.Session, prev *session.Grant) *session.Grant {
	g := session.Grant{Session: s.ID, Client: t.Client.Key, Started: t.At.Now, Method: "authorization_code"}
	if prev != nil && !prev.Expired(t.At.Realm, t.Client, s, t.At.Now) {
		g = *prev
	}
	g.LastAccess, g.Scope = t.At.Now, t.Attempt.Request.Scope
	g.Notes = noted(g.Notes, session.NoteLevel, t.level)
	g.Notes = noted(g.Notes, session.NoteACR, t.Attempt.Request.ACR().String())
	g.Notes[session.NoteSSO] = strconv.FormatBool(!t.Attempt.Proven())
	return &g
}

// identify sets the cookies that the browser is signed in by.
func (a *Authorizer) identify(ctx context.Context, t *Turn, s *session.Session) error {
	cookies, err := Identify(ctx, a.Keys, t.At, s, a.NewID())
	if err != nil {
		return err
	}
	for _, c := range cookies {
		t.SetCookie(c)
	}
	switch { // who proves anew who they are is not asked again whether to be remembered
	case s.Remember || t.Attempt.Remember:
		t.SetCookie(Cookie{Name: CookieRemember, Value: "username:" + url.QueryEscape(t.User.Username), MaxAge: rememberName, HTTPOnly: true})
	case t.Attempt.Has(login.FactorPassword) && t.Cookies[CookieRemember] != "":
		t.SetCookie(Cookie{Name: CookieRemember, HTTPOnly: true, Clear: true})
	}
	return nil
}
