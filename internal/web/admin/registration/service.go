package registration

import (
	"net/http"
	"net/url"
	"strings"

	"github.com/tokenhouse/tokenhouse/internal/flow/register"
	"github.com/tokenhouse/tokenhouse/internal/keycloak"
	"github.com/tokenhouse/tokenhouse/internal/web/admin/rest"
	"github.com/tokenhouse/tokenhouse/internal/web/render"
)

// create registers a client.
func (d Deps) create(f format) rest.Handler {
	return func(w http.ResponseWriter, r *rest.Request) error {
		body, err := r.Body(f.name)
		if err != nil {
			return err
		}
		if f.name == oidc.name && body.Has("client_id") {
			return register.IdentifierIncluded()
		}
		o, subjects, err := f.from(body)
		if err != nil {
			return err
		}
		made, err := d.Registrar.Create(r.Context(), call(w, r), o, subjects)
		if err != nil {
			return err
		}
		address := r.Base + strings.TrimSuffix(r.URL.EscapedPath(), "/") + "/" + url.PathEscape(made.Text("clientId"))
		w.Header().Set("Location", address)
		return answer(w, http.StatusCreated, f.to(r, made, address))
	}
}

// read answers a client to itself, or to an administrator.
func (d Deps) read(f format) rest.Handler {
	return func(w http.ResponseWriter, r *rest.Request) error {
		found, err := d.Registrar.View(r.Context(), call(w, r), r.PathValue("id"))
		if err != nil {
			return err
		}
		return answer(w, http.StatusOK, f.to(r, found, address(r)))
	}
}

// update changes a client.
func (d Deps) update(f format) rest.Handler {
	return func(w http.ResponseWriter, r *rest.Request) error {
		body, err := r.Body(f.name)
		if err != nil {
			return err
		}
		o, subjects, err := f.from(body)
		if err != nil {
			return err
		}
		changed, err := d.Registrar.Update(r.Context(), call(w, r), r.PathValue("id"), o, subjects)
		if err != nil {
			return err
		}
		return answer(w, http.StatusOK, f.to(r, changed, address(r)))
	}
}

func (d Deps) remove(w http.ResponseWriter, r *rest.Request) error {
	return rest.Done(w, d.Registrar.Delete(r.Context(), call(w, r), r.PathValue("id")))
}

// install answers the configuration of a client's adapter.
func (d Deps) install(w http.ResponseWriter, r *rest.Request) error {
	c, kept, err := d.Registrar.Installation(r.Context(), call(w, r), r.PathValue("id"))
	if err != nil {
		return err
	}
	with := *c
	with.Extra = kept
	return answer(w, http.StatusOK, keycloak.AdapterOf(r.Realm, &with, r.Base))
}

// address is the one that was called, as the caller reaches it.
func address(r *rest.Request) string { return r.Base + r.URL.EscapedPath() }

func call(w http.ResponseWriter, r *rest.Request) register.Call {
	origin := r.Header.Get("Origin")
	return register.Call{Realm: r.Realm, Base: r.Base, Authorization: r.Header.Get("Authorization"), Author: r.Author,
		Origin: origin, Share: func() { render.ShareWith(w.Header(), origin) }}
}

// answer answers what holds secrets: nobody may keep it (RFC 7591 §3.2.1).
func answer(w http.ResponseWriter, status int, v any) error {
	w.Header().Set("Cache-Control", "no-store")
	w.Header().Set("Content-Type", "application/json;charset=UTF-8")
	return render.JSON(w, status, v)
}
