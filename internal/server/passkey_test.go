package server_test

import (
	"context"
	"net/url"
	"strings"
	"testing"

	"github.com/chromedp/cdproto/cdp"
	"github.com/chromedp/cdproto/webauthn"
	"github.com/chromedp/chromedp"

	"github.com/tokenhouse/tokenhouse/internal/browsertest"
)

// keys is a realm where a passkey is asked for beside the password, or taken in its place.
const keys = `{"realm": "keys", "enabled": true, "sslRequired": "none", "webAuthnPolicyPasswordlessPasskeysEnabled": true,
	"browserFlow": "browser", "authenticationFlows": [
		{"alias": "browser", "providerId": "basic-flow", "topLevel": true, "authenticationExecutions": [
			{"authenticator": "auth-username-password-form", "requirement": "REQUIRED", "priority": 10},
			{"flowAlias": "second", "authenticatorFlow": true, "requirement": "CONDITIONAL", "priority": 20}]},
		{"alias": "second", "providerId": "basic-flow", "authenticationExecutions": [
			{"authenticator": "conditional-user-configured", "requirement": "REQUIRED", "priority": 10},
			{"authenticator": "webauthn-authenticator", "requirement": "ALTERNATIVE", "priority": 20},
			{"authenticator": "auth-recovery-authn-code-form", "requirement": "ALTERNATIVE", "priority": 30}]}],
	"requiredActions": [{"alias": "webauthn-register", "enabled": true, "priority": 10}, {"alias": "webauthn-register-passwordless", "enabled": true, "priority": 20},
		{"alias": "CONFIGURE_RECOVERY_AUTHN_CODES", "enabled": true, "priority": 30}],
	"clients": [{"clientId": "app", "publicClient": true, "redirectUris": ["*"]}],
	"users": [{"username": "ann", "enabled": true, "email": "ann@keys.test", "firstName": "Ann", "lastName": "Able", "credentials": [{"type": "password", "value": "ann"}],
		"requiredActions": ["webauthn-register", "CONFIGURE_RECOVERY_AUTHN_CODES"]}]}`

// TestPasskeys has a browser with an authenticator make passkeys, and sign in by them: beside a password, and in its
// place. Recovery codes are another way.
func TestPasskeys(t *testing.T) {
	b := browsertest.Open(t)
	_, base := start(t, databases[0].open(t), map[string][]byte{"keys.json": []byte(keys)})
	base = strings.Replace(base, "127.0.0.1", "localhost", 1) // passkeys are for domains
	authenticator := func(ctx context.Context, target *chromedp.Target) (chromedp.Void, error) {
		if _, err := cdp.Call(ctx, target, webauthn.Enable, webauthn.EnableParams{}); err != nil {
			return chromedp.Void{}, err
		}
		_, err := cdp.Call(ctx, target, webauthn.AddVirtualAuthenticator, webauthn.AddVirtualAuthenticatorParams{Options: &webauthn.VirtualAuthenticatorOptions{
			Protocol: "ctap2", Transport: "internal", HasResidentKey: true, HasUserVerification: true, IsUserVerified: true, AutomaticPresenceSimulation: true}})
		return chromedp.Void{}, err
	}
	b.Do(authenticator)
	landing := base + "/realms/keys/protocol/openid-connect/certs"
	begin := func(parameter, value string) {
		t.Helper()
		q := url.Values{"client_id": {"app"}, "redirect_uri": {landing}, "response_type": {"code"}, "scope": {"openid"}, parameter: {value}}
		b.Do(chromedp.Navigate(base + "/realms/keys/protocol/openid-connect/auth?" + q.Encode()))
	}
	arrives := func() {
		t.Helper()
		at := browsertest.Settled[string](b, `new Promise((ok, no) => setTimeout(() => location.pathname.endsWith("/certs") ? ok(location.href) : no(location.href), 200))`)
		if !strings.Contains(at, "code=") {
			t.Fatalf("at %s", at)
		}
	}
	register := func() {
		t.Helper()
		b.Do(chromedp.WaitVisible("#registerWebAuthn"), chromedp.SetValue("#authenticatorLabel", "Key ring"), chromedp.Click("#registerWebAuthn"))
	}

	begin("prompt", "login")
	b.SignIn("ann", "ann")
	register()
	b.Do(chromedp.WaitVisible("#kc-recovery-codes-list"))
	codes := strings.Split(browsertest.Evaluate[string](b, `document.querySelector("[name=generatedRecoveryAuthnCodes]").value`), ",")
	b.Do(chromedp.Click("#kcRecoveryCodesConfirmationCheck"), chromedp.Click("#saveRecoveryAuthnCodesBtn"))
	arrives()

	again := func() {
		t.Helper()
		begin("prompt", "login")
		b.Do(chromedp.WaitVisible("#kc-form-login"), chromedp.SetValue("#password", "ann"), chromedp.Click("#kc-login"))
	}
	again()
	b.Do(chromedp.WaitVisible("#authenticateWebAuthnButton"), chromedp.Click("#authenticateWebAuthnButton"))
	arrives()

	again()
	const recovery = `button[value="auth-recovery-authn-code-form"]`
	b.Do(chromedp.WaitVisible("#try-another-way"), chromedp.Click("#try-another-way"), chromedp.WaitVisible(recovery), chromedp.Click(recovery))
	b.Do(chromedp.WaitVisible("#recoveryCodeInput"), chromedp.SetValue("#recoveryCodeInput", codes[0]), chromedp.Click("#kc-login"))
	arrives()

	begin("kc_action", "webauthn-register-passwordless")
	register()
	arrives()
	begin("prompt", "login") // the page offers passkeys in its name field, and the authenticator answers by itself
	arrives()
}
