package pages

import (
	"slices"
	"strconv"
	"strings"

	"github.com/tokenhouse/tokenhouse/internal/core/page"
)

// person is a page.Field in words.
type person struct {
	page.Field
	Label, Placeholder, Before, After, Group, GroupHelp string
	Value                                               string
	Typed                                               []typed // in inputs of their own
	Input, Box                                          string  // of an input element, and of the boxes of several
	Select, Many                                        bool
	Options                                             []option
	Fault                                               fault
}

// typed is a value in an input of its own; ID is that of the input.
type typed struct{ ID, Value string }

type option struct {
	Value, Label string
	Chosen       bool
}

// Person is a field of the page's form about a person.
func (s *sheet) Person(f page.Field) person {
	p := person{Field: f, Label: s.Say(f.Label), Placeholder: s.Say(f.Placeholder), Before: s.Say(f.Before), After: s.Say(f.After),
		Group: s.Say(f.Group), GroupHelp: s.Say(f.GroupHelp), Fault: s.Fault(wrongOf(s.Page), f.Name, f.Name)}
	p.Input = strings.TrimPrefix(f.Input, "html5-")
	switch p.Input {
	case "select", "multiselect":
		p.Select = true
	case "select-radiobuttons":
		p.Many, p.Box = true, "radio"
	case "multiselect-checkboxes":
		p.Many, p.Box = true, "checkbox"
	case "text", "email", "tel", "url", "number", "date", "month", "week", "time", "datetime-local", "textarea":
	default:
		p.Input = "text"
	}
	if len(f.Values) > 0 {
		p.Value = f.Values[0]
	}
	p.Typed = inputs(f)
	if f.Name == localeAttribute {
		p.Select, p.Options = true, s.localeOptions(p.Value)
	}
	for _, o := range f.Options {
		p.Options = append(p.Options, option{o.Value, s.Say(o.Label), slices.Contains(f.Values, o.Value)})
	}
	return p
}

// inputs are those that a field has: one for each value, and an empty one where another may be added.
func inputs(f page.Field) []typed {
	values := f.Values
	if !f.Several && len(values) > 1 {
		values = values[:1]
	}
	if len(values) == 0 || f.Several && !f.ReadOnly {
		values = append(slices.Clip(values), "")
	}
	out := make([]typed, len(values))
	for i, v := range values {
		out[i] = typed{f.Name, v}
		if i > 0 {
			out[i].ID += "-" + strconv.Itoa(i)
		}
	}
	return out
}

// localeAttribute is the attribute of a person that holds their language: one of those that the realm offers.
const localeAttribute = "locale"

func (s *sheet) localeOptions(own string) []option {
	var out []option
	for _, tag := range s.offered {
		out = append(out, option{tag, s.nameOf(tag), tag == own})
	}
	return out
}

// wrongOf is what is wrong with the form of a page that asks for the attributes of a person.
func wrongOf(p page.Page) page.Wrong {
	switch p := p.(type) {
	case page.Register:
		return p.Wrong
	case page.UpdateProfile:
		return p.Wrong
	case page.UpdateEmail:
		return p.Wrong
	case page.ReviewProfile:
		return p.Wrong
	case page.AccountProfile:
		return p.Wrong
	}
	return nil
}
