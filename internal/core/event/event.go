// Package event holds what happened, for the audit.
package event

import (
	"time"

	"github.com/tokenhouse/tokenhouse/internal/core/decision"
	"github.com/tokenhouse/tokenhouse/internal/core/explain"
)

// Kind is what happened, in Keycloak's words; a failure has the suffix _ERROR.
type Kind string

const (
	Login             Kind = "LOGIN"
	Logout            Kind = "LOGOUT"
	ClientLogin       Kind = "CLIENT_LOGIN"
	CodeToToken       Kind = "CODE_TO_TOKEN"
	DeviceAuth        Kind = "OAUTH2_DEVICE_AUTH"
	DeviceVerify      Kind = "OAUTH2_DEVICE_VERIFY_USER_CODE"
	DeviceCodeToToken Kind = "OAUTH2_DEVICE_CODE_TO_TOKEN"
	RefreshToken      Kind = "REFRESH_TOKEN"
	TokenExchange     Kind = "TOKEN_EXCHANGE"
	JWTGrant          Kind = "JWT_AUTHORIZATION_GRANT"
	IntrospectToken   Kind = "INTROSPECT_TOKEN"
	UserInfoRequest   Kind = "USER_INFO_REQUEST"
	RevokeGrant       Kind = "REVOKE_GRANT"
	Register          Kind = "REGISTER"
	PermissionToken   Kind = "PERMISSION_TOKEN"
	Impersonate       Kind = "IMPERSONATE"
	LockedForTime     Kind = "USER_DISABLED_BY_TEMPORARY_LOCKOUT"
	LockedForGood     Kind = "USER_DISABLED_BY_PERMANENT_LOCKOUT"
)

// Failed is the kind of the same thing going wrong.
func (k Kind) Failed() Kind { return k + "_ERROR" }

// Event is one use case that ran, whatever came of it.
type Event struct {
	ID        string
	Time      time.Time
	Kind      Kind
	Realm     string // key
	RealmName string
	Client    string // client_id as the caller gave it
	UserID    string
	Session   string
	Address   string
	Error     string // Keycloak's name of the failure; empty on success
	Details   []Detail
	Trace     *explain.Trace // why, where a decision was taken and the realm keeps it

	// Decision is what was decided on what, for the decision log; nil where there was no decision, or the realm keeps none.
	Decision *decision.Record
}

// Detail is one member of an event's details.
type Detail struct{ Name, Value string }

// roomForDetails is for how many details there is room at first: most events have fewer.
const roomForDetails = 10

// Set puts a detail; an empty value is not recorded.
func (e *Event) Set(name, value string) {
	if value == "" {
		return
	}
	for i := range e.Details {
		if e.Details[i].Name == name {
			e.Details[i].Value = value
			return
		}
	}
	if e.Details == nil {
		e.Details = make([]Detail, 0, roomForDetails)
	}
	e.Details = append(e.Details, Detail{name, value})
}

// Get is a detail's value, or "".
func (e *Event) Get(name string) string {
	for _, d := range e.Details {
		if d.Name == name {
			return d.Value
		}
	}
	return ""
}

// Admin is one change by an administrator. Keycloak: admin event.
type Admin struct {
	ID             string
	Time           time.Time
	Realm          string // key
	Operation      string // CREATE, UPDATE, DELETE or ACTION
	ResourceType   string // as CLIENT
	ResourcePath   string // as clients/<key>
	Representation string // JSON without secrets; empty unless the realm keeps details
	Actor          Actor
	Error          string
	Details        []Detail // beside the resource, as the name of the user who joined a group
}

// Actor is the administrator behind a change.
type Actor struct {
	Realm   string // key of the realm that they signed in at
	Client  string // key
	UserID  string
	Address string
}
