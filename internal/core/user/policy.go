package user

import (
	"strconv"
	"strings"

	"github.com/tokenhouse/tokenhouse/internal/core/fault"
)

// The statements of a password policy, by what stands between their brackets.
var statements = map[string]string{
	"length": number, "maxLength": number, "digits": number, "lowerCase": number, "upperCase": number, "specialChars": number,
	"passwordHistory": number, "passwordAge": number, "forceExpiredPasswordChange": number, "maxAuthAge": number,
	"hashIterations": number, "recoveryCodesWarningThreshold": number, "passwordBlacklist": word, "regexPattern": word,
	"hashAlgorithm": anything, "notUsername": anything, "notEmail": anything, "notContainsUsername": anything,
}

const (
	number   = "a number, or nothing for the default"
	word     = "something"
	anything = "something, or nothing"
)

// CheckPolicy refuses a password policy, as "length(8) and digits(1)", that asks for what is not known. The
// refusal is a *fault.Invalid in Keycloak's words.
func CheckPolicy(policy string) error {
	if strings.TrimSpace(policy) == "" {
		return nil
	}
	for statement := range strings.SplitSeq(policy, " and ") {
		name, arg, _ := strings.Cut(strings.TrimSpace(statement), "(")
		arg = strings.TrimSpace(strings.TrimSuffix(arg, ")"))
		kind, known := statements[name]
		if !known {
			return &fault.Invalid{Message: "Password policy not found"}
		}
		if problem := checkArgument(kind, arg); problem != "" {
			return &fault.Invalid{Message: "Invalid config for " + name + ": " + problem}
		}
	}
	return nil
}

// checkArgument says what is wrong with what stands between the brackets; empty where nothing is. Patterns are
// not compiled: those of Keycloak's users are Java's.
func checkArgument(kind, arg string) string {
	switch kind {
	case word:
		if arg == "" || arg == "undefined" {
			return "Config required"
		}
	case number:
		if arg == "" || arg == "undefined" {
			return ""
		}
		if _, err := strconv.ParseInt(arg, 10, 32); err != nil {
			return "Not a valid number"
		}
	}
	return ""
}
