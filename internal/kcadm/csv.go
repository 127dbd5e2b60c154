package kcadm

import "strings"

// Quoting is whether CSV has its texts in quotes.
type Quoting int

const (
	Quoted Quoting = iota
	Unquoted
)

// CSV is one line for each item of a list, or for the value where it is none: the members that fields names, in
// that order, or all of them. Lists and objects within are laid out flat.
func CSV(v any, fields *Fields, quoting Quoting) []string {
	list, ok := v.([]any)
	if !ok {
		list = []any{v}
	}
	lines := make([]string, len(list))
	for i, item := range list {
		lines[i] = strings.Join(cells(nil, item, fields, quoting), ",")
	}
	return lines
}

func cells(out []string, v any, fields *Fields, quoting Quoting) []string {
	switch v := v.(type) {
	case *Object:
		if fields == nil {
			for _, name := range v.names {
				out = cells(out, v.values[name], nil, quoting)
			}
			return out
		}
		for _, name := range fields.names {
			value, ok := v.values[name]
			if !ok {
				out = append(out, "")
				continue
			}
			out = cells(out, value, fields.child(name), quoting)
		}
		return out
	case []any:
		for _, item := range v {
			out = cells(out, item, fields, quoting)
		}
		return out
	case string:
		if quoting == Unquoted {
			return append(out, v)
		}
	}
	return append(out, string(Compact(v)))
}
