package account

import (
	"context"

	"github.com/tokenhouse/tokenhouse/internal/core/realm"
	"github.com/tokenhouse/tokenhouse/internal/keycloak"
)

// Locales are the languages that the owner can choose from.
func (a *Accounts) Locales(ctx context.Context, o *Owner) ([]string, error) {
	kept, err := a.Kept.Extra(ctx, o.Realm.Key, realm.KindRealm, o.Realm.Key)
	return keycloak.KeptLocales(kept), err
}

// Locale is the language that the owner chose; empty where they did not.
func (o *Owner) Locale() string {
	if values := o.User.Attributes["locale"]; len(values) > 0 {
		return values[0]
	}
	return ""
}
