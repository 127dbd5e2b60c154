package oidc

import (
	"net/http"

	"github.com/tokenhouse/tokenhouse/internal/core/login"
	"github.com/tokenhouse/tokenhouse/internal/flow/authorize"
)

// begin takes authorization requests (RFC 6749 §3.1), or such that begin elsewhere than with the password.
func (s *site) begin(path login.Path) handler {
	return func(w http.ResponseWriter, r *http.Request, c call) error {
		f, err := readParameters(w, r)
		if err != nil {
			return err
		}
		o, err := s.Browser.Begin(r.Context(), authorize.BeginRequest{Call: browsing(r, c), Path: path, Parameters: f.fields()})
		if err != nil {
			return err
		}
		return s.show(w, r, c, o)
	}
}

// readParameters reads the parameters of a request: those of the body of a POST, or of the query. What cannot be
// decoded has none, which the person is told on a page.
func readParameters(w http.ResponseWriter, r *http.Request) (form, error) {
	if r.Method == http.MethodPost {
		return tolerant(readForm(w, r))
	}
	return tolerant(parseForm(r.URL.RawQuery))
}

func tolerant(f form, err error) (form, error) {
	if isCallers(err) {
		return nil, nil
	}
	return f, err
}

func (f form) fields() []authorize.Field {
	out := make([]authorize.Field, len(f))
	for i := range f {
		out[i] = authorize.Field{Name: f[i].name, Value: f[i].value}
	}
	return out
}

// browsing is what every request of a browser brings.
func browsing(r *http.Request, c call) authorize.Call {
	cookies := authorize.Cookies{}
	for _, k := range r.Cookies() {
		if _, ok := cookies[k.Name]; !ok {
			cookies[k.Name] = k.Value
		}
	}
	return authorize.Call{Realm: c.realm.Name, Base: c.caller.Base, Address: c.address(), Agent: r.UserAgent(), Secure: c.caller.Secure, Cookies: cookies}
}
