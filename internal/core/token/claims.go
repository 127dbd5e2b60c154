package token

import "cmp"

// The values of claim "typ" in the body of a token.
const (
	TypBearer  = "Bearer"
	TypDPoP    = "DPoP"
	TypID      = "ID"
	TypRefresh = "Refresh"
	TypOffline = "Offline"
	TypLogout  = "Logout"
)

// Claims are the claims of a token. Times are Unix seconds, zero when absent; empty strings and nil
// lists are absent too, but for Scope, which an access token may carry empty.
type Claims struct {
	ID       string // jti
	Type     string // typ
	Issuer   string // iss
	Subject  string // sub
	Audience []string
	Client   string // azp
	Session  string // sid
	Nonce    string
	ACR      string
	Scope    *string

	Expires   int64 // exp
	IssuedAt  int64 // iat
	NotBefore int64 // nbf
	AuthTime  int64 // auth_time

	AccessHash string // at_hash, OpenID Connect Core §3.1.3.6
	CodeHash   string // c_hash
	StateHash  string // s_hash

	// Of refresh tokens, as Keycloak writes them.
	ReuseID           string   // reuse_id: family of rotating tokens
	RequestedAudience []string // req-aud: the filter of an exchange; of lightweight access tokens too
	RequestedResource []string // req-res: what parameter "resource" narrowed a grant to; of access tokens too
	AccessAudience    []string // aud_x: audience of the access token issued beside it
	Provider          string   // prov

	Confirmation *Confirmation // cnf
	Actor        *Actor        // act
	MayAct       *Actor        // may_act
	Path         []Hop         // exchange_path

	// Other are the claims that mappers write, in the order they were written, realm_access and
	// resource_access among them.
	Other Object
}

// Scopes is the claim "scope", empty where it is absent too.
func (c *Claims) Scopes() string {
	if c.Scope == nil {
		return ""
	}
	return *c.Scope
}

// Refreshes tells a refresh or offline token from others.
func (c *Claims) Refreshes() bool { return c.Type == TypRefresh || c.Type == TypOffline }

// Family names the refresh tokens that come from one another, of which this is one, where they rotate. One that was
// issued before they did begins its own.
func (c *Claims) Family() string { return cmp.Or(c.ReuseID, c.ID) }

// Confirmation binds a token to a key (RFC 7800; RFC 9449 §6.1, RFC 8705 §3.1).
type Confirmation struct {
	JKT         string // thumbprint of the DPoP key
	JKTType     string // kc-jkt-type
	Certificate string // x5t#S256
}

// Actor is who acts for the subject (RFC 8693 §4.1), or who may (§4.4).
type Actor struct {
	Subject string // sub
	Client  string // client_id
	Issuer  string // iss; empty: that of the token
	Token   string // jti of the token by which they act
	Session string // sid of that token
	Other   Object // members that have no field here
	Actor   *Actor // act: who acted before
}

// Hop is one exchange behind a token: the client the exchanged token was issued to, and its jti. Of a token that another
// issuer than the realm issued it names that; its client is then the issuer's, and no client of the realm.
//
// Where a token came from one realm of this server to another, Session or Subject says what stands behind it in the realm
// that it left: hops before it, as long as they are of the same issuer, have the same behind them.
type Hop struct {
	Issuer  string // iss; empty: the realm
	Client  string
	JTI     string
	Session string // sid
	Subject string // sub: the user, of a token that no session is kept for

	Assertion bool // assertion: it came to the realm as an assertion (RFC 7523 §2.1), and not to be exchanged
}

// Leaves is the token as a hop of what comes of it in another realm than its own: with what stands behind it there, as far as
// its origin is known. Its issuer is for that realm to name.
func (v *Verified) Leaves() Hop {
	hop := Hop{Client: v.Client, JTI: v.ID}
	switch v.Origin.Session {
	case "": // of an issuer whose sessions are not known here
	case Transient:
		hop.Subject = v.Subject
	default:
		hop.Session = v.Session
	}
	return hop
}

// Left tells whether the token left a realm of this server for another.
func (h Hop) Left() bool { return h.Session != "" || h.Subject != "" }

// Object is a JSON object whose members keep their order. Values are string, bool, int64, float64,
// json.Number, []string, []any, Object, json.RawMessage or nil.
type Object []Member

// Member is a name and its value in an Object.
type Member struct {
	Name  string
	Value any
}

// Get is the value at a path of names, or nil.
func (o Object) Get(path ...string) any {
	for i := range o {
		if o[i].Name != path[0] {
			continue
		}
		if len(path) == 1 {
			return o[i].Value
		}
		inner, _ := o[i].Value.(Object)
		return inner.Get(path[1:]...)
	}
	return nil
}

// Set puts a value at a path of names, making the objects on the way; what is in the way and no
// object is replaced.
func (o *Object) Set(value any, path ...string) {
	for i := range *o {
		m := &(*o)[i]
		if m.Name != path[0] {
			continue
		}
		if len(path) == 1 {
			m.Value = value
			return
		}
		inner, _ := m.Value.(Object)
		inner.Set(value, path[1:]...)
		m.Value = inner
		return
	}
	if len(path) > 1 {
		var inner Object
		inner.Set(value, path[1:]...)
		value = inner
	}
	*o = append(*o, Member{path[0], value})
}

// Drop removes the member of this name.
func (o *Object) Drop(name string) {
	for i := range *o {
		if (*o)[i].Name == name {
			*o = append((*o)[:i:i], (*o)[i+1:]...)
			return
		}
	}
}
