package mapper

import (
	"github.com/tokenhouse/tokenhouse/internal/core/realm"
)

const claimValue = "claim.value"

// hardcoded writes what it is set to.
func hardcoded(w *Work, m *realm.Mapper) bool {
	value, ok := m.Config[claimValue]
	return ok && w.write(m, "", convert(m.Config[jsonType], value))
}

// fullName writes "name", the first and the last name (OpenID Connect Core §5.1).
func fullName(w *Work, _ *realm.Mapper) bool {
	if w.User == nil {
		return false
	}
	name := w.User.FullName()
	if name != "" {
		w.Claims.Other.Set(name, "name")
	}
	return name != ""
}

// addressMembers are the members of "address" (OpenID Connect Core §5.1.1), and the settings that name
// the user's attribute for each.
var addressMembers = []struct{ member, setting, attribute string }{
	{"street_address", "user.attribute.street", "street"},
	{"locality", "user.attribute.locality", "locality"},
	{"region", "user.attribute.region", "region"},
	{"postal_code", "user.attribute.postal_code", "postal_code"},
	{"country", "user.attribute.country", "country"},
	{"formatted", "user.attribute.formatted", "formatted"},
}

func addressSettings() []string {
	var out []string
	for _, a := range addressMembers {
		out = append(out, a.setting)
	}
	return out
}

// address writes those members of "address" that the user has, beside what other mappers wrote there.
func address(w *Work, m *realm.Mapper) bool {
	if w.User == nil {
		return false
	}
	wrote := false
	for _, a := range addressMembers {
		name := a.attribute
		if set, ok := m.Config[a.setting]; ok {
			name = set
		}
		if values := attributeOf(w.User, name); len(values) > 0 {
			w.Claims.Other.Set(values[0], "address", a.member)
			wrote = true
		}
	}
	return wrote
}
