package clientpolicy_test

import (
	"encoding/json"
	"testing"

	"github.com/tokenhouse/tokenhouse/internal/core/policy"
	"github.com/tokenhouse/tokenhouse/internal/core/realm"
	"github.com/tokenhouse/tokenhouse/internal/keycloak/clientpolicy"
)

// FuzzPolicies reads any profiles and policies, as a realm file brings them unchecked: requests can be held against them,
// what is kept is kept as it is, and a demand that nobody knows is never met.
func FuzzPolicies(f *testing.F) {
	f.Add([]byte(`{"profiles":[{"name":"strict","executors":[{"executor":"pkce-enforcer","configuration":{"auto-configure":true}}]}]}`),
		[]byte(`{"policies":[{"name":"all","enabled":true,"conditions":[{"condition":"any-client"}],"profiles":["strict","fapi-1-baseline"]}]}`))
	f.Add([]byte(`{"profiles":[{"name":"s","executors":[{"executor":"jwt-claim-enforcer","configuration":{"claim-name":["a"],"allowed-value":"("}},{"executor":"nonsense"}]}]}`),
		[]byte(`{"policies":[{"name":"some","enabled":true,"conditions":[{"condition":"client-scopes","configuration":{"scopes":[1,null],"type":{}}},{"condition":"grant-type","configuration":{"is-negative-logic":"true"}}],"profiles":["s"]}]}`))
	f.Add([]byte(`{"profiles":null}`), []byte(`[]`))
	f.Fuzz(func(t *testing.T, profiles, policies []byte) {
		if !json.Valid(profiles) || !json.Valid(policies) {
			return
		}
		kept := realm.Extra{"clientProfiles": profiles, "clientPolicies": policies}
		active := clientpolicy.Active(kept)
		clientpolicy.Review(active)
		d := realm.New("k", realm.Settings{Name: "r", Policies: active})
		c := &realm.Client{Key: "c", ID: "c", Enabled: true, Protocol: "openid-connect"}
		d.PutClient(c)
		r := d.Realm()
		for stage := policy.Register; stage <= policy.Logout; stage++ {
			q := policy.Facts{Stage: stage, Client: c, Names: func(string) bool { return false }}
			if stage == policy.Pushed || stage == policy.Authorization {
				q.Authorize = &policy.AuthorizeFacts{}
			}
			v := policy.Evaluate(r, q, nil)
			if v.Refuse != nil && (v.Refuse.Description == "" || v.Executor == "") {
				t.Errorf("refused without a reason: %+v", v)
			}
		}
		again := realm.Extra{}
		if clientpolicy.KeepProfiles(again, clientpolicy.Profiles(kept)) != nil || clientpolicy.KeepPolicies(again, clientpolicy.Policies(kept)) != nil {
			return
		}
		if was, is := len(clientpolicy.Active(kept)), len(clientpolicy.Active(again)); was != is {
			t.Errorf("%d policies were active, %d are once they are kept again", was, is)
		}
	})
}
