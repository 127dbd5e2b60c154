package mend

import (
	"strings"

	"github.com/tokenhouse/tokenhouse/brokerclient"
	"github.com/tokenhouse/tokenhouse/internal/core/explain"
)

// Unexchanged tells what lets the gatekeeper exchange a token of a client for an audience. An issuer that explained it knows best; else it
// follows from what Keycloak and Tokenhouse say, and there is none where they say something else.
func (a *Advisor) Unexchanged(refused *brokerclient.Error, client, audience string) (fixes []explain.Fix) {
	for _, f := range refused.Fixes {
		fixes = append(fixes, explain.Fix(f))
	}
	_, realm, ok := place(a.Issuer)
	if fixes != nil || !ok {
		return fixes
	}
	switch said := refused.Description; {
	case strings.HasPrefix(said, "Standard token exchange is not enabled"):
		return []explain.Fix{{Sentence: "let client " + a.ClientID + " exchange tokens",
			Command: explain.OnClient(realm, a.ClientID, "update", "", explain.Attribute("standard.token.exchange.enabled", "true"))}}
	case strings.HasPrefix(said, "Requested audience not available"):
		return []explain.Fix{{Sentence: "name " + audience + " in tokens of " + a.ClientID + ", by an Audience mapper: exchanges are for one that such tokens can be for",
			Command: explain.OnClient(realm, a.ClientID, "create", "protocol-mappers/models", included(audience, true)...)}}
	case said == "Client is not within the token audience" && client != "":
		return []explain.Fix{{Sentence: "name " + a.ClientID + " in tokens of " + client + ", by an Audience mapper: who exchanges a token has to be in its audience",
			Command: explain.OnClient(realm, client, "create", "protocol-mappers/models", included(a.ClientID, true)...)}}
	case said == "Audience not found":
		return []explain.Fix{{Sentence: "make a client " + audience + ", or name another in exchange-to"}}
	case strings.HasPrefix(said, "Public client is not allowed"):
		return []explain.Fix{{Sentence: "give client " + a.ClientID + " a secret, and the gatekeeper the same in client-secret"}}
	}
	return nil
}
