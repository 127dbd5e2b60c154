package subject

import (
	"encoding/asn1"
	"encoding/hex"
	"strings"
)

// parse reads a distinguished name as text (RFC 4514 §3). Blanks around separators are passed over, and values may be
// in quotes, as RFC 2253 §4 has it.
func parse(text string) (name, bool) {
	var out name
	one := relative{}
	for {
		kind, rest, ok := strings.Cut(text, "=")
		oid := oidOf(kind)
		if !ok || oid == "" {
			return nil, false
		}
		value, separator, rest, ok := cutValue(rest)
		if !ok {
			return nil, false
		}
		one = append(one, attribute{oid, value})
		if separator != '+' {
			out, one = append(out, one), nil
		}
		if separator == 0 {
			return out, true
		}
		text = rest
	}
}

// cutValue reads a value up to the separator behind it: ',' or ';' ends a relative name, '+' an attribute of it, and 0 all.
func cutValue(text string) (value string, separator byte, rest string, ok bool) {
	text = strings.TrimLeft(text, " ")
	if encoded, is := strings.CutPrefix(text, "#"); is {
		end := strings.IndexAny(encoded, ",;+")
		if end < 0 {
			end = len(encoded)
		}
		value, ok = decodeValue(strings.TrimSpace(encoded[:end]))
		separator, rest = split(encoded[end:])
		return value, separator, rest, ok
	}
	var b strings.Builder
	quotes, kept := false, 0 // kept: how much of b blanks at the end are not
	for i := 0; i < len(text); i++ {
		switch c := text[i]; {
		case c == '\\':
			raw, used := unescape(text[i+1:])
			if used == 0 {
				return "", 0, "", false
			}
			b.WriteString(raw)
			i += used
			kept = b.Len()
		case c == '"':
			quotes = !quotes
			kept = b.Len()
		case !quotes && (c == ',' || c == ';' || c == '+'):
			separator, rest = split(text[i:])
			return b.String()[:kept], separator, rest, true
		default:
			b.WriteByte(c)
			if quotes || c != ' ' {
				kept = b.Len()
			}
		}
	}
	return b.String()[:kept], 0, "", !quotes
}

// split takes the separator from the front.
func split(text string) (separator byte, rest string) {
	if text == "" {
		return 0, ""
	}
	if text[0] == ';' {
		return ',', text[1:]
	}
	return text[0], text[1:]
}

// unescape reads what is behind a backslash: a special character, or two digits that stand for a byte.
func unescape(text string) (raw string, used int) {
	if len(text) >= 2 {
		if b, err := hex.DecodeString(text[:2]); err == nil {
			return string(b), 2
		}
	}
	if text != "" && strings.IndexByte(" \"#+,;<=>\\", text[0]) >= 0 {
		return text[:1], 1
	}
	return "", 0
}

// decodeValue reads a value that stands there encoded.
func decodeValue(text string) (string, bool) {
	der, err := hex.DecodeString(text)
	if err != nil {
		return "", false
	}
	var value any
	if rest, err := asn1.Unmarshal(der, &value); err != nil || len(rest) > 0 {
		return "", false
	}
	s, ok := value.(string)
	return s, ok
}
