package keycloak

import (
	"maps"
	"slices"
	"strings"

	"github.com/tokenhouse/tokenhouse/internal/core/realm"
)

// MergeClient is a client after an update by this representation. Members and attributes that are absent
// leave things as they are; attributes that are empty go; protocol mappers become those of the
// representation, known by their names. The id stays, and so do the client scopes, which are assigned one
// by one. Extra has to be loaded.
func MergeClient(r *realm.Realm, c *realm.Client, o Object) (*realm.Client, []Note) {
	now := FromClient(r, c)
	merged := maps.Clone(now)
	maps.Copy(merged, o)
	attributes := Value[map[string]string](now, "attributes")
	mergeAttributes(attributes, Value[map[string]*string](o, "attributes"))
	merged.Put("attributes", attributes)
	merged.Put(overridesMember, mergeOverrides(now, o))
	mergeNodes(merged, now, o)
	mergeAuthorization(merged, now)
	dropOldMembers(merged)
	if o.Has("redirectUris") && !o.Has("webOrigins") && len(c.WebOrigins) == 0 {
		putWebOrigins(merged)
	}
	with, notes := ToClient(r, merged)
	with.Key, with.DefaultScopes, with.OptionalScopes, with.ScopeMappings = c.Key, c.DefaultScopes, c.OptionalScopes, c.ScopeMappings
	with.Registration, with.Mappers = c.Registration, c.Mappers
	if o.Has("protocolMappers") {
		with.Mappers = mergeMappers(c.Mappers, toMappers(o))
	}
	return with, notes
}

// ReassignScopes gives a client the client scopes that an update lists, of each kind that it lists; names of
// scopes that the realm does not have are passed over.
func ReassignScopes(r *realm.Realm, c *realm.Client, o Object) {
	if o.Has("defaultClientScopes") {
		c.DefaultScopes, _ = scopeKeys(r, o, "defaultClientScopes")
	}
	if o.Has("optionalClientScopes") {
		c.OptionalScopes, _ = scopeKeys(r, o, "optionalClientScopes")
		c.OptionalScopes = realm.WithoutKeys(c.OptionalScopes, c.DefaultScopes)
	}
}

// mergeAttributes changes a client's attributes by those of an update. Keycloak drops those that are null
// or empty; a list of ours that may be empty, and then says "none", is kept as one.
func mergeAttributes(now map[string]string, update map[string]*string) {
	for name, value := range update {
		switch {
		case value == nil:
			delete(now, name)
		case strings.TrimSpace(*value) != "":
			now[name] = *value
		case emptyMeansNone[name]:
			now[name] = separator
		default:
			delete(now, name)
		}
	}
}

// emptyMeansNone are the attributes whose absence allows anything, and whose empty list nothing.
var emptyMeansNone = map[string]bool{attributePermitted: true, attributeAccepts: true}

// overridesMember is where a client says which flows it uses.
const overridesMember = "authenticationFlowBindingOverrides"

// mergeOverrides are the flows that a client uses instead of its realm's; one that is null or empty in an update goes.
func mergeOverrides(now, o Object) map[string]string {
	out := Value[map[string]string](now, overridesMember)
	if out == nil {
		out = map[string]string{}
	}
	for what, flow := range Value[map[string]*string](o, overridesMember) {
		if out[what] = ""; flow != nil {
			out[what] = *flow
		}
	}
	maps.DeleteFunc(out, func(_, flow string) bool { return strings.TrimSpace(flow) == "" })
	return out
}

// mergeNodes adds the cluster nodes of an update to those that the client has.
func mergeNodes(merged, now, o Object) {
	if !o.Has(memberNodes) {
		return
	}
	nodes := Nodes(realm.Extra(now))
	maps.Copy(nodes, Value[map[string]int64](o, memberNodes))
	merged.Put(memberNodes, nodes)
}

// mergeAuthorization keeps the authorization settings, which have an address of their own, as long as
// authorization is on.
func mergeAuthorization(merged, now Object) {
	const on, settings = "authorizationServicesEnabled", "authorizationSettings"
	delete(merged, settings)
	if Value[bool](merged, "publicClient") || Value[bool](merged, "bearerOnly") || !Value[bool](merged, on) {
		delete(merged, on)
		return
	}
	merged.Put("serviceAccountsEnabled", true)
	if kept, ok := now[settings]; ok {
		merged[settings] = kept
	}
}

// mergeMappers are the mappers of an update, with the keys of those of the same protocol and name that are
// there already.
func mergeMappers(now, update []realm.Mapper) []realm.Mapper {
	for i := range update {
		m := &update[i]
		at := slices.IndexFunc(now, func(old realm.Mapper) bool { return old.Protocol == m.Protocol && old.Name == m.Name })
		if at >= 0 {
			m.Key = now[at].Key
		}
	}
	return update
}

// memberNodes are the nodes of a client that runs as a cluster: name → Unix seconds of registration.
const memberNodes = "registeredNodes"

// Nodes are the cluster nodes that registered with a client: by name, the Unix seconds at which they did.
func Nodes(kept realm.Extra) map[string]int64 {
	nodes := Value[map[string]int64](Object(kept), memberNodes)
	if nodes == nil {
		nodes = map[string]int64{}
	}
	return nodes
}

// PutNodes replaces the cluster nodes in what is kept of a client.
func PutNodes(kept realm.Extra, nodes map[string]int64) {
	if len(nodes) == 0 {
		delete(kept, memberNodes)
		return
	}
	Object(kept).Put(memberNodes, nodes)
}
