package keycloak

import (
	"errors"
	"maps"
	"net/url"
	"slices"
	"strconv"
	"strings"

	"github.com/tokenhouse/tokenhouse/internal/core/fault"
)

// join is the path of a member.
func join(path, name string) string {
	switch {
	case path == "":
		return name
	case name == "" || name[0] == '[':
		return path + name
	}
	return path + "." + name
}

// indexed is the path of an element.
func indexed(path string, i int) string { return path + "[" + strconv.Itoa(i) + "]" }

// At puts the field that an error names under a path.
func At(path string, err error) error {
	var p *Problem
	if errors.As(err, &p) {
		below := *p
		below.Path = join(path, p.Path)
		return &below
	}
	var invalid *fault.Invalid
	if errors.As(err, &invalid) {
		return &fault.Invalid{Field: join(path, invalid.Field), Message: invalid.Message}
	}
	return err
}

func sortedKeys[V any](m map[string]V) []string { return slices.Sorted(maps.Keys(m)) }

func trimmed(s string) string { return strings.TrimSpace(s) }

// absolute tells whether a text is an absolute URI without fragment.
func absolute(s string) bool {
	u, err := url.Parse(s)
	return err == nil && u.IsAbs() && u.Fragment == "" && !strings.Contains(s, "#")
}
