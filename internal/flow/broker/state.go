package broker

import (
	"crypto/subtle"
	"encoding/base64"
	"encoding/json"
	"net/url"
	"strings"

	"github.com/tokenhouse/tokenhouse/internal/flow/authorize"
)

// trip is a browser's way to a provider and back, as its attempt keeps it. It proves that an answer is for a request
// that this browser made, to this provider, and that it is the first (RFC 9700 §4.7).
type trip struct {
	Provider string // alias
	State    string
	Nonce    string `json:",omitempty"`
	Verifier string `json:",omitempty"` // of PKCE
	Owner    *owner `json:",omitempty"` // of the account that is to be linked; nil: somebody signs in
}

// noteTrip is the note of an attempt whose browser is at a provider.
const noteTrip = "broker.trip"

// under is the trip that a state stands for, and ends it: a state is good once. ok is false where the attempt is on
// none, or on another.
func under(t *authorize.Turn, alias, state string) (out trip, ok bool) {
	if json.Unmarshal([]byte(t.Attempt.Notes[noteTrip]), &out) != nil {
		return out, false
	}
	same := subtle.ConstantTimeCompare([]byte(out.State), []byte(state)) == 1
	if !same || out.Provider != alias || out.State == "" {
		return trip{}, false
	}
	t.Attempt.Note(noteTrip, "")
	return out, true
}

// begin keeps a trip with the attempt. Another that had begun can not be ended any more.
func (r trip) begin(t *authorize.Turn) error {
	text, err := json.Marshal(r)
	t.Attempt.Note(noteTrip, string(text))
	return err
}

// newState makes a state: a secret, and behind it the way back to the tab, which proves nothing.
func newState(t *authorize.Turn, secret string) string {
	q := t.TabQuery()
	return strings.Join([]string{secret, q.Get("tab_id"), base64.RawURLEncoding.EncodeToString([]byte(q.Get("client_id"))), q.Get("client_data")}, ".")
}

// readState gives the parameters that lead back to the tab; ok is false where a state is none of ours.
func readState(state string) (q url.Values, ok bool) {
	parts := strings.Split(state, ".")
	if len(parts) != 4 {
		return nil, false
	}
	client, err := base64.RawURLEncoding.DecodeString(parts[2])
	if err != nil || len(client) == 0 {
		return nil, false
	}
	return url.Values{"tab_id": {parts[1]}, "client_id": {string(client)}, "client_data": {parts[3]}}, true
}
