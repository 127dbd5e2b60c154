package account

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/tokenhouse/tokenhouse/internal/core/event"
	"github.com/tokenhouse/tokenhouse/internal/core/fault"
	"github.com/tokenhouse/tokenhouse/internal/core/profile"
	"github.com/tokenhouse/tokenhouse/internal/flow/people"
)

// Profile is what people see of themselves.
type Profile struct {
	Rules      *profile.Profile
	Shown      []profile.Shown    // the attributes that they may see
	Attributes profile.Attributes // those beside name, address and the like
}

// Profile is the owner's.
func (a *Accounts) Profile(ctx context.Context, o *Owner) (Profile, error) {
	terms, err := a.Rules.Terms(ctx, o.Realm)
	if err != nil {
		return Profile{}, err
	}
	return Profile{terms.Profile, terms.Profile.ShownToUser(o.User, o.scopes), terms.Profile.Readable(profile.Of(o.User), profile.User)}, nil
}

// Wrong is one thing that is wrong with a profile, in Keycloak's words.
type Wrong struct {
	Field   string
	Message string // a message key
	Params  []*string
}

// Rejected says what is wrong with a profile.
type Rejected struct {
	Wrong []Wrong
	Taken bool // somebody else has the name or the address
}

func (e *Rejected) Error() string {
	texts := make([]string, len(e.Wrong))
	for i, w := range e.Wrong {
		texts[i] = w.Field + ": " + w.Message
	}
	return strings.Join(texts, "; ")
}

// ChangeProfile gives the owner the attributes that they tell of themselves. What is wrong is a *Rejected.
func (a *Accounts) ChangeProfile(ctx context.Context, o *Owner, given profile.Attributes) error {
	terms, err := a.Rules.Terms(ctx, o.Realm)
	if err != nil {
		return err
	}
	err = a.People.ChangeProfile(ctx, o.Realm, o.User.ID, people.Told{Given: given, Complete: true, Scopes: o.scopes})
	if rejected := reject(terms.Profile, given, err); rejected != nil {
		return rejected
	}
	if err != nil {
		return err
	}
	a.record(ctx, o, event.UpdateProfile, append(profile.Changes(profile.Of(o.User), given), "context", "ACCOUNT")...)
	return nil
}

// reject puts what is wrong with a profile in the words of this API; nil where err is something else.
func reject(p *profile.Profile, given profile.Attributes, err error) error {
	out := &Rejected{}
	collect(err, func(err error) {
		switch e := err.(type) {
		case profile.Invalid:
			for _, v := range e {
				out.Wrong = append(out.Wrong, wrong(p, v))
				if more := also(v, given); more != "" {
					out.Wrong = append(out.Wrong, wrong(p, profile.Violation{Attribute: v.Attribute, Message: more}))
				}
			}
		case *fault.Conflict:
			out.Taken = true
			out.Wrong = append(out.Wrong, wrong(p, profile.Violation{Attribute: e.Field, Message: e.Field + "ExistsMessage"}))
		}
	})
	if len(out.Wrong) == 0 {
		return nil
	}
	return out
}

// also is what Keycloak complains of beside a violation: its own rules come before those of the configuration.
func also(v profile.Violation, given profile.Attributes) string {
	switch {
	case v.Attribute == profile.Username && v.Message == "error-user-attribute-read-only":
		return "readOnlyUsernameMessage"
	case v.Attribute == profile.Email && v.Message == "error-user-attribute-required" && len(given[profile.Email]) > 0:
		return "missingEmailMessage"
	}
	return ""
}

// wrong is a violation with its parameters as texts. The first is what the attribute is called.
func wrong(p *profile.Profile, v profile.Violation) Wrong {
	name := v.Attribute
	if i := slices.IndexFunc(p.Config.Attributes, func(a profile.Attribute) bool { return a.Name == name }); i >= 0 {
		name = cmp.Or(p.Config.Attributes[i].DisplayName, name)
	}
	out := Wrong{Field: v.Attribute, Message: v.Message, Params: []*string{&name}}
	for _, param := range v.Params {
		if param == nil {
			out.Params = append(out.Params, nil)
			continue
		}
		text := fmt.Sprint(param)
		out.Params = append(out.Params, &text)
	}
	return out
}

// collect calls visit for an error, or for each of those that were joined into it.
func collect(err error, visit func(error)) {
	if joined, ok := err.(interface{ Unwrap() []error }); ok {
		for _, err := range joined.Unwrap() {
			collect(err, visit)
		}
		return
	}
	if invalid, ok := errors.AsType[profile.Invalid](err); ok {
		visit(invalid)
	} else if conflict, ok := errors.AsType[*fault.Conflict](err); ok {
		visit(conflict)
	}
}
