package pages_test

import (
	"encoding/base64"
	"sync"
	"time"

	"github.com/tokenhouse/tokenhouse/internal/core/page"
	"github.com/tokenhouse/tokenhouse/internal/core/qr"
)

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

// barcode is the picture of a secret.
var barcode = sync.OnceValue(func() string {
	picture, err := qr.PNG("otpauth://totp/Shop:alice?secret=GNZWEMBW&digits=6&algorithm=SHA1&issuer=Shop&period=30", 4)
	if err != nil {
		panic(err)
	}
	return base64.StdEncoding.EncodeToString(picture)
})

const accountAt = "https://id.example/realms/shop/account"

var noon = time.Date(2026, 11, 21, 12, 0, 0, 0, time.UTC)

// account is the frame of a page of an account; at is the part that is shown.
func account(at string) page.Account {
	f := page.Account{Who: "Alice Adams", Seal: "s3al", SignOut: "https://id.example/realms/shop/protocol/openid-connect/logout?client_id=account",
		Back: page.Link{URL: "https://app.example/", Text: page.T("backTo", "Storefront")}}
	for _, part := range []string{"accountProfile", "accountSigningIn", "accountDevices", "accountLinks", "accountApplications", "accountGroups"} {
		f.Parts = append(f.Parts, page.AccountPart{Text: page.T(part), URL: accountAt + "/" + part, Here: part == at})
	}
	return f
}

func notified(f page.Account, text page.Text) page.Account {
	f.Notice = page.Notice{Kind: page.Success, Text: text}
	return f
}

// samples are pages as people see them, by name.
var samples = []struct {
	name string
	page page.Page
}{
	{"login", page.Login{Form: form("authenticate"), NameLabel: "usernameOrEmail"}},
	{"themed", page.Login{Form: form("authenticate"), NameLabel: "usernameOrEmail", RememberMe: page.RememberMe{Offered: true}, ResetURL: actions + "reset-credentials"}},
	{"login-all", page.Login{Form: wrong(form("authenticate"), "username", page.T("invalidUserMessage")), NameLabel: "username", Username: `al"ice`,
		RememberMe: page.RememberMe{Offered: true, Checked: true}, ResetURL: "/realms/shop/login-actions/reset-credentials?tab_id=t1", RegisterURL: "/realms/shop/login-actions/registration?tab_id=t1",
		Providers: []page.Provider{{Alias: "upstream", Name: "Upstream", URL: "/realms/shop/broker/upstream/login?tab_id=t1"}, {Alias: "github", Name: "GitHub", URL: "/realms/shop/broker/github/login"}},
		Passkey:   &page.Passkey{Challenge: "Y2hhbGxlbmdl", RelyingParty: "id.example", UserVerification: "required"}, Others: page.Others{URL: actions + "authenticate" + tab}}},
	{"login-again", page.Login{Form: told(form("authenticate"), page.Inform, page.T("reauthenticate")), KnownUser: true, Username: "alice"}},
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
	{"link-account", page.LinkAccount{Form: form("required-action"), Provider: "Upstream", Owner: "alice"}},
	{"link-account-identity", page.LinkAccount{Form: form("required-action"), Provider: "Upstream", Owner: "alice", Identity: "alice@upstream.example", SignsIn: true}},
	{"link-email", page.LinkEmail{Provider: "Upstream", Username: "clash", Realm: "Shop", ResendURL: actions + "first-broker-login" + tab, ContinueURL: actions + "first-broker-login"}},
	{"terms", page.Terms{Form: form("required-action"), Text: page.T("termsText")}},
	{"config-totp", page.ConfigTOTP{Form: told(form("required-action"), page.Warn, page.T("configureTotpMessage")), Secret: "s3cr3t", Encoded: "GNZW EMBW", QRCode: barcode(), ModeURL: actions + "required-action?mode=manual",
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
	{"error", page.Error{Message: page.T("invalidParameterMessage", "redirect_uri"), Back: "https://app.example/", Fix: "If this address is the application's own, register it, exactly as it is sent: https://app.example/other",
		Command: "tokenhouse admin update clients/8f2e6b1c-7d51-4a27-9d6e-1f0f4a9a7c33 -r shop -s redirectUris+=https://app.example/other"}},
	{"error-ours", page.Error{Message: page.T("emailSendErrorMessage"), ID: "7QXKZ2M4PA", RetryTo: actions + "authenticate?tab_id=t1"}},
	{"account", page.AccountEntrance{SignIn: "https://id.example/realms/shop/protocol/openid-connect/auth?client_id=account", Back: page.Link{URL: "https://app.example/", Text: page.T("backTo", "Storefront")}}},
	{"account-profile", page.AccountProfile{Account: notified(account("accountProfile"), page.T("accountSaved")), Action: accountAt, Username: "alice", Delete: accountAt + "/delete",
		Fields: []page.Field{filled(email, "alice@example.test"), filled(first, "Alice"), filled(last, "Adams")}}},
	{"account-profile-wrong", page.AccountProfile{Account: account("accountProfile"), Action: accountAt, Wrong: page.Wrong{"email": {page.T("invalidEmailMessage")}, "firstName": {page.T("missingFirstNameMessage")}},
		Fields: []page.Field{filled(username, "alice"), filled(email, "alice"), first, filled(last, "Freifrau von und zu Donaudampfschifffahrtselektrizitätenhauptbetriebswerkbauunterbeamtengesellschaft")}}},
	{"account-profile-read", page.AccountProfile{Account: account("accountProfile"), Action: accountAt, Username: "alice", ReadOnly: true, Fields: []page.Field{{Name: "email", Label: page.T("${email}"), Input: "email", Values: []string{"alice@example.test"}, ReadOnly: true}}}},
	{"account-signing-in", page.AccountSignIn{Account: account("accountSigningIn"), Methods: []page.AccountMethod{
		{Name: page.T("password-display-name"), Help: page.T("password-help-text"), Change: accountAt + "/change", Owned: []page.AccountCredential{{Created: noon}}},
		{Name: page.T("otp-display-name"), Help: page.T("otp-help-text"), Add: accountAt + "/add", Owned: []page.AccountCredential{{Label: "Phone", Created: noon, Remove: accountAt + "/remove"}, {Label: "An old tablet that has been lying in the drawer of the desk for years", Created: noon, Remove: accountAt + "/remove"}}},
		{Name: page.T("webauthn-display-name"), Help: page.T("webauthn-help-text"), Add: accountAt + "/add"}}}},
	{"account-devices", page.AccountDevices{Account: account("accountDevices"), Action: accountAt + "/devices", Others: true, Sessions: []page.AccountSession{
		{ID: "s1", System: "Windows 11", Browser: "Firefox 140.0", Address: "203.0.113.7", Started: noon, Used: noon.Add(time.Hour), Ends: noon.Add(10 * time.Hour), Applications: []page.Text{page.T("${client_account}"), page.T("Storefront")}, Here: true},
		{ID: "s2", Address: "2001:db8:85a3:8d3:1319:8a2e:370:7348", Started: noon, Used: noon, Ends: noon.Add(10 * time.Hour), Endable: true}}}},
	{"account-applications", page.AccountApplications{Account: account("accountApplications"), Action: accountAt + "/applications", Applications: []page.AccountApplication{
		{ID: "storefront", Name: page.T("Storefront"), Description: page.T("Where things are sold."), URL: "https://app.example/", InUse: true},
		{ID: "printer", Name: page.T("Photo printer of the second floor"), Offline: true, Allowed: []page.Text{page.T("${profileScopeConsentText}"), page.T("${emailScopeConsentText}")}, Since: noon, Revocable: true}}}},
	{"account-links", page.AccountLinks{Account: account("accountLinks"), Links: []page.AccountLink{{Name: page.T("GitHub"), Linked: true, Username: "alice-of-the-hub", Remove: accountAt + "/remove"}, {Name: page.T("The Village"), Link: accountAt + "/link"}}}},
	{"account-groups", page.AccountGroups{Account: account("accountGroups"), Groups: []string{"/staff", "/staff/storefront"}}},
	{"account-groups-none", page.AccountGroups{Account: account("accountGroups")}},
	{"account-confirm", page.AccountConfirm{Account: account("accountSigningIn"), Heading: page.T("accountRemoveHeading", "Phone"), Text: page.T("accountRemoveText"), Action: accountAt + "/remove", Button: page.T("accountRemove"), Cancel: accountAt}},
}
