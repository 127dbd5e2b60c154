package policy

import (
	"github.com/tokenhouse/tokenhouse/internal/core/realm"
	"github.com/tokenhouse/tokenhouse/internal/core/token"
	"github.com/tokenhouse/tokenhouse/internal/core/user"
)

// Stage is what somebody wants.
type Stage int

const (
	Register            Stage = iota + 1 // to make a client
	Update                               // to change one
	Secret                               // to give one another secret
	Pushed                               // to push an authorization request (RFC 9126)
	Authorization                        // to be sent to the client with an answer
	DeviceAuthorization                  // a device code
	Code                                 // tokens, by the grants of the token endpoint
	Password
	ClientCredentials
	Refresh
	Exchange
	Renewal // a refresh of what came of an exchange: what that demanded for good
	JWTGrant
	Device
	Introspection // to know what a token says
	UserInfo
	Revocation
	Logout       // to end a session
	FrontChannel // to have a browser tell a client that a session ended
)

// stages is a set of stages.
type stages uint32

func at(list ...Stage) (set stages) {
	for _, s := range list {
		set |= 1 << s
	}
	return set
}

func (set stages) has(s Stage) bool { return set&(1<<s) != 0 }

var (
	changes = at(Register, Update)
	tokens  = at(Code, Password, ClientCredentials, Refresh, Exchange, JWTGrant, Device)
	always  = ^at(Renewal)
)

// Facts are what is known of a request. What is not there was not proved: it meets no demand.
type Facts struct {
	Stage  Stage
	Issuer string        // the realm's, as the caller reaches it
	Client *realm.Client // that asks; at Register and Update as it would be

	Before     *realm.Client            // at Update: the client as it is
	Names      func(member string) bool // at Register and Update: whether the representation has a member
	ByAdmin    bool                     // at Register, Update and Secret: by the administration API
	Updater    *Updater                 // at Register, Update and Secret
	Attributes map[string]string        // of the client; at other stages only where the realm Asks for them

	Method      string     // authenticator by which the client proved who it is; empty: it did not
	Assertion   *Assertion // by which it did; nil: by something else
	Key         string     // thumbprint of the key that the caller proved to have (RFC 9449)
	Certificate string     // thumbprint of the certificate that it came with (RFC 8705)
	BoundKey    string     // what the token that is presented is bound to, likewise
	BoundCert   string

	Scope     string // parameter "scope", or what is known to be meant
	ScopeSent bool   // the parameter came
	Challenge string // of the authorization code; empty: none, or none by S256

	Subject   *Subject        // of an exchange or a JWT grant
	Provider  string          // alias of the identity provider behind it; empty: none
	Authorize *AuthorizeFacts // at Authorization and Pushed
}

// Updater is who makes or changes a client.
type Updater struct {
	By       string                    // as "ByAnonymous"
	User     *user.User                // nil: none of this realm
	FromHost func(hosts []string) bool // whether they are at one of the hosts
}

// The values of Updater.By, which are Keycloak's.
const (
	ByUser         = "ByAuthenticatedUser"
	ByAnonymous    = "ByAnonymous"
	ByInitial      = "ByInitialAccessToken"
	ByRegistration = "ByRegistrationAccessToken"
)

// Assertion is the verified assertion by which a client proved who it is.
type Assertion struct {
	Alg      string
	Audience []string
}

// Subject is the token that an exchange or a JWT grant is for.
type Subject struct {
	Claims   *token.Claims // of a valid one; nil where it is not
	Readable bool          // it is a JWT at least: another rule says what is wrong with it
}

// AuthorizeFacts are an authorization request as it counts: with what a request object or a pushed request says.
type AuthorizeFacts struct {
	Code, Token, IDToken bool // response_type
	JARM                 bool // response_mode is jwt
	RedirectURI          string
	OpenID               bool     // an OpenID Connect request
	Nonce, State         bool     // they came
	Method, Challenge    *string  // code_challenge_method and code_challenge; nil: did not come
	KeyNamed             bool     // dpop_jkt came
	ACR                  []string // values that are asked for

	Sent   []string       // names of the parameters beside request and request_uri
	Pushed []string       // names of those that were pushed; nil: the request was not pushed
	Object *RequestObject // nil: none came
	Agrees bool           // what came beside the request object says the same as it
	Now    int64          // Unix seconds
}

// RequestObject is a request object (RFC 9101).
type RequestObject struct {
	Alg    string // that its signature was verified with; empty: it is not signed
	Claims token.Claims
	Scope  bool // it has a scope, or one came beside it
}
