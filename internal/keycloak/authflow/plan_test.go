package authflow_test

import (
	"encoding/json"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/tokenhouse/tokenhouse/internal/core/login"
	"github.com/tokenhouse/tokenhouse/internal/core/realm"
	"github.com/tokenhouse/tokenhouse/internal/keycloak/authflow"
)

func TestPlan(t *testing.T) {
	const (
		cookie   = `{"authenticator": "auth-cookie", "requirement": "ALTERNATIVE"}`
		password = `{"authenticator": "auth-username-password-form", "requirement": "REQUIRED"}`
		second   = `{"flowAlias": "second", "requirement": "CONDITIONAL"}`
		has      = `{"authenticator": "conditional-user-configured", "requirement": "REQUIRED"}`
	)
	otp, key, codes := login.FactorOTP, login.FactorPasskey, login.FactorRecovery
	e := func(authenticator, requirement string) string {
		return `{"authenticator": "` + authenticator + `", "requirement": "` + requirement + `"}`
	}
	set := func(condition, settings string) string {
		return `{"authenticator": "` + condition + `", "requirement": "REQUIRED", "authenticatorConfig": "` + settings + `"}`
	}
	const configs = `[{"alias": "admins", "config": {"condUserRole": "admin", "negate": "true"}}, {"alias": "scope", "config": {"client_scope": "payments", "negate": "false"}},
		{"alias": "tier", "config": {"attribute_name": "tier", "attribute_expected_value": "g.*", "include_group_attributes": "true", "regex": "true"}},
		{"alias": "level 1", "config": {"loa-condition-level": "1"}}, {"alias": "level 2", "config": {"loa-condition-level": "2", "loa-max-age": "300"}},
		{"alias": "level odd", "config": {"loa-condition-level": "2", "loa-max-age": "a while"}}]`
	tests := map[string]struct {
		flows map[string]string // alias → executions
		want  login.Plan
	}{
		"none": {nil, login.PlainPlan()},
		"Keycloak's own": {map[string]string{"browser": cookie + `, {"flowAlias": "forms", "requirement": "ALTERNATIVE"}`, "forms": password + "," + second,
			"second": has + "," + e("conditional-credential", "REQUIRED") + "," + e(otp, "ALTERNATIVE") + "," + e(key, "DISABLED") + "," + e(codes, "DISABLED")},
			login.Plan{Password: true, Choices: []login.Choice{{Ways: []string{otp}, If: []login.Condition{{Kind: login.OnCredential, Kinds: []string{}, Not: true}}}}}},
		"all factors": {map[string]string{"browser": cookie + `, {"flowAlias": "forms", "requirement": "ALTERNATIVE"}`, "forms": password + "," + second,
			"second": has + "," + e(key, "ALTERNATIVE") + "," + e(otp, "ALTERNATIVE") + "," + e(codes, "ALTERNATIVE")},
			login.Plan{Password: true, Choices: []login.Choice{{Ways: []string{key, otp, codes}}}}},
		"required": {map[string]string{"browser": password + "," + e(otp, "REQUIRED")},
			login.Plan{Password: true, Choices: []login.Choice{{Ways: []string{otp}, Must: true}}}},
		"one of several required": {map[string]string{"browser": password + `, {"flowAlias": "second", "requirement": "REQUIRED"}`, "second": e(key, "ALTERNATIVE") + "," + e(otp, "ALTERNATIVE")},
			login.Plan{Password: true, Choices: []login.Choice{{Ways: []string{key, otp}, Must: true}}}},
		"required wins over alternatives": {map[string]string{"browser": password + "," + e(otp, "ALTERNATIVE")}, login.Plan{Password: true}},
		"conditional form":                {map[string]string{"browser": password + "," + e("auth-conditional-otp-form", "REQUIRED")}, login.PlainPlan()},
		"nothing beside":                  {map[string]string{"browser": password}, login.Plan{Password: true}},
		"passkey or password": {map[string]string{"browser": cookie + "," + e(login.FactorPasskeyOnly, "ALTERNATIVE") + `, {"flowAlias": "forms", "requirement": "ALTERNATIVE"}`, "forms": password + "," + second, "second": has + "," + e(otp, "REQUIRED")},
			login.Plan{Password: true, Passkey: true, Choices: []login.Choice{{Ways: []string{otp}}}}},
		"name, then either": {map[string]string{"browser": e("auth-username-form", "REQUIRED") + `, {"flowAlias": "either", "requirement": "REQUIRED"}`,
			"either": e(login.FactorPasskeyOnly, "ALTERNATIVE") + "," + e("auth-password-form", "ALTERNATIVE")}, login.Plan{Password: true, Passkey: true}},
		"passkey alone": {map[string]string{"browser": e("auth-username-form", "REQUIRED") + "," + e(login.FactorPasskeyOnly, "REQUIRED")}, login.Plan{Passkey: true}},
		"passkey after": {map[string]string{"browser": password + "," + e(login.FactorPasskeyOnly, "REQUIRED")}, login.Plan{Password: true, Choices: []login.Choice{{Ways: []string{login.FactorPasskeyOnly}, Must: true}}}},
		"forced by a role": {map[string]string{"browser": password + "," + second, "second": set("conditional-user-role", "admins") + "," + e(otp, "REQUIRED")},
			login.Plan{Password: true, Choices: []login.Choice{{Ways: []string{otp}, Must: true, If: []login.Condition{{Kind: login.OnRole, Name: "admin", Not: true}}}}}},
		"by an attribute, of who has it": {map[string]string{"browser": password + "," + second, "second": has + "," + set("conditional-user-attribute", "tier") + "," + e(otp, "REQUIRED")},
			login.Plan{Password: true, Choices: []login.Choice{{Ways: []string{otp}, If: []login.Condition{{Kind: login.OnAttribute, Name: "tier", Value: "g.*", Groups: true, Regex: true}}}}}},
		"condition within a condition": {map[string]string{"browser": password + "," + second, "second": set("conditional-user-role", "admins") + `, {"flowAlias": "third", "requirement": "CONDITIONAL"}`,
			"third": set("conditional-client-scope", "scope") + "," + e(otp, "REQUIRED")},
			login.Plan{Password: true, Choices: []login.Choice{{Ways: []string{otp}, Must: true, If: []login.Condition{{Kind: login.OnRole, Name: "admin", Not: true}, {Kind: login.OnScope, Name: "payments"}}}}}},
		"levels": {map[string]string{"browser": `{"flowAlias": "one", "requirement": "CONDITIONAL"}, {"flowAlias": "two", "requirement": "CONDITIONAL"}`,
			"one": set("conditional-level-of-authentication", "level 1") + "," + password, "two": set("conditional-level-of-authentication", "level 2") + "," + e(otp, "ALTERNATIVE") + "," + e(key, "ALTERNATIVE")},
			login.Plan{Password: true, Entry: 1, Levels: []login.Level{{Number: 1, Age: 10 * time.Hour}, {Number: 2, Age: 5 * time.Minute}}, Choices: []login.Choice{{Ways: []string{otp, key}, Must: true, Level: 2}}}},
		"a level that cannot be read": {map[string]string{"browser": password + "," + second, "second": set("conditional-level-of-authentication", "gone") + "," + e(otp, "REQUIRED")},
			login.Plan{Password: true, Choices: []login.Choice{{Ways: []string{otp}, Must: true}}}},
		"an age that cannot be read": {map[string]string{"browser": password + "," + second, "second": set("conditional-level-of-authentication", "level odd") + "," + e(otp, "REQUIRED")},
			login.Plan{Password: true, Levels: []login.Level{{Number: 2}}, Choices: []login.Choice{{Ways: []string{otp}, Must: true, Level: 2}}}},
		"a condition that is not known": {map[string]string{"browser": password + "," + second, "second": e("conditional-sub-flow-executed", "REQUIRED") + "," + e(otp, "REQUIRED")},
			login.Plan{Password: true, Choices: []login.Choice{{Ways: []string{otp}, Must: true}}}},
		"a condition of an extension": {map[string]string{"browser": password + "," + second, "second": e("only-at-full-moon", "REQUIRED") + "," + e(otp, "REQUIRED")},
			login.Plan{Password: true, Choices: []login.Choice{{Ways: []string{otp}, Must: true}}}},
		"no condition":          {map[string]string{"browser": password + "," + second, "second": e(otp, "REQUIRED")}, login.Plan{Password: true}},
		"condition that is off": {map[string]string{"browser": password + "," + second, "second": e("conditional-user-role", "DISABLED") + "," + e(otp, "REQUIRED")}, login.Plan{Password: true}},
		"condition of no conditional flow": {map[string]string{"browser": password + `, {"flowAlias": "second", "requirement": "REQUIRED"}`, "second": has + "," + e(otp, "REQUIRED")},
			login.Plan{Password: true, Choices: []login.Choice{{Ways: []string{otp}, Must: true}}}},
		"unknown":         {map[string]string{"browser": e("auth-of-an-extension", "REQUIRED")}, login.Plan{Password: true}},
		"within itself":   {map[string]string{"browser": password + `, {"flowAlias": "browser", "requirement": "REQUIRED"}`}, login.Plan{Password: true}},
		"names no flow":   {map[string]string{"browser": password + `, {"flowAlias": "gone", "requirement": "REQUIRED"}`}, login.Plan{Password: true}},
		"of another name": {map[string]string{"other": password + "," + e(otp, "REQUIRED")}, login.PlainPlan()},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			var flows []json.RawMessage
			for alias, executions := range tt.flows {
				flows = append(flows, json.RawMessage(`{"alias": "`+alias+`", "providerId": "basic-flow", "authenticationExecutions": [`+executions+`]}`))
			}
			kept, err := json.Marshal(flows)
			if err != nil {
				t.Fatal(err)
			}
			got := authflow.Read("key", realm.Extra{"authenticationFlows": kept, "authenticatorConfig": json.RawMessage(configs), "browserFlow": json.RawMessage(`"browser"`)}).Plan()
			if diff := cmp.Diff(tt.want, got); diff != "" {
				t.Error(diff)
			}
		})
	}
}
