package keycloak

import (
	"slices"

	"github.com/tokenhouse/tokenhouse/internal/core/realm"
	"github.com/tokenhouse/tokenhouse/internal/core/user"
)

// FromConsent is the representation of what a user allowed a client: scopes, where there is a consent, and to
// act while the user is away.
func FromConsent(r *realm.Realm, c *realm.Client, consent *user.Consent, offline bool) Object {
	o := Object{}
	o.Put("clientId", c.ID)
	scopes := []string{}
	if consent != nil {
		scopes = append(scopes, scopeNames(r, consent.Scopes)...)
		if slices.Contains(consent.Scopes, c.Key) { // the client is an item of its own list
			scopes = append(scopes, c.ID)
		}
		if !consent.Created.IsZero() {
			o.Put("createdDate", consent.Created.UnixMilli())
		}
		if !consent.Updated.IsZero() {
			o.Put("lastUpdatedDate", consent.Updated.UnixMilli())
		}
	}
	o.Put("grantedClientScopes", scopes)
	additional := []map[string]string{}
	if offline {
		additional = append(additional, map[string]string{"client": c.Key, "key": "Offline Token"})
	}
	o.Put("additionalGrants", additional)
	return o
}
