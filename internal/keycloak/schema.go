package keycloak

import (
	_ "embed"
	"strings"
	"sync"

	"github.com/tokenhouse/tokenhouse/internal/core/fault"
)

//go:embed schema.txt
var schemaText string

// Problem is what is wrong with a document, in the words of Keycloak's own reader.
type Problem struct {
	Path   string // as "clients[2].redirectUris[0]"; empty for the document as a whole
	Text   string
	Offset int64 // of the byte after what was read when it showed
	Kind   ProblemKind

	// Of an unknown member: where it stands, as Keycloak's answer names it.
	Representation, Member string
}

// ProblemKind tells problems apart that Keycloak answers differently.
type ProblemKind int

const (
	Syntax  ProblemKind = iota // no JSON, or nothing at all
	Type                       // a member of the wrong type
	Unknown                    // a member that the representation does not have
	Range                      // a number that is too large
)

func (p *Problem) Error() string {
	if p.Path == "" {
		return p.Text
	}
	return p.Path + ": " + p.Text
}

// As lets a problem be taken for the *fault.Invalid that it is to whoever does not read documents.
func (p *Problem) As(target any) bool {
	invalid, ok := target.(**fault.Invalid)
	if ok {
		*invalid = &fault.Invalid{Field: p.Path, Message: p.Text}
	}
	return ok
}

// representation is what schema.txt says of one: members with their types.
type representation struct {
	name    string
	members map[string]string
	lenient bool // unknown members are dropped
}

var schema = sync.OnceValue(func() map[string]*representation {
	out := map[string]*representation{}
	var current *representation
	for line := range strings.Lines(schemaText) {
		line = strings.TrimRight(line, "\n")
		switch {
		case line == "" || line[0] == '#':
		case line[0] != ' ':
			name, lenient := strings.CutSuffix(line, "*")
			current = &representation{name: name, members: map[string]string{}, lenient: lenient}
			out[name] = current
		default:
			kind, members, _ := strings.Cut(strings.TrimSpace(line), ": ")
			for _, member := range strings.Fields(members) {
				current.members[member] = kind
			}
		}
	}
	return out
})
