package mapper

import (
	"strconv"

	"github.com/tokenhouse/tokenhouse/internal/core/realm"
)

const sessionNote = "user.session.note"

// noteAuthTime is the note that says when the user signed in; the session has a field for it.
const noteAuthTime = "AUTH_TIME"

// noteSSO is the note of a grant whose client got the user from a session that was there already.
const noteSSO = "SSO_AUTH"

// note writes a note of the session.
func note(w *Work, m *realm.Mapper) bool {
	if w.Session == nil {
		return false
	}
	name := m.Config[sessionNote]
	value, ok := w.Session.Notes[name]
	if name == noteAuthTime && !w.Session.AuthTime.IsZero() {
		value, ok = strconv.FormatInt(w.Session.AuthTime.Unix(), 10), true
	}
	return ok && w.write(m, "", convert(m.Config[jsonType], value))
}

// noteLevel is the note of a grant that says the level of assurance that was reached, where the flow gives levels.
const noteLevel = "LEVEL"

// acr writes the level that the user reached; of a flow that gives no levels "1" where they proved who they are for
// this client, and "0" where a session was enough. What the client or the realm calls a level stands in its place.
func acr(w *Work, _ *realm.Mapper) bool {
	level := 1
	if w.Grant != nil {
		if w.Grant.Notes[noteSSO] == "true" {
			level = 0
		}
		if n, err := strconv.Atoi(w.Grant.Notes[noteLevel]); err == nil {
			level = n
		}
	}
	w.Claims.ACR = strconv.Itoa(level)
	names := w.Realm.ACR
	if len(w.Client.SignIn.ACR) > 0 {
		names = w.Client.SignIn.ACR
	}
	named := false
	for name, l := range names {
		if l == level && (!named || name < w.Claims.ACR) {
			w.Claims.ACR, named = name, true
		}
	}
	return true
}

// sessionState writes the session's id under the name that it had before "sid".
func sessionState(w *Work, _ *realm.Mapper) bool {
	if w.Session.Transient() {
		return false
	}
	w.Claims.Other.Set(w.Session.ID, "session_state")
	return true
}

// nonce writes the authorization request's nonce into the access token, as it was once.
func nonce(w *Work, _ *realm.Mapper) bool {
	w.Claims.Nonce = w.Nonce
	return w.Nonce != ""
}

// allowedOrigins writes the client's web origins.
func allowedOrigins(w *Work, _ *realm.Mapper) bool {
	origins := w.Client.Origins(w.Base)
	if len(origins) == 0 {
		return false
	}
	w.Claims.Other.Set(origins, "allowed-origins")
	return true
}
