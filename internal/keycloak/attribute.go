package keycloak

import (
	"cmp"
	"strconv"
	"strings"
	"time"

	"github.com/tokenhouse/tokenhouse/internal/core/realm"
)

// attribute binds an attribute, a text under a dotted name, to its place in a core value.
type attribute[T any] struct {
	name string
	get  func(*T) (text string, ok bool) // false leaves the attribute out
	set  func(*T, string) (ok bool)      // false: the text does not parse, and nothing is set
	want string                          // what parses, for complaints
}

// word binds an attribute that may hold any text.
func word[T any](name string, at func(*T) *string) attribute[T] {
	return attribute[T]{name,
		func(v *T) (string, bool) { return *at(v), *at(v) != "" },
		func(v *T, s string) bool { *at(v) = s; return true }, "a text"}
}

// onOff binds an attribute that is the text "true" or "false", and otherwise left out; def is what
// holds where it is absent.
func onOff[T any](name string, def bool, at func(*T) *bool) attribute[T] {
	return attribute[T]{name,
		func(v *T) (string, bool) { return strconv.FormatBool(*at(v)), *at(v) != def },
		func(v *T, s string) bool {
			switch strings.ToLower(s) {
			case "true":
				*at(v) = true
			case "false", "":
				*at(v) = false
			default:
				return false
			}
			if s == "" {
				*at(v) = def
			}
			return true
		}, "true or false"}
}

// inverted binds a switch that is on where it is absent to a field that says it is off.
func inverted[T any](name string, at func(*T) *bool) attribute[T] {
	return attribute[T]{name,
		func(v *T) (string, bool) { return strconv.FormatBool(!*at(v)), *at(v) },
		func(v *T, s string) bool { *at(v) = s == "false"; return s == "true" || s == "false" || s == "" }, "true or false"}
}

// either binds an attribute that is one of two words, of which the first holds where it is absent.
func either[T any](name, no, yes string, at func(*T) *bool) attribute[T] {
	return attribute[T]{name,
		func(v *T) (string, bool) { return yes, *at(v) },
		func(v *T, s string) bool {
			*at(v) = s == yes
			return s == yes || s == no || s == ""
		}, "one of " + no + ", " + yes}
}

// among binds an attribute that is one of a few words; the first is what holds where it is absent.
func among[T any](name string, at func(*T) *string, words ...string) attribute[T] {
	return attribute[T]{name,
		func(v *T) (string, bool) { return *at(v), *at(v) != words[0] },
		func(v *T, s string) bool {
			if s == "" {
				s = words[0]
			}
			for _, w := range words {
				if s == w {
					*at(v) = s
					return true
				}
			}
			return false
		}, "one of " + strings.Join(words, ", ")}
}

// whole binds an attribute that is a whole number not below least.
func whole[T any](name string, def, least int, at func(*T) *int) attribute[T] {
	return attribute[T]{name,
		func(v *T) (string, bool) { return strconv.Itoa(*at(v)), *at(v) != def },
		func(v *T, s string) bool {
			n, err := strconv.Atoi(s)
			if s == "" {
				n, err = def, nil
			}
			if err != nil || n < least {
				return false
			}
			*at(v) = n
			return true
		}, "a whole number, " + strconv.Itoa(least) + " or more"}
}

// lasting binds an attribute that is a number of seconds, left out where it is zero.
func lasting[T any](name string, at func(*T) *time.Duration) attribute[T] {
	return attribute[T]{name,
		func(v *T) (string, bool) { return formatSeconds(*at(v)), *at(v) != 0 },
		func(v *T, s string) bool {
			d, ok := parseSeconds(s)
			if ok {
				*at(v) = d
			}
			return ok
		}, "a number of seconds"}
}

// override binds an attribute that is a number of seconds of its own, or absent.
func override[T any](name string, at func(*T) *realm.Override) attribute[T] {
	return attribute[T]{name,
		func(v *T) (string, bool) { return formatSeconds(at(v).Value), at(v).Set },
		func(v *T, s string) bool {
			d, ok := parseSeconds(s)
			if ok {
				*at(v) = realm.Override{Set: s != "", Value: d}
			}
			return ok
		}, "a number of seconds"}
}

func formatSeconds(d time.Duration) string { return strconv.FormatInt(int64(d/time.Second), 10) }

func parseSeconds(s string) (time.Duration, bool) {
	if s == "" {
		return 0, true
	}
	n, err := strconv.ParseInt(s, 10, 32)
	return time.Duration(n) * time.Second, err == nil
}

// separator stands between the values of an attribute that is a list.
const separator = "##"

// several binds an attribute that is a list; an empty one is absent.
func several[T any](name string, at func(*T) *[]string) attribute[T] {
	return attribute[T]{name,
		func(v *T) (string, bool) { return strings.Join(*at(v), separator), len(*at(v)) > 0 },
		func(v *T, s string) bool { *at(v) = split(s); return true }, "a list joined by ##"}
}

// limited binds an attribute that is a list where an empty one means none, and only an absent one any.
// An empty list is written as the bare separator, since tools drop attributes that are empty.
func limited[T any](name string, at func(*T) **[]string) attribute[T] {
	return attribute[T]{name,
		func(v *T) (string, bool) {
			l := *at(v)
			if l == nil {
				return "", false
			}
			return cmp.Or(strings.Join(*l, separator), separator), true
		},
		func(v *T, s string) bool {
			l := split(s)
			*at(v) = &l
			return true
		}, "a list joined by ##"}
}

func split(s string) []string {
	var out []string
	for part := range strings.SplitSeq(s, separator) {
		if part = strings.TrimSpace(part); part != "" {
			out = append(out, part)
		}
	}
	return out
}

// readAttributes takes what the attributes bind into v, and gives back what is to be kept: those that
// nothing binds, and spellings that would not be given back. Texts that do not parse are bad.
func readAttributes[T any](bound []attribute[T], v *T, in map[string]string) (kept map[string]string, bad []Note) {
	kept = map[string]string{}
	for name, value := range in {
		kept[name] = value
	}
	for _, a := range bound {
		value, ok := in[a.name]
		if !ok {
			continue
		}
		if !a.set(v, value) {
			bad = append(bad, unreadable("attributes."+a.name, a.name, value, a.want))
			continue
		}
		if back, ok := a.get(v); ok && back == value {
			delete(kept, a.name)
		}
	}
	return kept, bad
}

// unreadable says that a value does not parse. Keycloak takes any text for its own settings and passes
// over what it cannot read; ours are refused where they are written.
func unreadable(path, name, value, want string) Note {
	return Note{Path: path, Bad: strings.HasPrefix(name, "tokenhouse."), Text: strconv.Quote(value) + " is not " + want}
}

// writeAttributes gives the attributes that are bound, and those that were kept; base is a value that
// has no attributes at all. A kept spelling wins while it says what v says.
func writeAttributes[T any](bound []attribute[T], v, base *T, kept map[string]string) map[string]string {
	out := map[string]string{}
	for name, value := range kept {
		out[name] = value
	}
	for _, a := range bound {
		now, present := a.get(v)
		if value, ok := out[a.name]; ok {
			scratch := *base
			a.set(&scratch, value)
			if was, ok := a.get(&scratch); ok == present && was == now {
				continue
			}
		}
		delete(out, a.name)
		if present {
			out[a.name] = now
		}
	}
	return out
}
