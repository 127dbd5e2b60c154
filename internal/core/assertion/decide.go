package assertion

import (
	"errors"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/tokenhouse/tokenhouse/internal/core/audience"
	"github.com/tokenhouse/tokenhouse/internal/core/exchange"
	"github.com/tokenhouse/tokenhouse/internal/core/explain"
	"github.com/tokenhouse/tokenhouse/internal/core/federation"
	"github.com/tokenhouse/tokenhouse/internal/core/mapper"
	"github.com/tokenhouse/tokenhouse/internal/core/oauth"
	"github.com/tokenhouse/tokenhouse/internal/core/proof"
	"github.com/tokenhouse/tokenhouse/internal/core/session"
	"github.com/tokenhouse/tokenhouse/internal/core/token"
)

// matter is a request on its way through the second half.
type matter struct {
	Request
	Found
	terms    federation.GrantTerms
	bonds    token.Claims
	resolved *audience.Resolution
}

var inFull = []struct {
	name explain.Rule
	ask  func(*matter, *explain.Trace) *oauth.Error
}{
	{explain.AssertionSignature, believed}, // a key of the provider signed it, what it was made of stands, and it did not come before
	{explain.AssertionUser, person},        // somebody is linked to its subject, who may sign in
	{explain.AssertionTime, recent},        // it is not older than tokens may be
	{explain.AssertionScope, scoped},       // the scopes asked for are the client's
	{explain.AssertionIdentity, within},    // and those of an identity assertion
	{explain.AssertionProof, proven},       // where it is bound to a key, its holder hands it in
	{explain.AssertionChain, chained},      // there are not too many exchanges behind it, and none was the client's
	{explain.AssertionAudience, addressed}, // it is for this realm, and for nobody else
	{explain.AssertionConsent, consented},  // the user allowed the client the scopes
}

// Decide decides about an assertion that Examine let pass. It reads nothing but its arguments.
func Decide(q Request, f Found) Decision {
	m := &matter{Request: q, Found: f, terms: f.Provider.Grants()}
	var trace *explain.Trace
	if q.Explain {
		trace = &explain.Trace{}
	}
	for _, r := range inFull {
		if refusal := r.ask(m, trace); refusal != nil {
			return Decision{Refuse: refusal, Rule: r.name, Trace: trace}
		}
	}
	d := Decision{Resolution: m.resolve(trace), Bonds: m.bonds, Trace: trace}
	if m.terms.LimitAccess {
		d.NotAfter = time.Unix(q.Assertion.Expires, 0)
	}
	return d
}

func believed(m *matter, t *explain.Trace) *oauth.Error {
	by := explain.AssertionSignature
	switch m.Flaw {
	case federation.Reused:
		by = explain.AssertionOnce
	case federation.Withdrawn:
		by = explain.AssertionLineage
	case federation.ActorHere:
		by = explain.AssertionProof
	}
	return flawed(t, by, m.Flaw)
}

// person asks that the subject is somebody here who may sign in. Nobody is made for it: only who is linked is known.
func person(m *matter, t *explain.Trace) *oauth.Error {
	switch {
	case m.User == nil || m.User.ServiceAccount != "":
		return deny(t, explain.AssertionUser, m.Assertion.Subject, "User not found")
	case !m.User.Enabled || m.Locked:
		return deny(t, explain.AssertionUser, m.User.Username, "User is not enabled")
	case m.Pending: // there is no page to do it on
		return deny(t, explain.AssertionUser, m.User.Username, "Account is not fully set up")
	}
	t.Add(explain.AssertionUser, explain.Allowed, m.User.Username, m.Provider.Alias)
	return nil
}

// recent asks that the assertion was not issued before the time from which on realm, client or user want tokens to be. One
// that does not say when it was issued may be as old as one may be that ends then.
func recent(m *matter, t *explain.Trace) *oauth.Error {
	at := m.Assertion.IssuedAt
	if at == 0 {
		at = m.Assertion.Expires - int64(m.terms.Age/time.Second)
	}
	if at < max(m.Realm.NotBefore, m.Client.NotBefore, m.User.NotBefore) {
		return deny(t, explain.AssertionTime, "", string(federation.Inactive))
	}
	return nil
}

func scoped(m *matter, t *explain.Trace) *oauth.Error {
	if m.Scope == nil {
		return nil
	}
	if _, ok := m.Realm.ScopesOf(m.Client, *m.Scope); !ok {
		return denyScope(t, explain.AssertionScope, "Invalid scopes: "+*m.Scope)
	}
	return nil
}

// within asks that no scope is asked for that an identity assertion does not have, where it says which it has: what
// the issuer decided is not widened here.
func within(m *matter, t *explain.Trace) *oauth.Error {
	if m.Scope == nil || !m.terms.Identifies(*m.Assertion) {
		return nil
	}
	if text := notHad(*m.Scope, m.Assertion); text != "" {
		return denyScope(t, explain.AssertionIdentity, text)
	}
	return nil
}

// notHad names the first scope that an assertion does not have which says what it has; empty where there is none.
func notHad(asked string, a *federation.Foreign) string {
	has, says := a.Claims.Get("scope").(string)
	if !says {
		return ""
	}
	had := strings.Fields(has)
	for _, word := range strings.Fields(asked) {
		if !slices.Contains(had, word) {
			return "Scope not in the Identity Assertion JWT: " + word
		}
	}
	return ""
}

// proven asks for proof of the key that an assertion is bound to. What is given for it is bound to that key, so that
// redeeming it sets nothing free; and who acts by it goes on doing so.
func proven(m *matter, t *explain.Trace) *oauth.Error {
	bonds, err := m.Assertion.Bonds()
	if err != nil {
		return deny(t, explain.AssertionProof, "", "The provided assertion is not a valid JWT").Because(err)
	}
	m.bonds = bonds
	if bonds.Confirmation == nil {
		return nil
	}
	no, refused := errors.AsType[*oauth.Error](proof.Match(bonds.Confirmation, m.Proved))
	if !refused {
		t.Add(explain.AssertionProof, explain.Allowed, m.Client.ID)
		return nil
	}
	t.Add(explain.AssertionProof, explain.Denied, m.Client.ID, no.Description)
	return oauth.Errorf(oauth.InvalidGrant, "%s", no.Description).InEvent("invalid_request", no.Description)
}

// chained holds an assertion of another realm of this server to the limits of exchanges: what comes of it is worth what was
// exchanged on the way.
func chained(m *matter, t *explain.Trace) *oauth.Error {
	limit := strconv.Itoa(m.Realm.Exchange.ChainLimit)
	switch {
	case len(m.Path) == 0:
		return nil
	case !exchange.ChainAllows(m.Realm, len(m.Path)):
		return deny(t, explain.AssertionChain, m.Client.ID, "Token exchange not permitted: chain limit of "+limit+" reached")
	case m.Realm.Exchange.RefuseCycles && exchange.Passed(m.Path, m.Client):
		return deny(t, explain.AssertionChain, m.Client.ID, "Token exchange not permitted: "+m.Client.ID+" is already in the chain")
	}
	t.Add(explain.AssertionChain, explain.Allowed, m.Client.ID)
	return nil
}

// addressed asks that the assertion is for the realm. A client policy may accept another audience; but never of an
// identity assertion, whose issuer decided for whom it is.
func addressed(m *matter, t *explain.Trace) *oauth.Error {
	if m.Allowed && len(m.Assertion.Audience) == 1 && !m.terms.Identifies(*m.Assertion) {
		t.Add(explain.AssertionAudience, explain.Allowed, m.Client.ID, "a client policy names the audience")
		return nil
	}
	return flawed(t, explain.AssertionAudience, addressedTo(&m.Request, m.Found, m.terms))
}

// addressedTo judges whom the assertion is for, on these terms.
func addressedTo(q *Request, f Found, terms federation.GrantTerms) federation.Flaw {
	ours := []string{q.Issuer, q.Issuer + "/protocol/openid-connect/token"}
	if terms.ForClient {
		ours = []string{f.Provider.ClientID}
	}
	return federation.Addressed(*q.Assertion, ours...)
}

func consented(m *matter, t *explain.Trace) *oauth.Error {
	if !m.Client.ConsentRequired || len(m.User.Withheld(m.Client.Key, m.resolve(t).Scopes)) == 0 {
		return nil
	}
	text := "Missing consents for the client " + m.Client.ID
	t.Add(explain.AssertionConsent, explain.Denied, m.Client.ID, text)
	return oauth.Errorf(oauth.InvalidScope, "%s", text).InEvent("consent_denied", text)
}

// resolve finds where the token may be used, once.
func (m *matter) resolve(t *explain.Trace) *audience.Resolution {
	if m.resolved != nil {
		return m.resolved
	}
	q := audience.Request{Realm: m.Realm, Issuer: m.Issuer, Client: m.Client, User: m.User, Session: m.session(),
		Audiences: m.Audiences, KeepScopes: true, Use: mapper.Access, Explain: t != nil}
	if m.Client.Tokens.Lightweight {
		q.Use = mapper.Lightweight
	}
	if m.Scope != nil {
		q.Scope = *m.Scope
	}
	found := audience.Resolve(q)
	t.Join(found.Trace)
	m.resolved = &found
	return m.resolved
}

// session is the one that a token of the grant is of: it is not kept, and lives in the token.
func (m *matter) session() *session.Session {
	return &session.Session{UserID: m.User.ID, Username: m.User.Username, Started: m.Now}
}

func denyScope(t *explain.Trace, by explain.Rule, text string) *oauth.Error {
	t.Add(by, explain.Denied, "", text)
	return oauth.Errorf(oauth.InvalidScope, "%s", text).InEvent("invalid_request", text)
}
