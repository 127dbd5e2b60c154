package event

import (
	"errors"

	"github.com/tokenhouse/tokenhouse/internal/core/oauth"
)

// Fail makes the event one of failure, with Keycloak's name of it and its reason. A failure that is none
// of the caller's is a server_error; its cause is for the log.
func (e *Event) Fail(err error) {
	e.Kind = e.Kind.Failed()
	e.Error = string(oauth.ServerError)
	var refused *oauth.Error
	if !errors.As(err, &refused) {
		return
	}
	e.Error = refused.Event
	if e.Error == "" {
		e.Error = string(refused.Code)
	}
	e.Set("reason", refused.Reason)
	if refused.Reason == oauth.PolicyReason {
		e.Set("client_policy_error", string(refused.Code))
		e.Set("client_policy_error_detail", refused.Description)
	}
}
