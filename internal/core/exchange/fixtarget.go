package exchange

import (
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/tokenhouse/tokenhouse/internal/core/audience"
	"github.com/tokenhouse/tokenhouse/internal/core/explain"
	"github.com/tokenhouse/tokenhouse/internal/core/realm"
)

func fixTarget(s *state, _ Decision) []explain.Fix {
	var missing, disabled []string
	ids := s.Audiences
	if len(ids) == 0 {
		ids = []string{s.Client.ID}
	}
	for _, id := range ids {
		switch c := s.Realm.Client(id); {
		case c == nil && !s.custom(id):
			missing = append(missing, explain.Command("create", "clients", s.Realm.Name, explain.Setting{Field: "clientId", Value: id}))
		case c != nil && !c.Enabled:
			disabled = append(disabled, s.set(c, explain.Setting{Field: "enabled", Value: "true"}))
		}
	}
	if len(missing) > 0 {
		return do("make the clients that are missing, or name others", missing...)
	}
	return do("enable the clients that are disabled", disabled...)
}

func fixPermitted(s *state, d Decision) []explain.Fix {
	var list []string
	if s.Client.Exchange.Permitted != nil {
		list = slices.Clone(*s.Client.Exchange.Permitted)
	}
	grow := func(ids ...string) explain.Fix {
		return explain.Fix{
			Sentence: fmt.Sprintf("let %s exchange to %s", s.Client.ID, strings.Join(ids, ", ")),
			Command:  s.set(s.Client, explain.Attribute(attributePermitted, strings.Join(slices.Concat(list, ids), "##"))),
		}
	}
	var out []explain.Fix
	if len(s.Audiences) == 0 { // any one of those that were dropped is enough
		for _, id := range d.Targets {
			out = append(out, grow(id))
		}
		return out
	}
	return []explain.Fix{grow(slices.DeleteFunc(s.filter(), s.lists)...)}
}

func fixAccepts(s *state, d Decision) []explain.Fix {
	grow := func(id string) string {
		c, list := s.Realm.Client(id), []string{s.Client.ID}
		if c.Exchange.Accepts != nil {
			list = slices.Concat(*c.Exchange.Accepts, list)
		}
		return s.set(c, explain.Attribute(attributeAccepts, strings.Join(list, "##")))
	}
	var out []explain.Fix
	if len(s.Audiences) == 0 {
		for _, id := range d.Targets {
			out = append(out, do("let "+id+" accept exchanges from "+s.Client.ID, grow(id))...)
		}
		return out
	}
	ids := slices.DeleteFunc(s.filter(), s.accepts)
	var commands []string
	for _, id := range ids {
		commands = append(commands, grow(id))
	}
	return do("let "+strings.Join(ids, ", ")+" accept exchanges from "+s.Client.ID, commands...)
}

func fixChain(s *state, _ Decision) []explain.Fix {
	return []explain.Fix{
		LongerChain(s.Realm, len(s.hops)),
		{Sentence: "exchange a token that has fewer exchanges behind it"},
	}
}

// LongerChain is the change by which a realm allows so many exchanges in a row.
func LongerChain(r *realm.Realm, exchanges int) explain.Fix {
	return ofRealm(r, fmt.Sprintf("allow chains of %d exchanges in the realm", exchanges), explain.Attribute(attributeChain, strconv.Itoa(exchanges)))
}

// AllowCycles is the change by which a realm lets tokens come back to where they were.
func AllowCycles(r *realm.Realm) explain.Fix {
	return ofRealm(r, "let tokens come back to clients that they went through", explain.Attribute(attributeCycles, "false"))
}

// ofRealm is a fix by a setting of the realm.
func ofRealm(r *realm.Realm, sentence string, setting explain.Setting) explain.Fix {
	return explain.Fix{Sentence: sentence, Command: explain.Command("update", "realms/"+r.Name, r.Name, setting)}
}

func fixCycle(s *state, _ Decision) []explain.Fix {
	return append(
		say("let %s keep the token that it exchanged first, and exchange that", s.Client.ID),
		AllowCycles(s.Realm))
}

// fixReachable offers what makes the audiences reachable: for one, whatever does; for several, what does for all.
func fixReachable(s *state, d Decision) []explain.Fix {
	var out []explain.Fix
	q := s.audienceRequest()
	if len(d.Targets) == 1 {
		out = audience.Fixes(q, d.Targets[0])
	}
	if s.Client.Exchange.Permitted == nil {
		out = append(out, do(fmt.Sprintf("list what %s may exchange to: it reaches these without a mapper, and no others", s.Client.ID),
			s.set(s.Client, explain.Attribute(attributePermitted, strings.Join(s.filter(), "##"))))...)
	}
	return out
}
