package user

import (
	"slices"
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
	"hashAlgorithm": isHashing, "notUsername": isAnything, "notEmail": isAnything, "notContainsUsername": isAnything,
}

const (
	isNumber   = "a number, or nothing for the default"
	isWord     = "something"
	isPattern  = "a regular expression"
	isHashing  = "a way of hashing"
	isAnything = "something, or nothing"
)

// ReadPolicy is a password policy, as "length(8) and digits(1)", as Keycloak keeps it: one space around each "and", no
// brackets around nothing, and of statements that say the same the last. One that asks for what is not known is a
// *fault.Invalid in Keycloak's words.
func ReadPolicy(policy string) (string, error) {
	if strings.TrimSpace(policy) == "" {
		return policy, nil
	}
	var names []string
	kept := map[string]string{}
	for text := range strings.SplitSeq(policy, " and ") {
		name, arg, bracketed := strings.Cut(strings.TrimSpace(text), "(")
		arg = strings.TrimSuffix(arg, ")")
		kind, known := statementKinds[name]
		if !known {
			return "", &fault.Invalid{Message: "Password policy not found"}
		}
		if problem := checkArgument(kind, arg, bracketed); problem != "" {
			return "", &fault.Invalid{Message: "Invalid config for " + name + ": " + problem}
		}
		if !slices.Contains(names, name) {
			names = append(names, name)
		}
		kept[name] = name
		if strings.TrimSpace(arg) != "" {
			kept[name] = name + "(" + arg + ")"
		}
	}
	for i, name := range names {
		names[i] = kept[name]
	}
	return strings.Join(names, " and "), nil
}

// checkArgument says what is wrong with what stands between the brackets, where there are any; empty where nothing is.
func checkArgument(kind, arg string, bracketed bool) string {
	switch kind {
	case isWord, isPattern:
		if strings.TrimSpace(arg) == "" || arg == "undefined" {
			return "Config required"
		}
		if _, err := pattern.Compile(arg); kind == isPattern && err != nil {
			return "Not a valid regular expression"
		}
	case isHashing:
		if strings.TrimSpace(arg) == "" {
			return "Password hashing provider id must be set"
		}
		if _, known := iterations[arg]; arg != "undefined" && !known {
			return "Password hashing provider not found"
		}
	case isNumber:
		if !bracketed || arg == "undefined" {
			return ""
		}
		if _, err := strconv.ParseInt(arg, 10, 32); err != nil {
			return "Not a valid number"
		}
	}
	return ""
}
