// Package policy holds requests and clients against a realm's client policies: conditions say whom a policy is
// for, executors what it demands of them. Keycloak: client policies.
//
// It looks at nothing but what was verified: a signature that nobody checked is none, and a client that is changed
// is judged as it would be afterwards, whatever the request leaves out.
package policy

import (
	"slices"

	"github.com/tokenhouse/tokenhouse/internal/core/explain"
	"github.com/tokenhouse/tokenhouse/internal/core/oauth"
	"github.com/tokenhouse/tokenhouse/internal/core/realm"
)

// Verdict is what the policies say.
type Verdict struct {
	Refuse *oauth.Error // nil: nothing stands against it

	// Policy, Profile and Executor are who refuses.
	Policy, Profile, Executor string

	// Client is what the policies make of a client that is registered or changed; nil where they leave it as it is.
	// Attributes are those among its attributes that they set and that Client has no field for.
	Client     *realm.Client
	Attributes map[string]string

	Lightweight      bool // access tokens carry only what says lightweight.claim
	KeepRefresh      bool // a refresh gives no new refresh token: the one that was used stays in use
	Downscoped       bool // the token has no scope that its subject has not, but for those that are never shown
	AudienceAllowed  bool // a policy names the audience of the assertion as one that is accepted
	BindTLS          bool // tokens are bound to the caller's certificate
	BearerAccess     bool // of the tokens only the refresh token is bound to a key
	KeepRegistration bool // a client that changes itself gets no new token for that

	Rotation *Rotation // of the client's secret; nil: it stays as it is
}

// As is a client as the policies have its tokens be. The client is not changed.
func (v *Verdict) As(c *realm.Client) *realm.Client {
	if !v.Lightweight || c.Tokens.Lightweight {
		return c
	}
	as := *c
	as.Tokens.Lightweight = true
	return &as
}

// Evaluate asks all policies of the realm, in order. The first demand that is not met ends it. It costs nothing in
// a realm without policies.
func Evaluate(r *realm.Realm, f Facts, t *explain.Trace) Verdict {
	if len(r.Policies) == 0 {
		return Verdict{}
	}
	s := &state{Facts: f, realm: r} // only from here on something is allocated
	for i := range r.Policies {
		p := &r.Policies[i]
		if !s.concerned(p, t) {
			continue
		}
		for j := range p.Executors {
			if no := s.demand(&p.Executors[j]); no != nil {
				t.Add(explain.PolicyDemand, explain.Denied, p.Executors[j].Kind, p.Name, no.Description)
				s.Refuse, s.Policy, s.Profile, s.Executor = no, p.Name, p.Executors[j].Profile, p.Executors[j].Kind
				return s.Verdict
			}
		}
	}
	return s.Verdict
}

// state is what is asked, and what the policies said so far.
type state struct {
	Facts
	Verdict
	realm *realm.Realm
}

// client is the client as the policies have made it by now.
func (s *state) client() *realm.Client {
	if s.Verdict.Client != nil {
		return s.Verdict.Client
	}
	return s.Facts.Client
}

// edit is a client to be changed.
func (s *state) edit() *realm.Client {
	if s.Verdict.Client == nil {
		copied := *s.Facts.Client
		s.Verdict.Client = &copied
	}
	return s.Verdict.Client
}

// attribute is one of the client's attributes, as the policies have made it by now.
func (s *state) attribute(name string) string {
	if value, ok := s.Verdict.Attributes[name]; ok {
		return value
	}
	return s.Facts.Attributes[name]
}

func (s *state) setAttribute(name, value string) {
	if s.Verdict.Attributes == nil {
		s.Verdict.Attributes = map[string]string{}
	}
	s.Verdict.Attributes[name] = value
}

// vote is what a condition says.
type vote int

const (
	abstain vote = iota // it has nothing to say at this stage
	no
	yes
)

func given(ok bool) vote {
	if ok {
		return yes
	}
	return no
}

// concerned tells whether a policy is for what is asked: a condition says yes, and none says no.
func (s *state) concerned(p *realm.ClientPolicy, t *explain.Trace) bool {
	said := false
	for i := range p.Conditions {
		switch c := &p.Conditions[i]; s.ask(c) {
		case no:
			t.Add(explain.PolicyCondition, explain.Skipped, p.Name, c.Kind)
			return false
		case yes:
			said = true
		}
	}
	if !said {
		t.Add(explain.PolicyCondition, explain.None, p.Name)
		return false
	}
	t.Add(explain.PolicyCondition, explain.Allowed, p.Name)
	return true
}

// ask asks a condition. One that nothing is known of holds, even where it is turned around: what cannot be told
// apart is demanded of everybody.
func (s *state) ask(c *realm.PolicyPart) vote {
	condition, known := conditions[c.Kind]
	if !known {
		return yes
	}
	said := condition(s, c)
	if c.On("is-negative-logic") && said != abstain {
		return given(said == no)
	}
	return said
}

// demand holds what is asked against an executor. Of one that nothing is known of, nothing meets the demand.
func (s *state) demand(p *realm.PolicyPart) *oauth.Error {
	e, known := executors[p.Kind]
	switch {
	case !known:
		return refuse(oauth.InvalidRequest, "This server does not know what client policies demand by "+p.Kind)
	case !e.at.has(s.Stage):
		return nil
	}
	return e.ask(s, p)
}

// refuse is how executors refuse: the event knows that it was a policy.
func refuse(code oauth.Code, text string) *oauth.Error {
	return oauth.Errorf(code, "%s", text).WithStatus(400).InEvent(string(code), oauth.PolicyReason)
}

// Asks tells whether a policy of the realm has a condition of one of these kinds: what such conditions look at is
// not known of every request.
func Asks(r *realm.Realm, kinds ...string) bool {
	return slices.ContainsFunc(r.Policies, func(p realm.ClientPolicy) bool {
		return slices.ContainsFunc(p.Conditions, func(c realm.PolicyPart) bool { return slices.Contains(kinds, c.Kind) })
	})
}

// Passes tells whether an executor is known and demands nothing here: it is about what this server does not have.
func Passes(kind string) bool {
	e, known := executors[kind]
	return known && e.ask == nil
}

// Acts tells whether a condition or an executor of this kind is asked. A condition that is not holds; an executor that
// is not refuses, or Passes.
func Acts(kind string) bool {
	_, condition := conditions[kind]
	e, executor := executors[kind]
	return condition || executor && e.ask != nil && !e.unmet
}

// Hosts are the hosts that policies of the realm ask about, as their conditions name them.
func Hosts(r *realm.Realm) (lists [][]string) {
	for _, p := range r.Policies {
		for i := range p.Conditions {
			if c := &p.Conditions[i]; c.Kind == KindHost {
				lists = append(lists, c.Config["trusted-hosts"])
			}
		}
	}
	return lists
}
