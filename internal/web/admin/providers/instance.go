package providers

import (
	"net/http"
	"net/url"
	"strings"

	"github.com/tokenhouse/tokenhouse/internal/core/realm"
	"github.com/tokenhouse/tokenhouse/internal/keycloak"
	"github.com/tokenhouse/tokenhouse/internal/keycloak/idp"
	"github.com/tokenhouse/tokenhouse/internal/web/admin/rest"
)

// mask stands for a secret.
const mask = "**********"

// shown is an identity provider as administrators see it: without its secret.
func shown(p *realm.Provider, extra realm.Extra) keycloak.Object {
	with := *p
	with.Extra = extra
	if with.ClientSecret != "" {
		with.ClientSecret = mask
	}
	o := keycloak.FromProvider(&with)
	if k, ok := idp.Find(p.Kind); ok {
		o.Put("types", k.Types)
	}
	return o
}

// briefly leaves out the settings.
func briefly(p *realm.Provider, extra realm.Extra) keycloak.Object {
	o := keycloak.Object{}
	o.Put("alias", p.Alias)
	o.Put("internalId", p.Key)
	o.Put("providerId", p.Kind)
	o.Put("enabled", p.Enabled)
	o.Put("config", map[string]string{})
	if name, ok := extra["displayName"]; ok {
		o["displayName"] = name
	}
	return o
}

// usualPage is how many identity providers a list has where nothing else is asked for.
const usualPage = 100

func (d Deps) list(w http.ResponseWriter, r *rest.Request) error {
	page, err := r.Page(usualPage)
	if err != nil {
		return err
	}
	var keys []string
	for _, p := range r.Realm.Providers() {
		keys = append(keys, p.Key)
	}
	extras, err := d.Documents.Extras(r.Context(), r.Realm.Key, realm.KindProvider, keys)
	if err != nil {
		return err
	}
	show := shown
	if r.Flag("briefRepresentation", false) {
		show = briefly
	}
	asked := wanted(r)
	out := []keycloak.Object{}
	for _, p := range r.Realm.Providers() {
		if asked(p, extras[p.Key]) {
			out = append(out, show(p, extras[p.Key]))
		}
	}
	return rest.JSON(w, rest.Of(page, out))
}

// wanted tells which identity providers a list is asked for.
func wanted(r *rest.Request) func(*realm.Provider, realm.Extra) bool {
	q := r.URL.Query()
	search, kind, capability, own := q.Get("search"), q.Get("type"), q.Get("capability"), r.Flag("realmOnly", false)
	return func(p *realm.Provider, extra realm.Extra) bool {
		is, _ := idp.Find(p.Kind)
		return matches(search, p.Alias) &&
			(kind == "" || is.Is(kind)) &&
			(capability == "" || is.Is(types[capability])) &&
			(!own || keycloak.Object(extra).Text("organizationId") == "")
	}
}

// types are what providers have to be, to be capable of something.
var types = map[string]string{"USER_LINKING": idp.UserAuthentication, "USER_LOGIN": idp.UserAuthentication}

// matches tells whether an alias is one that is searched for: as it stands between quotes, with anything
// where a star is, and by its beginning else.
func matches(search, alias string) bool {
	if exact, ok := strings.CutPrefix(search, `"`); ok && strings.HasSuffix(exact, `"`) && exact != "" {
		return alias == exact[:len(exact)-1]
	}
	parts := strings.Split(strings.ToLower(search)+"*", "*")
	rest, ok := strings.CutPrefix(strings.ToLower(alias), parts[0])
	for _, part := range parts[1:] {
		_, after, found := strings.Cut(rest, part)
		rest, ok = after, ok && found
	}
	return ok
}

func (d Deps) get(w http.ResponseWriter, r *rest.Request) error {
	p, err := d.find(r)
	if err != nil {
		return err
	}
	extra, err := d.Documents.Extra(r.Context(), r.Realm.Key, realm.KindProvider, p.Key)
	if err != nil {
		return err
	}
	return rest.JSON(w, shown(p, extra))
}

func (d Deps) create(w http.ResponseWriter, r *rest.Request) error {
	body, err := r.Body("IdentityProvider")
	if err != nil {
		return err
	}
	if err := d.Providers.Create(r.Context(), r.Author, r.Realm.Name, body); err != nil {
		return err
	}
	address := strings.TrimSuffix(r.URL.EscapedPath(), "/")
	if alias := body.Text("alias"); alias != "" {
		address += "/" + url.PathEscape(alias)
	}
	return rest.CreatedAt(w, r, address)
}

func (d Deps) update(w http.ResponseWriter, r *rest.Request) error {
	body, err := r.Body("IdentityProvider")
	if err != nil {
		return err
	}
	return rest.Done(w, d.Providers.Update(r.Context(), r.Author, r.Realm.Name, r.PathValue("alias"), body))
}

func (d Deps) delete(w http.ResponseWriter, r *rest.Request) error {
	return rest.Done(w, d.Providers.Delete(r.Context(), r.Author, r.Realm.Name, r.PathValue("alias")))
}

// export answers with what is to be told to the identity provider: for OpenID Connect there is nothing.
func (d Deps) export(w http.ResponseWriter, r *rest.Request) error {
	if _, err := d.find(r); err != nil {
		return err
	}
	return rest.NoContent(w)
}

// reloadKeys tells that there was nothing to be done: keys that others publish are fetched when a token
// names one that is not known.
func (d Deps) reloadKeys(w http.ResponseWriter, r *rest.Request) error {
	if _, err := d.find(r); err != nil {
		return err
	}
	return rest.JSON(w, false)
}

// permissions answers as Keycloak does where its fine-grained permissions of old are off.
func (d Deps) permissions(_ http.ResponseWriter, r *rest.Request) error {
	if _, err := d.find(r); err != nil {
		return err
	}
	return rest.FeatureOff
}
