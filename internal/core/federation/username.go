package federation

import (
	"regexp"
	"strings"

	"github.com/tokenhouse/tokenhouse/internal/core/explain"
)

// place is where a template wants something, as "${CLAIM.email | localpart}".
var place = regexp.MustCompile(`\$\{([^}]+?)(?:\s*\|\s*([^\s}]+)\s*)?\}`)

// transformers are what a place may make of its text.
var transformers = map[string]func(string) string{"uppercase": strings.ToUpper, "lowercase": strings.ToLower, "localpart": localPart}

// localPart is what stands before the last "@", or all of a text without one.
func localPart(s string) string {
	if at := strings.LastIndexByte(s, '@'); at >= 0 {
		return s[:at]
	}
	return s
}

// expand fills a template in: ${ALIAS}, ${UUID}, ${CLAIM.name}. Another name stands for itself, and a
// transformer that is none does nothing. Of a claim that is a list the first item counts.
func (p *preprocessing) expand(template string) string {
	return place.ReplaceAllStringFunc(template, func(all string) string {
		parts := place.FindStringSubmatch(all)
		value := parts[1]
		switch name, isClaim := strings.CutPrefix(value, "CLAIM."); {
		case value == "ALIAS":
			value = p.alias
		case value == "UUID":
			value = p.uuid
		case isClaim:
			value = first(texts(p.claim(name)))
		}
		if do := transformers[parts[2]]; do != nil {
			value = do(value)
		}
		return value
	})
}

func first(list []string) string {
	if len(list) == 0 {
		return ""
	}
	return list[0]
}

// nameByTemplate makes a name of a template: what a new user is called here, or how the person is known at the
// provider. A name of nothing leaves things as they are.
func nameByTemplate(p *preprocessing, m *Mapper) {
	template, ok := m.Config["template"]
	if !ok {
		template = "${ALIAS}.${CLAIM.preferred_username}"
	}
	name := strings.TrimSpace(p.expand(template))
	if name == "" {
		p.trace.Add(explain.ProviderUsername, explain.None, m.Name)
		return
	}
	switch m.Config["target"] {
	case "BROKER_ID":
		p.ID = name
	case "BROKER_USERNAME":
		p.Username = name
	default:
		p.LocalUsername = name
	}
	p.trace.Add(explain.ProviderUsername, explain.Added, name, m.Name)
}

// rename calls a known user as the template says, unless the realm's names are e-mail addresses.
func rename(a *adoption, m *Mapper) {
	if target := m.Config["target"]; target != "" && target != "LOCAL" || a.Realm.EmailAsUsername {
		return
	}
	a.set(&a.Username, a.User.Username, strings.ToLower(a.Person.LocalUsername))
}
