package session

// Origin is where a session's user came from: an identity provider, and who they are there.
type Origin struct {
	Session  string // id
	Provider string // alias
	Subject  string // the user's id there
	Username string // the user's name there
	SID      string // the provider's session id (OpenID Connect Front-Channel Logout 1.0 §3); empty: it named none
	IDToken  string // the provider's, to ask it to end its session; empty: it gave none
}

// OriginQuery says which sessions a provider means. Of Subject and SID at least one is set; where both are, both
// must match.
type OriginQuery struct {
	Provider string // alias
	Subject  string
	SID      string
}
