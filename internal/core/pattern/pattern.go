// Package pattern reads regular expressions in Java's syntax, which is what realms are configured in.
package pattern

import (
	"fmt"
	"iter"
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
	for at, c := range outside(java) {
		if c != ')' {
			continue
		}
		// An alternative to the look-ahead and what follows it would be one to the look-ahead alone.
		if alternatives(java[at+1:]) {
			break
		}
		return java[3:at], java[2] == '!', java[at+1:], true
	}
	return "", false, java, false
}

// alternatives tells whether an expression has a bar outside all groups.
func alternatives(java string) bool {
	for _, c := range outside(java) {
		if c == '|' {
			return true
		}
	}
	return false
}

// outside are the bytes of an expression that stand in no group and no class and are not escaped, with where
// they stand. The brackets of a group that is not inside another are among them.
func outside(java string) iter.Seq2[int, byte] {
	return func(yield func(int, byte) bool) {
		depth, inClass := 0, false
		for i := 0; i < len(java); i++ {
			c := java[i]
			switch {
			case c == '\\':
				i++
				continue
			case inClass:
				inClass = c != ']'
				continue
			case c == '[':
				inClass = true
				continue
			case c == '(':
				depth++
				if depth > 1 {
					continue
				}
			case c == ')':
				depth--
			}
			if (depth == 0 || c == '(') && !yield(i, c) {
				return
			}
		}
	}
}

// unknown is an error about syntax that has no equal here.
func unknown(what string) error { return fmt.Errorf("regular expression: %s is not supported", what) }
