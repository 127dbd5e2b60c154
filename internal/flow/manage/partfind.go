package manage

import (
	"context"
	"errors"
	"strings"

	"github.com/tokenhouse/tokenhouse/internal/core/fault"
	"github.com/tokenhouse/tokenhouse/internal/core/federation"
	"github.com/tokenhouse/tokenhouse/internal/core/realm"
	"github.com/tokenhouse/tokenhouse/internal/core/user"
	"github.com/tokenhouse/tokenhouse/internal/keycloak"
	"github.com/tokenhouse/tokenhouse/internal/keycloak/idp"
)

// found are the groups and users of a realm that a partial import speaks of.
type found struct {
	groups   map[string]*realm.Group // by path
	users    map[string]*user.User   // by the name in the file
	siblings map[string]bool         // names of groups at the top that come without a path, and are taken
	accounts map[string]string       // client_id → id of the service account
}

// find looks up what a partial import speaks of.
func (p *Parts) find(ctx context.Context, r *realm.Realm, o keycloak.Object) (*found, error) {
	out := &found{groups: map[string]*realm.Group{}, users: map[string]*user.User{}, siblings: map[string]bool{}, accounts: map[string]string{}}
	looked := map[string]bool{}
	lookup := func(path string) (bool, error) {
		if looked[path] {
			return out.groups[path] != nil, nil
		}
		looked[path] = true
		g, err := p.Members.GroupByPath(ctx, r.Key, path)
		if errors.Is(err, fault.ErrNotFound) {
			return false, nil
		}
		if err == nil {
			out.groups[path] = g
		}
		return err == nil, err
	}
	for _, g := range keycloak.Value[[]keycloak.Object](o, "groups") {
		path := g.Text("path")
		if path == "" {
			path = "/" + g.Text("name")
		}
		taken, err := lookup(path)
		if err != nil {
			return nil, err
		}
		out.siblings[path] = taken
	}
	for _, u := range keycloak.Value[[]keycloak.Object](o, "users") {
		for _, path := range keycloak.Value[[]string](u, "groups") {
			for _, path := range above("/" + strings.TrimPrefix(path, "/")) {
				if _, err := lookup(path); err != nil {
					return nil, err
				}
			}
		}
		if err := p.findUser(ctx, r, u, out); err != nil {
			return nil, err
		}
	}
	for _, m := range keycloak.Value[[]idp.Mapper](o, "identityProviderMappers") {
		gives := federation.Mapper{Config: m.Config}
		for _, path := range above(rooted(gives.Group())) {
			if _, err := lookup(path); err != nil {
				return nil, err
			}
		}
	}
	for _, c := range keycloak.Value[[]keycloak.Object](o, "clients") {
		existing := r.Client(c.Text("clientId"))
		if existing == nil {
			continue
		}
		account, err := p.Members.ServiceAccount(ctx, r.Key, existing.Key)
		if err != nil && !errors.Is(err, fault.ErrNotFound) {
			return nil, err
		}
		if err == nil {
			out.accounts[existing.ID] = account.ID
		}
	}
	return out, nil
}

// rooted is a path of a group as groups have theirs, whichever slashes it is written with.
func rooted(path string) string { return "/" + strings.Trim(path, "/") }

// above are the paths of a group and of those above it.
func above(path string) []string {
	out := []string{path}
	for at := strings.LastIndexByte(path, '/'); at > 0; at = strings.LastIndexByte(path[:at], '/') {
		out = append(out, path[:at])
	}
	return out
}

// findUser looks for a user by name, and by address where nobody else may have it.
func (p *Parts) findUser(ctx context.Context, r *realm.Realm, u keycloak.Object, out *found) error {
	name, email := strings.ToLower(u.Text("username")), strings.ToLower(u.Text("email"))
	existing, err := p.Members.UserByName(ctx, r.Key, name)
	if errors.Is(err, fault.ErrNotFound) && email != "" && !r.DuplicateEmails {
		existing, err = p.Members.UserByEmail(ctx, r.Key, email)
	}
	if err != nil && !errors.Is(err, fault.ErrNotFound) {
		return err
	}
	if err == nil {
		out.users[name] = existing
	}
	return nil
}
