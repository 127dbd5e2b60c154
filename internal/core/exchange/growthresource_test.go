package exchange_test

import (
	"slices"
	"strings"

	"github.com/tokenhouse/tokenhouse/internal/core/exchange"
)

// isFor sees what resources the token is for, and gives the audiences that were asked for, by name or by resource.
func (c *chain) isFor(q exchange.Request) []string {
	before := q.Subject.Token
	var bound []string
	if q.Foreign == nil && before.Client == q.Client.ID {
		bound = before.RequestedResource
	}
	for _, uri := range c.held.RequestedResource {
		if bound != nil && !slices.Contains(bound, uri) {
			c.Fatalf("for %s, and what it came of for %v", uri, bound)
		}
		if !slices.Contains(q.Resources, uri) && (q.Resources != nil || bound == nil) {
			c.Fatalf("for %s, which was not asked for: %v", uri, q.Resources)
		}
	}
	if c.held.RequestedResource == nil {
		read := c.realm.NamesResources() || slices.ContainsFunc(q.Resources, func(uri string) bool { return strings.HasPrefix(uri, "urn:client:") })
		if bound != nil || q.Resources != nil && read {
			c.Fatalf("for no resource, though %v was asked for, and what it came of is for %v", q.Resources, bound)
		}
		return q.Audiences
	}
	for _, uri := range q.Resources {
		if !slices.Contains(c.held.RequestedResource, uri) {
			c.Fatalf("%s was asked for, not refused, and is missing in %v", uri, c.held.RequestedResource)
		}
	}
	owners := slices.Clone(q.Audiences)
	for _, uri := range c.held.RequestedResource {
		id := c.owner(uri)
		if len(q.Audiences) > 0 && !slices.Contains(q.Audiences, id) {
			c.Fatalf("for %s of %s, and named were %v", uri, id, q.Audiences)
		}
		owners = append(owners, id)
	}
	for _, aud := range c.held.Audience {
		if !slices.Contains(owners, aud) {
			c.Fatalf("for %v, and reaches %s", c.held.RequestedResource, aud)
		}
	}
	c.seen["for resources"]++
	if bound != nil {
		c.seen["for resources as before"]++
	}
	return owners
}

// owner is the one enabled client that a resource is of.
func (c *chain) owner(uri string) string {
	var all []string
	for _, one := range c.realm.Clients() {
		if uri == "urn:client:"+one.ID || slices.Contains(one.Resource, uri) {
			all = append(all, one.ID)
		}
	}
	if len(all) != 1 || !c.realm.Client(all[0]).Enabled {
		c.Fatalf("%s is a resource of %v", uri, all)
	}
	return all[0]
}
