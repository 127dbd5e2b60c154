package authz

import (
	"encoding/json"
	"strconv"

	"github.com/tokenhouse/tokenhouse/internal/core/fault"
)

// ErrNoOwner refuses a new resource with an owner of whom nothing is said that tells who it is.
var ErrNoOwner = &fault.Invalid{Field: "owner", Message: "You must specify the resource owner."}

// owner is the owner of a resource, by one of the members, or a text that is either.
type owner struct {
	ID   string `json:"id,omitempty"`
	Name string `json:"name,omitempty"`
}

func readOwner(data json.RawMessage) owner {
	var o owner
	if json.Unmarshal(data, &o.ID) != nil {
		_ = json.Unmarshal(data, &o) // what is neither names nobody
	}
	return o
}

// word is the id, or else the name, of an owner; empty where nothing is said of one.
func (o owner) word() string {
	if o.ID != "" {
		return o.ID
	}
	return o.Name
}

// keptOwner is an owner as resources are kept and exported; none at all of what is the client's.
func keptOwner(word string) json.RawMessage {
	if word == "" {
		return nil
	}
	return json.RawMessage(text(owner{Name: word}))
}

// ownerOf is the owner that the body of a resource gives, to keep: a user by id or username, or the client by id.
// That of an import may be named as such, and is the client where nobody has the name.
func (s *Server) ownerOf(data json.RawMessage, names Names, imported bool) (json.RawMessage, error) {
	if len(data) == 0 || string(data) == "null" {
		return nil, nil
	}
	o := readOwner(data)
	known := names.Has(User, o.word())
	switch {
	case o.ID == "" && !imported:
		return nil, ErrNoOwner
	case o.ID == s.ClientKey, o.ID == "" && !known:
		return nil, nil
	case !known:
		return nil, &fault.Invalid{Field: "owner", Message: "There is no user with id or username " + strconv.Quote(o.ID) + " to own the resource"}
	}
	return keptOwner(names.Name(User, o.word())), nil
}

// Owner is the user who owns a resource; empty where that is the client.
func (s *Server) Owner(r *Resource, names Names) (id, name string) {
	word := readOwner(r.Owner).word()
	if word == "" || word == s.ClientKey || !names.Has(User, word) {
		return "", ""
	}
	return names.ID(User, word), names.Name(User, word)
}

// Exported are the authorization services as Keycloak exports them, all that they refer to by name.
func (s *Server) Exported(names Names) *Server {
	out := *s
	out.Policies = append([]Policy{}, s.Policies...)
	out.Scopes = append([]Scope{}, s.Scopes...)
	out.Resources = append([]Resource{}, s.Resources...)
	for i := range out.Resources {
		_, name := s.Owner(&out.Resources[i], names)
		out.Resources[i].Owner = keptOwner(name)
	}
	return &out
}
