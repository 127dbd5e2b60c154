package account

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/tokenhouse/tokenhouse/internal/core/event"
	"github.com/tokenhouse/tokenhouse/internal/core/fault"
	"github.com/tokenhouse/tokenhouse/internal/core/realm"
	"github.com/tokenhouse/tokenhouse/internal/core/user"
)

// Allow lets a client have client scopes, by their keys, and nothing else from now on. A scope that is not there is a
// *fault.Invalid. A client that has to ask may be allowed itself too, under its own key.
func (a *Accounts) Allow(ctx context.Context, o *Owner, c *realm.Client, scopes []string) (*user.Consent, error) {
	names := make([]string, len(scopes))
	for i, key := range scopes {
		s := o.Realm.ScopeByKey(key)
		switch {
		case s != nil:
			names[i] = s.Name
		case c.ConsentRequired && key == c.Key:
			names[i] = c.ID
		default:
			return nil, &fault.Invalid{Field: "grantedScopes", Message: fmt.Sprintf("Scope id %s does not exist for client %s.", key, c.ID)}
		}
	}
	given, kind := user.Consent{}, event.GrantConsent
	err := a.People.EditOwn(ctx, o.Realm, o.User.ID, func(account *user.Account) error {
		given, kind = user.Consent{Client: c.Key, Scopes: scopes, Created: o.now, Updated: o.now}, event.GrantConsent
		if before := account.User.ConsentTo(c.Key); before != nil {
			given.Created, kind = before.Created, updateConsent
		}
		others := slices.DeleteFunc(slices.Clone(account.User.Consents), func(other user.Consent) bool { return other.Client == c.Key })
		account.User.Consents = append(others, given)
		return nil
	})
	if err != nil {
		return nil, err
	}
	a.record(ctx, o, kind, "granted_client", c.ID, "scope", strings.Join(names, " "))
	return &given, nil
}

// updateConsent is the event of a consent that changes.
const updateConsent event.Kind = "UPDATE_CONSENT"

// Withdraw takes back what the owner allowed a client, and ends what it holds of that.
func (a *Accounts) Withdraw(ctx context.Context, o *Owner, c *realm.Client) error {
	if err := a.Consents.Withdraw(ctx, a.author(o), o.Realm, o.User, c); err != nil {
		return err
	}
	a.record(ctx, o, event.RevokeGrant, "revoked_client", c.ID)
	return nil
}
