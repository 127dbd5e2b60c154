package mapper

import (
	"slices"
	"strings"
	"unicode/utf16"

	"github.com/tokenhouse/tokenhouse/internal/core/realm"
	"github.com/tokenhouse/tokenhouse/internal/core/token"
)

// roleNames is a value that is added to what is there, rather than put in its place.
type roleNames []string

// placeholder stands for the client whose roles are written, in the claim's name.
const placeholder = "${client_id}"

// maxPath is how deep a claim may be nested: what is deeper could not be read again.
const maxPath = 32

// write puts a value where the mapper's claim.name says, and tells whether it did. A nil value is no
// value. client takes the placeholder's place.
func (w *Work) write(m *realm.Mapper, client string, value any) bool {
	name := m.Config[claimName]
	if value == nil || name == "" {
		return false
	}
	var room [8]string
	path := appendPath(room[:0], name)
	if len(path) > maxPath {
		return false
	}
	if client != "" {
		for i := range path {
			path[i] = strings.ReplaceAll(path[i], placeholder, client)
		}
	}
	if w.Use == Response {
		return w.writeMember(path, value)
	}
	if path[0] == claimMayAct {
		return !mayActReserved(path) && w.writeMayAct(path, value)
	}
	if token.Registered(path[0]) || path[0] == "session_state" {
		return len(path) == 1 && w.writeRegistered(m, path[0], value)
	}
	w.put(path, value)
	return true
}

// writeRegistered writes one of the registered claims that mappers may write.
func (w *Work) writeRegistered(m *realm.Mapper, name string, value any) bool {
	switch name {
	case "aud":
		w.Audiences.Clear()
		for _, s := range audiencesOf(m, value) {
			w.addCustom(s)
		}
	case "sub":
		w.Claims.Subject = textOf(value)
	case "azp":
		w.Claims.Client = textOf(value)
	case "acr":
		w.Claims.ACR = textOf(value)
	case "auth_time":
		seconds, ok := value.(int64)
		if !ok {
			seconds, ok = convert("long", textOf(value)).(int64)
		}
		if ok {
			w.Claims.AuthTime = seconds
		}
		return ok
	default:
		return false
	}
	return true
}

// audiencesOf are the audiences that a claim mapper for "aud" gives. As in Keycloak one whose type is JSON gives
// its text, a list's too.
func audiencesOf(m *realm.Mapper, value any) []string {
	switch v := value.(type) {
	case roleNames:
		return v
	case []string:
		if m.Config[jsonType] != "JSON" {
			return v
		}
	case []any:
		if m.On(multivalued) {
			var out []string
			for _, item := range v {
				out = append(out, textOf(item))
			}
			return out
		}
	}
	return []string{textOf(value)}
}

// answered are the members of the token endpoint's answer that no mapper may write.
var answered = []string{
	"access_token", "expires_in", "refresh_expires_in", "refresh_token", "token_type", "id_token",
	"not-before-policy", "session_state", "scope", "issued_token_type", "error", "error_description", "error_uri",
}

func (w *Work) writeMember(path []string, value any) bool {
	if slices.Contains(answered, path[0]) {
		return false
	}
	w.put(path, value)
	return true
}

func (w *Work) put(path []string, value any) {
	names, ok := value.(roleNames)
	if !ok {
		w.Claims.Other.Set(value, path...)
		return
	}
	all := []string(names)
	if old, ok := w.Claims.Other.Get(path...).([]string); ok {
		all = slices.Clone(old)
		for _, name := range names {
			if !slices.Contains(old, name) {
				all = append(all, name)
			}
		}
	}
	w.Claims.Other.Set(all, path...)
}

// Reserved tells whether a claim is one that mappers may not write: nothing happens where claim.name says so.
func Reserved(name string) bool {
	path := appendPath(nil, name)
	if len(path) == 0 {
		return false
	}
	switch path[0] {
	case "aud", "sub", "azp", "acr", "auth_time":
		return len(path) > 1
	case "session_state":
		return true
	case claimMayAct:
		return mayActReserved(path)
	}
	return token.Registered(path[0])
}

// appendPath takes a claim's name apart at its dots. A backslash takes the meaning from what follows it, as in
// "shop\.size". As in Keycloak a name that has nothing between two dots is not taken apart any further.
func appendPath(path []string, name string) []string {
	for name != "" {
		end := dot(name)
		if end <= 0 || end == len(name) {
			return append(path, unescape(name))
		}
		path = append(path, unescape(name[:end]))
		name = name[end+1:]
	}
	return path
}

// dot is where the first dot is that no backslash precedes; the name's length where there is none.
func dot(name string) int {
	for i := 0; i < len(name); i++ {
		switch name[i] {
		case '\\':
			i++
		case '.':
			return i
		}
	}
	return len(name)
}

func unescape(name string) string {
	if strings.IndexByte(name, '\\') < 0 {
		return name
	}
	out := make([]byte, 0, len(name))
	for i := 0; i < len(name); i++ {
		if name[i] == '\\' && i+1 < len(name) {
			i++
		}
		out = append(out, name[i])
	}
	return string(out)
}

// utf16Of is the text in the units that Java counts in.
func utf16Of(s string) []uint16 { return utf16.Encode([]rune(s)) }
