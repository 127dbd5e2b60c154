package signout

import (
	"slices"

	"github.com/tokenhouse/tokenhouse/internal/core/explain"
	"github.com/tokenhouse/tokenhouse/internal/core/realm"
)

// registering is the command that lets a client have browsers sent to an address after they signed out. It is empty
// where no browser may be sent there, and where the command would have to show what else the client has registered.
func registering(r *realm.Realm, c *realm.Client, uri string) string {
	const attribute, separator = "post.logout.redirect.uris", "##"
	value := uri
	switch has := c.Logout.RedirectURIs; {
	case !realm.Registrable(uri):
		return ""
	case slices.Equal(has, []string{"+"}):
		value = "+" + separator + uri
	case len(has) > 0:
		return ""
	}
	return explain.Command("update", "clients/"+c.Key, r.Name, explain.Attribute(attribute, value))
}
