package realm

import "slices"

// WithKeys are the keys of a list and more, each once. The list is not changed.
func WithKeys(list, more []string) []string {
	out := slices.Clone(list)
	for _, key := range more {
		if !slices.Contains(out, key) {
			out = append(out, key)
		}
	}
	return out
}

// WithoutKeys are the keys of a list but for some. The list is not changed.
func WithoutKeys(list, fewer []string) []string {
	return slices.DeleteFunc(slices.Clone(list), func(key string) bool { return slices.Contains(fewer, key) })
}
