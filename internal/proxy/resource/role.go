package resource

import "strings"

// Role spells a role as resources name it: of the realm by its name, of a client as client:role. A colon or backslash within a name
// stands behind a backslash, so that no role is spelled as another one is.
func Role(client, name string) string {
	if client == "" {
		return escape(name)
	}
	return escape(client) + ":" + escape(name)
}

func escape(name string) string {
	if !strings.ContainsAny(name, `:\`) {
		return name
	}
	return strings.NewReplacer(`:`, `\:`, `\`, `\\`).Replace(name)
}

// isRole tells whether a text spells a role.
func isRole(text string) bool {
	parts, begun := 1, false // begun: the part has a letter
	for i := 0; i < len(text); i++ {
		switch text[i] {
		case ':':
			if !begun {
				return false
			}
			parts, begun = parts+1, false
			continue
		case '\\':
			if i++; i == len(text) || text[i] != ':' && text[i] != '\\' {
				return false
			}
		}
		begun = true
	}
	return begun && parts <= 2
}
