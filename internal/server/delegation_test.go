package server_test

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/tokenhouse/tokenhouse/internal/core/realm"
)

// TestDelegationStory: an agent acts for alice, another after it. Both are seen wherever the token goes, until the first
// may act no more.
func TestDelegationStory(t *testing.T) {
	for _, db := range databases {
		t.Run(db.name, func(t *testing.T) {
			a := newArenas(t, db, nil, "shop")[0]
			a.client("app", func(c *realm.Client) { c.Mappers = append(c.Mappers, hardcoded("may_act.client_id", "gateway")) })
			a.client("gateway", func(c *realm.Client) { c.Mappers = append(c.Mappers, audienceOf("orders"), audienceOf("refresher")) })
			alice, agent, second := a.signIn("app", "alice", "openid").get("access_token"), a.service("gateway").get("access_token"), a.service("refresher").get("access_token")

			if q := a.exchange("gateway", alice); q.status != 403 || q.get("error") != "access_denied" {
				t.Errorf("without who may act: %v", q)
			}
			if q := a.exchange("gateway", alice, "actor_token", second, "actor_token_type", typeAccess); q.status != 403 {
				t.Errorf("by who may not: %v", q)
			}
			long := a.want(a.exchange("gateway", alice, "actor_token", agent, "actor_token_type", typeAccess, "requested_token_type", typeRefresh, "scope", "openid"))
			refreshed := a.want(a.refresh("gateway", long.get("refresh_token")))
			if q := a.exchange("refresher", refreshed.get("access_token"), "actor_token", second, "actor_token_type", typeAccess); q.status != 403 {
				t.Errorf("may_act is forgotten by a refresh: %v", q)
			}
			a.client("app", func(c *realm.Client) { c.Mappers = c.Mappers[:len(c.Mappers)-1] })
			alice = a.signIn("app", "alice", "openid").get("access_token")
			long = a.want(a.exchange("gateway", alice, "actor_token", agent, "actor_token_type", typeAccess, "requested_token_type", typeRefresh, "scope", "openid"))
			refreshed = a.want(a.refresh("gateway", long.get("refresh_token")))
			hop := a.want(a.exchange("refresher", refreshed.get("access_token"), "actor_token", second, "actor_token_type", typeAccess, "scope", "openid"))
			silent := a.want(a.exchange("refresher", refreshed.get("access_token"), "scope", "openid"))

			one := acts(t, agent, nil)
			two := acts(t, second, one)
			for name, tt := range map[string]struct {
				compact string
				want    map[string]any
			}{
				"first":                {long.get("access_token"), one},
				"refreshed":            {refreshed.get("access_token"), one},
				"second hop":           {hop.get("access_token"), two},
				"second hop by nobody": {silent.get("access_token"), one},
			} {
				told := a.introspect("gateway", tt.compact)
				if diff := cmp.Diff(any(tt.want), claims(t, tt.compact)["act"]); diff != "" {
					t.Errorf("%s: act (-want +got):\n%s", name, diff)
				}
				if diff := cmp.Diff(any(tt.want), told.members["act"]); diff != "" || told.members["active"] != true {
					t.Errorf("%s: introspected as %v, act (-want +got):\n%s", name, told.members["active"], diff)
				}
				if q := a.userinfo(tt.compact); q.status != 200 {
					t.Errorf("%s: at userinfo %v", name, q)
				}
			}

			a.want(a.post("revoke", as("gateway", "token", agent)))
			for name, compact := range map[string]string{"first": long.get("access_token"), "refreshed": refreshed.get("access_token"), "second hop": hop.get("access_token"),
				"second hop by nobody": silent.get("access_token")} {
				if q := a.introspect("gateway", compact); q.members["active"] != false {
					t.Errorf("%s is active without its actor: %v", name, q.members)
				}
				if q := a.userinfo(compact); q.status != 401 {
					t.Errorf("%s at userinfo: %v", name, q)
				}
				if q := a.exchange("refresher", compact); q.status != 400 {
					t.Errorf("%s exchanged: %v", name, q)
				}
			}
			if q := a.refresh("gateway", refreshed.get("refresh_token")); q.status != 400 || q.get("error") != "invalid_grant" {
				t.Errorf("refreshed without its actor: %v", q)
			}
			if !a.alive(alice) || !a.alive(second) {
				t.Error("alice's own token, or the other agent's, ended too")
			}
		})
	}
}

// acts is what "act" says of who acts by a token.
func acts(t *testing.T, compact string, before map[string]any) map[string]any {
	c := claims(t, compact)
	out := map[string]any{"sub": c["sub"], "client_id": c["azp"], "jti": c["jti"]}
	if sid, there := c["sid"]; there {
		out["sid"] = sid
	}
	if before != nil {
		out["act"] = before
	}
	return out
}

func hardcoded(claim, value string) realm.Mapper {
	return realm.Mapper{Key: "hardcoded-" + claim, Name: claim, Kind: "oidc-hardcoded-claim-mapper", Protocol: "openid-connect",
		Config: map[string]string{"claim.name": claim, "claim.value": value, "access.token.claim": "true"}}
}

func audienceOf(client string) realm.Mapper {
	return realm.Mapper{Key: "audience-" + client, Name: client, Kind: "oidc-audience-mapper", Protocol: "openid-connect",
		Config: map[string]string{"included.client.audience": client, "access.token.claim": "true"}}
}
