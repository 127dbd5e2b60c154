package keycloak

import (
	"errors"

	"github.com/tokenhouse/tokenhouse/internal/core/fault"
)

// Note says what a document asks for that is kept and not acted on, or could not be taken as it
// stands.
type Note struct {
	Path string // in the document, as "clients[2].attributes.saml.encrypt"
	Text string
	Bad  bool // a setting of ours that does not parse: kept, and as good as absent
}

func (n Note) String() string { return n.Path + ": " + n.Text }

// Refused is the first bad value among the notes, as the error of a write that will not have it; nil
// where there is none.
func Refused(notes []Note) error {
	for _, n := range notes {
		if n.Bad {
			return &fault.Invalid{Field: n.Path, Message: n.Text}
		}
	}
	return nil
}

// refusedNote says of a setting why it is refused, where err is a *fault.Invalid.
func refusedNote(err error) Note {
	n := Note{Text: err.Error(), Bad: true}
	if invalid, ok := errors.AsType[*fault.Invalid](err); ok {
		n.Path, n.Text = invalid.Field, invalid.Message
	}
	return n
}

// Below puts notes under a path.
func Below(path string, notes []Note) []Note {
	for i := range notes {
		notes[i].Path = join(path, notes[i].Path)
	}
	return notes
}

const notActedOn = "kept, not acted on"
