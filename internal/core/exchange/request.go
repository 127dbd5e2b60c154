package exchange

import (
	"cmp"
	"time"

	"github.com/tokenhouse/tokenhouse/internal/core/audience"
	"github.com/tokenhouse/tokenhouse/internal/core/explain"
	"github.com/tokenhouse/tokenhouse/internal/core/oauth"
	"github.com/tokenhouse/tokenhouse/internal/core/policy"
	"github.com/tokenhouse/tokenhouse/internal/core/proof"
	"github.com/tokenhouse/tokenhouse/internal/core/realm"
	"github.com/tokenhouse/tokenhouse/internal/core/session"
	"github.com/tokenhouse/tokenhouse/internal/core/token"
	"github.com/tokenhouse/tokenhouse/internal/core/user"
)

// Request is an exchange to be decided. A parameter that may be absent is a pointer: absent and empty
// are answered differently.
type Request struct {
	Realm  *realm.Realm
	Issuer string        // the realm's, as the caller reaches it
	Client *realm.Client // the requester

	Foreign       *Foreign         // the issuer of the subject; nil: the realm
	Outward       *Outward         // the issuer of what is asked for; nil: the realm
	Subject       *Subject         // nil where there was no parameter "subject_token"
	SubjectType   *oauth.TokenType // parameter "subject_token_type"
	RequestedType *oauth.TokenType // parameter "requested_token_type"
	Scope         *string          // parameter "scope"
	Audiences     []string         // parameter "audience", each time it came

	// Resources are parameter "resource", each time it came. Where the realm does not read it, it changes nothing.
	Resources []string

	Actor     *Subject         // who acts, verified likewise; nil where there was no parameter "actor_token"
	ActorType *oauth.TokenType // parameter "actor_token_type"
	As        *Impersonation   // nil where there was no parameter "requested_subject"

	// Legacy are the parameters of Keycloak's legacy exchange that came and that no rule but the first knows, as "requested_issuer".
	Legacy []string

	// Caller is what else was proved of the requester, for client policies.
	Caller policy.Facts

	// Proved is what the requester proved to have.
	Proved proof.Proved

	Explain bool // record a trace
}

// Subject is the token to be exchanged, as far as it is known.
type Subject struct {
	// Token is what a valid token says; nil where it is not valid, or nobody has looked yet.
	Token   *token.Verified
	User    *user.User       // who it speaks of; nil beside a nil Token
	Session *session.Session // behind it; nil where none is kept
	Flaw    string           // why it is not valid, for the trace; never told to the caller

	Unreadable bool // it is not even a JWT
}

func (s *Subject) valid() bool { return s.Token != nil && s.User != nil }

// flaw is why the token is not valid, for the trace.
func (s *Subject) flaw() string { return cmp.Or(s.Flaw, "not a valid access token") }

// Impersonation is whom the subject's user asks to be taken for.
type Impersonation struct {
	Name string     // as it was asked for: a username or an id
	User *user.User // nil: there is none, or nobody looked
}

// Decision is what came of a request: Grant or Refuse, one of them nil.
type Decision struct {
	Grant  *Grant
	Refuse *oauth.Error

	Rule    explain.Rule   // that refused; empty beside a Grant
	Targets []string       // the audiences that it refused, where it was about audiences
	Trace   *explain.Trace // nil unless asked for
}

// Grant is what an exchange may issue.
type Grant struct {
	Type oauth.TokenType // access, ID or refresh token

	// Resolution is who the token is for and what it carries. Its Request.Audiences are the only ones that
	// the token, and all that it refreshes to, may have; empty where what scopes and roles lead to needed
	// no narrowing.
	Resolution audience.Resolution

	// Resources are what the token, and all that it refreshes to, is for (RFC 8707); nil where none were named.
	Resources []string

	// Path are the hops behind what is issued, the subject last.
	Path []token.Hop

	// Actor is who acts by what is issued, MayAct who may (RFC 8693 §4.1, §4.4). What the subject says of them stays.
	Actor, MayAct *token.Actor

	// NotAfter is when access and ID tokens end at the latest; zero where neither subject nor actor limits them.
	NotAfter time.Time
}

// Cap is when a token of the grant ends that would end at expires: no later than the subject and the actor token.
func (g *Grant) Cap(expires time.Time, t *explain.Trace) time.Time {
	switch {
	case g.NotAfter.IsZero():
		return expires
	case g.NotAfter.Before(expires):
		t.Add(explain.ExchangeLifetime, explain.Dropped, "")
		return g.NotAfter
	}
	t.Add(explain.ExchangeLifetime, explain.Kept, "")
	return expires
}
