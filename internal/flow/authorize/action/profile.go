package action

import (
	"context"
	"errors"
	"maps"
	"net/url"
	"slices"

	"github.com/tokenhouse/tokenhouse/internal/core/event"
	"github.com/tokenhouse/tokenhouse/internal/core/fault"
	"github.com/tokenhouse/tokenhouse/internal/core/inquiry"
	"github.com/tokenhouse/tokenhouse/internal/core/page"
	"github.com/tokenhouse/tokenhouse/internal/core/profile"
	"github.com/tokenhouse/tokenhouse/internal/core/user"
	"github.com/tokenhouse/tokenhouse/internal/flow/authorize"
	"github.com/tokenhouse/tokenhouse/internal/flow/people"
)

const (
	updateProfile = "UPDATE_PROFILE"
	verifyProfile = "VERIFY_PROFILE"
)

// UpdateProfile has the user tell of themselves.
type UpdateProfile struct{ *Deps }

func (UpdateProfile) Alias() string { return updateProfile }

func (a UpdateProfile) Due(ctx context.Context, t *authorize.Turn) (bool, error) {
	return a.asked(ctx, t, updateProfile)
}

func (a UpdateProfile) Challenge(ctx context.Context, t *authorize.Turn) (page.Page, error) {
	return a.profilePage(ctx, t, updateProfile, form(t, updateProfile, "updateProfileMessage"), profile.Of(t.User))
}

func (a UpdateProfile) Process(ctx context.Context, t *authorize.Turn, form url.Values) (authorize.Result, error) {
	return a.takeProfile(ctx, t, updateProfile, form)
}

// VerifyProfile has users complete what they did not tell but must.
type VerifyProfile struct{ *Deps }

func (VerifyProfile) Alias() string { return verifyProfile }

// Due where the profile is not complete, whether the user was given the action or not. Where it is, there is
// nothing left to do.
func (a VerifyProfile) Due(ctx context.Context, t *authorize.Turn) (bool, error) {
	terms, err := a.Rules.Terms(ctx, t.Realm())
	if err != nil || terms.Action(verifyProfile) == nil {
		return false, err
	}
	if !terms.Profile.Complete(t.User, scopeNames(t)) {
		return true, nil
	}
	return false, a.relieve(ctx, t, verifyProfile)
}

func (a VerifyProfile) Challenge(ctx context.Context, t *authorize.Turn) (page.Page, error) {
	terms, err := a.Rules.Terms(ctx, t.Realm())
	if err != nil {
		return nil, err
	}
	f := page.Form{Action: t.FormURL()}
	all := profile.Of(t.User)
	_, err = terms.Profile.Write(profile.Change{Before: all, Given: all, As: profile.User, Scopes: scopeNames(t)})
	if wrong, ok := errors.AsType[profile.Invalid](err); ok {
		f.Wrong = wrongWith(wrong)
	}
	return a.profilePage(ctx, t, verifyProfile, f, all)
}

func (a VerifyProfile) Process(ctx context.Context, t *authorize.Turn, form url.Values) (authorize.Result, error) {
	return a.takeProfile(ctx, t, verifyProfile, form)
}

// profilePage is the page with these values in it.
func (d *Deps) profilePage(ctx context.Context, t *authorize.Turn, alias string, f page.Form, values profile.Attributes) (page.Page, error) {
	terms, err := d.Rules.Terms(ctx, t.Realm())
	if err != nil {
		return nil, err
	}
	return page.UpdateProfile{Form: f, Fields: inquiry.Fields(terms.Profile, t.User, scopeNames(t), values), Cancel: optional(t, alias)}, nil
}

// takeProfile changes the user's profile to what the form says.
func (d *Deps) takeProfile(ctx context.Context, t *authorize.Turn, alias string, form url.Values) (authorize.Result, error) {
	if cancelled(t, alias, form) {
		return authorize.Result{Kind: authorize.Cancelled}, nil
	}
	terms, err := d.Rules.Terms(ctx, t.Realm())
	if err != nil {
		return authorize.Result{}, err
	}
	given, before := inquiry.Posted(terms.Profile, t.User, scopeNames(t), form), t.User
	err = d.People.ChangeProfile(ctx, t.Realm(), t.User.ID, people.Told{Given: given, Scopes: scopeNames(t)})
	wrong, technical := Wrong(err)
	if technical != nil {
		return authorize.Result{}, technical
	}
	if len(wrong) > 0 {
		shown := profile.Of(t.User)
		maps.Copy(shown, given)
		p, err := d.profilePage(ctx, t, alias, page.Form{Action: t.FormURL(), Wrong: wrong}, shown)
		return authorize.Result{Kind: authorize.Again, Page: p}, err
	}
	result, err := d.done(ctx, t, alias)
	if err == nil {
		changes := []event.Detail{{Name: "context", Value: updateProfile}}
		for pair := range slices.Chunk(profile.Changes(profile.Of(before), profile.Of(t.User)), 2) {
			changes = append(changes, event.Detail{Name: pair[0], Value: pair[1]})
		}
		d.recordAction(ctx, t, alias, event.UpdateProfile, "", changes...)
	}
	return result, err
}

// Wrong says by field what is wrong with a profile that somebody sent. What is nothing that they did wrong comes back
// as technical.
func Wrong(err error) (wrong page.Wrong, technical error) {
	return faults(err, func(attribute, message string) []string {
		if message == required && missingOwn[attribute] != "" {
			return []string{missingOwn[attribute], message}
		}
		return []string{message}
	})
}

// faults sorts what is wrong with a form by its fields. Words are those for a message about an attribute. What
// is nothing that the sender did wrong comes back as technical.
func faults(err error, words func(attribute, message string) []string) (wrong page.Wrong, technical error) {
	wrong = page.Wrong{}
	for _, e := range each(err) {
		if invalid, ok := errors.AsType[profile.Invalid](e); ok {
			for field, texts := range wrongWith(invalid) {
				for _, text := range texts {
					for _, key := range words(field, text.Key) {
						wrong[field] = append(wrong[field], page.T(key, text.Args...))
					}
				}
			}
			continue
		}
		if taken, ok := errors.AsType[*fault.Conflict](e); ok && (taken.Field == profile.Username || taken.Field == profile.Email) {
			wrong[taken.Field] = append(wrong[taken.Field], page.T(taken.Field+"ExistsMessage"))
			continue
		}
		if unfit, ok := errors.AsType[*user.Unfit](e); ok {
			wrong["password"] = append(wrong["password"], page.T(unfit.Code, unfit.Args...))
			continue
		}
		if bad, ok := errors.AsType[badPassword](e); ok {
			wrong[bad.field] = append(wrong[bad.field], bad.text)
			continue
		}
		return nil, e
	}
	return wrong, nil
}

// each are the errors that one was joined from.
func each(err error) []error {
	joined, ok := err.(interface{ Unwrap() []error })
	switch {
	case err == nil:
		return nil
	case !ok:
		return []error{err}
	}
	var out []error
	for _, e := range joined.Unwrap() {
		out = append(out, each(e)...)
	}
	return slices.Clip(out)
}

// badPassword is what is wrong with the passwords of a form.
type badPassword struct {
	field string
	text  page.Text
}

func (e badPassword) Error() string { return e.text.Key }
