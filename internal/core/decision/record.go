// Package decision keeps what a decision of the token endpoint was taken on and what it was, so that it can be taken again.
//
// A Record holds ids, scopes and role ids. It never holds a token or a secret: of tokens it has the fingerprint. What the
// claim mappers of a realm read of a user, as attributes, is not in it.
package decision

import (
	"crypto/sha256"
	"encoding/base64"
	"strings"

	"github.com/tokenhouse/tokenhouse/internal/core/explain"
)

// version is that of the form of records. Members are only added, within a version: whoever reads passes over what
// it does not know.
const version = 1

// Record is a decision.
type Record struct {
	Version     int      `json:"v"`
	ID          string   `json:"id"`     // of the event of the same request
	Grant       string   `json:"grant"`  // grant_type
	Policy      int64    `json:"policy"` // version of the realm that was asked
	Issuer      string   `json:"issuer"`
	Client      string   `json:"client,omitempty"`    // client_id, as the caller gave it
	ClientKey   string   `json:"clientKey,omitempty"` // id of the client, where it has proven itself
	User        *User    `json:"user,omitempty"`
	Session     string   `json:"session,omitempty"` // id
	Subject     *Subject `json:"subject,omitempty"` // what was exchanged, or refreshed after an exchange
	Foreign     *Foreign `json:"foreign,omitempty"` // who issued the subject; absent: the realm
	Outward     *Outward `json:"outward,omitempty"` // who issued what was asked for; absent: the realm
	Others      *Others  `json:"others,omitempty"`  // who else had a say in it; beside Asked.Acting
	Asked       Asked    `json:"asked"`
	Proof       string   `json:"proof,omitempty"`       // thumbprint of the key that the caller proved to have
	Certificate string   `json:"certificate,omitempty"` // and that of its certificate
	Caller      *Caller  `json:"caller,omitempty"`      // of other grants than the exchange
	Outcome     Outcome  `json:"outcome"`
}

// User is who the tokens speak of, as they were.
type User struct {
	ID      string   `json:"id"`
	Service string   `json:"service,omitempty"` // id of the client whose account it is
	Roles   []string `json:"roles,omitempty"`   // ids of those granted directly
	Groups  []Group  `json:"groups,omitempty"`  // joined, and all above
	Consent []string `json:"consent,omitempty"` // ids of the client scopes that they allow the client
}

// Group is a group and the ids of its roles, as they were.
type Group struct {
	ID    string   `json:"id"`
	Roles []string `json:"roles,omitempty"`
}

// Subject is the token that was brought.
type Subject struct {
	Token       string   `json:"token,omitempty"` // fingerprint
	Type        *string  `json:"type,omitempty"`  // parameter "subject_token_type"
	Flaw        string   `json:"flaw,omitempty"`  // why it was not valid; what follows is empty then
	ID          string   `json:"jti,omitempty"`   // of an actor token
	Issuer      string   `json:"iss,omitempty"`   // where that is not the realm
	Client      string   `json:"client,omitempty"`
	Audience    []string `json:"audience,omitempty"`
	Scope       *string  `json:"scope,omitempty"`
	Path        []Hop    `json:"path,omitempty"`        // of the exchanges behind it
	Resource    []string `json:"resource,omitempty"`    // that it was narrowed to (RFC 8707)
	Kind        string   `json:"kind,omitempty"`        // of the session behind it: the first letters of its jti
	Session     string   `json:"session,omitempty"`     // id
	Expires     int64    `json:"expires,omitempty"`     // Unix seconds
	Key         string   `json:"key,omitempty"`         // thumbprint of the key that it is bound to
	Certificate string   `json:"certificate,omitempty"` // and that of the certificate
	Roles       []string `json:"roles,omitempty"`       // ids of those that it carries, where it turns on them who may act or impersonate
	Acted       bool     `json:"acted,omitempty"`       // somebody acts by it
	MayAct      *MayAct  `json:"mayAct,omitempty"`      // who may act for whom it speaks of; absent: it does not say
}

// MayAct is who a token says may act (RFC 8693 §4.4).
type MayAct struct {
	Subject string `json:"sub,omitempty"`
	Client  string `json:"client,omitempty"`
	Issuer  string `json:"iss,omitempty"`
	Token   string `json:"jti,omitempty"`
	Session string `json:"sid,omitempty"`
	Acted   bool   `json:"acted,omitempty"` // it names who acted before them

	// Other are the names of its other members, and whether the actor token says the same. What they say of people is not kept.
	Other map[string]bool `json:"other,omitempty"`
}

// Others are who an exchange was about, beside whom the subject token speaks of.
type Others struct {
	ActorType *string  `json:"actorType,omitempty"` // parameter "actor_token_type"
	Actor     *Subject `json:"actor,omitempty"`     // the actor token; absent: none came
	ActorUser *User    `json:"actorUser,omitempty"` // who it speaks of
	As        *As      `json:"as,omitempty"`        // whom the subject asked to be taken for; absent: nobody
}

// As is somebody whom another asks to be taken for.
type As struct {
	User     *User `json:"user,omitempty"` // absent: there was none
	Disabled bool  `json:"disabled,omitempty"`
}

// Hop is an exchange: the client that the token was issued to, and by which issuer where that is not the realm.
type Hop struct {
	Client    string `json:"client"`
	Issuer    string `json:"issuer,omitempty"`
	Assertion bool   `json:"assertion,omitempty"` // it came as an assertion (RFC 7523)
}

// Foreign is another issuer than the realm, and what became of its token.
type Foreign struct {
	Name     string `json:"name"`               // as the request or the token has it
	Provider string `json:"provider,omitempty"` // alias of the identity provider that it means
	Flaw     string `json:"flaw,omitempty"`
	Standing string `json:"standing,omitempty"`
}

// Outward is another issuer than the realm, whose token was asked for.
type Outward struct {
	Name     string `json:"name"`               // as the request has it
	Provider string `json:"provider,omitempty"` // alias of the identity provider that it means
	Held     string `json:"held,omitempty"`     // what of it was at hand for the user
}

// Asked is what the request asked for. Of what is absent nothing is there.
type Asked struct {
	Type     *string  `json:"type,omitempty"`
	Scope    *string  `json:"scope,omitempty"`
	Audience []string `json:"audience,omitempty"` // of a refresh: what the refresh token was narrowed to
	Resource []string `json:"resource,omitempty"` // of an exchange as it was asked for, of other grants where it is read
	Legacy   []string `json:"legacy,omitempty"`   // names of parameters that came
	Acting   bool     `json:"acting,omitempty"`   // who acts, may act or is to be taken for somebody else had a say in it
	Renewed  bool     `json:"renewed,omitempty"`  // what came of an exchange was refreshed
}

// Outcome is what was decided.
type Outcome struct {
	Granted bool         `json:"granted"`
	Rule    explain.Rule `json:"rule,omitempty"`   // that refused; empty where something other than the rules did
	Error   string       `json:"error,omitempty"`  // of OAuth
	Event   string       `json:"event,omitempty"`  // Keycloak's name of the failure, as the event has it
	Status  int          `json:"status,omitempty"` // of the answer to a refusal
	Issued  *Issued      `json:"issued,omitempty"` // beside Granted
}

// Issued is what was given out.
type Issued struct {
	Type     string   `json:"type"`            // token type (RFC 8693 §3)
	Token    string   `json:"token,omitempty"` // fingerprint
	Scope    string   `json:"scope"`
	Roles    []string `json:"roles"` // ids; "name:" and the name where a mapper made a role that the realm does not have
	Audience []string `json:"audience"`
	Expires  int64    `json:"expires,omitempty"` // Unix seconds
	Refresh  bool     `json:"refresh,omitempty"` // a refresh token was given beside it
}

// Fingerprint is the SHA-256 of a compact token, base64url: it finds a token, and does not give it.
func Fingerprint(compact string) string {
	sum := sha256.Sum256([]byte(compact))
	return base64.RawURLEncoding.EncodeToString(sum[:])
}

// longestWord is how long a word that the caller chose may be to be kept as it is. Names that mean something are shorter,
// tokens that somebody put into the wrong parameter are longer.
const longestWord = 255

// kept are words that the caller chose, with fingerprints in place of what may be a token.
func kept(words []string) []string {
	var out []string
	for _, w := range words {
		out = append(out, keptWord(w))
	}
	return out
}

func keptWord(w string) string {
	if len(w) > longestWord || strings.HasPrefix(w, "eyJ") {
		return "sha256:" + Fingerprint(w)
	}
	return w
}

// keptText is kept for words with blanks between them; nil where there is no text.
func keptText(text *string) *string {
	if text == nil {
		return nil
	}
	out := strings.Join(kept(strings.Split(*text, " ")), " ")
	return &out
}
