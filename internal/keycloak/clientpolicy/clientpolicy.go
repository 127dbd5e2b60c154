// Package clientpolicy holds client profiles, which are lists of demands on clients, and client policies,
// which say on whom. They are kept and checked here; core/policy makes the demands.
package clientpolicy

import (
	_ "embed"
	"encoding/json"
	"slices"
	"sync"

	"github.com/tokenhouse/tokenhouse/internal/core/fault"
	"github.com/tokenhouse/tokenhouse/internal/core/realm"
	"github.com/tokenhouse/tokenhouse/internal/keycloak"
)

// Profile is a list of demands.
type Profile struct {
	Name        string     `json:"name"`
	Description *string    `json:"description,omitempty"`
	Executors   []Executor `json:"executors"`
}

// Executor makes a demand, or changes a client so that it is met.
type Executor struct {
	ID     string          `json:"executor"`
	Config json.RawMessage `json:"configuration,omitempty"`
}

// Policy applies profiles where all of its conditions hold.
type Policy struct {
	Name        string      `json:"name"`
	Description *string     `json:"description,omitempty"`
	Enabled     bool        `json:"enabled"`
	Conditions  []Condition `json:"conditions"`
	Profiles    []string    `json:"profiles"`
}

// Condition holds for some clients or requests.
type Condition struct {
	ID     string          `json:"condition"`
	Config json.RawMessage `json:"configuration,omitempty"`
}

// The members of a realm's representation that profiles and policies are kept in.
const (
	memberProfiles = "clientProfiles"
	memberPolicies = "clientPolicies"
)

// Profiles are those of a realm, Policies likewise; never nil.
func Profiles(kept realm.Extra) []Profile {
	o := keycloak.Value[keycloak.Object](keycloak.Object(kept), memberProfiles)
	list := append([]Profile{}, keycloak.Value[[]Profile](o, "profiles")...)
	for i := range list {
		list[i].Executors = append([]Executor{}, list[i].Executors...)
	}
	return list
}

func Policies(kept realm.Extra) []Policy {
	o := keycloak.Value[keycloak.Object](keycloak.Object(kept), memberPolicies)
	list := append([]Policy{}, keycloak.Value[[]Policy](o, "policies")...)
	for i := range list {
		list[i].Conditions = append([]Condition{}, list[i].Conditions...)
		list[i].Profiles = append([]string{}, list[i].Profiles...)
	}
	return list
}

// KeepProfiles gives a realm other profiles. What cannot be a profile is a *fault.Invalid.
func KeepProfiles(kept realm.Extra, list []Profile) error {
	seen := map[string]bool{}
	for _, p := range list {
		switch {
		case p.Name == "":
			return &fault.Invalid{Field: "profiles", Message: "client profile without its name not allowed."}
		case global(p.Name):
			return &fault.Invalid{Field: "profiles", Message: "Proposed profile name '" + p.Name + "' is duplicated as a global profile"}
		case seen[p.Name]:
			return &fault.Invalid{Field: "profiles", Message: "proposed client profile name duplicated."}
		case slices.ContainsFunc(p.Executors, func(e Executor) bool { return !slices.Contains(executors, e.ID) }):
			return &fault.Invalid{Field: "profiles", Message: "proposed client profile contains the executor, which does not have valid provider, or has invalid configuration."}
		}
		seen[p.Name] = true
	}
	keycloak.Object(kept).Put(memberProfiles, map[string]any{"profiles": append([]Profile{}, list...)})
	return nil
}

// KeepPolicies gives a realm other policies. What cannot be a policy is a *fault.Invalid.
func KeepPolicies(kept realm.Extra, list []Policy) error {
	profiles := Profiles(kept)
	seen := map[string]bool{}
	for _, p := range list {
		switch {
		case p.Name == "":
			return &fault.Invalid{Field: "policies", Message: "client policy without its name not allowed."}
		case seen[p.Name]:
			return &fault.Invalid{Field: "policies", Message: "proposed client policy name duplicated"}
		}
		seen[p.Name] = true
		for _, c := range p.Conditions {
			if !slices.Contains(conditions, c.ID) {
				return &fault.Invalid{Field: "policies", Message: "Policy " + p.Name + " contains invalid condition " + c.ID}
			}
		}
		for _, name := range p.Profiles {
			if !global(name) && !slices.ContainsFunc(profiles, func(p Profile) bool { return p.Name == name }) {
				return &fault.Invalid{Field: "policies", Message: "Policy " + p.Name + " contains invalid profile " + name}
			}
		}
	}
	keycloak.Object(kept).Put(memberPolicies, map[string]any{"policies": append([]Policy{}, list...)})
	return nil
}

//go:embed global.json
var globalText []byte

// Global are the profiles that every realm has.
var Global = sync.OnceValue(func() []Profile {
	var list []Profile
	if err := json.Unmarshal(globalText, &list); err != nil {
		panic("clientpolicy: global.json: " + err.Error())
	}
	return list
})

func global(name string) bool {
	return slices.ContainsFunc(Global(), func(p Profile) bool { return p.Name == name })
}
