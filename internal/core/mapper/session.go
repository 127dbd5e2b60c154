package mapper

import (
	"strconv"

	"github.com/tokenhouse/tokenhouse/internal/core/oauth"
	"github.com/tokenhouse/tokenhouse/internal/core/realm"
	"github.com/tokenhouse/tokenhouse/internal/core/session"
)

const sessionNote = "user.session.note"

// note writes a note of the session.
func note(w *Work, m *realm.Mapper) bool {
	if w.Session == nil {
		return false
	}
	name := m.Config[sessionNote]
	value, ok := w.Session.Notes[name]
	if name == session.NoteAuthTime && !w.Session.AuthTime.IsZero() {
		value, ok = strconv.FormatInt(w.Session.AuthTime.Unix(), 10), true
	}
	return ok && w.write(m, "", convert(m.Config[jsonType], value))
}

// acr writes the level that the user reached; of a flow that gives no levels "1" where they proved who they are for
// this client, and "0" where a session was enough. In its place stands the highest of the values that it is enough for:
// of those that the client asked for, or else of all that it or the realm names.
func acr(w *Work, _ *realm.Mapper) bool {
	level, asked := 1, oauth.ACR{}
	if w.Grant != nil {
		if w.Grant.Notes[session.NoteSSO] == "true" {
			level = 0
		}
		if n, err := strconv.Atoi(w.Grant.Notes[session.NoteLevel]); err == nil {
			level = n
		}
		asked = oauth.ParseACR(w.Grant.Notes[session.NoteACR])
	}
	names := w.Realm.AssuranceOf(w.Client)
	w.Claims.ACR = names.Name(level, names.Wanted(w.Client, asked.Values))
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
