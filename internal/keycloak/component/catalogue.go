package component

import (
	_ "embed"
	"encoding/json"
	"maps"
	"slices"
	"sync"
)

//go:embed catalogue.json
var catalogueText []byte

// Kind is a provider that a component may be of.
type Kind struct {
	ID         string            `json:"id"`
	Help       string            `json:"helpText"`
	Properties []json.RawMessage `json:"properties"`
	Parent     string            `json:"parent,omitempty"` // provider that it can only be part of
	Metadata   map[string]any    `json:"metadata,omitempty"`

	secret map[string]bool // setting → whether it is a secret
}

// property tells whether a setting is a secret, and whether it is one of the provider's settings at all.
func (k Kind) property(name string) (secret, known bool) {
	if k.secret == nil {
		return secretOfAny(name), false
	}
	secret, known = k.secret[name]
	return secret, known
}

// secretOfAny tells whether a setting is a secret of any provider.
func secretOfAny(name string) bool {
	for _, list := range catalogue() {
		if slices.ContainsFunc(list, func(k Kind) bool { return k.secret[name] }) {
			return true
		}
	}
	return false
}

// catalogue is what Keycloak 26.7 comes with, by type.
var catalogue = sync.OnceValue(func() map[string][]Kind {
	var all map[string][]Kind
	if err := json.Unmarshal(catalogueText, &all); err != nil {
		panic("component: catalogue.json: " + err.Error())
	}
	for _, list := range all {
		for i := range list {
			list[i].secret = map[string]bool{}
			for _, data := range list[i].Properties {
				var p struct {
					Name   string `json:"name"`
					Secret bool   `json:"secret"`
				}
				if err := json.Unmarshal(data, &p); err != nil {
					panic("component: catalogue.json: " + list[i].ID + ": " + err.Error())
				}
				list[i].secret[p.Name] = p.Secret
			}
		}
	}
	return all
})

// The types of components.
const (
	TypeUserStorage = "org.keycloak.storage.UserStorageProvider"
	TypeLDAPMapper  = "org.keycloak.storage.ldap.mappers.LDAPStorageMapper"
)

// Kinds are the providers of a type; none where the type is not known.
func Kinds(kind string) []Kind { return catalogue()[kind] }

// Known tells whether there is a provider of a type.
func Known(kind, provider string) bool {
	return slices.ContainsFunc(catalogue()[kind], func(k Kind) bool { return k.ID == provider })
}

// Provider describes a provider; of one that is not known it says nothing.
func Provider(kind, provider string) Kind {
	list := catalogue()[kind]
	if i := slices.IndexFunc(list, func(k Kind) bool { return k.ID == provider }); i >= 0 {
		return list[i]
	}
	return Kind{ID: provider}
}

func sorted[V any](m map[string]V) []string { return slices.Sorted(maps.Keys(m)) }
