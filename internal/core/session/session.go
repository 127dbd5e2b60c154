// Package session holds who is signed in, and what they granted to which client.
package session

import "time"

// Session is one sign-in of one user. Keycloak: user session. An offline session has the id of the
// online session it was made from, and lives beside it.
type Session struct {
	ID         string
	Offline    bool
	UserID     string
	Username   string // as at sign-in
	Started    time.Time
	LastAccess time.Time
	AuthTime   time.Time // when the user last proved who they are; zero where nobody signed in
	Remember   bool      // "remember me" was chosen
	Method     string    // how they signed in, as "openid-connect"
	Address    string    // of who signed in
	Notes      map[string]string

	// Ended is when what a client held in the session was last taken back, by the client's key. Tokens that it got
	// until then are over, and so is all that was exchanged from them.
	Ended map[string]time.Time `json:"-"` // kept beside the session
}

// nodeDrift is by how much the clocks of two nodes that issue tokens in one session may differ.
const nodeDrift = 100 * time.Millisecond

// TakenBack is the first time (whole seconds, as tokens say it) at which a client gets tokens that are its own again,
// after its part of the session was taken back: what it was issued before then, and what was exchanged from that, is
// over. Zero where nothing was taken back.
func (s *Session) TakenBack(client string) time.Time {
	ended, ok := s.Ended[client]
	if !ok {
		return time.Time{}
	}
	return ended.Add(nodeDrift).Truncate(time.Second).Add(time.Second)
}

// Grant is what one client holds inside a session. Keycloak: client session.
type Grant struct {
	Session    string // id
	Offline    bool
	Client     string // key
	Started    time.Time
	LastAccess time.Time
	Scope      string // the latest "scope" parameter, verbatim
	Method     string // how it came to be: the grant type, or "token_exchange"

	// RefreshID and RefreshUses say what became of the grant last: the id of the token that was used or
	// made, and how often it was used. They change with all but LastAccess, so that who writes the
	// grant can tell whether somebody else did since it was read.
	RefreshID   string
	RefreshUses int

	// Families watch over reuse where refresh tokens rotate, by the tokens' reuse_id.
	Families map[string]Family

	// Sources are the tokens exchanged into this grant: key of the client each was issued to → its
	// jti. Revoking one of them ends the grant.
	Sources map[string]string
	Notes   map[string]string
}

// Transient is a session that is not kept: it lives in its tokens, as those of a service account.
func (s *Session) Transient() bool { return s == nil || s.ID == "" }
