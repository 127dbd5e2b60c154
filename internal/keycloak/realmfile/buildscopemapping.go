package realmfile

import (
	"slices"
	"strconv"
	"strings"

	"github.com/tokenhouse/tokenhouse/internal/core/fault"
	"github.com/tokenhouse/tokenhouse/internal/core/realm"
	"github.com/tokenhouse/tokenhouse/internal/keycloak"
)

// scopeMappings lets clients and client scopes carry the roles that the file says.
func (b *builder) scopeMappings() error {
	if b.offlineMade {
		b.carryScope(scopeOffline, realm.RoleRef{Name: scopeOffline})
	}
	if b.made[clientAccountConsole] {
		b.carryClient(clientAccountConsole, b.realm().Role(realm.RoleRef{Client: clientAccount, Name: "manage-account"}))
		b.carryClient(clientAccountConsole, b.realm().Role(realm.RoleRef{Client: clientAccount, Name: "view-groups"}))
	}
	return eachOwned(b.file, "scopeMappings", "clientScopeMappings", b.scopeMapping)
}

// scopeMapping lets one client or client scope carry roles of the realm, or of the client owner.
func (b *builder) scopeMapping(o keycloak.Object, owner string) error {
	id, scope := o.Text("client"), o.Text("clientScope")
	if template := o.Text("clientTemplate"); scope == "" && template != "" {
		scope = scopeName(template)
	}
	switch {
	case id != "" && b.realm().Client(id) == nil:
		return &fault.Invalid{Field: "client", Message: "Unknown client specification in scope mappings: " + id}
	case id == "" && scope == "":
		return &fault.Invalid{Message: "Either client or clientScope needs to be specified in scope mappings"}
	case id == "" && b.realm().Scope(scope) == nil:
		return &fault.Invalid{Field: "clientScope", Message: "Unknown clientScope specification in scope mappings: " + scope}
	}
	for i, name := range keycloak.Value[[]string](o, "roles") {
		role, err := b.role(keycloak.NamedRole{RoleRef: realm.RoleRef{Client: owner, Name: strings.TrimSpace(name)}, Path: "roles[" + strconv.Itoa(i) + "]"})
		if err != nil {
			return err
		}
		if id != "" {
			b.carryClient(id, role)
			continue
		}
		b.carryScope(scope, b.realm().Ref(role))
	}
	return nil
}

func (b *builder) carryClient(id string, role *realm.Role) {
	c := *b.realm().Client(id)
	if role != nil && !slices.Contains(c.ScopeMappings, role.Key) {
		c.ScopeMappings = append(slices.Clone(c.ScopeMappings), role.Key)
		b.Draft.PutClient(&c)
	}
}

func (b *builder) carryScope(name string, ref realm.RoleRef) {
	s := *b.realm().Scope(name)
	role := b.realm().Role(ref)
	if role != nil && !slices.Contains(s.ScopeMappings, role.Key) {
		s.ScopeMappings = append(slices.Clone(s.ScopeMappings), role.Key)
		b.Draft.PutScope(&s)
	}
}
