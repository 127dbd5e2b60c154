package authz

import (
	"encoding/json"
	"slices"

	"github.com/tokenhouse/tokenhouse/internal/core/fault"
	"github.com/tokenhouse/tokenhouse/internal/keycloak"
)

// Names tells the names of what policies refer to, and the ids. What is not there keeps the word that was
// used for it.
type Names interface {
	// Name is the name of what an id or a name means: of a role "client/role", of a group its path.
	Name(kind Referred, idOrName string) string
	// ID is the id of what has a name.
	ID(kind Referred, name string) string
	// Has tells whether there is something of this id or name.
	Has(kind Referred, idOrName string) bool
}

// Referred is a kind of thing that policies refer to.
type Referred int

// What policies refer to outside of their resource server.
const (
	Role Referred = iota
	Client
	ClientScope
	Group
	User
)

// reference is one of the things that a policy refers to, with what it says of it.
type reference struct {
	ID       string `json:"id,omitempty"`
	Path     string `json:"path,omitempty"` // of groups
	Required *bool  `json:"required,omitempty"`
	Children *bool  `json:"extendChildren,omitempty"`
}

// Mention is a word that a policy uses for something outside of its resource server.
type Mention struct {
	What Referred
	Word string
}

// checkReferred refuses a policy that refers to users, clients or client scopes that are not there, and that the one which
// it replaces does not refer to either: what a policy was for may have been removed since.
func checkReferred(p, old *Policy, names Names) error {
	of, ok := special[p.Kind]
	if !ok || of.what == Role || of.what == Group {
		return nil
	}
	var before []Mention
	if old != nil {
		before = mentions(json.RawMessage(old.Config[of.member]), of.what, of.plain)
	}
	for _, m := range mentions(json.RawMessage(p.Config[of.member]), of.what, of.plain) {
		if !names.Has(of.what, m.Word) && !slices.Contains(before, m) {
			return &fault.Invalid{Field: of.member, Message: "There is none of the " + of.member + " with id or name [" + m.Word + "]"}
		}
	}
	return nil
}

// Mentions are what the representation of a resource or a policy, or of the contents of a resource server, refers to.
func Mentions(body keycloak.Object) []Mention {
	out := ownerMention(nil, body["owner"])
	for _, of := range special {
		for _, data := range []json.RawMessage{body[of.member], json.RawMessage(keycloak.Value[map[string]string](body, "config")[of.member])} {
			out = append(out, mentions(data, of.what, of.plain)...)
		}
	}
	for _, member := range []string{"resources", "policies"} {
		for _, one := range keycloak.Value[[]keycloak.Object](body, member) {
			out = append(out, Mentions(one)...)
		}
	}
	return out
}

func ownerMention(to []Mention, data json.RawMessage) []Mention {
	if word := readOwner(data).word(); word != "" {
		return append(to, Mention{User, word})
	}
	return to
}

func mentions(data json.RawMessage, what Referred, plain bool) []Mention {
	var out []Mention
	if plain {
		var words []string
		_ = json.Unmarshal(data, &words)
		for _, word := range words {
			out = append(out, Mention{what, word})
		}
		return out
	}
	var list []reference
	_ = json.Unmarshal(data, &list)
	for _, r := range list {
		for _, word := range []string{r.ID, r.Path} {
			if word != "" {
				out = append(out, Mention{what, word})
			}
		}
	}
	return out
}

// Mentions are what the resources and policies of the server refer to outside of it.
func (s *Server) Mentions() []Mention {
	var out []Mention
	for _, r := range s.Resources {
		out = ownerMention(out, r.Owner)
	}
	for _, p := range s.Policies {
		if of, ok := special[p.Kind]; ok {
			out = append(out, mentions(json.RawMessage(p.Config[of.member]), of.what, of.plain)...)
		}
	}
	return out
}
