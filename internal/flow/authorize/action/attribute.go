package action

import (
	"maps"

	"github.com/tokenhouse/tokenhouse/internal/core/user"
)

// write gives a user an attribute that the server keeps, whatever the user profile says; an empty value takes it
// away.
func write(u *user.User, name, value string) {
	all := maps.Clone(u.Attributes)
	if all == nil {
		all = map[string][]string{}
	}
	if all[name] = []string{value}; value == "" {
		delete(all, name)
	}
	u.Attributes = all
}
