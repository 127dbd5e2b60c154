package realm

import (
	"slices"
	"strings"
)

// urnClient begins the resource URI that every client has without saying so, as in Keycloak.
const urnClient = "urn:client:"

// NamesClient tells whether a resource URI names a client itself.
func NamesClient(resource string) bool { return strings.HasPrefix(resource, urnClient) }

// Has tells whether a resource URI is one of the client's: compared letter by letter, for what is only alike may be
// somebody else's.
func (c *Client) Has(resource string) bool {
	return resource == urnClient+c.ID || resource != "" && resource == c.ResourceURL || slices.Contains(c.Resource, resource)
}

// NamesResources tells whether a client of the realm says what its resources are.
func (r *Realm) NamesResources() bool {
	for c := range r.clients.byKey.all() {
		if c.ResourceURL != "" || len(c.Resource) > 0 {
			return true
		}
	}
	return false
}

// ClientOfResource is the enabled client that a resource URI is of; nil where it is of none. Nor is it of any where several
// name it: who of them is right nobody knows.
func (r *Realm) ClientOfResource(resource string) *Client {
	var owner *Client
	for c := range r.clients.byKey.all() {
		if !c.Has(resource) {
			continue
		}
		if owner != nil {
			return nil
		}
		owner = c
	}
	if owner == nil || !owner.Enabled {
		return nil
	}
	return owner
}
