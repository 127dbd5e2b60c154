package broker

import (
	"cmp"
	"context"
	"errors"
	"net/url"
	"strings"

	"github.com/tokenhouse/tokenhouse/internal/core/inquiry"
	"github.com/tokenhouse/tokenhouse/internal/core/page"
	"github.com/tokenhouse/tokenhouse/internal/core/profile"
	"github.com/tokenhouse/tokenhouse/internal/core/realm"
	"github.com/tokenhouse/tokenhouse/internal/flow/authorize"
	"github.com/tokenhouse/tokenhouse/internal/flow/authorize/action"
)

// told is the profile that a provider tells.
func told(who *visitor, r *realm.Realm) profile.Attributes {
	a := profile.Attributes{}
	for name, values := range who.Person.Attributes {
		a[name] = values
	}
	for name, value := range map[string]string{profile.Username: strings.ToLower(cmp.Or(who.Person.LocalUsername, who.Person.Username)),
		profile.Email: strings.ToLower(who.Person.Email), profile.FirstName: who.Person.FirstName, profile.LastName: who.Person.LastName} {
		if value != "" {
			a[name] = []string{value}
		}
	}
	if r.EmailAsUsername && a.First(profile.Email) != "" {
		a[profile.Username] = a[profile.Email]
	}
	return a
}

// review shows the profile where it is to be reviewed, and goes on where not. Who went through all this in another
// browser meanwhile is known.
func (s *step) review(ctx context.Context) (authorize.Result, error) {
	known, err := s.linked(ctx, s.t, s.p, s.who)
	if err != nil {
		return authorize.Result{}, err
	}
	if known != nil {
		s.at.UserID = known.ID
		return s.done(ctx)
	}
	terms, err := s.Rules.Terms(ctx, s.t.Realm())
	if err != nil {
		return authorize.Result{}, err
	}
	if s.at.Reviewed || !s.p.First.asks(terms.Profile, s.at.Profile, s.t.Scopes()) {
		return s.unite(ctx)
	}
	return s.askProfile(ctx, nil)
}

func (s *step) askProfile(ctx context.Context, wrong page.Wrong) (authorize.Result, error) {
	terms, err := s.Rules.Terms(ctx, s.t.Realm())
	if err != nil {
		return authorize.Result{}, err
	}
	return s.show(askProfile, page.ReviewProfile{Form: page.Form{Action: s.t.FormURL(), Wrong: wrong},
		Fields: inquiry.Fields(terms.Profile, nil, s.t.Scopes(), s.at.Profile)})
}

// takeProfile takes the reviewed profile. What the user may not write stays as the provider told it.
func (s *step) takeProfile(ctx context.Context, form url.Values) (authorize.Result, error) {
	terms, err := s.Rules.Terms(ctx, s.t.Realm())
	if err != nil {
		return authorize.Result{}, err
	}
	given := inquiry.Posted(terms.Profile, nil, s.t.Scopes(), form)
	merged := profile.Attributes{}
	for name, values := range s.at.Profile {
		merged[name] = values
	}
	for name, values := range given {
		merged[name] = values
	}
	_, err = terms.Profile.Write(profile.Change{Given: merged, As: profile.User, Scopes: s.t.Scopes()})
	if strings.TrimSpace(merged.First(profile.Username)) == "" && !s.t.Realm().EmailAsUsername {
		err = errors.Join(err, profile.Invalid{{Attribute: profile.Username, Message: "missingUsernameMessage"}})
	}
	s.at.Profile = merged
	wrong, technical := action.Wrong(err)
	switch {
	case technical != nil:
		return authorize.Result{}, technical
	case len(wrong) > 0:
		return s.askProfile(ctx, wrong)
	}
	for _, name := range []string{profile.Username, profile.Email} {
		if value := strings.ToLower(strings.TrimSpace(merged.First(name))); value != "" {
			merged[name] = []string{value}
		}
	}
	if s.t.Realm().EmailAsUsername {
		merged[profile.Username] = merged[profile.Email]
	}
	s.at.Reviewed = true
	return s.unite(ctx)
}
