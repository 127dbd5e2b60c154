package mapper

import (
	"encoding/json"
	"slices"
	"strconv"
	"strings"

	"github.com/tokenhouse/tokenhouse/internal/core/realm"
	"github.com/tokenhouse/tokenhouse/internal/core/token"
)

// valueOf is what a mapper makes of a user's values: the first of them, or all where it is multivalued, of the
// type that it is set to. It is nil, and no claim comes of it, where there are none or one is not of the type.
func valueOf(m *realm.Mapper, values []string) any {
	switch {
	case len(values) == 0:
		return nil
	case !m.On(multivalued):
		return convert(m.Config[jsonType], values[0])
	}
	return list(m.Config[jsonType], values)
}

// list converts several values.
func list(label string, values []string) any {
	if label != "boolean" && label != "int" && label != "long" && label != "JSON" {
		return slices.Clip(values)
	}
	out := make([]any, len(values))
	for i, v := range values {
		if out[i] = convert(label, v); out[i] == nil {
			return nil
		}
	}
	return out
}

// convert reads a value as the type that jsonType.label names; nil where it is not one. An unknown type
// is text.
func convert(label, text string) any {
	switch label {
	case "boolean":
		return strings.EqualFold(text, "true")
	case "int":
		if n, err := strconv.ParseInt(text, 10, 32); err == nil {
			return n
		}
		return nil
	case "long":
		if n, err := strconv.ParseInt(text, 10, 64); err == nil {
			return n
		}
		return nil
	case "JSON":
		if v, err := token.ParseValue(text); err == nil {
			return v
		}
		return nil
	}
	return text
}

// textOf is a value as text, for claims that are always text.
func textOf(value any) string {
	switch v := value.(type) {
	case string:
		return v
	case int64:
		return strconv.FormatInt(v, 10)
	case bool:
		return strconv.FormatBool(v)
	}
	out, err := json.Marshal(value)
	if err != nil {
		return ""
	}
	return string(out)
}
