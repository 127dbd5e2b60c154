package decision

import (
	"slices"
	"strings"
)

// Difference is how two outcomes differ.
type Difference struct {
	Granted  *Swap[bool]   `json:"granted,omitempty"`
	Rule     *Swap[string] `json:"rule,omitempty"` // of refusals
	Audience *Moved        `json:"audience,omitempty"`
	Scope    *Moved        `json:"scope,omitempty"`
	Roles    *Moved        `json:"roles,omitempty"`
}

// Swap is a value in place of another.
type Swap[T any] struct {
	Was T `json:"was"`
	Is  T `json:"is"`
}

// Moved is what a list lost and gained.
type Moved struct {
	Lost   []string `json:"lost"`
	Gained []string `json:"gained"`
}

// Compare tells how an outcome differs from what it was; nil where they are alike. When tokens end is not compared.
func Compare(was, is Outcome) *Difference {
	out := &Difference{}
	switch {
	case was.Granted != is.Granted:
		out.Granted = &Swap[bool]{was.Granted, is.Granted}
	case !was.Granted && was.Rule != is.Rule:
		out.Rule = &Swap[string]{string(was.Rule), string(is.Rule)}
	case was.Granted && was.Issued != nil && is.Issued != nil:
		out.Audience = moved(was.Issued.Audience, is.Issued.Audience)
		out.Scope = moved(strings.Fields(was.Issued.Scope), strings.Fields(is.Issued.Scope))
		out.Roles = moved(was.Issued.Roles, is.Issued.Roles)
	}
	if *out == (Difference{}) {
		return nil
	}
	return out
}

func moved(was, is []string) *Moved {
	without := func(a, b []string) []string {
		out := []string{}
		for _, one := range a {
			if !slices.Contains(b, one) {
				out = append(out, one)
			}
		}
		slices.Sort(out)
		return out
	}
	m := &Moved{Lost: without(was, is), Gained: without(is, was)}
	if len(m.Lost)+len(m.Gained) == 0 {
		return nil
	}
	return m
}
