package oidc

import (
	"net/http"
	"net/url"
	"slices"

	"github.com/tokenhouse/tokenhouse/internal/core/login"
	"github.com/tokenhouse/tokenhouse/internal/flow/authorize"
)

// actions are the addresses below login-actions.
var actions = []login.Path{login.Authenticate, login.Registration, login.Reset, login.RequiredActions, login.Consent,
	login.FirstBroker, login.PostBroker, "restart", authorize.LinkPath}

// proceed takes a link or a form of a sign-in's pages.
func (s *site) proceed(w http.ResponseWriter, r *http.Request, c call) error {
	w.Header()["Cache-Control"] = uncached
	path := login.Path(r.PathValue("action"))
	if !slices.Contains(actions, path) {
		return errNotFound
	}
	query, err := tolerant(parseForm(r.URL.RawQuery))
	if err != nil {
		return err
	}
	q := authorize.ContinueRequest{Call: browsing(r, c), Path: path, Query: query.values()}
	if r.Method == http.MethodPost {
		body, err := tolerant(readForm(w, r))
		if err != nil {
			return err
		}
		q.Form = body.values()
	}
	o, err := s.Browser.Continue(r.Context(), q)
	if err != nil {
		return err
	}
	return s.show(w, r, c, o)
}

// values are the parameters by name.
func (f form) values() url.Values {
	v := url.Values{}
	for i := range f {
		v.Add(f[i].name, f[i].value)
	}
	return v
}
