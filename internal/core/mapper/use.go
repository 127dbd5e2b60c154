package mapper

// Use is what claims are written for. A mapper's settings say for which uses it writes.
type Use uint8

const (
	Access        Use = iota // an access token
	Lightweight              // an access token that carries only what says lightweight.claim
	ID                       // an ID token
	UserInfo                 // the answer of the userinfo endpoint
	Introspection            // the answer of the introspection endpoint
	Response                 // members of the token endpoint's answer, beside the tokens
)
