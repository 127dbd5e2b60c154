package oidc

import (
	"context"
	"net/http"

	"github.com/tokenhouse/tokenhouse/internal/flow/authorize"
	"github.com/tokenhouse/tokenhouse/internal/flow/revoke"
	"github.com/tokenhouse/tokenhouse/internal/flow/signout"
	"github.com/tokenhouse/tokenhouse/internal/web/render"
)

// logout ends a session: that of a browser (OpenID Connect RP-Initiated Logout 1.0), or, where a POST
// brings a refresh token, the one behind that, with no browser involved.
func (s *site) logout(w http.ResponseWriter, r *http.Request, c call) error {
	if r.Method != http.MethodPost {
		f, err := readParameters(w, r)
		if err != nil {
			return err
		}
		return s.leave(w, r, c, f)
	}
	f, err := readForm(w, r)
	if err != nil {
		return err
	}
	held := f.get("refresh_token")
	if held == nil {
		return s.leave(w, r, c, f)
	}
	err = s.Revoke.Logout(r.Context(), revoke.LogoutRequest{Call: c.revocation(r, f), RefreshToken: *held})
	shareOutcome(w, r, err, exposed)
	if err != nil {
		return err
	}
	w.Header()["Cache-Control"] = noCache
	render.NoBody(w, http.StatusNoContent)
	return nil
}

// leave signs a browser out, or asks it.
func (s *site) leave(w http.ResponseWriter, r *http.Request, c call, f form) error {
	o, err := s.SignOut.Logout(r.Context(), signout.Request{Call: browsing(r, c), Hint: f.get("id_token_hint"), Client: f.get("client_id"),
		RedirectURI: f.get("post_logout_redirect_uri"), State: f.get("state")})
	return s.farewell(w, r, c, o, err)
}

// confirmLogout takes the answer of the page that asked, or shows that again.
func (s *site) confirmLogout(w http.ResponseWriter, r *http.Request, c call) error {
	query, err := tolerant(parseForm(r.URL.RawQuery))
	if err != nil {
		return err
	}
	q := signout.ConfirmRequest{Call: browsing(r, c), Tab: query.text("tab_id")}
	if r.Method == http.MethodPost {
		f, err := tolerant(readForm(w, r))
		if err != nil {
			return err
		}
		code := f.text("session_code")
		q.Code = &code
	}
	o, err := s.SignOut.Confirm(r.Context(), q)
	return s.farewell(w, r, c, o, err)
}

// farewell answers a browser that signs out.
func (s *site) farewell(w http.ResponseWriter, r *http.Request, c call, o *authorize.Outcome, err error) error {
	if err != nil {
		return err
	}
	w.Header()["Cache-Control"] = noCache
	return s.show(w, r, c, o)
}

// SignOut signs browsers out. It is a *signout.Ender.
type SignOut interface {
	Logout(ctx context.Context, q signout.Request) (*authorize.Outcome, error)
	Confirm(ctx context.Context, q signout.ConfirmRequest) (*authorize.Outcome, error)
	Returned(ctx context.Context, q signout.ReturnRequest) (*authorize.Outcome, error)
}
