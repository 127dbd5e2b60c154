// Package localization is how administrators read and change the texts that a realm has of its own.
package localization

import (
	"context"
	"io"
	"maps"
	"net/http"
	"slices"

	"github.com/tokenhouse/tokenhouse/internal/core/permit"
	"github.com/tokenhouse/tokenhouse/internal/core/realm"
	"github.com/tokenhouse/tokenhouse/internal/flow/audit"
	"github.com/tokenhouse/tokenhouse/internal/flow/manage"
	"github.com/tokenhouse/tokenhouse/internal/web/admin/rest"
)

// Deps is what the routes call. All fields are required.
type Deps struct {
	Texts  Texts
	Stored Stored
}

// Texts changes texts, by locale and name.
type Texts interface {
	Add(ctx context.Context, author audit.Author, realmName, locale string, texts map[string]string) error
	Drop(ctx context.Context, author audit.Author, realmName, locale string) error
	DropOne(ctx context.Context, author audit.Author, realmName, locale, name string) error
}

// Stored is what texts are read from.
type Stored interface {
	Extra(ctx context.Context, realmKey string, kind realm.Kind, key string) (realm.Extra, error)
}

// Routes are the addresses of texts.
func Routes(d Deps) []rest.Route {
	const all, locale, one = "/localization", "/localization/{locale}", "/localization/{locale}/{name}"
	return []rest.Route{
		{Method: http.MethodGet, Path: all, Need: permit.ToNameRealm, Handle: d.locales, Exceptional: true},
		{Method: http.MethodGet, Path: locale, Need: permit.ToNameRealm, Handle: d.list, Exceptional: true},
		{Method: http.MethodPost, Path: locale, Need: permit.ToManageRealm, Handle: d.add},
		{Method: http.MethodDelete, Path: locale, Need: permit.ToManageRealm, Handle: d.drop},
		{Method: http.MethodGet, Path: one, Need: permit.ToNameRealm, Handle: d.get, Exceptional: true},
		{Method: http.MethodPut, Path: one, Need: permit.ToManageRealm, Handle: d.set},
		{Method: http.MethodDelete, Path: one, Need: permit.ToManageRealm, Handle: d.dropOne},
	}
}

// texts are those of the realm, by locale.
func (d Deps) texts(r *rest.Request) (map[string]map[string]string, error) {
	kept, err := d.Stored.Extra(r.Context(), r.Realm.Key, realm.KindRealm, r.Realm.Key)
	return manage.TextsOf(kept), err
}

func (d Deps) locales(w http.ResponseWriter, r *rest.Request) error {
	all, err := d.texts(r)
	if err != nil {
		return err
	}
	return rest.JSON(w, append([]string{}, slices.Sorted(maps.Keys(all))...))
}

// list shows the texts of a locale. On demand those of the realm's default locale stand in for what it lacks.
func (d Deps) list(w http.ResponseWriter, r *rest.Request) error {
	all, err := d.texts(r)
	if err != nil {
		return err
	}
	out := map[string]string{}
	if r.Flag("useRealmDefaultLocaleFallback", false) {
		maps.Copy(out, all[r.Realm.DefaultLocale])
	}
	maps.Copy(out, all[r.PathValue("locale")])
	return rest.JSON(w, out)
}

// add sets texts that are sent as they are, or as the file of a form.
func (d Deps) add(w http.ResponseWriter, r *rest.Request) error {
	read := r.TextMap
	if r.IsForm() {
		read = r.FileTexts
	}
	texts, err := read()
	if err != nil {
		return err
	}
	return rest.Done(w, d.Texts.Add(r.Context(), r.Author, r.Realm.Name, r.PathValue("locale"), texts))
}

func (d Deps) drop(w http.ResponseWriter, r *rest.Request) error {
	return rest.Done(w, d.Texts.Drop(r.Context(), r.Author, r.Realm.Name, r.PathValue("locale")))
}

func (d Deps) get(w http.ResponseWriter, r *rest.Request) error {
	all, err := d.texts(r)
	if err != nil {
		return err
	}
	text, ok := all[r.PathValue("locale")][r.PathValue("name")]
	if !ok {
		return rest.NotFound("Localization text not found")
	}
	w.Header().Set("Content-Type", "text/plain;charset=UTF-8")
	_, err = io.WriteString(w, text)
	return err
}

func (d Deps) set(w http.ResponseWriter, r *rest.Request) error {
	text, err := r.Text()
	if err != nil {
		return err
	}
	return rest.Done(w, d.Texts.Add(r.Context(), r.Author, r.Realm.Name, r.PathValue("locale"), map[string]string{r.PathValue("name"): text}))
}

func (d Deps) dropOne(w http.ResponseWriter, r *rest.Request) error {
	return rest.Done(w, d.Texts.DropOne(r.Context(), r.Author, r.Realm.Name, r.PathValue("locale"), r.PathValue("name")))
}
