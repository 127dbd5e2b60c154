package keycloak

import (
	"cmp"
	"maps"
	"slices"
	"strconv"
	"time"

	"github.com/tokenhouse/tokenhouse/internal/core/realm"
	"github.com/tokenhouse/tokenhouse/internal/core/user"
)

// ActionTerms is a required action of a realm, as far as accounts depend on it.
type ActionTerms struct {
	Alias    string
	Enabled  bool
	Default  bool // new users have it
	Priority int
	Config   map[string]string
}

// KeptActions are the required actions that a realm keeps, in the order that users are asked for them.
func KeptActions(kept realm.Extra) []ActionTerms {
	var out []ActionTerms
	for _, a := range Value[[]Object](Object(kept), "requiredActions") {
		out = append(out, ActionTerms{a.Text("alias"), Value[bool](a, "enabled"), Value[bool](a, "defaultAction"),
			Value[int](a, "priority"), Value[map[string]string](a, "config")})
	}
	slices.SortStableFunc(out, func(a, b ActionTerms) int { return cmp.Compare(a.Priority, b.Priority) })
	return out
}

// maxAuthAge is the setting of a required action that says how old a sign-in may be, in seconds.
const maxAuthAge = "max_auth_age"

// MaxAge is how old a sign-in may be for an application to start the action, where the realm says so.
func (a *ActionTerms) MaxAge() (age time.Duration, ok bool) {
	seconds, err := strconv.Atoi(a.Config[maxAuthAge])
	return time.Duration(seconds) * time.Second, err == nil
}

// KeptBrowserFlow is the id of the flow by which people sign in to a client, where it has one for itself.
func KeptBrowserFlow(client realm.Extra) string {
	return Value[map[string]string](Object(client), "authenticationFlowBindingOverrides")["browser"]
}

// KeptOTP is what a realm demands of new generators of one-time codes.
func KeptOTP(kept realm.Extra) user.OTPPolicy {
	o := Object(kept)
	p := user.OTPPolicy{Type: o.Text("otpPolicyType"), Algorithm: o.Text("otpPolicyAlgorithm"), Digits: Value[int](o, "otpPolicyDigits"),
		Period: Value[int](o, "otpPolicyPeriod"), Counter: Value[int](o, "otpPolicyInitialCounter"), Window: Value[int](o, "otpPolicyLookAheadWindow")}
	return p.OrDefault()
}

// The members of a realm that say what it demands of passkeys begin with these: of those beside a password, and of
// those in its place.
const (
	passkeysBeside = "webAuthnPolicy"
	passkeysAlone  = "webAuthnPolicyPasswordless"
)

// KeptPasskeys is what a realm demands of passkeys beside a password, and of those in its place.
func KeptPasskeys(kept realm.Extra) (beside, alone user.PasskeyPolicy) {
	return keptPasskeys(Object(kept), passkeysBeside), keptPasskeys(Object(kept), passkeysAlone)
}

func keptPasskeys(o Object, prefix string) user.PasskeyPolicy {
	word := func(member string) string {
		if value := o.Text(prefix + member); value != "not specified" {
			return value
		}
		return ""
	}
	return user.PasskeyPolicy{PartyName: o.Text(prefix + "RpEntityName"), Party: o.Text(prefix + "RpId"),
		Algorithms:  Value[[]string](o, prefix+"SignatureAlgorithms"),
		Attestation: word("AttestationConveyancePreference"), Attachment: word("AuthenticatorAttachment"),
		Resident: o.Text(prefix+"RequireResidentKey") == "Yes", Verification: word("UserVerificationRequirement"),
		Timeout: Value[int](o, prefix+"CreateTimeout"), NoSecond: Value[bool](o, prefix+"AvoidSameAuthenticatorRegister"),
		Models: Value[[]string](o, prefix+"AcceptableAaguids"), Origins: Value[[]string](o, prefix+"ExtraOrigins"),
		Offered: Value[bool](o, prefix+"PasskeysEnabled")}
}

// KeptMail are the settings of a realm's mail server, with the password that is kept elsewhere; nil where
// there is none.
func KeptMail(kept realm.Extra, password string) map[string]string {
	settings := Value[map[string]string](Object(kept), "smtpServer")
	if settings["host"] == "" && settings["from"] == "" {
		return nil
	}
	settings = maps.Clone(settings)
	if password != "" {
		settings["password"] = password
	}
	return settings
}

// KeptSender is the address that a realm's mail comes from, or "".
func KeptSender(kept realm.Extra) string {
	return Value[map[string]string](Object(kept), "smtpServer")["from"]
}

// KeptDisplayName is what a realm is called for people, or "".
func KeptDisplayName(kept realm.Extra) string { return Object(kept).Text("displayName") }

// ConsentTerms are what the consent page says of a client.
type ConsentTerms struct {
	Name      string // for people; may be empty
	OnConsent bool   // the client itself is an item of the list
	Text      string // of that item
	TermsURL  string
	PolicyURL string
}

// KeptConsent is what a client keeps for the consent page.
func KeptConsent(kept realm.Extra) ConsentTerms {
	o := Object(kept)
	attributes := Value[map[string]string](o, "attributes")
	return ConsentTerms{Name: o.Text("name"), OnConsent: attributes["display.on.consent.screen"] == "true", Text: attributes["consent.screen.text"],
		TermsURL: attributes["tosUri"], PolicyURL: attributes["policyUri"]}
}
