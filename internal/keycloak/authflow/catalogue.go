package authflow

import (
	_ "embed"
	"encoding/json"
	"slices"
	"sync"
)

//go:embed catalogue.json
var catalogueText []byte

// Property is a setting that something can have.
type Property = json.RawMessage

// KnownExecution is what can be a step of a flow.
type KnownExecution struct {
	ID         string     `json:"id"`
	Name       string     `json:"name"`
	Help       string     `json:"help"`
	Choices    []string   `json:"choices"` // requirements that it may have
	Properties []Property `json:"properties"`
	Secret     bool       `json:"secret"`    // a client authenticator for clients with a secret
	PerClient  []Property `json:"perClient"` // what each client has settings for, as its attributes
}

// Configurable tells whether it has settings.
func (k KnownExecution) Configurable() bool { return k.unknown() || len(k.Properties) > 0 }

// unknown tells one that only a file told of. What it has settings for is not known.
func (k KnownExecution) unknown() bool { return k.Help == "" && k.Properties == nil }

// KnownAction is what users can be asked to do.
type KnownAction struct {
	ID         string     `json:"id"`
	Name       string     `json:"name"`
	Properties []Property `json:"properties"`
}

type everything struct {
	Authenticators []KnownExecution `json:"authenticators"`
	Clients        []KnownExecution `json:"clients"`
	Forms          []KnownExecution `json:"forms"`
	FormActions    []KnownExecution `json:"formActions"`
	Actions        []KnownAction    `json:"requiredActions"`
}

// catalogue is what Keycloak 26.7 comes with.
var catalogue = sync.OnceValue(func() everything {
	var all everything
	if err := json.Unmarshal(catalogueText, &all); err != nil {
		panic("authflow: catalogue.json: " + err.Error())
	}
	return all
})

// Authenticators, ClientAuthenticators, Forms and FormActions are what can be steps of flows.
func Authenticators() []KnownExecution       { return catalogue().Authenticators }
func ClientAuthenticators() []KnownExecution { return catalogue().Clients }
func Forms() []KnownExecution                { return catalogue().Forms }
func FormActions() []KnownExecution          { return catalogue().FormActions }

// Actions are what users can be asked to do.
func Actions() []KnownAction { return catalogue().Actions }

// find looks for a step of a flow by id.
func find(id string) (KnownExecution, bool) {
	all := catalogue()
	for _, list := range [][]KnownExecution{all.Authenticators, all.Clients, all.Forms, all.FormActions} {
		if i := slices.IndexFunc(list, func(k KnownExecution) bool { return k.ID == id }); i >= 0 {
			return list[i], true
		}
	}
	return KnownExecution{}, false
}

// IsKnown tells whether something can be a step of a flow.
func IsKnown(id string) bool {
	_, ok := find(id)
	return ok
}

// fits tells whether something can be a step of a flow of this kind.
func fits(kind, id string) bool {
	list := Authenticators()
	switch kind {
	case Client:
		list = ClientAuthenticators()
	case Form:
		list = FormActions()
	}
	return slices.ContainsFunc(list, func(k KnownExecution) bool { return k.ID == id })
}

// Known describes a step of a flow. Files bring steps of extensions too, which are shown by their ids.
func Known(id string) KnownExecution {
	if k, ok := find(id); ok {
		return k
	}
	return KnownExecution{ID: id, Name: id, Choices: []string{Required, Alternative, Disabled}}
}

// ActionSettings are what a required action has settings for.
func ActionSettings(provider string) []Property {
	if known := actionOf(provider); known != nil {
		return known.Properties
	}
	return nil
}

func actionOf(provider string) *KnownAction {
	list := catalogue().Actions
	if i := slices.IndexFunc(list, func(k KnownAction) bool { return k.ID == provider }); i >= 0 {
		return &list[i]
	}
	return nil
}
