package rest

import (
	"net/http"
	"strings"

	"github.com/tokenhouse/tokenhouse/internal/core/permit"
	"github.com/tokenhouse/tokenhouse/internal/flow/verify"
	"github.com/tokenhouse/tokenhouse/internal/web/caller"
)

// administrator finds who calls by the access token in the header. Why a token is refused is not told.
func (s *site) administrator(r *http.Request, who caller.Caller) (*permit.Administrator, error) {
	token, err := Bearer(r)
	if err != nil {
		return nil, err
	}
	found, err := s.Administrators.Administrator(r.Context(), who.Base, token)
	if verify.Why(err) != "" {
		return nil, errNoToken
	}
	return found, err
}

// Bearer is the token in the header (RFC 6750 §2.1). One in the query or the body is not looked at, and of
// two headers a proxy before us may have looked at the other (RFC 9110 §5.3).
func Bearer(r *http.Request) (string, error) {
	headers := r.Header["Authorization"]
	if len(headers) > 1 {
		return "", errAuthorized
	}
	if len(headers) == 0 {
		return "", errNoToken
	}
	scheme, token, _ := strings.Cut(headers[0], " ")
	if token = strings.TrimSpace(token); !strings.EqualFold(scheme, "Bearer") || token == "" {
		return "", errNoToken
	}
	return token, nil
}
