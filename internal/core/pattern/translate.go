package pattern

import "strings"

// translate writes a Java expression in Go's syntax. Both look alike; what differs is said here.
func translate(java string) (string, error) {
	var out strings.Builder
	inClass, start := false, 0 // of the class
	for i := 0; i < len(java); i++ {
		c := java[i]
		switch {
		case c == '\\':
			n, err := escape(&out, java[i:], inClass)
			if err != nil {
				return "", err
			}
			i += n - 1
			continue
		case inClass && c == '[':
			return "", unknown("a class in a class")
		case inClass && c == '&' && strings.HasPrefix(java[i:], "&&"):
			return "", unknown("an intersection of classes")
		case inClass && c == ']' && i > start:
			inClass = false
		case !inClass && c == '[':
			inClass, start = true, i+1
			if strings.HasPrefix(java[i+1:], "^") {
				start++
			}
		case !inClass && c == '+' && i > 0 && quantified(java, i):
			return "", unknown("a possessive quantifier")
		case !inClass && c == '(' && strings.HasPrefix(java[i:], "(?>"):
			return "", unknown("an independent group")
		}
		out.WriteByte(c)
	}
	return out.String(), nil
}

// quantified tells whether a quantifier stands before place i, and not as an escaped letter.
func quantified(java string, i int) bool {
	if !strings.ContainsRune("*+?}", rune(java[i-1])) {
		return false
	}
	escapes := 0
	for j := i - 2; j >= 0 && java[j] == '\\'; j-- {
		escapes++
	}
	return escapes%2 == 0
}

// classes are escapes that Go spells in another way, as they stand inside of a class.
var classes = map[string]string{
	`h`: `\t \x{A0}\x{1680}\x{180E}\x{2000}-\x{200A}\x{202F}\x{205F}\x{3000}`,
	`v`: `\n\x0B\f\r\x{85}\x{2028}\x{2029}`,
	`s`: `\s\x0B`,
	`e`: `\x1B`,

	`p{Lower}`: `a-z`, `p{Upper}`: `A-Z`, `p{ASCII}`: `\x00-\x7F`, `p{Alpha}`: `a-zA-Z`, `p{Digit}`: `0-9`, `p{Alnum}`: `a-zA-Z0-9`,
	`p{Punct}`: `[:punct:]`, `p{Graph}`: `[:graph:]`, `p{Print}`: `[:print:]`, `p{Blank}`: `\t `, `p{Cntrl}`: `[:cntrl:]`,
	`p{XDigit}`: `0-9a-fA-F`, `p{Space}`: `\s\x0B`,
	`p{IsAlphabetic}`: `\pL\p{Nl}`, `p{IsLetter}`: `\pL`, `p{IsDigit}`: `\p{Nd}`, `p{IsLatin}`: `\p{Latin}`, `p{IsGreek}`: `\p{Greek}`,
	`p{IsCyrillic}`: `\p{Cyrillic}`, `p{IsCommon}`: `\p{Common}`, `p{IsUppercase}`: `\p{Lu}`, `p{IsLowercase}`: `\p{Ll}`,
}

// escape writes the escape that java begins with, and gives its length.
func escape(out *strings.Builder, java string, inClass bool) (int, error) {
	if len(java) < 2 {
		return 0, unknown("a backslash at the end")
	}
	name := java[1:2]
	if c := java[1]; (c == 'p' || c == 'P') && strings.HasPrefix(java[2:], "{") {
		end := strings.IndexByte(java, '}')
		if end < 0 {
			return 0, unknown("a property without its end")
		}
		name = java[1 : end+1]
	}
	set, known := classes[strings.ToLower(name[:1])+name[1:]]
	negated := name[0] == 'P' || name == "H" || name == "V" || name == "S"
	switch {
	case strings.ContainsAny(name[:1], "123456789kGRXQE"), inClass && strings.ContainsAny(name[:1], "bB"):
		return 0, unknown(`\` + name)
	case known && negated && inClass:
		return 0, unknown("what is not in a class, in a class")
	case known && inClass:
		out.WriteString(set)
	case known && negated:
		out.WriteString("[^" + set + "]")
	case known:
		out.WriteString("[" + set + "]")
	case name == "Z":
		out.WriteString(`\z`)
	case name == "u" && len(java) >= 6:
		out.WriteString(`\x{` + java[2:6] + `}`)
		return 6, nil
	case strings.HasPrefix(name, "p{Is") || strings.HasPrefix(name, "P{Is"):
		out.WriteString(`\` + name[:2] + name[4:])
	default:
		out.WriteString(`\` + name)
	}
	return 1 + len(name), nil
}
