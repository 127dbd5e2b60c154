package info

import (
	"errors"
	"fmt"
	"net/http"
	"slices"

	"github.com/tokenhouse/tokenhouse/internal/core/fault"
	"github.com/tokenhouse/tokenhouse/internal/core/user"
	"github.com/tokenhouse/tokenhouse/internal/web/admin/rest"
	"github.com/tokenhouse/tokenhouse/internal/web/render"
)

// console is the client that the address is for.
const console = "security-admin-console"

// whoAmI is what the console shows by.
type whoAmI struct {
	UserID      string              `json:"userId"`
	Realm       string              `json:"realm"`
	DisplayName string              `json:"displayName"`
	Locale      string              `json:"locale"`
	CreateRealm bool                `json:"createRealm"`
	RealmAccess map[string][]string `json:"realm_access"`
	Temporary   bool                `json:"temporary"`
}

// whoAmI answers those who signed in at the realm, through the console.
func (d Deps) whoAmI(w http.ResponseWriter, r *rest.Request) error {
	a := r.Administrator
	if a.Realm.Key != r.Realm.Key {
		return rest.Unauthorized
	}
	if a.Client.ID != console {
		return &render.Status{Code: http.StatusForbidden, Text: fmt.Sprintf("Token issued for an application that is not the admin console: %s", a.Client.ID)}
	}
	access, err := d.access(r)
	if err != nil {
		return err
	}
	return rest.JSON(w, whoAmI{UserID: a.User.ID, Realm: a.Realm.Name, DisplayName: displayName(a.User), Locale: locale(a.User, a.Realm.DefaultLocale),
		CreateRealm: a.CreatesRealms(), RealmAccess: access, Temporary: slices.Contains(a.User.Attributes["is_temporary_admin"], "true")})
}

// access are the rights of the caller in each realm where there are any.
func (d Deps) access(r *rest.Request) (map[string][]string, error) {
	names, err := d.Realms.RealmNames(r.Context())
	if err != nil {
		return nil, err
	}
	out := map[string][]string{}
	for _, name := range names {
		if r.Administrator.Realm.Name != master && name != r.Administrator.Realm.Name {
			continue // who did not sign in at the master realm has none there
		}
		found, err := d.Realms.Realm(r.Context(), name)
		switch {
		case errors.Is(err, fault.ErrNotFound): // deleted meanwhile
			continue
		case err != nil:
			return nil, err
		}
		if rights := r.Administrator.RightsIn(found); rights != 0 {
			out[name] = rights.Names()
		}
	}
	return out, nil
}

func displayName(u *user.User) string {
	if name := u.FullName(); name != "" {
		return name
	}
	return u.Username
}

// locale is the language that the user chose, else the realm's.
func locale(u *user.User, otherwise string) string {
	if chosen := u.Attributes["locale"]; len(chosen) > 0 {
		return chosen[0]
	}
	if otherwise != "" {
		return otherwise
	}
	return "en"
}
