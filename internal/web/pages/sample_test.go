package pages_test

import "github.com/tokenhouse/tokenhouse/internal/core/page"

const (
	actions = "https://id.example/realms/shop/login-actions/"
	tab     = "?session_code=c0de&execution=5f3a&client_id=site&tab_id=t1"
)

func form(path string) page.Form { return page.Form{Action: actions + path + tab} }

func told(f page.Form, kind page.Kind, text page.Text) page.Form {
	f.Notice = page.Notice{Kind: kind, Text: text}
	return f
}

func wrong(f page.Form, field string, texts ...page.Text) page.Form {
	if f.Wrong == nil {
		f.Wrong = page.Wrong{}
	}
	f.Wrong[field] = texts
	return f
}

var (
	username = page.Field{Name: "username", Label: page.T("${username}"), Required: true, Autocomplete: "username"}
	email    = page.Field{Name: "email", Label: page.T("${email}"), Input: "email", Required: true, Autocomplete: "email"}
	first    = page.Field{Name: "firstName", Label: page.T("${firstName}"), Required: true, Autocomplete: "given-name"}
	last     = page.Field{Name: "lastName", Label: page.T("${lastName}"), Required: true, Autocomplete: "family-name"}
)

func filled(f page.Field, values ...string) page.Field {
	f.Values = values
	return f
}

// barcode is a small PNG, in place of the one of a secret.
const barcode = "iVBORw0KGgoAAAANSUhEUgAAAAgAAAAICAAAAADhZOFXAAAAHElEQVR4nGNg+A8EDP8Z/gMJMPH/PwMDAwMDAwDdmQv1r2Fz1gAAAABJRU5ErkJggg=="

// samples are pages as people see them, by name.
var samples = []struct {
	name string
	page page.Page
}{
	{"login", page.Login{Form: form("authenticate"), NameLabel: "usernameOrEmail"}},
	{"login-all", page.Login{Form: wrong(form("authenticate"), "username", page.T("invalidUserMessage")), NameLabel: "username", Username: `al"ice`,
		RememberMe: page.RememberMe{Offered: true, Checked: true}, ResetURL: "/realms/shop/login-actions/reset-credentials?tab_id=t1", RegisterURL: "/realms/shop/login-actions/registration?tab_id=t1",
		Providers: []page.Provider{{Alias: "upstream", Name: "Upstream", URL: "/realms/shop/broker/upstream/login?tab_id=t1"}, {Alias: "github", Name: "GitHub", URL: "/realms/shop/broker/github/login"}},
		Passkey:   &page.Passkey{Challenge: "Y2hhbGxlbmdl", RelyingParty: "id.example", UserVerification: "required"}, Others: page.Others{URL: actions + "authenticate" + tab}}},
	{"login-again", page.Login{Form: told(form("authenticate"), page.Inform, page.T("reauthenticate")), KnownUser: true}},
	{"otp", page.LoginOTP{Form: form("authenticate"), Selected: "d1"}},
	{"otp-devices", page.LoginOTP{Form: wrong(form("authenticate"), "totp", page.T("invalidTotpMessage")), Selected: "d2", Devices: []page.Device{{ID: "d1", Label: "Phone"}, {ID: "d2"}}}},
	{"select-way", page.SelectWay{Form: form("authenticate"), Ways: []page.Way{{Execution: "e1", Name: page.T("otp-display-name"), Help: page.T("otp-help-text")}, {Execution: "e2", Name: page.T("webauthn-display-name"), Help: page.T("webauthn-help-text")}}}},
	{"passkey", page.LoginPasskey{Form: form("authenticate"), Passkey: page.Passkey{Challenge: "Y2hhbGxlbmdl", Credentials: []string{"aWQ"}}, Others: page.Others{URL: actions + "authenticate" + tab}}},
	{"passkey-register", page.RegisterPasskey{Form: told(form("required-action"), page.Fail, page.T("webauthn-error-registration", "No key.")), Challenge: "Y2hhbGxlbmdl", RelyingPartyName: "Shop", UserID: "aWQ", Username: "alice",
		Algorithms: []int{-7, -257}, ResidentKey: true, UserVerification: "required", Excluded: []string{"b2xk"}, SignOutOthers: true, Cancel: true}},
	{"recovery-codes", page.RecoveryCodes{Form: told(form("required-action"), page.Warn, page.T("configureBackupCodesMessage")), GeneratedAt: "1772366400000", Cancel: true,
		Codes: []string{"ABCDEFGHIJKL", "MNPQRSTUVWXY", "Z123456789AB", "CDEFGHIJKLMN", "PQRSTUVWXYZ1", "23456789ABCD", "EFGHIJKLMNPQ", "RSTUVWXYZ123", "456789ABCDEF", "GHIJKLMNPQRS", "TUVWXYZ12345", "6789ABCDEFGH"}}},
	{"recovery", page.LoginRecovery{Form: wrong(told(form("authenticate"), page.Warn, page.T("recovery-codes-few", "3")), "recoveryCodeInput", page.T("recovery-codes-error-invalid")), Number: 10,
		Others: page.Others{URL: actions + "authenticate" + tab}}},
	{"expired", page.Expired{RestartURL: "/realms/shop/login-actions/restart?tab_id=t1", ContinueURL: actions + "authenticate?tab_id=t1"}},
	{"register", page.Register{Form: form("registration"), Fields: []page.Field{username, email, first, last}, Password: true, Terms: page.T("termsText"), LoginURL: "/realms/shop/login-actions/authenticate?tab_id=t1"}},
	{"register-wrong", page.Register{Form: wrong(wrong(form("registration"), "email", page.T("missingEmailMessage"), page.T("error-user-attribute-required")), "password", page.T("invalidPasswordMinLengthMessage", "8")),
		Fields: []page.Field{filled(username, "alice"), filled(email, ""), filled(first, "Al"), last}, Password: true, LoginURL: "/realms/shop/login-actions/authenticate?tab_id=t1"}},
	{"reset-password", page.ResetPassword{Form: wrong(form("reset-credentials"), "username", page.T("missingUsernameMessage")), NameLabel: "username", LoginURL: "/realms/shop/login-actions/authenticate"}},
	{"update-password", page.UpdatePassword{Form: told(form("required-action"), page.Warn, page.T("updatePasswordMessage"))}},
	{"update-password-wrong", page.UpdatePassword{Form: wrong(form("required-action"), "password-confirm", page.T("notMatchPasswordMessage")), Cancel: true}},
	{"update-profile", page.UpdateProfile{Form: told(form("required-action"), page.Warn, page.T("updateProfileMessage")), Cancel: true, Fields: []page.Field{filled(email, "alice@example.test"), filled(first, "Alice"), filled(last, "<b>"),
		{Name: "about", Label: page.T("About you"), Input: "textarea", Values: []string{"Hello"}, Group: page.T("More"), GroupHelp: page.T("All of this is up to you."), After: page.T("Others can read this.")},
		{Name: "colour", Label: page.T("Colour"), Input: "select", Values: []string{"red"}, Options: []page.Option{{Value: "red", Label: page.T("Red")}, {Value: "blue", Label: page.T("Blue")}}},
		{Name: "news", Label: page.T("News"), Input: "multiselect-checkboxes", Values: []string{"week"}, Options: []page.Option{{Value: "day", Label: page.T("Each day")}, {Value: "week", Label: page.T("Each week")}}},
		{Name: "number", Label: page.T("Number"), Values: []string{"7"}, ReadOnly: true}}}},
	{"update-email", page.UpdateEmail{Form: form("required-action"), Fields: []page.Field{email}}},
	{"review-profile", page.ReviewProfile{Form: form("first-broker-login"), Fields: []page.Field{filled(username, "ugo"), email, filled(first, "Ugo"), last}}},
	{"link-confirm", page.LinkConfirm{Form: told(form("first-broker-login"), page.Fail, page.T("federatedIdentityConfirmLinkMessage", "email", "clash@example.test")), Provider: "Upstream"}},
	{"link-email", page.LinkEmail{Provider: "Upstream", Username: "clash", Realm: "Shop", ResendURL: actions + "first-broker-login" + tab, ContinueURL: actions + "first-broker-login"}},
	{"terms", page.Terms{Form: form("required-action"), Text: page.T("termsText")}},
	{"config-totp", page.ConfigTOTP{Form: told(form("required-action"), page.Warn, page.T("configureTotpMessage")), Secret: "s3cr3t", Encoded: "GNZW EMBW", QRCode: barcode, ModeURL: actions + "required-action?mode=manual",
		Applications: []page.Text{page.T("totpAppFreeOTPName"), page.T("totpAppGoogleName")}, Cancel: true}},
	{"config-totp-manual", page.ConfigTOTP{Form: wrong(form("required-action"), "totp", page.T("missingTotpMessage")), Secret: "s3cr3t", Encoded: "GNZW EMBW", Manual: true, ModeURL: actions + "required-action?mode=qr",
		Policy: page.TOTPPolicy{Type: "totp", Algorithm: "SHA1", Digits: 6, Period: 30}, Applications: []page.Text{page.T("totpAppFreeOTPName")}, LabelRequired: true}},
	{"verify-email", page.VerifyEmail{Form: told(form("required-action"), page.Warn, page.T("verifyEmailMessage")), Email: "alice@example.test", ResendURL: actions + "required-action" + tab, Cancel: true}},
	{"delete-account", page.DeleteAccount{Form: form("required-action"), Cancel: true}},
	{"consent", page.Consent{Form: page.Form{Action: "/realms/shop/login-actions/consent" + tab}, Client: "Consenting app", Code: "c0de", Terms: "https://app.example/tos", Policy: "https://app.example/policy",
		Scopes: []page.Text{page.T("${profileScopeConsentText}"), page.T("${emailScopeConsentText}"), page.T("Use the consenting app")}}},
	{"device-code", page.DeviceCode{Form: told(page.Form{Action: "/realms/shop/device"}, page.Fail, page.T("oauth2DeviceInvalidUserCodeMessage"))}},
	{"logout-confirm", page.LogoutConfirm{Form: page.Form{Action: "/realms/shop/protocol/openid-connect/logout/logout-confirm?tab_id=t1"}, Code: "c0de", Back: page.Link{URL: "https://app.example/"}}},
	{"frontchannel-logout", page.FrontChannelLogout{Clients: []page.FrontChannelClient{{Name: "front", URL: "https://front.example:8443/out?sid=1"}}, NextURL: "https://app.example/bye"}},
	{"info-logout", page.Info{Message: page.T("successLogout"), Back: page.Link{URL: "https://app.example/"}}},
	{"info-device", page.Info{Heading: page.T("oauth2DeviceVerificationFailedHeader"), Message: page.T("oauth2DeviceConsentDeniedMessage"), Back: page.Link{URL: "/realms/shop/device", Text: page.T("doTryAgain")}}},
	{"info-actions", page.Info{Heading: page.T("confirmExecutionOfActions"), Message: page.T("confirmExecutionOfActions"), Actions: []page.Text{page.T("requiredAction.UPDATE_PASSWORD"), page.T("requiredAction.VERIFY_EMAIL")}, Back: page.Link{URL: actions + "action-token?key=k", Text: page.T("proceedWithAction")}}},
	{"form-post", page.FormPost{Action: "https://app.example/cb", Parameters: []page.Parameter{{Name: "state", Value: `s"1`}, {Name: "code", Value: "a.b.c"}}}},
	{"error", page.Error{Message: page.T("invalidParameterMessage", "redirect_uri"), Back: "https://app.example/", Fix: "Add https://app.example/other to the valid redirect URIs of the client site."}},
	{"error-ours", page.Error{Message: page.T("emailSendErrorMessage"), ID: "7QXKZ2M4PA", RetryTo: actions + "authenticate?tab_id=t1"}},
}
