package replay

import (
	"html"
	"maps"
	"regexp"
	"slices"
	"strings"
)

// Page is what of an HTML page a person or a program goes by: which page it is, its heading and
// messages, the items of its lists, where its links lead and its forms. Scenarios hold pages in this
// shape:
//
//	{"id", "heading", "messages": […], "items": […], "links": […],
//	 "forms": [{"id", "method", "action", "inputs": […], "values": {name: what is filled in}}]}
//
// Addresses are without parameters. What a page does not have is not a member, but for forms.
func Page(text string) map[string]any {
	m := scan(text)
	p := map[string]any{"forms": m.forms()}
	for _, t := range m.tags {
		if id, ok := t.attributes["data-page-id"]; ok {
			p["id"] = id
		}
		if t.name == "h1" && t.attributes["id"] == "kc-page-title" {
			p["heading"] = plain(m.until(t, "/h1"))
		}
	}
	for name, list := range map[string][]any{"messages": m.messages(), "items": m.items(), "links": m.links()} {
		if len(list) > 0 {
			p[name] = list
		}
	}
	return map[string]any{"page": p}
}

// markup is a text with its tags, in their order. The pages of the server and of Keycloak are regular
// enough for that; it is no parser of HTML.
type markup struct {
	text string
	tags []tag
}

type tag struct {
	name       string // in lower case; "/form" is the end of a form
	attributes map[string]string
	start, end int // of the tag in the text
}

var (
	tags       = regexp.MustCompile(`(?s)<!--.*?-->|<(/?[a-zA-Z][a-zA-Z0-9]*)([^>]*)>`)
	attributes = regexp.MustCompile(`([a-zA-Z-]+)\s*=\s*"([^"]*)"`)
)

func scan(text string) *markup {
	m := &markup{text: text}
	for _, at := range tags.FindAllStringSubmatchIndex(text, -1) {
		if at[2] < 0 {
			continue // a comment
		}
		t := tag{name: strings.ToLower(text[at[2]:at[3]]), attributes: map[string]string{}, start: at[0], end: at[1]}
		for _, a := range attributes.FindAllStringSubmatch(text[at[4]:at[5]], -1) {
			t.attributes[strings.ToLower(a[1])] = html.UnescapeString(a[2])
		}
		m.tags = append(m.tags, t)
	}
	return m
}

// until is the text from a tag to the next one of these names, or to the end.
func (m *markup) until(t tag, names ...string) string {
	for _, next := range m.tags {
		if next.start >= t.end && slices.Contains(names, next.name) {
			return m.text[t.end:next.start]
		}
	}
	return m.text[t.end:]
}

// plain is text without tags, with single spaces.
func plain(text string) string {
	return strings.Join(strings.Fields(html.UnescapeString(tags.ReplaceAllString(text, " "))), " ")
}

func (m *markup) forms() []any {
	out := []any{}
	for _, t := range m.tags {
		if t.name != "form" {
			continue
		}
		names, values := map[string]bool{}, map[string]any{}
		for _, c := range scan(m.until(t, "/form")).controls() {
			name, value := c.attributes["name"], c.attributes["value"]
			names[name] = true
			if value != "" && c.attributes["type"] != "submit" {
				values[name] = value
			}
		}
		inputs := []any{}
		for _, name := range slices.Sorted(maps.Keys(names)) {
			inputs = append(inputs, name)
		}
		form := map[string]any{"id": t.attributes["id"], "method": strings.ToLower(t.attributes["method"]),
			"action": withoutParameters(t.attributes["action"]), "inputs": inputs}
		if len(values) > 0 {
			form["values"] = values
		}
		out = append(out, form)
	}
	return out
}

// controls are the named fields and buttons.
func (m *markup) controls() []tag {
	var out []tag
	for _, t := range m.tags {
		if slices.Contains([]string{"input", "button", "select", "textarea"}, t.name) && t.attributes["name"] != "" {
			out = append(out, t)
		}
	}
	return out
}

func withoutParameters(address string) string {
	path, _, _ := strings.Cut(address, "?")
	return path
}

// links are where links and frames lead, each once; not those within the page.
func (m *markup) links() []any {
	var out []any
	for _, t := range m.tags {
		if t.name != "a" && t.name != "iframe" {
			continue
		}
		address := withoutParameters(t.attributes["href"] + t.attributes["src"])
		if address != "" && address[0] != '#' && !slices.Contains(out, any(address)) {
			out = append(out, address)
		}
	}
	return out
}

// items are the items of lists, each without the lists inside it.
func (m *markup) items() []any {
	var out []any
	for _, t := range m.tags {
		if t.name != "li" {
			continue
		}
		if text := plain(m.until(t, "li", "/li", "ul", "ol")); text != "" {
			out = append(out, text)
		}
	}
	return out
}

// messages are what the page tells: instructions, and what is wrong as a whole or with a field. What
// is inside of a message is part of it, up to the first end of a block or span.
func (m *markup) messages() []any {
	var out []any
	last := 0 // end of the last message
	for _, t := range m.tags {
		if t.start < last || !t.tells() {
			continue
		}
		inner := m.until(t, "/p", "/span", "/div")
		last = t.end + len(inner)
		if text := plain(inner); text != "" {
			out = append(out, text)
		}
	}
	return out
}

func (t tag) tells() bool {
	if t.name != "p" && t.name != "span" && t.name != "div" {
		return false
	}
	id, class := t.attributes["id"], t.attributes["class"]
	return class == "instruction" || id == "kc-error-message" || strings.HasPrefix(id, "input-error") ||
		strings.Contains(class, "kc-feedback-text") || strings.Contains(class, "pf-v5-c-helper-text__item-text")
}
