// Package pattern reads regular expressions in Java's syntax, which is what realms are configured in.
package pattern

import (
	"fmt"
	"regexp"
	"strings"
)

// Pattern is a regular expression that a whole text matches or does not.
type Pattern struct {
	rest  *regexp.Regexp
	ahead []lookahead
}

// lookahead is a condition on how the text begins.
type lookahead struct {
	is  *regexp.Regexp
	not bool
}

// Compile reads an expression of java.util.regex.Pattern. Matching takes time linear in the text, whatever
// the expression; for that it knows no back-references, no possessive quantifiers, and look-aheads only
// where the expression begins, as in "^(?=.*\d)(?=.*[a-z]).+$". The rest is an error, never read as
// something else.
func Compile(java string) (*Pattern, error) {
	flags, text := cutFlags(java)
	p := &Pattern{}
	for {
		text = strings.TrimPrefix(text, "^")
		body, not, rest, ok := cutLookahead(text)
		if !ok {
			break
		}
		is, err := compile(flags, body, "")
		if err != nil {
			return nil, err
		}
		p.ahead = append(p.ahead, lookahead{is, not})
		text = rest
	}
	var err error
	p.rest, err = compile(flags, text, `\z`)
	return p, err
}

// Matches tells whether the whole text matches.
func (p *Pattern) Matches(text string) bool {
	for _, a := range p.ahead {
		if a.is.MatchString(text) == a.not {
			return false
		}
	}
	return p.rest.MatchString(text)
}

func compile(flags, java, end string) (*regexp.Regexp, error) {
	text, err := translate(java)
	if err != nil {
		return nil, err
	}
	return regexp.Compile(flags + `\A(?:` + text + `)` + end)
}

// cutFlags takes flags for the whole expression from its beginning, as "(?i)".
func cutFlags(java string) (flags, rest string) {
	if end := strings.IndexByte(java, ')'); strings.HasPrefix(java, "(?") && end > 2 && strings.Trim(java[2:end], "ims") == "" {
		return java[:end+1], java[end+1:]
	}
	return "", java
}

// cutLookahead takes a look-ahead from the beginning of an expression.
func cutLookahead(java string) (body string, not bool, rest string, ok bool) {
	if !strings.HasPrefix(java, "(?=") && !strings.HasPrefix(java, "(?!") {
		return "", false, java, false
	}
	depth, inClass := 0, false
	for i := 0; i < len(java); i++ {
		switch c := java[i]; {
		case c == '\\':
			i++
		case inClass:
			inClass = c != ']'
		case c == '[':
			inClass = true
		case c == '(':
			depth++
		case c == ')':
			if depth--; depth == 0 {
				// An alternative to the look-ahead and what follows it would be one to the look-ahead alone.
				if alternatives(java[i+1:]) {
					return "", false, java, false
				}
				return java[3:i], java[2] == '!', java[i+1:], true
			}
		}
	}
	return "", false, java, false
}

// alternatives tells whether an expression has a bar outside all groups.
func alternatives(java string) bool {
	depth, inClass := 0, false
	for i := 0; i < len(java); i++ {
		switch c := java[i]; {
		case c == '\\':
			i++
		case inClass:
			inClass = c != ']'
		case c == '[':
			inClass = true
		case c == '(':
			depth++
		case c == ')':
			depth--
		case c == '|' && depth == 0:
			return true
		}
	}
	return false
}

// unknown is an error about syntax that has no equal here.
func unknown(what string) error { return fmt.Errorf("regular expression: %s is not supported", what) }
