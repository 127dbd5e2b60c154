package audience

import (
	"slices"

	"github.com/tokenhouse/tokenhouse/internal/core/explain"
	"github.com/tokenhouse/tokenhouse/internal/core/realm"
)

// Without is the command that takes a way away from a client: the mapper, where it is the client's own, and else the client
// scope, with all that this brings. ok is false where that would be more than a mapper's audience: a way by roles or by what
// users are like.
func Without(r *realm.Realm, c *realm.Client, w Way) (command string, ok bool) {
	if w.Rule != explain.AudienceMapper {
		return "", false
	}
	resource := "clients/" + c.Key
	switch {
	case w.Source.Scope == nil:
		resource += "/protocol-mappers/models/" + w.Key
	case slices.Contains(c.DefaultScopes, w.Source.Scope.Key):
		resource += "/default-client-scopes/" + w.Source.Scope.Key
	default:
		resource += "/optional-client-scopes/" + w.Source.Scope.Key
	}
	return explain.Command("delete", resource, r.Name), true
}
