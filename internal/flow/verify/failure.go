package verify

import "errors"

// Reason says which rule refused a token.
type Reason string

const (
	Unreadable     Reason = "unreadable"      // not a JWS, or no enabled key of the realm signed it
	OtherIssuer    Reason = "other issuer"    // of another realm
	WrongType      Reason = "wrong type"      // as an ID token where an access token is due
	Expired        Reason = "expired"         // or not valid yet
	Stale          Reason = "stale"           // issued before a not-before of realm, client or user
	Revoked        Reason = "revoked"         // it, or a token it was exchanged from
	ClientGone     Reason = "client gone"     // the client it was issued to does not exist
	ClientDisabled Reason = "client disabled" // likewise, disabled
	OtherClient    Reason = "other client"    // presented by another client than it was issued to
	SessionGone    Reason = "session gone"    // the session does not exist or has expired
	OfflineGone    Reason = "offline session gone"
	OfflineExpired Reason = "offline session expired"
	GrantGone      Reason = "grant gone"    // the client has no part in the session
	GrantExpired   Reason = "grant expired" // the client's part of the session has expired
	SessionNewer   Reason = "session newer" // issued before its session, or the client's part of it, began
	UserGone       Reason = "user gone"
	UserDisabled   Reason = "user disabled"
	ActorGone      Reason = "actor gone" // who acts by the token, or the token or session by which they do, is over
	Unproven       Reason = "unproven"   // bound to a key that who presents it did not prove to have, or presented as if it were
)

// Failure is a refused token. Each caller has its own words for it.
type Failure struct {
	Reason Reason
	Cause  error // logged, never sent
}

func (f *Failure) Error() string {
	if f.Cause == nil {
		return "token refused: " + string(f.Reason)
	}
	return "token refused: " + string(f.Reason) + ": " + f.Cause.Error()
}

func (f *Failure) Unwrap() error { return f.Cause }

// Why is the reason of a refusal, or "" where err is none: it is technical then, and no verdict on
// the token.
func Why(err error) Reason {
	var f *Failure
	if errors.As(err, &f) {
		return f.Reason
	}
	return ""
}

// Event is Keycloak's name of the reason, the "error" of an event.
func (r Reason) Event() string {
	switch r {
	case SessionGone, OfflineGone, OfflineExpired, GrantGone, GrantExpired:
		return "user_session_not_found"
	case ClientGone:
		return "client_not_found"
	case ClientDisabled:
		return "client_disabled"
	case UserGone:
		return "user_not_found"
	case UserDisabled:
		return "user_disabled"
	}
	return "invalid_token"
}
