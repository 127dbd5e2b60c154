package rehearse_test

import (
	"testing"

	"github.com/tokenhouse/tokenhouse/internal/core/explain"
	"github.com/tokenhouse/tokenhouse/internal/core/realm"
	"github.com/tokenhouse/tokenhouse/internal/core/user"
	"github.com/tokenhouse/tokenhouse/internal/flow/rehearse"
)

// underPolicy gives the realm of a scene one client policy: for clients whose tier is gold.
func underPolicy(s rehearse.Scene, executor realm.PolicyPart) rehearse.Scene {
	d := realm.Edit(s.Realm)
	settings := d.Realm().Settings
	gold := realm.PolicyPart{Kind: "client-attributes", Config: map[string][]string{"attributes": {`[{"key":"tier","value":"gold"}]`}}}
	settings.Policies = []realm.ClientPolicy{{Name: "q", Conditions: []realm.PolicyPart{gold}, Executors: []realm.PolicyPart{executor}}}
	d.PutSettings(settings)
	s.Realm = d.Realm()
	return s
}

// TestPolicies: what is explained of an exchange, an audience and a token, client policies are asked of too.
func TestPolicies(t *testing.T) {
	for tier, refused := range map[string]bool{"gold": true, "iron": false, "": false} {
		s, gateway := scene(nil)
		s = underPolicy(s, realm.PolicyPart{Kind: "reject-request"})
		attributes := map[string]string{"tier": tier}
		x := rehearse.OfExchange(s, gateway, rehearse.Parameters{Audiences: []string{"orders"}, Attributes: attributes})
		if (x.Refusal != nil) != refused || refused && len(x.Fixes) == 0 {
			t.Errorf("%q: exchange refused with %v, fixes %v", tier, x.Refusal, x.Fixes)
		}
		s.Attributes = attributes
		for what, trace := range map[string]*explain.Trace{"audience": rehearse.OfAudience(s).Trace, "token": rehearse.OfToken(s).Trace} {
			denied := trace.Denials()
			if (len(denied) > 0 && denied[0].Rule == explain.PolicyDemand) != refused {
				t.Errorf("%q: %s: %+v", tier, what, trace.Steps)
			}
		}
	}
}

// TestLightweightByPolicy: a token is as a policy makes it.
func TestLightweightByPolicy(t *testing.T) {
	s, _ := scene(nil)
	s = underPolicy(s, realm.PolicyPart{Kind: "use-lightweight-access-token"})
	if aud := rehearse.OfAudience(s).Audiences; len(aud) != 1 {
		t.Errorf("aud %v", aud)
	}
	s.Attributes = map[string]string{"tier": "gold"}
	if aud := rehearse.OfAudience(s).Audiences; len(aud) != 0 { // its mapper does not say lightweight.claim
		t.Errorf("aud of a lightweight token %v", aud)
	}
}

// TestProvedByPolicy: what could be proved is taken to be.
func TestProvedByPolicy(t *testing.T) {
	for _, executor := range []string{"pkce-enforcer", "holder-of-key-enforcer", "dpop-bind-enforcer", "secure-client-authentication-assertion"} {
		s, _ := scene(func(app *realm.Client, _ *user.User) { app.Authenticator = "client-jwt" })
		s = underPolicy(s, realm.PolicyPart{Kind: executor})
		s.Attributes = map[string]string{"tier": "gold"}
		if denied := rehearse.OfToken(s).Trace.Denials(); len(denied) > 0 {
			t.Errorf("%s: %+v", executor, denied)
		}
	}
}
