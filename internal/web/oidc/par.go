package oidc

import (
	"net/http"

	"github.com/tokenhouse/tokenhouse/internal/flow/authorize"
	"github.com/tokenhouse/tokenhouse/internal/web/render"
)

// push keeps an authorization request that a client sends itself (RFC 9126 §2).
func (s *site) push(w http.ResponseWriter, r *http.Request, c call) error {
	f, err := readForm(w, r)
	if err != nil {
		return err
	}
	pushed, err := s.Browser.Push(r.Context(), authorize.PushRequest{Call: browsing(r, c), Origin: r.Header.Get("Origin"),
		Credentials: c.credentials(r, f), Sent: c.sent(r), Parameters: f.fields()})
	shareOutcome(w, r, err, exposed)
	if err != nil {
		return err
	}
	return render.JSON(w, http.StatusCreated, pushed)
}
