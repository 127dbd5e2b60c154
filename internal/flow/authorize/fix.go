package authorize

import (
	"slices"
	"strings"

	"github.com/tokenhouse/tokenhouse/internal/core/explain"
	"github.com/tokenhouse/tokenhouse/internal/core/page"
	"github.com/tokenhouse/tokenhouse/internal/core/realm"
)

// fix says on a page what whoever runs the client can do about a refusal, and the command that does it, where one
// command makes it vanish. Neither says more than whoever sees the page knows: what the request brought, and the client's
// key, which opens nothing. The addresses that a client has registered are not shown.
func fix(p *page.Error, why *refusal, r *realm.Realm, c *realm.Client) {
	if why.message.Key == "clientNotFoundMessage" {
		p.Fix = "The realm has no client with the client_id of the request. Look for a slip in it, or register the client."
	}
	if setting, ok := realmFixes[why.message.Key]; ok {
		p.Fix, p.Command = setting.text, explain.Command("update", "realms/"+r.Name, r.Name, setting.change)
	}
	if c == nil {
		return
	}
	at := "clients/" + c.Key
	switch {
	case why.address != "" && !realm.Registrable(why.address):
		p.Fix = "The redirect_uri of the request is none that a browser could safely be sent to: it has to be complete, without user names and without dots that lead upwards."
	case why.address != "":
		p.Fix = "If this address is the application's own, register it, exactly as it is sent: " + why.address
		p.Command = explain.Command("update", at, r.Name, explain.Setting{Field: "redirectUris+", Value: why.address})
	case why.missesAddress():
		p.Fix = "The request has to name its redirect_uri, one of those that the client has registered."
	case why.message.Key == "clientDisabledMessage":
		p.Fix, p.Command = "Switch the client on.", explain.Command("update", at, r.Name, explain.Setting{Field: "enabled", Value: "true"})
	case why.message.Key == "bearerOnlyMessage":
		p.Fix = "The client is one that only takes tokens. Sign in by another client, or let this one sign people in."
		p.Command = explain.Command("update", at, r.Name, explain.Setting{Field: "bearerOnly", Value: "false"}, explain.Setting{Field: "standardFlowEnabled", Value: "true"})
	case strings.HasPrefix(why.message.Key, "invalidParameter") && slices.Contains(why.message.Args, "claims"):
		p.Fix = "The request demands a level of authentication (acr) that has no number in the attribute acr.loa.map of the client or the realm."
	}
}

// missesAddress tells that a request did not name where its answer goes.
func (r *refusal) missesAddress() bool {
	return r.message.Key == "invalidParameterMessage" && slices.Contains(r.message.Args, "redirect_uri")
}

// realmFixes are the settings of a realm that make a refusal vanish, by its message.
var realmFixes = map[string]struct {
	text   string
	change explain.Setting
}{
	"realmNotEnabledMessage":           {"Switch the realm on.", explain.Setting{Field: "enabled", Value: "true"}},
	"registrationNotAllowedMessage":    {"Let people register themselves in the realm.", explain.Setting{Field: "registrationAllowed", Value: "true"}},
	"resetCredentialNotAllowedMessage": {"Let people ask for a new password in the realm.", explain.Setting{Field: "resetPasswordAllowed", Value: "true"}},
}
