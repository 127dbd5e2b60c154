package people

import (
	"cmp"
	"context"
	"errors"
	"slices"
	"sync"
	"time"

	"github.com/maypok86/otter/v2"

	"github.com/tokenhouse/tokenhouse/internal/core/fault"
	"github.com/tokenhouse/tokenhouse/internal/core/login"
	"github.com/tokenhouse/tokenhouse/internal/core/profile"
	"github.com/tokenhouse/tokenhouse/internal/core/realm"
	"github.com/tokenhouse/tokenhouse/internal/core/user"
	"github.com/tokenhouse/tokenhouse/internal/keycloak"
	"github.com/tokenhouse/tokenhouse/internal/keycloak/authflow"
)

// Kept is what realms keep without acting on it in every request.
type Kept interface {
	Extra(ctx context.Context, realmKey string, kind realm.Kind, key string) (realm.Extra, error)
}

// Rulebook knows what realms demand of accounts. It reads a version of a realm once.
type Rulebook struct {
	kept  Kept
	terms *otter.Cache[string, *Terms]
}

// maxTerms is of how many realms the terms are kept in memory. A realm's take some 5 KB.
const maxTerms = 4096

// NewRulebook makes a rulebook of the realms in a store.
func NewRulebook(kept Kept) *Rulebook {
	return &Rulebook{kept, otter.Must(&otter.Options[string, *Terms]{MaximumSize: maxTerms})}
}

// FreshRulebook makes a rulebook that reads what it is asked each time: also of realms that are only supposed.
func FreshRulebook(kept Kept) *Rulebook { return &Rulebook{kept: kept} }

// Terms are what one version of a realm demands of accounts.
type Terms struct {
	Profile *profile.Profile
	Actions []keycloak.ActionTerms // the realm's required actions, in the order that users are asked for them
	Sender  string                 // address that the realm's mail comes from; empty: it sends none
	Mail    map[string]string      // settings of the realm's mail server; nil: it has none
	OTP     user.OTPPolicy
	Plan    login.Plan            // what signing in by browser asks for
	Beside  user.PasskeyPolicy    // of passkeys beside a password
	Alone   user.PasskeyPolicy    // of passkeys in its place
	Name    string                // of the realm for people
	plans   map[string]login.Plan // of all flows that clients can have for themselves, by the flow's id
	planned sync.Map              // of clients that were asked for, by key: *login.Plan
	version int64
}

// Terms are those of a realm.
func (b *Rulebook) Terms(ctx context.Context, r *realm.Realm) (*Terms, error) {
	if b.terms != nil {
		if t, ok := b.terms.GetIfPresent(r.Key); ok && t.version == r.Version {
			return t, nil
		}
	}
	kept, err := b.kept.Extra(ctx, r.Key, realm.KindRealm, r.Key)
	if err != nil {
		return nil, err
	}
	t := termsOf(r, kept)
	if b.terms != nil {
		b.terms.Set(r.Key, t)
	}
	return t, nil
}

// Plan is what signing in by browser to a client asks for: by the flow that the client has for itself, or the realm's.
// A nil client has none of its own.
func (b *Rulebook) Plan(ctx context.Context, r *realm.Realm, c *realm.Client) (login.Plan, error) {
	t, err := b.Terms(ctx, r)
	if err != nil {
		return login.Plan{}, err
	}
	if c == nil {
		return t.Plan, nil
	}
	if plan, ok := t.planned.Load(c.Key); ok {
		return *plan.(*login.Plan), nil
	}
	kept, err := b.kept.Extra(ctx, r.Key, realm.KindClient, c.Key)
	if err != nil && !errors.Is(err, fault.ErrNotFound) {
		return login.Plan{}, err
	}
	plan := t.planFor(keycloak.KeptBrowserFlow(kept))
	t.planned.Store(c.Key, plan)
	return *plan, nil
}

// planFor is the plan of a flow, or the realm's where the realm does not have the flow.
func (t *Terms) planFor(flow string) *login.Plan {
	if plan, ok := t.plans[flow]; ok {
		return &plan
	}
	return &t.Plan
}

// Profile is the user profile of a realm.
func (b *Rulebook) Profile(ctx context.Context, r *realm.Realm) (*profile.Profile, error) {
	t, err := b.Terms(ctx, r)
	if err != nil {
		return nil, err
	}
	return t.Profile, nil
}

func termsOf(r *realm.Realm, kept realm.Extra) *Terms {
	beside, alone := keycloak.KeptPasskeys(kept)
	flows := authflow.Read(r.Key, kept)
	offer := func(plan login.Plan) login.Plan {
		plan.Passkey = plan.Passkey || plan.Password && alone.Offered
		return plan
	}
	plans := map[string]login.Plan{}
	for _, f := range flows.Top() {
		if plan, ok := flows.PlanOf(f.ID); ok {
			plans[f.ID] = offer(plan)
		}
	}
	return &Terms{Profile: profile.New(keycloak.KeptProfile(kept), rulesOf(r)), Actions: keycloak.KeptActions(kept),
		Sender: keycloak.KeptSender(kept), Mail: keycloak.KeptMail(kept, r.SMTPPassword), OTP: keycloak.KeptOTP(kept), Plan: offer(flows.Plan()), plans: plans, Beside: beside, Alone: alone,
		Name: cmp.Or(keycloak.KeptDisplayName(kept), r.Name), version: r.Version}
}

func rulesOf(r *realm.Realm) profile.Rules {
	return profile.Rules{EmailAsUsername: r.EmailAsUsername, EditUsername: r.EditUsername, Locales: r.Internationalize}
}

// profileOf is the profile that a user's attributes are held against.
func (t *Terms) profileOf(u *user.User) *profile.Profile {
	if u.ServiceAccount != "" {
		return profile.OfServiceAccounts
	}
	return t.Profile
}

// Action is a required action of the realm, or nil where it has none of that name that is switched on.
func (t *Terms) Action(alias string) *keycloak.ActionTerms {
	for i := range t.Actions {
		if a := &t.Actions[i]; a.Alias == alias && a.Enabled {
			return a
		}
	}
	return nil
}

// Order are the required actions of a realm that are switched on, in the order that users are asked for them.
func (b *Rulebook) Order(ctx context.Context, r *realm.Realm) ([]string, error) {
	t, err := b.Terms(ctx, r)
	if err != nil {
		return nil, err
	}
	var out []string
	for _, a := range t.Actions {
		if a.Enabled {
			out = append(out, a.Alias)
		}
	}
	return out, nil
}

// How old a sign-in may be for an application to start an action, where the realm does not say otherwise.
const actionAge = 5 * time.Minute

// MaxAge is how old a sign-in may be for an application to start a required action: what the action is
// configured to, else what the password policy says of passwords, else five minutes; nothing at all for the deletion
// of an account. For what is no action it is nil: any.
func (b *Rulebook) MaxAge(ctx context.Context, r *realm.Realm, alias string) (*time.Duration, error) {
	if !slices.Contains(builtinActions, alias) {
		return nil, nil
	}
	t, err := b.Terms(ctx, r)
	if err != nil {
		return nil, err
	}
	age := actionAge
	switch alias {
	case updatePassword, "UPDATE_EMAIL":
		policy := user.PolicyOf(r.PasswordPolicy)
		if policy.MaxAuthAge != nil {
			age = *policy.MaxAuthAge
		}
	case "delete_account":
		age = 0
	}
	if a := t.Action(alias); a != nil {
		if configured, ok := a.MaxAge(); ok {
			age = configured
		}
	}
	return &age, nil
}

// enabled tells whether the realm has a required action switched on.
func (t *Terms) enabled(action string) bool {
	return slices.ContainsFunc(t.Actions, func(a keycloak.ActionTerms) bool { return a.Alias == action && a.Enabled })
}

// Pending tells whether the user has something to do before they may sign in: a required action, an address to verify
// where the realm wants that, a password that is too old, or a profile that does not say all that it must.
func (b *Rulebook) Pending(ctx context.Context, r *realm.Realm, a user.Attempt) (bool, error) {
	t, err := b.Terms(ctx, r)
	if err != nil {
		return false, err
	}
	if slices.ContainsFunc(a.User.RequiredActions, func(action string) bool { return t.enabled(action) && !slices.Contains(unasked, action) }) {
		return true, nil
	}
	if t.stale(r, a) || r.SignIn.VerifyEmail && !a.User.EmailVerified && t.enabled(verifyEmail) {
		return true, nil
	}
	return !a.Told && t.enabled(verifyProfile) && !t.Profile.Complete(a.User, a.Scopes), nil
}

// stale tells whether the user's password is too old. That it came from a realm file as a temporary one says
// nothing: what has to be changed is named by the required actions, as in Keycloak.
func (t *Terms) stale(r *realm.Realm, a user.Attempt) bool {
	policy := user.PolicyOf(r.PasswordPolicy)
	return slices.ContainsFunc(a.Credentials, func(c user.Credential) bool {
		return t.enabled(updatePassword) && policy.Outdated(&c, a.Now)
	})
}

// Stale tells whether the user's password is too old.
func (b *Rulebook) Stale(ctx context.Context, r *realm.Realm, a user.Attempt) (bool, error) {
	t, err := b.Terms(ctx, r)
	return err == nil && t.stale(r, a), err
}
