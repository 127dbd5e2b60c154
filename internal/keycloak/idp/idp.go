// Package idp describes identity providers: the kinds that there are, what a new one must say, the mappers of
// what they tell of users, and what their metadata says of them.
package idp

import (
	_ "embed"
	"encoding/json"
	"slices"
	"sync"
)

//go:embed catalogue.json
var catalogueText []byte

// Kind is a kind of identity provider.
type Kind struct {
	ID      string   `json:"id"`
	Name    string   `json:"name"`
	Types   []string `json:"types"`   // what it can be used for
	Mappers []string `json:"mappers"` // ids of the types of mappers that it can have

	Properties []json.RawMessage `json:"properties"` // settings of its own, as forms ask for them
}

// UserAuthentication is the type of providers that users sign in by.
const UserAuthentication = "USER_AUTHENTICATION"

// MapperKind is a type of mapper, as lists show it.
type MapperKind struct {
	ID         string          `json:"id"`
	Category   string          `json:"category"`
	Name       string          `json:"name"`
	Help       string          `json:"helpText"`
	Properties json.RawMessage `json:"properties"`
}

// catalogue is what Keycloak 26.7 comes with.
var catalogue = sync.OnceValue(func() (all struct {
	Providers []Kind       `json:"providers"`
	Mappers   []MapperKind `json:"mappers"`
}) {
	if err := json.Unmarshal(catalogueText, &all); err != nil {
		panic("idp: catalogue.json: " + err.Error())
	}
	return all
})

// Find is the kind with this id; false where there is none.
func Find(id string) (Kind, bool) {
	list := catalogue().Providers
	if i := slices.IndexFunc(list, func(k Kind) bool { return k.ID == id }); i >= 0 {
		return list[i], true
	}
	return Kind{ID: id}, false
}

// Is tells whether providers of the kind are of a type.
func (k Kind) Is(kind string) bool { return slices.Contains(k.Types, kind) }

// MapperKinds are the types of mappers that providers of the kind can have, by id.
func (k Kind) MapperKinds() map[string]MapperKind {
	out := map[string]MapperKind{}
	for _, m := range catalogue().Mappers {
		if slices.Contains(k.Mappers, m.ID) {
			out[m.ID] = m
		}
	}
	return out
}
