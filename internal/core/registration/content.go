package registration

import (
	"slices"

	"github.com/tokenhouse/tokenhouse/internal/core/realm"
)

// allowedMappers wants all mappers to be of the kinds that are listed.
func allowedMappers(p *Policy, q *Request, c *realm.Client) string {
	if q.Action != Create && q.Action != Update {
		return ""
	}
	for _, m := range c.Mappers {
		if q.Action == Update && slices.ContainsFunc(q.Before.Mappers, func(old realm.Mapper) bool { return old.Key == m.Key && old.Kind == m.Kind }) {
			continue
		}
		if !slices.Contains(p.Config["allowed-protocol-mapper-types"], m.Kind) {
			return "ProtocolMapper type not allowed"
		}
	}
	return ""
}

// allowedScopes wants all client scopes that are asked for to be listed, or to be among the realm's
// defaults where these are allowed. What the client has already, it may keep.
func allowedScopes(p *Policy, q *Request, _ *realm.Client) string {
	if q.Action != Create && q.Action != Update {
		return ""
	}
	allowed := slices.Clone(p.Config["allowed-client-scopes"])
	if p.on("allow-default-scopes", true) {
		allowed = append(allowed, names(q.Realm, q.Realm.DefaultScopes, q.Realm.OptionalScopes)...)
	}
	if q.Before != nil {
		allowed = append(allowed, names(q.Realm, q.Before.DefaultScopes, q.Before.OptionalScopes)...)
	}
	for _, name := range q.Scopes {
		if !slices.Contains(allowed, name) {
			return "Not permitted to use specified clientScope"
		}
	}
	return ""
}

func names(r *realm.Realm, lists ...[]string) []string {
	var out []string
	for _, key := range slices.Concat(lists...) {
		if s := r.ScopeByKey(key); s != nil {
			out = append(out, s.Name)
		}
	}
	return out
}
