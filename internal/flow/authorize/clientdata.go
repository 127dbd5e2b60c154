package authorize

import (
	"encoding/base64"
	"encoding/json"

	"github.com/tokenhouse/tokenhouse/internal/core/login"
)

// client is the parameter client_data: enough of a request to send the browser back to the client when the
// attempt is gone. It proves nothing: the redirect URI is checked again.
type client struct {
	RedirectURI  string     `json:"ru"`
	ResponseType string     `json:"rt"`
	ResponseMode login.Mode `json:"rm,omitempty"`
	State        *string    `json:"st,omitempty"`
}

// clientData writes the parameter.
func clientData(q *login.Request) string {
	text, err := json.Marshal(client{q.RedirectURI, q.ResponseType.String(), q.ResponseMode, q.State})
	if err != nil {
		return "" // strings can always be written
	}
	return base64.RawURLEncoding.EncodeToString(text)
}

// readClientData reads the parameter; ok is false where it is none.
func readClientData(parameter string) (q login.Request, ok bool) {
	text, err := base64.RawURLEncoding.DecodeString(parameter)
	if err != nil {
		return q, false
	}
	var c client
	if json.Unmarshal(text, &c) != nil {
		return q, false
	}
	q = login.Request{RedirectURI: c.RedirectURI, State: c.State}
	if q.ResponseType, ok = login.ParseType(c.ResponseType); !ok {
		return q, false
	}
	q.ResponseMode, ok = login.ModeOf(string(c.ResponseMode), q.ResponseType)
	return q, ok
}
