package token

import (
	"encoding/json"
	"errors"
	"math"
	"strconv"
	"unicode/utf8"
)

// AppendJSON appends the claims as a JSON object to dst. One audience is written as a string, several
// as an array (RFC 7519 §4.1.3). A member of Other that bears the name of a field is left out, so that
// no mapper can write a registered claim behind the field's back.
func (c *Claims) AppendJSON(dst []byte) []byte {
	dst = append(dst, '{')
	dst = appendTime(dst, "exp", c.Expires)
	dst = appendTime(dst, "iat", c.IssuedAt)
	dst = appendTime(dst, "nbf", c.NotBefore)
	dst = appendTime(dst, "auth_time", c.AuthTime)
	dst = appendText(dst, "jti", c.ID)
	dst = appendText(dst, "iss", c.Issuer)
	dst = appendAudience(dst, "aud", c.Audience)
	dst = appendText(dst, "sub", c.Subject)
	dst = appendText(dst, "typ", c.Type)
	dst = appendText(dst, "azp", c.Client)
	dst = appendText(dst, "nonce", c.Nonce)
	dst = appendText(dst, "sid", c.Session)
	dst = appendText(dst, "at_hash", c.AccessHash)
	dst = appendText(dst, "c_hash", c.CodeHash)
	dst = appendText(dst, "s_hash", c.StateHash)
	dst = appendText(dst, "acr", c.ACR)
	if c.Scope != nil {
		dst = appendString(appendName(dst, "scope"), *c.Scope)
	}
	dst = appendText(dst, "reuse_id", c.ReuseID)
	if len(c.RequestedAudience) > 0 {
		dst = appendStrings(appendName(dst, "req-aud"), c.RequestedAudience)
	}
	dst = appendAudience(dst, "req-res", c.RequestedResource)
	dst = appendAudience(dst, "aud_x", c.AccessAudience)
	dst = appendText(dst, "prov", c.Provider)
	if c.Confirmation != nil {
		dst = c.Confirmation.appendJSON(appendName(dst, "cnf"))
	}
	if c.Actor != nil {
		dst = c.Actor.appendJSON(appendName(dst, "act"))
	}
	if c.MayAct != nil {
		dst = c.MayAct.appendJSON(appendName(dst, "may_act"))
	}
	if len(c.Path) > 0 {
		dst = appendPath(appendName(dst, "exchange_path"), c.Path)
	}
	for i := range c.Other {
		if m := &c.Other[i]; !registered(m.Name) {
			dst = appendValue(appendName(dst, m.Name), m.Value)
		}
	}
	return append(dst, '}')
}

// AppendJSON appends the object as JSON to dst, its members in their order.
func (o Object) AppendJSON(dst []byte) []byte {
	dst = append(dst, '{')
	for i := range o {
		dst = appendValue(appendName(dst, o[i].Name), o[i].Value)
	}
	return append(dst, '}')
}

// MarshalJSON writes the object with its members in their order.
func (o Object) MarshalJSON() ([]byte, error) { return o.AppendJSON(nil), nil }

// UnmarshalJSON reads an object as Parse reads those of Other. Null is no object.
func (o *Object) UnmarshalJSON(data []byte) error {
	value, err := ParseValue(string(data))
	if err != nil {
		return err
	}
	read, ok := value.(Object)
	if !ok && value != nil {
		return errObject
	}
	*o = read
	return nil
}

var errObject = errors.New("json: no object")

// registered tells whether a claim has a field of its own in Claims.
func registered(name string) bool {
	switch name {
	case "exp", "iat", "nbf", "auth_time", "jti", "iss", "aud", "sub", "typ", "azp", "nonce", "sid",
		"at_hash", "c_hash", "s_hash", "acr", "scope", "reuse_id", "req-aud", "req-res", "aud_x", "prov",
		"cnf", "act", "may_act", "exchange_path":
		return true
	}
	return false
}

func (c *Confirmation) appendJSON(dst []byte) []byte {
	dst = append(dst, '{')
	dst = appendText(dst, "jkt", c.JKT)
	dst = appendText(dst, "kc-jkt-type", c.JKTType)
	dst = appendText(dst, "x5t#S256", c.Certificate)
	return append(dst, '}')
}

func (a *Actor) appendJSON(dst []byte) []byte {
	dst = append(dst, '{')
	dst = appendText(dst, "sub", a.Subject)
	dst = appendText(dst, "client_id", a.Client)
	dst = appendText(dst, "iss", a.Issuer)
	dst = appendText(dst, "jti", a.Token)
	dst = appendText(dst, "sid", a.Session)
	for i := range a.Other {
		if m := &a.Other[i]; !actorMember(m.Name) {
			dst = appendValue(appendName(dst, m.Name), m.Value)
		}
	}
	if a.Actor != nil {
		dst = a.Actor.appendJSON(appendName(dst, "act"))
	}
	return append(dst, '}')
}

// actorMember tells whether a member has a field of its own in Actor.
func actorMember(name string) bool {
	switch name {
	case "sub", "client_id", "iss", "jti", "sid", "act":
		return true
	}
	return false
}

func appendPath(dst []byte, path []Hop) []byte {
	dst = append(dst, '[')
	for i, hop := range path {
		if i > 0 {
			dst = append(dst, ',')
		}
		dst = append(dst, '{')
		dst = appendText(dst, "iss", hop.Issuer)
		dst = appendText(dst, "client", hop.Client)
		dst = appendText(dst, "jti", hop.JTI)
		dst = appendText(dst, "sid", hop.Session)
		dst = appendText(dst, "sub", hop.Subject)
		if hop.Assertion {
			dst = append(appendName(dst, "assertion"), "true"...)
		}
		dst = append(dst, '}')
	}
	return append(dst, ']')
}

// appendName begins a member: a comma, unless it is the first, and its name.
func appendName(dst []byte, name string) []byte {
	if dst[len(dst)-1] != '{' {
		dst = append(dst, ',')
	}
	return append(appendString(dst, name), ':')
}

func appendTime(dst []byte, name string, seconds int64) []byte {
	if seconds == 0 {
		return dst
	}
	return strconv.AppendInt(appendName(dst, name), seconds, 10)
}

func appendText(dst []byte, name, text string) []byte {
	if text == "" {
		return dst
	}
	return appendString(appendName(dst, name), text)
}

func appendAudience(dst []byte, name string, values []string) []byte {
	switch len(values) {
	case 0:
		return dst
	case 1:
		return appendString(appendName(dst, name), values[0])
	}
	return appendStrings(appendName(dst, name), values)
}

func appendStrings(dst []byte, values []string) []byte {
	dst = append(dst, '[')
	for i, s := range values {
		if i > 0 {
			dst = append(dst, ',')
		}
		dst = appendString(dst, s)
	}
	return append(dst, ']')
}

// appendValue writes one of the values that Object allows. What JSON cannot say (NaN, malformed raw
// JSON) becomes null.
func appendValue(dst []byte, value any) []byte {
	switch v := value.(type) {
	case string:
		return appendString(dst, v)
	case []string:
		return appendStrings(dst, v)
	case Object:
		return v.AppendJSON(dst)
	case bool:
		return strconv.AppendBool(dst, v)
	case int64:
		return strconv.AppendInt(dst, v, 10)
	case int:
		return strconv.AppendInt(dst, int64(v), 10)
	case float64:
		return appendFloat(dst, v)
	case json.Number:
		return appendRaw(dst, string(v))
	case json.RawMessage:
		return appendRaw(dst, string(v))
	case []any:
		dst = append(dst, '[')
		for i, item := range v {
			if i > 0 {
				dst = append(dst, ',')
			}
			dst = appendValue(dst, item)
		}
		return append(dst, ']')
	}
	return append(dst, "null"...)
}

func appendFloat(dst []byte, f float64) []byte {
	if math.IsNaN(f) || math.IsInf(f, 0) {
		return append(dst, "null"...)
	}
	format := byte('f')
	if size := math.Abs(f); size != 0 && (size < 1e-6 || size >= 1e21) { // where ECMAScript changes too
		format = 'e'
	}
	return strconv.AppendFloat(dst, f, format, -1, 64)
}

// appendRaw writes JSON text as we would have written it: a token must not hold what Parse refuses.
func appendRaw(dst []byte, text string) []byte {
	r := reader{text: text}
	value, err := r.whole()
	if err != nil {
		return append(dst, "null"...)
	}
	if number, ok := value.(json.Number); ok {
		return append(dst, number...)
	}
	return appendValue(dst, value)
}

const hex = "0123456789abcdef"

// appendString writes a JSON string (RFC 8259 §7). Bytes that are no UTF-8 become U+FFFD.
func appendString(dst []byte, s string) []byte {
	dst = append(dst, '"')
	start := 0
	for i := 0; i < len(s); {
		b := s[i]
		if b >= ' ' && b < utf8.RuneSelf && b != '"' && b != '\\' {
			i++
			continue
		}
		if b >= utf8.RuneSelf {
			r, size := utf8.DecodeRuneInString(s[i:])
			if r == utf8.RuneError && size == 1 {
				dst = append(append(dst, s[start:i]...), "\ufffd"...)
				start = i + 1
			}
			i += size
			continue
		}
		dst = append(dst, s[start:i]...)
		switch b {
		case '"', '\\':
			dst = append(dst, '\\', b)
		case '\n':
			dst = append(dst, '\\', 'n')
		case '\r':
			dst = append(dst, '\\', 'r')
		case '\t':
			dst = append(dst, '\\', 't')
		default:
			dst = append(dst, '\\', 'u', '0', '0', hex[b>>4], hex[b&15])
		}
		i++
		start = i
	}
	return append(append(dst, s[start:]...), '"')
}
