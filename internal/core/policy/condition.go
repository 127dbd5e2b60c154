package policy

import (
	"encoding/json"
	"slices"
	"strings"

	"github.com/tokenhouse/tokenhouse/internal/core/oauth"
	"github.com/tokenhouse/tokenhouse/internal/core/realm"
)

// KindAttributes, KindHost, KindGroups and KindRoles are the conditions that look at what is not known of every request.
const (
	KindAttributes = "client-attributes"
	KindHost       = "client-updater-source-host"
	KindGroups     = "client-updater-source-groups"
	KindRoles      = "client-updater-source-roles"
)

// conditions tell clients and requests apart, by Keycloak's names.
var conditions = map[string]func(*state, *realm.PolicyPart) vote{
	"any-client":              func(*state, *realm.PolicyPart) vote { return yes },
	"client-access-type":      accessType,
	"client-ids":              clientIDs,
	"client-protocol":         protocol,
	"client-roles":            clientRoles,
	"client-scopes":           clientScopes,
	KindAttributes:            clientAttributes,
	"client-updater-context":  updaterContext,
	KindHost:                  updaterHost,
	KindGroups:                updaterGroups,
	KindRoles:                 updaterRoles,
	"grant-type":              grantType,
	"acr-condition":           acr,
	"identity-provider-alias": provider,
}

// accessType asks what the client is: of one that is changed, before or after.
func accessType(s *state, c *realm.PolicyPart) vote {
	is := func(c *realm.Client) string {
		switch {
		case c.Public:
			return "public"
		case c.BearerOnly:
			return "bearer-only"
		}
		return "confidential"
	}
	kinds := c.Config["type"]
	return given(slices.Contains(kinds, is(s.client())) || s.Before != nil && slices.Contains(kinds, is(s.Before)))
}

func clientIDs(s *state, c *realm.PolicyPart) vote {
	ids := c.Config["clientIds"]
	return given(slices.Contains(ids, s.client().ID) || s.Before != nil && slices.Contains(ids, s.Before.ID))
}

func protocol(s *state, c *realm.PolicyPart) vote {
	if s.client().OIDC() {
		return given(c.Text("protocol") == "openid-connect")
	}
	return given(c.Text("protocol") == s.client().Protocol)
}

// clientRoles asks for a role that the client has, for others to be given: a mark on the client.
func clientRoles(s *state, c *realm.PolicyPart) vote {
	return given(slices.ContainsFunc(s.realm.RolesOf(s.client().Key), func(r *realm.Role) bool {
		return slices.Contains(c.Config["roles"], r.Name)
	}))
}

// clientScopes asks for a scope: one that the client has by default, or an optional one that is asked for.
func clientScopes(s *state, c *realm.PolicyPart) vote {
	if !(tokens | at(Pushed, Authorization, DeviceAuthorization, Renewal)).has(s.Stage) {
		return abstain
	}
	wanted := c.Config["scopes"]
	has := func(keys []string, asked bool) bool {
		return slices.ContainsFunc(keys, func(key string) bool {
			scope := s.realm.ScopeByKey(key)
			return scope != nil && slices.Contains(wanted, scope.Name) && (!asked || slices.Contains(strings.Split(s.Scope, " "), scope.Name))
		})
	}
	byDefault, optional := has(s.client().DefaultScopes, false), has(s.client().OptionalScopes, true)
	switch c.Text("type") {
	case "Default":
		return given(byDefault)
	case "Optional":
		return given(optional)
	}
	return given(byDefault || optional)
}

// clientAttributes asks that the client has all of these attributes, with these values. The same name twice is met
// by nobody, as in Keycloak.
func clientAttributes(s *state, c *realm.PolicyPart) vote {
	var wanted []struct{ Key, Value string }
	if json.Unmarshal([]byte(c.Text("attributes")), &wanted) != nil {
		return no
	}
	seen := map[string]bool{}
	for _, a := range wanted {
		value, there := s.Facts.Attributes[a.Key]
		if !there || value != a.Value || seen[a.Key] {
			return no
		}
		seen[a.Key] = true
	}
	return yes
}

func updaterContext(s *state, c *realm.PolicyPart) vote {
	if s.Updater == nil {
		return abstain
	}
	return given(slices.Contains(c.Config["update-client-source"], s.Updater.By))
}

func updaterHost(s *state, c *realm.PolicyPart) vote {
	if s.Updater == nil {
		return abstain
	}
	return given(s.Updater.FromHost != nil && s.Updater.FromHost(c.Config["trusted-hosts"]))
}

// updaterGroups asks for a group that somebody joined: by its path, or a group at the top by its name.
func updaterGroups(s *state, c *realm.PolicyPart) vote {
	if s.Updater == nil {
		return abstain
	}
	if s.Updater.User == nil {
		return no
	}
	for _, g := range s.Updater.User.Joined() {
		for _, wanted := range c.Config["groups"] {
			if g.Path == wanted || g.Path == "/"+wanted {
				return yes
			}
		}
	}
	return no
}

// updaterRoles asks for a role that somebody has: a realm's by its name, a client's as "client.role".
func updaterRoles(s *state, c *realm.PolicyPart) vote {
	if s.Updater == nil {
		return abstain
	}
	if s.Updater.User == nil {
		return no
	}
	held := s.Updater.User.RolesIn(s.realm)
	return given(slices.ContainsFunc(c.Config["roles"], func(name string) bool {
		if role := s.realm.Role(realm.RoleRef{Name: name}); role != nil {
			return held.Has(role)
		}
		for i := range name { // both may have dots in them
			if name[i] == '.' {
				if role := s.realm.Role(realm.RoleRef{Client: name[:i], Name: name[i+1:]}); role != nil {
					return held.Has(role)
				}
			}
		}
		return false
	}))
}

// grantTypes are the grants of the stages that are for one.
var grantTypes = map[Stage]oauth.GrantType{
	Code: oauth.AuthorizationCode, Password: oauth.Password, ClientCredentials: oauth.ClientCredentials, Refresh: oauth.RefreshToken,
	Exchange: oauth.TokenExchange, Renewal: oauth.TokenExchange, JWTGrant: oauth.JWTBearer, Device: oauth.DeviceCode,
	DeviceAuthorization: oauth.DeviceCode,
}

// grantType asks by which grant tokens are wanted. An authorization request wants them by a code, or without one.
func grantType(s *state, c *realm.PolicyPart) vote {
	wanted := c.Config["grant_types"]
	if a := s.Authorize; a != nil {
		return given(a.Code && slices.Contains(wanted, string(oauth.AuthorizationCode)) ||
			(a.Token || a.IDToken) && slices.Contains(wanted, "implicit"))
	}
	grant, ok := grantTypes[s.Stage]
	if !ok {
		return abstain
	}
	return given(slices.Contains(wanted, string(grant)))
}

func acr(s *state, c *realm.PolicyPart) vote {
	if s.Authorize == nil {
		return abstain
	}
	return given(slices.Contains(s.Authorize.ACR, c.Text("acr-property")))
}

// provider asks for the identity provider behind what is presented, where one can be.
func provider(s *state, c *realm.PolicyPart) vote {
	if s.Provider == "" {
		return abstain
	}
	return given(slices.Contains(c.Config["identity_provider_aliases"], s.Provider))
}
