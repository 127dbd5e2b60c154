package manage

import (
	"context"
	"maps"

	"github.com/tokenhouse/tokenhouse/internal/core/event"
	"github.com/tokenhouse/tokenhouse/internal/core/fault"
	"github.com/tokenhouse/tokenhouse/internal/core/realm"
	"github.com/tokenhouse/tokenhouse/internal/flow/audit"
	"github.com/tokenhouse/tokenhouse/internal/keycloak"
)

// Texts changes the texts of pages and mails that a realm has of its own, by locale and name.
type Texts struct{ Store Documents }

// textsMember is where a realm keeps them.
const textsMember = "localizationTexts"

// TextsOf are the texts that a realm keeps, by locale.
func TextsOf(kept realm.Extra) map[string]map[string]string {
	return keycloak.Value[map[string]map[string]string](keycloak.Object(kept), textsMember)
}

// Add sets texts of a locale; others of it stay.
func (t *Texts) Add(ctx context.Context, author audit.Author, realmName, locale string, texts map[string]string) error {
	if err := realm.CheckReserved(locale); err != nil {
		return keycloak.At("locale", err)
	}
	return t.change(ctx, author, realmName, audit.Update, locale, func(all map[string]map[string]string) error {
		if all[locale] == nil {
			all[locale] = map[string]string{}
		}
		maps.Copy(all[locale], texts)
		return nil
	})
}

// Drop removes the texts of a locale.
func (t *Texts) Drop(ctx context.Context, author audit.Author, realmName, locale string) error {
	return t.change(ctx, author, realmName, audit.Delete, locale, func(all map[string]map[string]string) error {
		if all[locale] == nil {
			return &fault.NotFound{Message: "No localization texts for locale " + locale + " found."}
		}
		delete(all, locale)
		return nil
	})
}

// DropOne removes a text of a locale.
func (t *Texts) DropOne(ctx context.Context, author audit.Author, realmName, locale, name string) error {
	return t.change(ctx, author, realmName, audit.Delete, locale+"/"+name, func(all map[string]map[string]string) error {
		if _, ok := all[locale][name]; !ok {
			return &fault.NotFound{Message: "Localization text not found"}
		}
		delete(all[locale], name)
		return nil
	})
}

func (t *Texts) change(ctx context.Context, author audit.Author, realmName, operation, path string, edit func(map[string]map[string]string) error) error {
	return editKept(ctx, t.Store, realmName, func(r *realm.Realm, kept realm.Extra) ([]event.Admin, error) {
		all := TextsOf(kept)
		if all == nil {
			all = map[string]map[string]string{}
		}
		if err := edit(all); err != nil {
			return nil, err
		}
		keycloak.Object(kept).Put(textsMember, all)
		return author.Of(r, operation, realmResource, "localization/"+path, nil), nil
	})
}
