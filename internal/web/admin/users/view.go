package users

import (
	"context"
	"slices"

	"github.com/tokenhouse/tokenhouse/internal/core/permit"
	"github.com/tokenhouse/tokenhouse/internal/core/profile"
	"github.com/tokenhouse/tokenhouse/internal/core/realm"
	"github.com/tokenhouse/tokenhouse/internal/core/user"
	"github.com/tokenhouse/tokenhouse/internal/keycloak"
	"github.com/tokenhouse/tokenhouse/internal/web/admin/rest"
)

// View makes representations of users as administrators see them.
type View struct {
	Profiles    Profiles
	Credentials Credentials
}

// Profiles are the user profiles of realms.
type Profiles interface {
	Profile(ctx context.Context, r *realm.Realm) (*profile.Profile, error)
}

// Credentials are those of users.
type Credentials interface {
	WithCredentials(ctx context.Context, realmKey string, accounts []user.Account) error
}

// List represents users whose credentials were not read, in full or brief as the request asks for.
func (v View) List(r *rest.Request, list []user.Account) ([]keycloak.Object, error) {
	out := make([]keycloak.Object, len(list))
	if r.Flag("briefRepresentation", false) {
		for i := range list {
			out[i] = addressed(keycloak.BriefUser(&list[i].User), r.Realm)
		}
		return out, nil
	}
	err := v.Credentials.WithCredentials(r.Context(), r.Realm.Key, list)
	for i := 0; i < len(list) && err == nil; i++ {
		out[i], err = v.Full(r.Context(), r.Realm, &list[i])
	}
	return out, err
}

// Full represents one user.
func (v View) Full(ctx context.Context, r *realm.Realm, a *user.Account) (keycloak.Object, error) {
	p, err := v.Profiles.Profile(ctx, r)
	if err != nil {
		return nil, err
	}
	if a.User.ServiceAccount != "" {
		p = profile.OfServiceAccounts
	}
	otp := slices.ContainsFunc(a.Credentials, func(c user.Credential) bool { return c.Kind == user.KindOTP })
	return addressed(keycloak.ShownUser(&a.User, p.Readable(profile.Of(&a.User), profile.Admin), otp), r), nil
}

// addressed is the representation of a user with their address for a username, where addresses are names: the stored name
// becomes that with the next change.
func addressed(o keycloak.Object, r *realm.Realm) keycloak.Object {
	if r.EmailAsUsername && o.Has("email") {
		o["username"] = o["email"]
	}
	return o
}

// access is what the caller may do with users.
func access(r *rest.Request) map[string]bool {
	manage := r.May(permit.ToManageUsers)
	return map[string]bool{"view": r.May(permit.ToViewUsers), "manage": manage, "mapRoles": manage, "manageGroupMembership": manage,
		"resetPassword": manage, "impersonate": r.May(permit.ToImpersonate)}
}

// withLinks adds who a user is at identity providers, in realms that have some.
func withLinks(o keycloak.Object, r *realm.Realm, u *user.User) {
	if len(r.Providers()) > 0 {
		o.Put("federatedIdentities", linksOf(r, u))
	}
}

// linksOf are the links to identity providers that there are.
func linksOf(r *realm.Realm, u *user.User) []keycloak.Object {
	out := []keycloak.Object{}
	for _, l := range u.Links {
		if r.Provider(l.Provider) != nil {
			out = append(out, keycloak.FromLink(l))
		}
	}
	return out
}
