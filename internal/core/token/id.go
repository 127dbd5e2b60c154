package token

import "strings"

// SessionKind is the kind of session behind an access token, the first two letters of its jti.
type SessionKind string

const (
	Online           SessionKind = "on"
	Offline          SessionKind = "of"
	Transient        SessionKind = "tr" // no session is kept
	OnlineTransient  SessionKind = "nt" // an online session, but nothing kept for the client
	OfflineTransient SessionKind = "ft" // likewise, offline
	UnknownSession   SessionKind = "un"
)

// GrantCode is the grant an access token came by, letters five and six of its jti.
type GrantCode string

const (
	ByCode              GrantCode = "ac"
	ByRefresh           GrantCode = "rt"
	ByPassword          GrantCode = "ro"
	ByClientCredentials GrantCode = "cc"
	ByExchange          GrantCode = "te"
	ByDevice            GrantCode = "dg"
	ByAssertion         GrantCode = "ag"
	ByUnknown           GrantCode = "na"
)

// Origin is how an access token came to be, as the prefix of its jti says.
type Origin struct {
	Session     SessionKind
	Lightweight bool
	Grant       GrantCode
}

// NewID makes the jti of an access token: the origin's six letters, a colon, and a unique id.
func NewID(o Origin, id string) string {
	kind := "rt"
	if o.Lightweight {
		kind = "lt"
	}
	return string(o.Session) + kind + string(o.Grant) + ":" + id
}

// ParseID reads the origin from a jti. One without a colon is of unknown origin, as tokens of
// Keycloak before 26.2 are; ok is false where the prefix is none of ours.
func ParseID(jti string) (o Origin, ok bool) {
	prefix, _, found := strings.Cut(jti, ":")
	if !found {
		return Origin{Session: UnknownSession, Grant: ByUnknown}, true
	}
	if len(prefix) != 6 {
		return Origin{}, false
	}
	o = Origin{Session: SessionKind(prefix[:2]), Lightweight: prefix[2:4] == "lt", Grant: GrantCode(prefix[4:])}
	switch o.Session {
	case Online, Offline, Transient, OnlineTransient, OfflineTransient, UnknownSession:
		return o, prefix[2:4] == "rt" || prefix[2:4] == "lt"
	}
	return Origin{}, false
}

// Verified is a token whose signature, issuer and times were checked. It does not say that the
// session, user and client behind it still stand.
type Verified struct {
	Claims
	Origin Origin
	KeyID  string
	Alg    string
}
