package realmfile

import (
	"strings"

	"github.com/tokenhouse/tokenhouse/internal/core/fault"
	"github.com/tokenhouse/tokenhouse/internal/core/realm"
	"github.com/tokenhouse/tokenhouse/internal/keycloak"
)

// checkNames refuses a realm whose name cannot be part of a URL, in Keycloak's words.
func checkNames(o keycloak.Object) error {
	if err := realm.CheckName(o.Text("realm")); err != nil {
		return keycloak.At("realm", err)
	}
	if id := strings.TrimSpace(o.Text("id")); id != "" {
		if err := realm.CheckReserved(id); err != nil {
			return keycloak.At("id", err)
		}
	}
	switch ssl := strings.ToLower(o.Text("sslRequired")); ssl {
	case "", "none", "external", "all":
		if ssl != "" {
			o.Put("sslRequired", ssl)
		}
	default:
		return &fault.Invalid{Field: "sslRequired", Message: o.Text("sslRequired") + " is none of none, external, all"}
	}
	return nil
}
