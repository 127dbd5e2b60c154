package kcadm

import (
	"encoding/json"
	"fmt"
	"math"
	"strconv"
	"strings"
)

// Compact is a value as JSON without white space.
func Compact(v any) []byte { return appendValue(nil, v, -1) }

// Pretty is a value as JSON as Jackson prints it: two spaces a level, spaces around colons and within brackets,
// items of lists on one line, no newline at the end.
func Pretty(v any) []byte { return appendValue(nil, v, 0) }

// appendValue prints at a level of indentation; on one line where it is negative.
func appendValue(b []byte, v any, level int) []byte {
	switch v := v.(type) {
	case *Object:
		return appendObject(b, v, level)
	case []any:
		return appendList(b, v, level)
	case string:
		return appendString(b, v)
	case json.Number:
		return append(b, number(v)...)
	case bool:
		return strconv.AppendBool(b, v)
	default:
		return append(b, "null"...)
	}
}

func appendObject(b []byte, o *Object, level int) []byte {
	compact := level < 0
	if len(o.names) == 0 && !compact {
		return append(b, "{ }"...)
	}
	inner := level
	if !compact {
		inner++
	}
	b = append(b, '{')
	for i, name := range o.names {
		if i > 0 {
			b = append(b, ',')
		}
		b = appendLine(b, inner)
		b = appendString(b, name)
		if compact {
			b = append(b, ':')
		} else {
			b = append(b, " : "...)
		}
		b = appendValue(b, o.values[name], inner)
	}
	return append(appendLine(b, level), '}')
}

func appendList(b []byte, list []any, level int) []byte {
	compact := level < 0
	if len(list) == 0 && !compact {
		return append(b, "[ ]"...)
	}
	b = append(b, '[')
	for i, item := range list {
		if i > 0 {
			b = append(b, ',')
		}
		if !compact {
			b = append(b, ' ')
		}
		b = appendValue(b, item, level)
	}
	if !compact {
		b = append(b, ' ')
	}
	return append(b, ']')
}

// appendLine begins a line at a level.
func appendLine(b []byte, level int) []byte {
	if level < 0 {
		return b
	}
	b = append(b, '\n')
	for range level {
		b = append(b, "  "...)
	}
	return b
}

// appendString escapes what JSON demands and nothing else.
func appendString(b []byte, s string) []byte {
	b = append(b, '"')
	for _, r := range s {
		switch r {
		case '"', '\\':
			b = append(b, '\\', byte(r))
		case '\n':
			b = append(b, `\n`...)
		case '\r':
			b = append(b, `\r`...)
		case '\t':
			b = append(b, `\t`...)
		case '\b':
			b = append(b, `\b`...)
		case '\f':
			b = append(b, `\f`...)
		default:
			if r < ' ' {
				b = fmt.Appendf(b, `\u%04X`, r)
			} else {
				b = append(b, string(r)...)
			}
		}
	}
	return append(b, '"')
}

// number is a number as Java prints it: integers as they are, others as the double that they are read into.
func number(n json.Number) string {
	if !strings.ContainsAny(n.String(), ".eE") {
		if n == "-0" {
			return "0"
		}
		return n.String()
	}
	f, err := n.Float64()
	if err != nil || math.IsInf(f, 0) {
		return n.String()
	}
	if size := math.Abs(f); size != 0 && (size < 1e-3 || size >= 1e7) {
		mantissa, exponent, _ := strings.Cut(strconv.FormatFloat(f, 'e', -1, 64), "e")
		if !strings.Contains(mantissa, ".") {
			mantissa += ".0"
		}
		power, _ := strconv.Atoi(exponent) // it was made by FormatFloat
		return mantissa + "E" + strconv.Itoa(power)
	}
	plain := strconv.FormatFloat(f, 'f', -1, 64)
	if !strings.Contains(plain, ".") {
		plain += ".0"
	}
	return plain
}
