// Package registration decides which clients may register themselves, and what becomes of them, by the
// policies that a realm has for it. Keycloak: client registration policies.
package registration

import (
	"strconv"

	"github.com/tokenhouse/tokenhouse/internal/core/realm"
)

// Way is how somebody comes to register: it says which of the policies count.
type Way string

const (
	Anonymous     Way = "anonymous"     // with nothing in hand
	Authenticated Way = "authenticated" // with a token: of an administrator, or made by one
)

// Policy is one of a realm's policies.
type Policy struct {
	Name   string
	Kind   string // Keycloak's provider, as "trusted-hosts"
	Way    Way
	Config map[string][]string
}

// on is a setting that is true or false; absent where it is not there.
func (p *Policy) on(setting string, absent bool) bool {
	if values := p.Config[setting]; len(values) > 0 {
		return values[0] == "true"
	}
	return absent
}

// Request is what somebody wants done.
type Request struct {
	Realm *realm.Realm
	Way   Way

	Action Action
	Before *realm.Client // as it is; nil where it is to be made
	Client *realm.Client // as it would be; not read where nothing changes
	Scopes []string      // names of client scopes that are asked for, known or not

	// FromHost tells whether the request comes from one of these hosts, names or addresses, or from
	// below a domain that is written as "*.example.org".
	FromHost func(hosts []string) bool
}

// Action is what is to be done with a client.
type Action int

const (
	Create Action = iota
	Update
	View
	Delete
)

// Refusal is why a policy stands against a request, in Keycloak's words.
type Refusal struct{ Policy, Reason string }

func (r *Refusal) Error() string {
	return "Policy '" + r.Policy + "' rejected request to client-registration service. Details: " + r.Reason
}

// Apply gives the client that the policies make of the one that is asked for, which is not changed; a
// *Refusal where one of them is against it. A policy that is not known is against everything.
func Apply(policies []Policy, q Request) (*realm.Client, error) {
	var out *realm.Client
	if q.Client != nil {
		copied := *q.Client
		out = &copied
	}
	for i := range policies {
		p := &policies[i]
		if p.Way != q.Way {
			continue
		}
		rule, ok := rules[p.Kind]
		if !ok {
			return nil, &Refusal{p.Name, "Policy of type '" + p.Kind + "' not found"}
		}
		if reason := rule(p, &q, out); reason != "" {
			return nil, &Refusal{p.Name, reason}
		}
	}
	return out, nil
}

// rule is one kind of policy: it changes the client, or says why it may not be.
type rule func(p *Policy, q *Request, c *realm.Client) (reason string)

var rules = map[string]rule{
	KindHosts:                  trustedHosts,
	"consent-required":         consentRequired,
	"scope":                    fullScopeOff,
	"client-disabled":          disabled,
	"max-clients":              maxClients,
	"allowed-protocol-mappers": allowedMappers,
	"allowed-client-templates": allowedScopes,
	kindOrigins:                func(*Policy, *Request, *realm.Client) string { return "" }, // see Origins
}

const kindOrigins = "registration-web-origins"

// Origins are the web origins whose pages may register clients with nothing in hand.
func Origins(policies []Policy) []string {
	var out []string
	for i := range policies {
		if p := &policies[i]; p.Kind == kindOrigins && p.Way == Anonymous {
			out = append(out, p.Config["web-origins"]...)
		}
	}
	return out
}

func consentRequired(_ *Policy, q *Request, c *realm.Client) string {
	switch {
	case q.Action == Create:
		c.ConsentRequired = true
	case q.Action == Update && q.Before.ConsentRequired && !c.ConsentRequired:
		return "Not permitted to update consentRequired to false"
	}
	return ""
}

func fullScopeOff(_ *Policy, q *Request, c *realm.Client) string {
	switch {
	case q.Action == Create:
		c.FullScope = false
	case q.Action == Update && !q.Before.FullScope && c.FullScope:
		return "Not permitted to enable fullScopeAllowed"
	}
	return ""
}

func disabled(_ *Policy, q *Request, c *realm.Client) string {
	switch {
	case q.Action == Create:
		c.Enabled = false
	case q.Action == Update && !q.Before.Enabled && c.Enabled:
		return "Not permitted to enable client"
	}
	return ""
}

// mostClients is how many clients a realm may have where the policy does not say.
const mostClients = 200

func maxClients(p *Policy, q *Request, _ *realm.Client) string {
	if q.Action != Create {
		return ""
	}
	most := mostClients
	if values := p.Config["max-clients"]; len(values) > 0 {
		if n, err := strconv.Atoi(values[0]); err == nil {
			most = n
		}
	}
	n := len(q.Realm.Clients())
	if q.Realm.ClientByKey(q.Client.Key) != nil { // the new one is there already
		n--
	}
	if n >= most {
		return "It's allowed to have max " + strconv.Itoa(most) + " clients per realm"
	}
	return ""
}
