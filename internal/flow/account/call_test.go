package account

import (
	"maps"
	"slices"
	"testing"
)

// TestRolesOfCalls says for each call who may make it: holders of which role, each alone.
func TestRolesOfCalls(t *testing.T) {
	all := []string{"delete-account", "manage-account", "manage-account-links", "manage-consent", "view-applications", "view-consent", "view-groups", "view-profile"}
	want := map[Call][]string{
		ReadProfile:      {"manage-account", "view-profile"},
		WriteProfile:     {"manage-account"},
		ReadSessions:     {"manage-account", "view-profile"},
		EndSessions:      {"manage-account"},
		ReadCredentials:  {"manage-account", "view-profile"},
		WriteCredentials: {"manage-account"},
		ReadApplications: {"manage-account", "view-applications"},
		ReadConsent:      {"manage-account", "manage-consent", "view-consent"},
		WriteConsent:     {"manage-account", "manage-consent"},
		ReadLinks:        {"manage-account", "view-profile"},
		WriteLinks:       {"manage-account"},
		BeginLink:        {"manage-account", "manage-account-links"},
		DeleteAccount:    {"delete-account"},
		ReadGroups:       {"manage-account", "view-groups"},
		ReadLocales:      all,
		AskNothing:       all,
	}
	if got := slices.Sorted(maps.Keys(needs)); !slices.Equal(got, slices.Sorted(maps.Keys(want))) {
		t.Fatalf("the calls are %q", got)
	}
	for call, roles := range want {
		var may []string
		for _, role := range all {
			if (&Owner{roles: []string{role}}).Demand(call) == nil {
				may = append(may, role)
			}
		}
		if !slices.Equal(may, roles) {
			t.Errorf("%s: for %q, want %q", call, may, roles)
		}
		if open := (&Owner{}).Demand(call) == nil; open != (len(roles) == len(all)) {
			t.Errorf("%s without any role: allowed is %v", call, open)
		}
	}
	if (&Owner{roles: all}).Demand("something else") == nil {
		t.Error("a call that nobody knows is allowed")
	}
}
