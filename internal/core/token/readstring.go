package token

import (
	"strings"
	"unicode/utf16"
	"unicode/utf8"
)

// string reads a string that begins here.
func (r *reader) string() (string, error) {
	if !r.accept(`"`) {
		return "", r.errorf("no string")
	}
	start, ascii := r.pos, true
	for r.pos < len(r.text) {
		switch b := r.text[r.pos]; {
		case b == '"':
			s := r.text[start:r.pos]
			if !ascii && !utf8.ValidString(s) {
				return "", r.errorf("no UTF-8")
			}
			r.pos++
			return s, nil
		case b == '\\':
			return r.escaped(r.text[start:r.pos])
		case b < ' ':
			return "", r.errorf("a control character")
		case b >= utf8.RuneSelf:
			ascii = false
		}
		r.pos++
	}
	return "", r.errorf("no end of string")
}

// escaped reads the rest of a string from its first escape on.
func (r *reader) escaped(before string) (string, error) {
	out := []byte(before)
	for r.pos < len(r.text) {
		b := r.text[r.pos]
		r.pos++
		switch {
		case b == '"':
			if !utf8.Valid(out) {
				return "", r.errorf("no UTF-8")
			}
			return string(out), nil
		case b == '\\':
			c, err := r.escape()
			if err != nil {
				return "", err
			}
			out = utf8.AppendRune(out, c)
		case b < ' ':
			return "", r.errorf("a control character")
		default:
			out = append(out, b)
		}
	}
	return "", r.errorf("no end of string")
}

// escape reads what follows a backslash.
func (r *reader) escape() (rune, error) {
	if r.pos == len(r.text) {
		return 0, r.errorf("no end of string")
	}
	b := r.text[r.pos]
	r.pos++
	switch b {
	case '"', '\\', '/':
		return rune(b), nil
	case 'b':
		return '\b', nil
	case 'f':
		return '\f', nil
	case 'n':
		return '\n', nil
	case 'r':
		return '\r', nil
	case 't':
		return '\t', nil
	case 'u':
		return r.unicode()
	}
	return 0, r.errorf("an unknown escape")
}

// unicode reads the four digits after \u, and those of the second surrogate where there is one.
func (r *reader) unicode() (rune, error) {
	c, err := r.hex4()
	if err != nil || !utf16.IsSurrogate(c) {
		return c, err
	}
	if !r.accept(`\`) || !r.accept("u") {
		return 0, r.errorf("half a character")
	}
	low, err := r.hex4()
	if err != nil {
		return 0, err
	}
	if c = utf16.DecodeRune(c, low); c == utf8.RuneError {
		return 0, r.errorf("half a character")
	}
	return c, nil
}

func (r *reader) hex4() (rune, error) {
	if len(r.text)-r.pos < 4 {
		return 0, r.errorf("no end of string")
	}
	var c rune
	for _, b := range []byte(r.text[r.pos : r.pos+4]) {
		digit := strings.IndexByte(hex, b|0x20)
		if digit < 0 || b < '0' {
			return 0, r.errorf("no hexadecimal digit")
		}
		c = c<<4 | rune(digit)
	}
	r.pos += 4
	return c, nil
}
