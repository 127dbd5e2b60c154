package people

import (
	"context"
	"time"

	"github.com/tokenhouse/tokenhouse/internal/core/profile"
	"github.com/tokenhouse/tokenhouse/internal/core/realm"
	"github.com/tokenhouse/tokenhouse/internal/core/user"
	"github.com/tokenhouse/tokenhouse/internal/flow/audit"
	"github.com/tokenhouse/tokenhouse/internal/flow/verify"
)

// Adoption is an account for somebody whom an identity provider vouches for.
type Adoption struct {
	Profile       profile.Attributes // as a user profile made it, or as the provider told it
	EmailVerified bool
	Link          user.Link
	Roles         []string // keys, beside the realm's default role
	Groups        []string // keys, beside the realm's default groups
	Actions       []string // required actions, beside the realm's
}

// Adopt makes an account that is linked to somebody at a provider, and gives its id. *fault.Conflict where the name or
// the address is taken, or somebody else is linked to them. That the profile is complete is not looked at: what
// is missing is asked for at sign-in.
func (u *Users) Adopt(ctx context.Context, author audit.Author, r *realm.Realm, q Adoption) (string, error) {
	a, err := adopted(ctx, u.Store, u.Rules, author.Now, r, q)
	if err != nil {
		return "", err
	}
	a.User.ID = author.NewID()
	return a.User.ID, taken(u.Store.CreateUser(ctx, r.Key, a, nil))
}

// WouldAdopt is the user whom Adopt would make now, without an id; *fault.Conflict where the name or the address is
// taken.
func WouldAdopt(ctx context.Context, names Names, rules *Rulebook, at verify.At, q Adoption) (user.User, error) {
	a, err := adopted(ctx, names, rules, at.Now, at.Realm, q)
	return a.User, err
}

func adopted(ctx context.Context, names Names, rules *Rulebook, now time.Time, r *realm.Realm, q Adoption) (user.Account, error) {
	terms, err := rules.Terms(ctx, r)
	if err != nil {
		return user.Account{}, err
	}
	if err := free(ctx, names, r, nil, q.Profile); err != nil {
		return user.Account{}, err
	}
	a := user.Account{User: user.User{Enabled: true, Created: now, EmailVerified: q.EmailVerified, Extra: realm.Extra{},
		Links: []user.Link{q.Link}}, SoleEmail: !r.DuplicateEmails, SoleLinks: true}
	q.Profile.WriteTo(&a.User)
	for _, role := range append([]string{r.DefaultRole}, q.Roles...) {
		a.User.Roles = joined(a.User.Roles, role)
	}
	for _, group := range append(append([]string(nil), r.DefaultGroups...), q.Groups...) {
		a.User.GroupKeys = joined(a.User.GroupKeys, group)
	}
	for _, action := range terms.Actions {
		if action.Enabled && action.Default {
			require(&a.User, action.Alias)
		}
	}
	for _, action := range q.Actions {
		require(&a.User, action)
	}
	return a, nil
}
