package rest

import (
	"net/http"

	"github.com/tokenhouse/tokenhouse/internal/core/permit"
	"github.com/tokenhouse/tokenhouse/internal/flow/verify"
	"github.com/tokenhouse/tokenhouse/internal/web/caller"
)

// administrator finds who calls by the access token in the header. Why a token is refused is not told, as Resolver.Refused has it.
func (s *site) administrator(w http.ResponseWriter, r *http.Request, who caller.Caller) (*permit.Administrator, error) {
	p, err := Presented(r, who.Sent(r, who.Base))
	if err != nil {
		return nil, err
	}
	found, err := s.Administrators.Administrator(r.Context(), who.Base, p)
	switch {
	case verify.Why(err) != "":
		return nil, s.Callers.Refused(w, r, err, errNoToken)
	case err != nil:
		return nil, err
	}
	s.Callers.TellNonce(w.Header(), found.Realm)
	return found, nil
}

// Presented is the access token in the header (RFC 6750 §2.1, RFC 9449 §7.1), with the proof beside it. One in the query
// or the body is not looked at, and of two headers a proxy before us may have looked at the other (RFC 9110 §5.3).
func Presented(r *http.Request, sent verify.Sent) (verify.Presented, error) {
	headers := r.Header["Authorization"]
	if len(headers) > 1 {
		return verify.Presented{}, errAuthorized
	}
	if len(headers) == 0 {
		return verify.Presented{}, errNoToken
	}
	p := verify.ReadPresented(headers[0], sent)
	if p.Token == "" {
		return p, errNoToken
	}
	return p, nil
}
