package broker

import (
	"slices"

	"github.com/tokenhouse/tokenhouse/internal/keycloak/authflow"
)

// FirstLoginRules say what becomes of somebody whom a provider sends for the first time. They are read from the
// realm's flow: each execution that is not disabled switches a step on. The steps have a fixed order, whatever the
// flow's is.
type FirstLoginRules struct {
	Review         Review
	Create         bool // an account is made for who has none
	ChangePassword bool // who gets one chooses a password at once
	Confirm        bool // who seems to have one is asked what to do
	AutoLink       bool // it is linked unasked, where the provider's word on the e-mail address counts
	ByLetter       bool // its owner proves that it is theirs by a link in a letter
	ByPassword     bool // or by its password
	Factors        bool // and by the other factors that they have
}

// Review says when people are shown the profile that came of a provider's answer.
type Review string

const (
	ReviewOff     Review = "off"
	ReviewMissing Review = "missing" // where something is missing, or not as it has to be
	ReviewOn      Review = "on"
)

// firstLoginRules reads a flow. Of one that does not exist all steps are on: none of them lets anybody in who does
// not prove anything.
func firstLoginRules(flows *authflow.Set, alias string) FirstLoginRules {
	f := flows.FlowOf(alias)
	if f == nil {
		return FirstLoginRules{Review: ReviewMissing, Create: true, Confirm: true, ByLetter: true, ByPassword: true, Factors: true}
	}
	rules := FirstLoginRules{Review: ReviewOff}
	for _, e := range executions(flows, f, nil) {
		settings := settingsOf(flows, e)
		switch e.Authenticator {
		case "idp-review-profile":
			switch rules.Review = Review(settings["update.profile.on.first.login"]); rules.Review {
			case ReviewOn, ReviewOff:
			default:
				rules.Review = ReviewMissing
			}
		case "idp-create-user-if-unique":
			rules.Create, rules.ChangePassword = true, settings["require.password.update.after.registration"] == "true"
		case "idp-confirm-link":
			rules.Confirm = true
		case "idp-auto-link":
			rules.AutoLink = true
		case "idp-email-verification":
			rules.ByLetter = true
		case "idp-username-password-form", "auth-username-password-form", "auth-password-form":
			rules.ByPassword = true
		case "auth-otp-form", "webauthn-authenticator":
			rules.Factors = true
		}
	}
	rules.Factors = rules.Factors || rules.ByPassword // the password alone never proves more here than at sign-in
	return rules
}

// executions are the steps of a flow that are on, with those of the flows in it. A flow within itself is passed
// over.
func executions(flows *authflow.Set, f *authflow.Flow, above []string) []authflow.Execution {
	var out []authflow.Execution
	if slices.Contains(above, f.Alias) {
		return nil
	}
	for _, e := range f.Executions {
		switch {
		case e.Requirement == "DISABLED":
		case !e.IsFlow:
			out = append(out, e)
		default:
			if inner := flows.FlowOf(e.Flow); inner != nil {
				out = append(out, executions(flows, inner, append(above, f.Alias))...)
			}
		}
	}
	return out
}

func settingsOf(flows *authflow.Set, e authflow.Execution) map[string]string {
	if c := flows.ConfigOf(e.Config); c != nil {
		return c.Settings
	}
	return nil
}

// standardProvider is the provider that a browser flow leads people to unasked; empty: none.
func standardProvider(flows *authflow.Set, alias string) string {
	f := flows.FlowOf(alias)
	if f == nil {
		return ""
	}
	for _, e := range executions(flows, f, nil) {
		if e.Authenticator == "identity-provider-redirector" {
			return settingsOf(flows, e)["defaultProvider"]
		}
	}
	return ""
}
