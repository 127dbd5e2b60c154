package clientpolicy

import (
	"encoding/json"
	"slices"

	"github.com/tokenhouse/tokenhouse/internal/core/realm"
)

// Active are the policies of a realm that are on, as requests are held against them. One without conditions is for
// nobody, and a profile that is gone demands nothing, both as in Keycloak.
func Active(kept realm.Extra) []realm.ClientPolicy {
	profiles := slices.Concat(Global(), Profiles(kept))
	var out []realm.ClientPolicy
	for _, p := range Policies(kept) {
		if !p.Enabled || len(p.Conditions) == 0 {
			continue
		}
		active := realm.ClientPolicy{Name: p.Name}
		for _, c := range p.Conditions {
			active.Conditions = append(active.Conditions, realm.PolicyPart{Kind: c.ID, Config: settings(c.Config)})
		}
		for _, name := range p.Profiles {
			at := slices.IndexFunc(profiles, func(p Profile) bool { return p.Name == name })
			if at < 0 {
				continue
			}
			for _, e := range profiles[at].Executors {
				active.Executors = append(active.Executors, realm.PolicyPart{Kind: e.ID, Profile: name, Config: settings(e.Config)})
			}
		}
		if len(active.Executors) > 0 {
			out = append(out, active)
		}
	}
	return out
}

// settings reads a configuration: numbers and switches as they are written, and what is one value as a list of one.
// An empty list is there and has none.
func settings(config json.RawMessage) map[string][]string {
	var members map[string]json.RawMessage
	if json.Unmarshal(config, &members) != nil || len(members) == 0 {
		return nil
	}
	out := make(map[string][]string, len(members))
	for name, value := range members {
		var list []json.RawMessage
		if json.Unmarshal(value, &list) != nil {
			list = []json.RawMessage{value}
		} else if list == nil { // null
			continue
		}
		values := make([]string, len(list))
		for i := range list {
			if json.Unmarshal(list[i], &values[i]) != nil {
				values[i] = string(list[i])
			}
		}
		out[name] = values
	}
	return out
}
