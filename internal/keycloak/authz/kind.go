package authz

import "slices"

// Kind is a kind of policy, as lists show it.
type Kind struct {
	Type  string `json:"type"`
	Name  string `json:"name"`
	Group string `json:"group"`
}

// Kinds are the kinds of policy that administrators are offered.
var Kinds = []Kind{
	{"aggregate", "Aggregated", "Others"}, {"client", "Client", "Identity Based"}, {"client-scope", "Client Scope", "Identity Based"},
	{"group", "Group", "Identity Based"}, {"regex", "Regex", "Identity Based"}, {"resource", "Resource-Based", "Permission"},
	{"role", "Role", "Identity Based"}, {"scope", "Scope-Based", "Permission"}, {"time", "Time", "Time Based"}, {"user", "User", "Identity Based"},
}

// Known tells whether policies of a kind can be kept: those that are offered, and those that a deployed script and a
// user's own sharing make.
func Known(kind string) bool {
	return kind == "js" || kind == "uma" || slices.ContainsFunc(Kinds, func(k Kind) bool { return k.Type == kind })
}
