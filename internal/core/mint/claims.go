package mint

import (
	"slices"

	"github.com/tokenhouse/tokenhouse/internal/core/audience"
	"github.com/tokenhouse/tokenhouse/internal/core/explain"
	"github.com/tokenhouse/tokenhouse/internal/core/mapper"
	"github.com/tokenhouse/tokenhouse/internal/core/token"
)

// write lets the mappers write that r has for its use, but for those that shaped its roles and audience.
func write(q *Request, r *audience.Resolution, c *token.Claims) *explain.Trace {
	var trace *explain.Trace
	if q.Explain {
		trace = &explain.Trace{}
	}
	w := mapper.Work{
		Realm: r.Realm, Issuer: r.Issuer, Base: q.Base, Client: r.Client, User: r.User,
		Session: r.Session, Grant: q.Grant, Nonce: q.Nonce,
		Use: r.Use, Roles: r.Roles, Claims: c,
	}
	for _, s := range r.Mappers {
		if s.Shapes() {
			continue
		}
		outcome := explain.Skipped
		if s.Kind.WritesTo(s.Mapper, r.Use) {
			outcome = explain.None
			if s.Kind.Apply(&w, s.Mapper) {
				outcome = explain.Added
			}
		}
		if trace != nil {
			trace.Add(explain.ClaimMapper, outcome, s.Subject(), s.Name, s.From())
		}
	}
	return trace
}

// narrow takes the roles of clients away that the filter of r does not name, or that are not in the audience. What is left
// may be empty: a token that was narrowed says so.
func narrow(r *audience.Resolution, c *token.Claims) {
	if r.Request.Audiences == nil {
		return
	}
	for i := range c.Other {
		m := &c.Other[i]
		access, ok := m.Value.(token.Object)
		if m.Name != "resource_access" || !ok {
			continue
		}
		kept := token.Object{}
		for _, client := range access {
			if slices.Contains(c.Audience, client.Name) && slices.Contains(r.Request.Audiences, client.Name) {
				kept = append(kept, client)
			}
		}
		m.Value = kept
	}
}
