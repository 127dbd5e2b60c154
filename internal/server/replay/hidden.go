package replay

import "slices"

// consents are the hidden codes of the pages that ask for consent, by the address that their form goes to.
type consents map[string]string

// take keeps the code of a page that asks for consent.
func (c consents) take(body []byte) {
	m := scan(string(body))
	if action := m.find("@form", "accept"); action != "" {
		c[action] = m.find("@input", "code")
	}
}

// fill is a form as a browser sends it: the oldest recordings leave the hidden code of consent out, which Keycloak
// does not look at. A step that names it sends what it names.
func (c consents) fill(address string, form []Pair) []Pair {
	code, known := c[address]
	if !known || form == nil || slices.ContainsFunc(form, func(p Pair) bool { return p[0] == "code" }) {
		return form
	}
	return append(slices.Clip(form), Pair{"code", code})
}
