package replay

import (
	"crypto/hmac"
	"crypto/sha1"
	"encoding/binary"
	"encoding/json"
	"fmt"
	"regexp"
	"strconv"
	"strings"
	"time"
)

// A step refers to what earlier ones saved, and to what changes by itself:
//
//	${name}           a saved value
//	${now+60}         a Unix time in seconds, so much from now
//	${totp.name}      the one-time code of now for the secret that was saved as name
//	${totp+30.name}   the one of half a minute later
var variable = regexp.MustCompile(`\$\{([a-zA-Z0-9_.+-]+)\}`)

// expand replaces each reference by its value, where there is one.
func (p *Player) expand(s string) string {
	return variable.ReplaceAllStringFunc(s, func(reference string) string {
		name := reference[2 : len(reference)-1]
		if value, ok := p.variables[name]; ok {
			return value
		}
		if seconds, ok := ahead(name, "now"); ok {
			return strconv.FormatInt(time.Now().Unix()+seconds, 10)
		}
		when, secret, _ := strings.Cut(name, ".")
		if seconds, ok := ahead(when, "totp"); ok && p.variables[secret] != "" {
			return oneTimeCode(p.variables[secret], time.Now().Unix()+seconds)
		}
		return reference
	})
}

// ahead is the number of seconds after a word such as now; none is 0.
func ahead(name, word string) (seconds int64, ok bool) {
	rest, ok := strings.CutPrefix(name, word)
	if !ok || rest == "" {
		return 0, ok
	}
	seconds, err := strconv.ParseInt(rest, 10, 64)
	return seconds, err == nil
}

// oneTimeCode is the code of six digits for a point in time (RFC 6238). Keycloak's secrets are bytes
// as they stand, not base32.
func oneTimeCode(secret string, unix int64) string {
	mac := hmac.New(sha1.New, []byte(secret))
	mac.Write(binary.BigEndian.AppendUint64(nil, uint64(unix/30)))
	sum := mac.Sum(nil)
	offset := sum[len(sum)-1] & 15
	return fmt.Sprintf("%06d", binary.BigEndian.Uint32(sum[offset:])&0x7fffffff%1_000_000)
}

// uses tells whether a step sends the value of a variable.
func uses(step *Step, name string) bool {
	for _, used := range variables(step) {
		if used == name {
			return true
		}
	}
	return false
}

// variables are the names of the variables that a step sends. The secret of a one-time code is one.
func variables(step *Step) []string {
	sent := *step
	sent.Want, sent.Save = nil, nil
	text, err := json.Marshal(sent)
	if err != nil {
		return nil
	}
	var out []string
	for _, m := range variable.FindAllStringSubmatch(string(text), -1) {
		name := m[1]
		if strings.HasPrefix(name, "totp") {
			_, name, _ = strings.Cut(name, ".")
		}
		out = append(out, name)
	}
	return out
}
