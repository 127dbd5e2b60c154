package account

import (
	"net/http"

	"github.com/tokenhouse/tokenhouse/internal/flow/account"
)

// route is an address of the API below the account, and what it is for.
type route struct {
	method string // GET answers HEAD too
	path   string // as "/sessions"; empty for the account itself
	call   account.Call
	handle handler
	cached bool // its answers say nothing of caching; those of others are not to be kept
}

// handler answers an owner whose token lets them make the route's call. It must not have written anything when
// it returns an error.
type handler func(w http.ResponseWriter, r *http.Request, o *account.Owner) error

// routes is the whole surface of the package.
func (s *site) routes() []route {
	const consent = "/applications/{client}/consent"
	return []route{
		{method: "GET", call: account.ReadProfile, handle: s.profile},
		{method: "POST", call: account.WriteProfile, handle: s.changeProfile},
		{method: "GET", path: "/sessions", call: account.ReadSessions, handle: s.sessions},
		{method: "GET", path: "/sessions/devices", call: account.ReadSessions, handle: s.devices},
		{method: "DELETE", path: "/sessions", call: account.EndSessions, handle: s.endSessions},
		{method: "DELETE", path: "/sessions/{session}", call: account.EndSessions, handle: s.endSession},
		{method: "GET", path: "/credentials", call: account.ReadCredentials, handle: s.credentials},
		{method: "DELETE", path: "/credentials/{credential}", call: account.WriteCredentials, handle: s.removeCredential},
		{method: "PUT", path: "/credentials/{credential}/label", call: account.WriteCredentials, handle: s.labelCredential},
		{method: "POST", path: "/credentials/{credential}/moveToFirst", call: account.WriteCredentials, handle: s.moveCredential},
		{method: "POST", path: "/credentials/{credential}/moveAfter/{after}", call: account.WriteCredentials, handle: s.moveCredential},
		{method: "GET", path: "/applications", call: account.ReadApplications, handle: s.applications},
		{method: "GET", path: consent, call: account.ReadConsent, handle: s.consent, cached: true},
		{method: "POST", path: consent, call: account.WriteConsent, handle: s.allow, cached: true},
		{method: "PUT", path: consent, call: account.WriteConsent, handle: s.allow, cached: true},
		{method: "DELETE", path: consent, call: account.WriteConsent, handle: s.withdraw, cached: true},
		{method: "GET", path: "/linked-accounts", call: account.ReadLinks, handle: s.links, cached: true},
		{method: "DELETE", path: "/linked-accounts/{provider}", call: account.WriteLinks, handle: s.unlink, cached: true},
		{method: "GET", path: "/groups", call: account.ReadGroups, handle: s.groups},
		{method: "GET", path: "/supportedLocales", call: account.ReadLocales, handle: s.locales, cached: true},
		{method: "GET", path: "/resources", call: account.AskNothing, handle: s.resources, cached: true},
		{method: "GET", path: "/resources/{rest...}", call: account.AskNothing, handle: s.resources, cached: true},
	}
}
