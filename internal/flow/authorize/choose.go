package authorize

import (
	"context"
	"net/url"
	"slices"

	"github.com/tokenhouse/tokenhouse/internal/core/login"
	"github.com/tokenhouse/tokenhouse/internal/core/page"
)

// The fields by which pages lead from one way to another, and the one that says which.
const (
	fieldAnother = "tryAnotherWay"
	fieldWay     = "authenticationExecution"
)

// setups are the required actions by which people get a factor that they have to have.
var setups = map[string]string{login.FactorOTP: "CONFIGURE_TOTP", login.FactorPasskey: "webauthn-register",
	login.FactorPasskeyOnly: "webauthn-register-passwordless", login.FactorRecovery: "CONFIGURE_RECOVERY_AUTHN_CODES"}

// first are the ways in of the sign-in page.
func (a *Authorizer) first(ctx context.Context, t *Turn) ([]string, error) {
	plan, err := a.Plans.Plan(ctx, t.At.Realm, t.Client)
	if err != nil {
		return nil, err
	}
	var ways []string
	if plan.Password || a.Passkeys == nil {
		ways = append(ways, login.FactorPassword)
	}
	if plan.Passkey && a.Passkeys != nil {
		ways = append(ways, login.FactorPasskeyOnly)
	}
	return ways, nil
}

// Others leads from a page to the other ways that are open; nowhere where there is one only.
func (t *Turn) Others() page.Others {
	if len(t.ways) < 2 {
		return page.Others{}
	}
	return page.Others{URL: t.FormURL(), ExecutionID: t.Attempt.Execution}
}

// ways are those that are open where an attempt stands, which asks for a factor; none where it does not.
func (a *Authorizer) ways(ctx context.Context, t *Turn) ([]string, error) {
	if !t.Attempt.Proven() && t.Attempt.Session == "" {
		return a.first(ctx, t)
	}
	state, err := a.state(ctx, t)
	if err != nil {
		return nil, err
	}
	step := login.Next(state)
	if step.Kind != login.AskFactor || step.Alias != t.Attempt.Execution {
		return nil, nil
	}
	return step.Ways, nil
}

// another takes the forms that choose a way: it shows them all, or takes the one that was chosen. It gives nothing
// where the form is none of these.
func (a *Authorizer) another(ctx context.Context, t *Turn, form url.Values) (*Outcome, error) {
	way := form.Get(fieldWay)
	switch {
	case slices.Contains(t.ways, way):
		t.Attempt.Note(login.NoteWay, way)
		return a.advance(ctx, t)
	case len(t.ways) > 1 && (form.Has(fieldAnother) || form.Has(fieldWay)):
		return a.Show(ctx, t, func() (page.Page, error) {
			p := page.SelectWay{Form: page.Form{Action: t.FormURL()}}
			for _, w := range t.ways {
				p.Ways = append(p.Ways, page.Way{Execution: w, Name: page.T(wayWords[w] + "-display-name"), Help: page.T(wayWords[w] + "-help-text")})
			}
			return p, nil
		})
	}
	return nil, nil
}

// wayWords are what the message keys of factors begin with.
var wayWords = map[string]string{login.FactorPassword: "auth-username-password-form", login.FactorOTP: "otp", login.FactorPasskey: "webauthn",
	login.FactorPasskeyOnly: "webauthn-passwordless", login.FactorRecovery: "auth-recovery-authn-code-form"}
