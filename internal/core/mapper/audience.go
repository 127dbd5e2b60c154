package mapper

import (
	"iter"
	"strings"

	"github.com/tokenhouse/tokenhouse/internal/core/realm"
)

const (
	clientAudience = "included.client.audience"
	customAudience = "included.custom.audience"
)

// audience adds clients, or a custom string where none are given. Clients that are disabled or gone
// are no audience.
func audience(w *Work, m *realm.Mapper) bool {
	before := w.Audiences.Len()
	clients := false
	for id := range IncludedClients(m) {
		clients = true
		if c := w.Realm.Client(id); c != nil && c.Enabled {
			w.Audiences.Add(id)
		}
	}
	if custom := m.Config[customAudience]; !clients && custom != "" {
		w.addCustom(custom)
	}
	return w.Audiences.Len() > before
}

// IncludedClients are the clients that an Audience mapper names: one, or several joined by "##".
func IncludedClients(m *realm.Mapper) iter.Seq[string] {
	return func(yield func(string) bool) {
		value := m.Config[clientAudience]
		if value == "" {
			return
		}
		for id := range strings.SplitSeq(value, "##") {
			if id = strings.TrimSpace(id); id != "" && !yield(id) {
				return
			}
		}
	}
}

// addCustom adds a custom audience. One that is the name of a disabled client would bring that client back.
func (w *Work) addCustom(name string) {
	if c := w.Realm.Client(name); c == nil || c.Enabled {
		w.Audiences.Add(name)
	}
}

// audienceResolve adds each client of which there is a role, but the token's own.
func audienceResolve(w *Work, _ *realm.Mapper) bool {
	before, last := w.Audiences.Len(), ""
	for _, role := range w.Roles {
		if role.Client != last && role.Client != w.Client.ID {
			w.Audiences.Add(role.Client)
		}
		last = role.Client
	}
	return w.Audiences.Len() > before
}

// realmAudience adds the realm's issuer where there are realm roles.
func realmAudience(w *Work, _ *realm.Mapper) bool {
	if len(w.Roles) == 0 || w.Roles[0].Client != "" {
		return false
	}
	return w.Audiences.Add(w.Issuer)
}

// IncludedAudience is what an Audience mapper adds, as its settings say it.
func IncludedAudience(m *realm.Mapper) string {
	if clients := m.Config[clientAudience]; clients != "" {
		return clients
	}
	return m.Config[customAudience]
}

// Includes tells whether an Audience mapper names the audience.
func Includes(m *realm.Mapper, name string) bool {
	if m.Config[clientAudience] == "" {
		return name != "" && m.Config[customAudience] == name
	}
	for id := range IncludedClients(m) {
		if id == name {
			return true
		}
	}
	return false
}
