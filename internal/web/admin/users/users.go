// Package users is the administration API of users: their accounts, credentials, groups, links, consents
// and sessions, and of the profile that they have in common.
package users

import (
	"context"
	"errors"
	"net/http"

	"github.com/tokenhouse/tokenhouse/internal/core/fault"
	"github.com/tokenhouse/tokenhouse/internal/core/permit"
	"github.com/tokenhouse/tokenhouse/internal/core/realm"
	"github.com/tokenhouse/tokenhouse/internal/core/user"
	"github.com/tokenhouse/tokenhouse/internal/flow/people"
	"github.com/tokenhouse/tokenhouse/internal/web/admin/rest"
)

// Deps is what this noun calls. All fields are required.
type Deps struct {
	Users        *people.Users
	Postbox      *people.Postbox
	Sessions     *people.Sessions
	Consents     *people.Consents
	Profiles     *people.Profiles
	Impersonator *people.Impersonator
	Rules        *people.Rulebook
	Accounts     Accounts
	Groups       Groups
	View         View
}

// Accounts finds users.
type Accounts interface {
	Account(ctx context.Context, realmKey, id string) (user.Account, error)
	UserByName(ctx context.Context, realmKey, username string) (*user.User, error)
	UserByEmail(ctx context.Context, realmKey, email string) (*user.User, error)
	FindUsers(ctx context.Context, realmKey string, q user.Query, first, max int) ([]user.Account, error)
	CountUsers(ctx context.Context, realmKey string, q user.Query) (int, error)
}

// Groups finds groups, and with Lineage also those above them.
type Groups interface {
	people.GroupPaths
	Group(ctx context.Context, realmKey, key string) (*realm.Group, error)
	rest.Lineages
}

// Routes are the addresses of users.
func Routes(d Deps) []rest.Route {
	const (
		all         = "/users"
		one         = "/users/{user}"
		credentials = one + "/credentials"
	)
	const list, view, manage = permit.ToListUsers, permit.ToViewUsers, permit.ToManageUsers
	const profile = permit.ToListUsers | permit.ToViewRealm
	return []rest.Route{
		{Method: "GET", Path: all, Need: list, Handle: d.list},
		{Method: "POST", Path: all, Need: manage, Handle: d.create},
		{Method: "GET", Path: all + "/count", Need: list, Handle: d.count},
		{Method: "GET", Path: all + "/profile", Need: profile, Handle: d.profile, Exceptional: true},
		{Method: "PUT", Path: all + "/profile", Need: permit.ToManageRealm, Handle: d.configure},
		{Method: "GET", Path: all + "/profile/metadata", Need: profile, Handle: d.metadata, Exceptional: true},
		{Method: "GET", Path: "/users-management-permissions", Need: view, Handle: permissions},
		{Method: "PUT", Path: "/users-management-permissions", Need: manage, Handle: permissions},

		{Method: "GET", Path: one, Need: view, Handle: d.with(d.show)},
		{Method: "PUT", Path: one, Need: manage, Handle: d.with(d.update)},
		{Method: "DELETE", Path: one, Need: manage, Handle: d.with(d.remove), Exceptional: true},
		{Method: "GET", Path: one + "/unmanagedAttributes", Need: view, Handle: d.with(d.unmanaged)},
		{Method: "POST", Path: one + "/impersonation", Need: permit.ToImpersonate, Handle: d.with(d.impersonate), Exceptional: true},

		{Method: "PUT", Path: one + "/reset-password", Need: manage, Handle: d.with(d.resetPassword)},
		{Method: "GET", Path: credentials, Need: view, Handle: d.with(d.credentials)},
		{Method: "DELETE", Path: credentials + "/{credential}", Need: manage, Handle: d.with(d.deleteCredential), Exceptional: true},
		{Method: "PUT", Path: credentials + "/{credential}/userLabel", Need: manage, Handle: d.with(d.labelCredential)},
		{Method: "POST", Path: credentials + "/{credential}/moveToFirst", Need: manage, Handle: d.with(d.moveCredential)},
		{Method: "POST", Path: credentials + "/{credential}/moveAfter/{after}", Need: manage, Handle: d.with(d.moveCredential)},
		{Method: "PUT", Path: one + "/disable-credential-types", Need: manage, Handle: d.with(d.disableTypes)},
		{Method: "GET", Path: one + "/configured-user-storage-credential-types", Need: view, Handle: d.with(d.storageTypes)},
		{Method: "PUT", Path: one + "/remove-totp", Need: manage, Handle: d.with(d.removeOTP)},

		{Method: "GET", Path: one + "/groups", Need: view, Handle: d.with(d.groups)},
		{Method: "GET", Path: one + "/groups/count", Need: view, Handle: d.with(d.countGroups)},
		{Method: "PUT", Path: one + "/groups/{group}", Need: manage, Handle: d.with(d.join), Exceptional: true},
		{Method: "DELETE", Path: one + "/groups/{group}", Need: manage, Handle: d.with(d.leave), Exceptional: true},

		{Method: "GET", Path: one + "/federated-identity", Need: view, Handle: d.with(d.links)},
		{Method: "POST", Path: one + "/federated-identity/{alias}", Need: manage, Handle: d.with(d.link), Exceptional: true},
		{Method: "DELETE", Path: one + "/federated-identity/{alias}", Need: manage, Handle: d.with(d.unlink), Exceptional: true},

		{Method: "GET", Path: one + "/sessions", Need: view, Handle: d.with(d.sessions)},
		{Method: "GET", Path: one + "/offline-sessions/{client}", Need: view, Handle: d.with(d.offlineSessions)},
		{Method: "POST", Path: one + "/logout", Need: manage, Handle: d.with(d.logout)},
		{Method: "GET", Path: one + "/consents", Need: view, Handle: d.with(d.consents)},
		{Method: "DELETE", Path: one + "/consents/{client}", Need: manage, Handle: d.with(d.revoke), Exceptional: true},

		{Method: "PUT", Path: one + "/execute-actions-email", Need: manage, Handle: d.with(d.executeActions)},
		{Method: "PUT", Path: one + "/reset-password-email", Need: manage, Handle: d.with(d.resetByMail)},
		{Method: "PUT", Path: one + "/send-verify-email", Need: manage, Handle: d.with(d.verifyAddress)},
	}
}

// with finds the user that the address names.
func (d Deps) with(handle func(http.ResponseWriter, *rest.Request, *user.Account) error) rest.Handler {
	return func(w http.ResponseWriter, r *rest.Request) error {
		a, err := d.Accounts.Account(r.Context(), r.Realm.Key, r.PathValue("user"))
		if errors.Is(err, fault.ErrNotFound) {
			// Who may not list users is not told which there are.
			if !r.May(permit.ToListUsers) {
				return rest.Forbidden
			}
			return rest.NotFound("User not found")
		}
		if err != nil {
			return err
		}
		return handle(w, r, &a)
	}
}

// permissions answers as Keycloak does whose fine-grained permissions are switched off.
func permissions(http.ResponseWriter, *rest.Request) error {
	return rest.FeatureOff
}
