package bearertest

import (
	"net/http"
	"slices"
	"strings"
	"time"
)

// token exchanges tokens that the issuer signed (RFC 8693) and gives clients their own (RFC 6749 §4.4), so that tests of services
// that call others need no server either. It believes whoever says which client it is, and gives what is asked for: which
// exchanges are right is not for a test of a service to say. Deny refuses one.
func (i *Issuer) token(w http.ResponseWriter, r *http.Request) {
	if err := r.ParseForm(); err != nil {
		refuse(w, http.StatusBadRequest, "invalid_request", "Malformed form")
		return
	}
	client, _, ok := r.BasicAuth()
	if !ok {
		client = r.Form.Get("client_id")
	}
	asked := Claims{"azp": client, "aud": r.Form["audience"], "scope": r.Form.Get("scope")}
	switch r.Form.Get("grant_type") {
	case "client_credentials":
		asked["sub"] = client
	case "urn:ietf:params:oauth:grant-type:token-exchange":
		i.mu.Lock()
		subject, good := i.opened(r.Form.Get("subject_token"))
		denied := slices.ContainsFunc(r.Form["audience"], func(a string) bool { return i.denied[a] })
		i.mu.Unlock()
		if !good {
			refuse(w, http.StatusBadRequest, "invalid_request", "Invalid token")
			return
		}
		if denied {
			refuse(w, http.StatusForbidden, "access_denied", "Token exchange not permitted: client "+client+" may not exchange to "+strings.Join(r.Form["audience"], ", "))
			return
		}
		asked["sub"] = subject["sub"]
		before, _ := subject["exchange_path"].([]any)
		asked["exchange_path"] = append(before, map[string]any{"client": subject["azp"], "jti": subject["jti"]})
	default:
		refuse(w, http.StatusBadRequest, "unsupported_grant_type", "")
		return
	}
	answer(w, map[string]any{"access_token": i.Token(asked), "token_type": "Bearer", "expires_in": int(life / time.Second), "scope": asked["scope"],
		"issued_token_type": "urn:ietf:params:oauth:token-type:access_token"})
}

// Deny makes the token endpoint refuse exchanges to an audience.
func (i *Issuer) Deny(audience string) {
	i.mu.Lock()
	defer i.mu.Unlock()
	i.denied[audience] = true
}

func refuse(w http.ResponseWriter, status int, code, description string) {
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(status)
	answer(w, map[string]string{"error": code, "error_description": description})
}
