package bearertest

import (
	"crypto"
	"encoding/base64"
	"encoding/json"
	"net/http"
	"slices"
	"strings"
	"time"

	"github.com/go-jose/go-jose/v4"
)

// token exchanges tokens that the issuer signed (RFC 8693) and gives clients their own (RFC 6749 §4.4), so that tests of services
// that call others need no server either. It believes whoever says which client it is, and gives what is asked for: which
// exchanges are right is not for a test of a service to say. Deny refuses one. A token that is asked for with a DPoP proof is bound
// to the key of the proof, of which only the signature is checked.
func (i *Issuer) token(w http.ResponseWriter, r *http.Request) {
	if err := r.ParseForm(); err != nil {
		refuse(w, http.StatusBadRequest, "invalid_request", "Malformed form")
		return
	}
	client := clientOf(r)
	asked := Claims{"azp": client, "aud": r.Form["audience"], "scope": r.Form.Get("scope")}
	scheme := "Bearer"
	if proof := r.Header.Get("DPoP"); proof != "" {
		key, good := keyOf(proof)
		if !good {
			refuse(w, http.StatusBadRequest, "invalid_dpop_proof", "Invalid DPoP proof")
			return
		}
		scheme, asked["cnf"] = "DPoP", map[string]any{"jkt": key}
	}
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
	answer(w, map[string]any{"access_token": i.Token(asked), "token_type": scheme, "expires_in": int(life / time.Second), "scope": asked["scope"],
		"issued_token_type": "urn:ietf:params:oauth:token-type:access_token"})
}

// clientOf is which client a request says that it is, by a secret, by name, or by an assertion, which nobody checks.
func clientOf(r *http.Request) string {
	if id, _, ok := r.BasicAuth(); ok {
		return id
	}
	parts := strings.Split(r.Form.Get("client_assertion"), ".")
	if len(parts) != 3 {
		return r.Form.Get("client_id")
	}
	var said struct {
		Subject string `json:"sub"`
	}
	payload, err := base64.RawURLEncoding.DecodeString(parts[1])
	if err != nil || json.Unmarshal(payload, &said) != nil {
		return ""
	}
	return said.Subject
}

// keyOf is the thumbprint of the key that signed a proof and that the proof carries.
func keyOf(proof string) (thumbprint string, ok bool) {
	jws, err := jose.ParseSignedCompact(proof, []jose.SignatureAlgorithm{jose.ES256, jose.ES384, jose.ES512, jose.RS256, jose.PS256, jose.EdDSA})
	if err != nil || len(jws.Signatures) != 1 || jws.Signatures[0].Protected.JSONWebKey == nil {
		return "", false
	}
	key := jws.Signatures[0].Protected.JSONWebKey
	if _, err := jws.Verify(key); err != nil {
		return "", false
	}
	sum, err := key.Thumbprint(crypto.SHA256)
	return base64.RawURLEncoding.EncodeToString(sum), err == nil
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
