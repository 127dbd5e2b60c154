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

// email judges an e-mail address by its form: what is before the last @ and after it.
func email(value string) (string, []any) {
	at := strings.LastIndexByte(value, '@')
	if at < 0 || !isLocal(value[:at]) || !isDomain(value[at+1:]) {
		return "error-invalid-email", []any{value}
	}
	return "", nil
}

func isLocal(local string) bool {
	if len(local) == 0 || utf8.RuneCountInString(local) > maxLocal {
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
