package user

import (
	"strings"

	"github.com/tokenhouse/tokenhouse/internal/core/fault"
)

// Label gives a credential of the account, by its index, the name that its owner sees. One without a letter is an
// *Unfit; one that another credential of the kind has, in any case, is a *fault.Conflict.
func (a *Account) Label(index int, label string) error {
	name := strings.TrimSpace(label)
	if name == "" {
		return &Unfit{Code: "missingCredentialLabel", Text: "Credential label must not be empty"}
	}
	for i, other := range a.Credentials {
		if i != index && other.Kind == a.Credentials[index].Kind && strings.EqualFold(other.Label, name) {
			return &fault.Conflict{Kind: "credential", Field: "userLabel", Message: "Device already exists with the same name"}
		}
	}
	a.Credentials[index].Label = label
	return nil
}
