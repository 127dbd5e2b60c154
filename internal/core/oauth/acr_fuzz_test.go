package oauth

import (
	"encoding/json"
	"slices"
	"strings"
	"testing"
)

// FuzzClaimsParameter: what parameter "claims" asks for of acr stands in it, and is asked for with force only where the
// parameter says so.
func FuzzClaimsParameter(f *testing.F) {
	f.Fuzz(func(t *testing.T, claims string) {
		asked := AskedACR(claims, "")
		values, essential := asked.Values, asked.Essential
		if got := ParseACR(asked.String()); got.Essential != essential || !slices.Equal(got.Values, values) {
			t.Errorf("%q asks for %v, kept as %v", claims, asked, got)
		}
		if essential && (len(values) == 0 || !strings.Contains(claims, "true")) {
			t.Errorf("%q wants %q by all means", claims, values)
		}
		if len(values) == 0 {
			return
		}
		var whole any
		if err := json.Unmarshal([]byte(claims), &whole); err != nil {
			t.Fatalf("%q is no JSON, and asks for %q: %v", claims, values, err)
		}
		said := texts(whole)
		for _, value := range values {
			// A list may have null for a text; of members that are there twice the last counts in some readers.
			if value != "" && !slices.Contains(said, value) && !strings.Contains(claims, value) {
				t.Errorf("%q asks for %q", claims, value)
			}
		}
	})
}

// texts are all texts in a value.
func texts(v any) (out []string) {
	switch v := v.(type) {
	case string:
		return []string{v}
	case []any:
		for _, each := range v {
			out = append(out, texts(each)...)
		}
	case map[string]any:
		for _, each := range v {
			out = append(out, texts(each)...)
		}
	}
	return out
}
