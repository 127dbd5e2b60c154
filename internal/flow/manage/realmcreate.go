package manage

import (
	"context"
	"errors"
	"slices"

	"github.com/tokenhouse/tokenhouse/internal/core/event"
	"github.com/tokenhouse/tokenhouse/internal/core/fault"
	"github.com/tokenhouse/tokenhouse/internal/core/realm"
	"github.com/tokenhouse/tokenhouse/internal/core/user"
	"github.com/tokenhouse/tokenhouse/internal/flow/audit"
	"github.com/tokenhouse/tokenhouse/internal/keycloak"
)

// Create makes the one realm of a document, and gives its name. An author of the master realm who does not
// administrate everything anyway gets the roles that manage it. What cannot be read is a *keycloak.Problem;
// placeholders of the document stay as they are: they would tell of the server's environment.
func (m *Realms) Create(ctx context.Context, author audit.Author, doc Document) (string, error) {
	literal := *m
	literal.Env, literal.demanding = nil, true
	if err := literal.readable(doc); err != nil {
		return "", err
	}
	report, err := literal.Import(ctx, doc, ImportOptions{Author: author})
	if err != nil {
		if unworded(err) {
			return "", &fault.Conflict{Kind: "realm", Field: "id", Message: "Duplicate resource error"}
		}
		return "", err
	}
	name := report.Realms[0].Realm
	return name, m.entitle(ctx, author, name)
}

// readable refuses a document that is not one realm, or whose realm cannot be made for a reason that is told
// in words of its own.
func (m *Realms) readable(doc Document) error {
	r, err := doc()
	if err != nil {
		return err
	}
	defer r.Close()
	realms, err := keycloak.ReadRealms(r, func(int, int, keycloak.Object) error { return nil })
	switch {
	case err != nil:
		return err
	case len(realms) != 1:
		return &keycloak.Problem{Text: "not one realm", Kind: keycloak.Type}
	}
	if err := realm.CheckReserved(realms[0].Text("realm")); err != nil {
		return &fault.Refused{Message: err.Error()}
	}
	return checkRules(realms[0])
}

// entitle gives the author the roles of the management client of a new realm.
func (m *Realms) entitle(ctx context.Context, author audit.Author, name string) error {
	home, err := m.Store.Realm(ctx, master)
	if errors.Is(err, fault.ErrNotFound) || err == nil && home.Key != author.Actor.Realm {
		return nil
	}
	if err != nil {
		return err
	}
	management := home.Client(realm.ManagementClient(name))
	if management == nil {
		return nil
	}
	return m.Store.EditUser(ctx, home.Key, author.Actor.UserID, func(a *user.Account) ([]event.Admin, error) {
		var has realm.RoleSet
		home.Expand(&has, a.User.Roles...)
		if admin := home.Role(realm.RoleRef{Name: "admin"}); admin != nil && has.Has(admin) {
			return nil, nil
		}
		var given []string
		for _, role := range home.RolesOf(management.Key) {
			if !has.Has(role) {
				a.User.Roles = append(slices.Clip(a.User.Roles), role.Key)
				given = append(given, role.Key)
			}
		}
		if given == nil {
			return nil, nil
		}
		return author.Of(home, audit.Create, "CLIENT_ROLE_MAPPING", "users/"+a.User.ID+"/role-mappings/clients/"+management.Key, keycloak.MentionedRoles(home, given)), nil
	})
}
