package manage

import (
	"strings"

	"github.com/tokenhouse/tokenhouse/internal/core/fault"
	"github.com/tokenhouse/tokenhouse/internal/core/mapper"
	"github.com/tokenhouse/tokenhouse/internal/core/realm"
	"github.com/tokenhouse/tokenhouse/internal/keycloak"
)

// checkRepresented refuses what a representation makes of a client, as far as realm.CheckClient does not see it:
// members that are empty, mappers that lack what they cannot be without, and settings that are kept and not acted on.
func checkRepresented(o keycloak.Object, client *realm.Client) error {
	if o.Has("protocol") && o.Text("protocol") == "" {
		return &fault.Invalid{Field: "protocol", Message: "Invalid protocol: "}
	}
	for i := range client.Mappers {
		m := &client.Mappers[i]
		if m.Name == "" || m.Protocol == "" {
			return &fault.Conflict{Kind: "protocol mapper", Field: "name"}
		}
		if m.Kind == mapper.KindPairwise {
			if err := checkSector(m, client); err != nil {
				return err
			}
		}
	}
	attributes := keycloak.Value[map[string]string](keycloak.Object(client.Extra), "attributes")
	if levels := attributes["acr.loa.map"]; levels != "" && levels != "{}" && len(client.SignIn.ACR) == 0 { // not read
		return &fault.Invalid{Field: "acrLoaMap", Message: "Invalid client configuration (ACR-LOA map) for client"}
	}
	return checkKept(attributes)
}

// checkKept refuses attributes that are shown to people or read by others, and that Keycloak would not take.
func checkKept(attributes map[string]string) error {
	var f realm.Findings
	if logo := attributes["logoUri"]; !strings.HasPrefix(strings.ToLower(logo), "data:") { // an image may be its own address
		f.Add("logoUri", realm.CheckReference("Logo URL uses an illegal scheme", "Logo URL is not a valid URL", logo))
	}
	f.Add("policyUri", realm.CheckURL("Policy URL", attributes["policyUri"]))
	f.Add("tosUri", realm.CheckURL("Terms of service URL", attributes["tosUri"]))
	for uri := range strings.SplitSeq(attributes["request.uris"], "##") {
		f.Add("requestUris", realm.CheckReference("Valid request URIs has a value with illegal scheme", "Valid request URIs has an invalid value", uri))
	}
	switch mode := attributes["ciba.backchannel.token.delivery.mode"]; {
	case mode == "ping" && attributes["ciba.backchannel.client.notification.endpoint"] == "":
		f.Add("cibaBackchannelTokenDeliveryMode", "CIBA Backchannel Client Notification Endpoint must be set for the CIBA ping mode")
	case mode != "" && mode != "poll" && mode != "ping":
		f.Add("cibaBackchannelTokenDeliveryMode", "Unsupported requested CIBA Backchannel Token Delivery Mode")
	}
	return f.Err()
}
