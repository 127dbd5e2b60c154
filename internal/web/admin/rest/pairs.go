package rest

import (
	"iter"
	"strings"
)

// Pairs reads the parameter "q", names and values as `team:red "home town":"New York"`, in their order. What
// is no pair is passed over, as Keycloak does.
func (r *Request) Pairs() iter.Seq2[string, string] { return pairs(r.URL.Query().Get("q")) }

func pairs(text string) iter.Seq2[string, string] {
	return func(yield func(name, value string) bool) {
		text = strings.TrimSpace(text)
		for text != "" {
			var name, value string
			var named bool
			if name, text, named = word(text, ':'); !named {
				continue
			}
			value, text, _ = word(text, ' ')
			if !yield(name, value) {
				return
			}
		}
	}
}

// word cuts off what comes before the next end, which is not part of it, or before a blank: then it did not end as it
// should. Quotes around a word keep blanks in it, those within it are its own, and so is one behind a backslash.
func word(text string, end byte) (word, rest string, ended bool) {
	var b strings.Builder
	var quoted, within bool
	for i := 0; i < len(text); i++ {
		switch c := text[i]; {
		case c == end && !(end == ' ' && quoted):
			return b.String(), text[i+1:], true
		case c == ' ' && !quoted:
			return b.String(), text[i+1:], false
		case strings.HasPrefix(text[i:], `\\`), strings.HasPrefix(text[i:], `\"`):
			i++
			b.WriteByte(text[i])
		case c == '"' && !quoted && (within || b.Len() > 0):
			within = !within
			b.WriteByte(c)
		case c == '"':
			quoted = !quoted
		default:
			b.WriteByte(c)
		}
	}
	return b.String(), "", end == ' '
}
