package authflow

import (
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/tokenhouse/tokenhouse/internal/core/login"
)

// Conditions, as executions name them. What decides whether a flow is run begins with the first.
const (
	condition     = "conditional-"
	hasFactors    = "conditional-user-configured"
	levelReached  = "conditional-level-of-authentication"
	settingLevel  = "loa-condition-level"
	settingMaxAge = "loa-max-age"
)

// defaultMaxAge is for how long a level is kept whose condition does not say.
const defaultMaxAge = 10 * time.Hour

// conditions are those of a flow that are on. What a file calls by a name that Keycloak does not have may be one.
func (f *Flow) conditions() []Execution {
	var out []Execution
	for _, e := range f.Executions {
		named := strings.HasPrefix(e.Authenticator, condition) || !e.IsFlow && !IsKnown(e.Authenticator)
		if named && e.Requirement != Disabled {
			out = append(out, e)
		}
	}
	return out
}

// condition notes what a condition makes of the flow that it is in. One that is not known, or whose settings cannot be
// read, holds: the flow is run.
func (r *planner) condition(e Execution, in *within) {
	settings := map[string]string{}
	if c := r.set.ConfigOf(e.Config); c != nil {
		settings = c.Settings
	}
	kind := login.ConditionKind(e.Authenticator)
	switch {
	case e.Authenticator == hasFactors:
		in.optional = true
	case e.Authenticator == levelReached:
		if level, ok := levelOf(settings); ok {
			in.level = max(in.level, level.Number)
			r.plan.Levels = append(r.plan.Levels, level)
		}
	case slices.Contains(conditionKinds, kind):
		in.ifs = append(slices.Clip(in.ifs), conditionOf(kind, settings))
	}
}

var conditionKinds = []login.ConditionKind{login.OnRole, login.OnAttribute, login.OnScope, login.OnCredential}

// conditionOf reads the settings of a condition. The name that is not set is empty, which is nobody's.
func conditionOf(kind login.ConditionKind, settings map[string]string) login.Condition {
	on := func(name string) bool { return settings[name] == "true" }
	switch kind {
	case login.OnRole:
		return login.Condition{Kind: kind, Name: settings["condUserRole"], Not: on("negate")}
	case login.OnScope:
		return login.Condition{Kind: kind, Name: settings["client_scope"], Not: on("negate")}
	case login.OnCredential:
		return login.Condition{Kind: kind, Kinds: login.ReadKinds(settings["credentials"]), Not: !on("included")}
	}
	return login.Condition{Kind: kind, Name: settings["attribute_name"], Value: settings["attribute_expected_value"],
		Groups: on("include_group_attributes"), Regex: on("regex"), Not: on("not")}
}

// levelOf reads the settings of a level; ok is false where they name none. An age that is no number of seconds keeps
// the level for one request only.
func levelOf(settings map[string]string) (level login.Level, ok bool) {
	n, err := strconv.Atoi(strings.TrimSpace(settings[settingLevel]))
	if err != nil || n < 1 {
		return login.Level{}, false
	}
	age, set := settings[settingMaxAge]
	if !set {
		return login.Level{Number: n, Age: defaultMaxAge}, true
	}
	seconds, err := strconv.ParseInt(strings.TrimSpace(age), 10, 32)
	if err != nil {
		seconds = 0
	}
	return login.Level{Number: n, Age: time.Duration(max(seconds, 0)) * time.Second}, true
}
