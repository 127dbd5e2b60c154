package kcadm

import "fmt"

// Fields is a filter over the members of objects, as --fields gives it: a,b(c),*,-d.
type Fields struct {
	names []string // in order; the columns of CSV
	below map[string]*Fields
}

// none lets nothing through.
var none = &Fields{below: map[string]*Fields{}}

// ParseFields reads a filter.
func ParseFields(text string) (*Fields, error) {
	p := &fieldParser{text: text}
	f, err := p.list()
	if err != nil {
		return nil, err
	}
	if p.at < len(text) {
		return nil, p.fault()
	}
	return f, nil
}

// fieldParser reads a filter from left to right.
type fieldParser struct {
	text string
	at   int
}

func (p *fieldParser) fault() error {
	return fmt.Errorf("Invalid fields specification at position %d: %s", p.at, p.text)
}

// list reads names up to the end or a closing bracket.
func (p *fieldParser) list() (*Fields, error) {
	f := &Fields{below: map[string]*Fields{}}
	for {
		name, err := p.name()
		if err != nil {
			return nil, err
		}
		var inner *Fields
		if p.take('(') {
			if inner, err = p.list(); err != nil {
				return nil, err
			}
			if !p.take(')') {
				return nil, p.fault()
			}
		}
		if _, twice := f.below[name]; !twice {
			f.names = append(f.names, name)
		}
		f.below[name] = inner
		if !p.take(',') {
			return f, nil
		}
	}
}

// name reads one or more characters that are no punctuation.
func (p *fieldParser) name() (string, error) {
	from := p.at
	for p.at < len(p.text) && p.text[p.at] != ',' && p.text[p.at] != '(' && p.text[p.at] != ')' {
		p.at++
	}
	if p.at == from {
		return "", p.fault()
	}
	return p.text[from:p.at], nil
}

func (p *fieldParser) take(c byte) bool {
	if p.at < len(p.text) && p.text[p.at] == c {
		p.at++
		return true
	}
	return false
}

// includes tells whether a member passes: named or covered by a star, and not excluded by a minus.
func (f *Fields) includes(name string) bool {
	if _, excluded := f.below["-"+name]; excluded {
		return false
	}
	_, all := f.below["*"]
	_, named := f.below[name]
	return all || named
}

// child is the filter of a member's own members; without brackets none of them passes.
func (f *Fields) child(name string) *Fields {
	if inner := f.below[name]; inner != nil {
		return inner
	}
	if inner := f.below["*"]; inner != nil {
		return inner
	}
	return none
}

// Filter is a copy of a value with the members that pass, in the order in which they were.
func (f *Fields) Filter(v any) any {
	switch v := v.(type) {
	case []any:
		out := make([]any, len(v))
		for i, item := range v {
			out[i] = f.Filter(item)
		}
		return out
	case *Object:
		out := NewObject()
		for _, name := range v.names {
			if f.includes(name) {
				out.Set(name, f.child(name).Filter(v.values[name]))
			}
		}
		return out
	}
	return v
}
