package signout

import (
	"github.com/tokenhouse/tokenhouse/internal/core/oauth"
	"github.com/tokenhouse/tokenhouse/internal/core/page"
	"github.com/tokenhouse/tokenhouse/internal/core/realm"
	"github.com/tokenhouse/tokenhouse/internal/core/token"
	"github.com/tokenhouse/tokenhouse/internal/flow/authorize"
)

// Request is a client's wish that a browser signs out (OpenID Connect RP-Initiated Logout 1.0 §2). A parameter that
// may be absent is a pointer.
type Request struct {
	authorize.Call
	Hint        *string // id_token_hint
	Client      *string // client_id
	RedirectURI *string // post_logout_redirect_uri
	State       *string
}

// wish is a request that was checked.
type wish struct {
	client      *realm.Client // nil: not known
	hint        *token.Claims // of the ID token that came; nil: none
	redirectURI string        // empty: none
	state       *string
}

// refusal is a page that says why a wish is not fulfilled.
type refusal struct {
	text   page.Text
	client *realm.Client // whom the page leads back to; nil: to nobody
	event  string        // Keycloak's name
	reason string        // what the event says beside; empty: nothing
	uri    string        // post_logout_redirect_uri of the request, where that is what is wrong
}

func (r *refusal) Error() string { return r.text.Key }

// Unwrap is what the event says.
func (r *refusal) Unwrap() error {
	return oauth.Errorf(oauth.InvalidRequest, "%s", r.text.Key).InEvent(r.event, r.reason)
}

// check reads a request, in Keycloak's order. An error is a *refusal.
func (t *turn) check(q Request) (wish, error) {
	var w wish
	if q.RedirectURI != nil && q.Hint == nil && q.Client == nil {
		return w, &refusal{text: page.T("missingParameterMessage", "id_token_hint"), event: "invalid_request",
			reason: "Either the parameter 'client_id' or the parameter 'id_token_hint' is required when 'post_logout_redirect_uri' is used."}
	}
	if q.Client != nil {
		w.client = t.at.Realm.Client(*q.Client)
	}
	if q.Hint != nil {
		hint, err := t.Keys.Verify(t.at.Realm, *q.Hint)
		switch {
		case err != nil || hint.Issuer != t.at.Realm.Issuer(t.at.Base):
			return w, noHint("Invalid IDToken")
		case hint.Type != token.TypID:
			return w, noHint("Token type is incorrect. Expected '[ID]' but was '" + hint.Type + "'")
		case q.Client != nil && hint.Client != *q.Client:
			if w.client != nil {
				t.event.Client = w.client.ID
			}
			return w, noHint("Parameter client_id is different than the client for which ID Token was issued.")
		}
		// Whether it has expired does not matter: its client knows the session (RP-Initiated Logout §2).
		w.hint, w.client = &hint.Claims, t.at.Realm.Client(hint.Client)
	}
	if w.client != nil {
		t.event.Client = w.client.ID
	}
	if q.RedirectURI == nil {
		return w, nil
	}
	t.event.Set("redirect_uri", *q.RedirectURI)
	if w.client == nil || !w.client.PostLogout(t.at.Base, *q.RedirectURI) {
		return w, &refusal{text: page.T("invalidRedirectUriMessage"), client: w.client, uri: *q.RedirectURI, event: "invalid_redirect_uri"}
	}
	w.redirectURI, w.state = *q.RedirectURI, q.State
	return w, nil
}

func noHint(reason string) *refusal {
	return &refusal{text: page.T("invalidParameterMessage", "id_token_hint"), event: "invalid_token", reason: reason}
}

// suspect tells whether somebody else than the one who is signed in may have caused the request: it brings another
// user's ID token. Then the user is asked (RP-Initiated Logout §2).
func (t *turn) suspect(w *wish) bool {
	return t.identity.Session != nil && t.identity.Session.UserID != w.hint.Subject
}
