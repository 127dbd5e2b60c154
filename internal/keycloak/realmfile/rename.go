package realmfile

import (
	"slices"
	"strings"

	"github.com/tokenhouse/tokenhouse/internal/core/realm"
)

// Rename gives the addresses of a realm's own clients its new name. The default role keeps its name.
func Rename(d *realm.Draft, from, to string) {
	for id, path := range map[string]string{clientAdminConsole: "/admin/", clientAccount: "/realms/", clientAccountConsole: "/realms/"} {
		c := d.Realm().Client(id)
		if c == nil {
			continue
		}
		replace := func(s string) string { return strings.ReplaceAll(s, path+from+"/", path+to+"/") }
		with := *c
		with.BaseURL, with.RedirectURIs = replace(c.BaseURL), slices.Clone(c.RedirectURIs)
		for i, uri := range with.RedirectURIs {
			with.RedirectURIs[i] = replace(uri)
		}
		d.PutClient(&with)
	}
}

// RenameManagement renames the client of the master realm that manages a realm. Where another has the new name, both are in
// the draft, which cannot be stored.
func RenameManagement(d *realm.Draft, from, to string) {
	c := d.Realm().Client(realm.ManagementClient(from))
	if c == nil {
		return
	}
	with := *c
	with.ID = realm.ManagementClient(to)
	d.PutClient(&with)
}
