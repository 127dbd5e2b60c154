package authorize

import (
	"github.com/tokenhouse/tokenhouse/internal/core/oauth"
	"github.com/tokenhouse/tokenhouse/internal/core/page"
)

// refusal is why a request is not taken up. Where the client's redirect URI is not known to be its own, or the
// request is not to be trusted at all, people see a page; else the client is told.
type refusal struct {
	message page.Text // of the page; without a key the client is told
	status  int       // of the page
	alone   bool      // the page does not lead back to the client
	tell    *oauth.Error
	address string       // that the request wants its answer at, where that is what is wrong
	event   string       // Keycloak's name of the failure, where tell has none
	reason  string       // what the event says of it beside; where tell has none
	because *oauth.Error // what the event says, where a page says less
}

func (r *refusal) Error() string {
	if r.tell != nil {
		return r.tell.Error()
	}
	return r.message.Key
}

func onPage(event, key string, args ...string) *refusal {
	return &refusal{message: page.T(key, args...), status: 400, event: event}
}

// reasoned is a page with what the event says of the refusal.
func (r *refusal) reasoned(text string) *refusal {
	r.reason = text
	return r
}

// tellClient refuses a request. Whatever the client is told, to Keycloak's events it is one that is not valid.
func tellClient(code oauth.Code, text string) *refusal {
	return &refusal{tell: oauth.Errorf(code, "%s", text).InEvent(string(oauth.InvalidRequest), text)}
}

// inEvent is a refusal that events call otherwise.
func (r *refusal) inEvent(name, reason string) *refusal {
	r.tell = r.tell.InEvent(name, reason)
	return r
}

func invalidRequest(text string) *refusal { return tellClient(oauth.InvalidRequest, text) }

// The codes of RFC 6749 §4.1.2.1 and OpenID Connect Core §3.1.2.6 that only this endpoint uses.
const (
	unsupportedResponseType oauth.Code = "unsupported_response_type"
	requestURINotSupported  oauth.Code = "request_uri_not_supported"
	invalidRequestObject    oauth.Code = "invalid_request_object"
	temporarilyUnavailable  oauth.Code = "temporarily_unavailable"
	loginRequired           oauth.Code = "login_required"
	interactionRequired     oauth.Code = "interaction_required"
)

// asError is what an event says of a refusal.
func (r *refusal) asError() *oauth.Error {
	switch {
	case r.tell != nil:
		return r.tell
	case r.because != nil:
		return r.because
	}
	return oauth.Errorf(oauth.InvalidRequest, "%s", r.message.Key).InEvent(r.event, r.reason)
}
