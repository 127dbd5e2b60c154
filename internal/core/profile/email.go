package profile

import (
	"net/netip"
	"strings"
	"unicode/utf8"
)

// What an e-mail address is made of (RFC 5321 §4.5.3.1, and letters beyond ASCII as in RFC 6531).
const (
	maxLocal  = 64
	maxDomain = 255
	atomSigns = "!#$%&'*+/=?^_`{|}~-"
)

// IsEmail tells whether a text has the form of an e-mail address: by what is before the last @ and after it.
func IsEmail(text string) bool { return isEmail(text, maxLocal) }

func isEmail(text string, longest int64) bool {
	at := strings.LastIndexByte(text, '@')
	return at >= 0 && int64(utf8.RuneCountInString(text[:at])) <= longest && isLocal(text[:at]) && isDomain(text[at+1:])
}

// email judges e-mail addresses by their form. What is before the @ may be allowed to be shorter than it could be.
func email(s Settings) (validator, []problem) {
	const setting = "max-local-length"
	longest := int64(maxLocal)
	if s.has(setting) {
		n, ok := s.number(setting)
		if !ok {
			return nil, []problem{{setting, noNumber, []any{s.text(setting)}}}
		}
		longest = min(longest, n)
	}
	return func(value string) (string, []any) {
		if !isEmail(value, longest) {
			return "error-invalid-email", []any{value}
		}
		return "", nil
	}, nil
}

func isLocal(local string) bool {
	if local == "" {
		return false
	}
	if quoted, ok := strings.CutPrefix(local, `"`); ok {
		quoted, ok = strings.CutSuffix(quoted, `"`)
		return ok && quoted != "" && !strings.ContainsAny(strings.ReplaceAll(strings.ReplaceAll(quoted, `\\`, ""), `\"`, ""), "\"\\\r\n")
	}
	for atom := range strings.SplitSeq(local, ".") {
		if atom == "" || strings.ContainsFunc(atom, notAtom) {
			return false
		}
	}
	return true
}

func isDomain(domain string) bool {
	if len(domain) == 0 || utf8.RuneCountInString(domain) > maxDomain {
		return false
	}
	if literal, ok := strings.CutPrefix(domain, "["); ok {
		literal, ok = strings.CutSuffix(literal, "]")
		_, err := netip.ParseAddr(strings.TrimPrefix(literal, "IPv6:"))
		return ok && err == nil
	}
	for label := range strings.SplitSeq(domain, ".") {
		if label == "" || label[0] == '-' || label[len(label)-1] == '-' || strings.ContainsFunc(label, notAtom) {
			return false
		}
	}
	return true
}

func notAtom(c rune) bool {
	return !(c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || c >= '0' && c <= '9' || c >= 0x80 || strings.ContainsRune(atomSigns, c))
}
