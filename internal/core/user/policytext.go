package user

import (
	"strconv"
	"strings"

	"github.com/tokenhouse/tokenhouse/internal/core/fault"
	"github.com/tokenhouse/tokenhouse/internal/core/pattern"
)

// statementKinds are the statements of a password policy, by what stands between their brackets.
var statementKinds = map[string]string{
	"length": isNumber, "maxLength": isNumber, "digits": isNumber, "lowerCase": isNumber, "upperCase": isNumber, "specialChars": isNumber,
	"passwordHistory": isNumber, "passwordAge": isNumber, "forceExpiredPasswordChange": isNumber, "maxAuthAge": isNumber,
	"hashIterations": isNumber, "recoveryCodesWarningThreshold": isNumber, "passwordBlacklist": isWord, "regexPattern": isPattern,
	"hashAlgorithm": isAnything, "notUsername": isAnything, "notEmail": isAnything, "notContainsUsername": isAnything,
}

const (
	isNumber   = "a number, or nothing for the default"
	isWord     = "something"
	isPattern  = "a regular expression"
	isAnything = "something, or nothing"
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
		kind, known := statementKinds[name]
		if !known {
			return &fault.Invalid{Message: "Password policy not found"}
		}
		if problem := checkArgument(kind, arg); problem != "" {
			return &fault.Invalid{Message: "Invalid config for " + name + ": " + problem}
		}
	}
	return nil
}

// checkArgument says what is wrong with what stands between the brackets; empty where nothing is.
func checkArgument(kind, arg string) string {
	switch kind {
	case isWord, isPattern:
		if arg == "" || arg == "undefined" {
			return "Config required"
		}
		if _, err := pattern.Compile(arg); kind == isPattern && err != nil {
			return "Not a valid regular expression"
		}
	case isNumber:
		if arg == "" || arg == "undefined" {
			return ""
		}
		if _, err := strconv.ParseInt(arg, 10, 32); err != nil {
			return "Not a valid number"
		}
	}
	return ""
}
