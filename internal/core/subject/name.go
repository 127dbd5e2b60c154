package subject

import (
	"crypto/x509/pkix"
	"encoding/asn1"
	"strconv"
	"strings"
)

// name is a distinguished name, the part that says most first, as text has it and unlike the encoding.
type name []relative

// relative is a relative distinguished name: mostly one attribute, and several where they are joined by "+".
type relative []attribute

type attribute struct {
	oid   string // dotted
	value string
}

// short are the short names of attribute types: those of RFC 4514 §3, and those of Java beside them. Of several for one
// type the first is what Java writes.
var short = []struct{ name, oid string }{
	{"CN", "2.5.4.3"}, {"SURNAME", "2.5.4.4"}, {"SERIALNUMBER", "2.5.4.5"}, {"C", "2.5.4.6"}, {"L", "2.5.4.7"}, {"ST", "2.5.4.8"},
	{"S", "2.5.4.8"}, {"STREET", "2.5.4.9"}, {"O", "2.5.4.10"}, {"OU", "2.5.4.11"}, {"T", "2.5.4.12"}, {"GIVENNAME", "2.5.4.42"},
	{"INITIALS", "2.5.4.43"}, {"GENERATION", "2.5.4.44"}, {"DNQUALIFIER", "2.5.4.46"}, {"DNQ", "2.5.4.46"},
	{"UID", "0.9.2342.19200300.100.1.1"}, {"DC", "0.9.2342.19200300.100.1.25"}, {"EMAILADDRESS", "1.2.840.113549.1.9.1"},
}

// oidOf is the type that a name or a dotted number stands for; empty where it is neither.
func oidOf(text string) string {
	text = strings.ToUpper(strings.TrimSpace(text))
	for _, s := range short {
		if s.name == text {
			return s.oid
		}
	}
	text = strings.TrimPrefix(text, "OID.")
	if text == "" || strings.Trim(text, "0123456789.") != "" || strings.Trim(text, ".") != text {
		return ""
	}
	return text
}

func shortOf(oid string) string {
	for _, s := range short {
		if s.oid == oid {
			return s.name
		}
	}
	return "OID." + oid
}

// decode reads the subject of a certificate. One with a value that is no text is not read.
func decode(der []byte) (name, bool) {
	var sequence pkix.RDNSequence
	if rest, err := asn1.Unmarshal(der, &sequence); err != nil || len(rest) > 0 {
		return nil, false
	}
	out := make(name, 0, len(sequence))
	for i := len(sequence) - 1; i >= 0; i-- {
		var one relative
		for _, a := range sequence[i] {
			value, ok := a.Value.(string)
			if !ok {
				return nil, false
			}
			one = append(one, attribute{a.Type.String(), value})
		}
		out = append(out, one)
	}
	return out, len(out) > 0
}

// java writes a name as Java's X500Name does, which is what Keycloak's expressions are held against: "CN=a, O=b".
func (n name) java() string {
	var parts []string
	for _, one := range n {
		var attributes []string
		for _, a := range one {
			attributes = append(attributes, shortOf(a.oid)+"="+quoted(a.value))
		}
		parts = append(parts, strings.Join(attributes, " + "))
	}
	return strings.Join(parts, ", ")
}

// quoted is a value in quotes where it could be taken for more than one.
func quoted(value string) string {
	if value != "" && strings.TrimSpace(value) == value && !strings.ContainsAny(value, ",+=\n<>#;\\\"") && !strings.Contains(value, "  ") {
		return value
	}
	return strconv.Quote(value)
}
