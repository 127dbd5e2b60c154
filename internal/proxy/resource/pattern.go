package resource

import (
	"fmt"
	"strings"
)

// pattern is a URI of a resource, taken apart.
type pattern struct {
	parts []part
	// open: the path without the last slash belongs to it too
	open bool
}

// part is a literal, or stands for one segment (wild) or for any rest (rest).
type part struct {
	text       string
	wild, rest bool
}

func compile(r *Resource) (pattern, error) {
	p := pattern{open: !r.WhiteListed && strings.HasSuffix(r.URI, "/*")}
	for text := r.URI; text != ""; {
		at := strings.IndexAny(text, "{*")
		if at < 0 {
			p.parts = append(p.parts, part{text: text})
			break
		}
		if at > 0 {
			p.parts = append(p.parts, part{text: text[:at]})
		}
		if text[at] == '*' {
			if at+1 < len(text) {
				return p, fmt.Errorf("resource %s: * stands at the end alone", r.URI)
			}
			p.parts = append(p.parts, part{rest: true})
			break
		}
		end := strings.IndexByte(text, '}')
		if end < at || strings.ContainsAny(text[at+1:end], "{:/") || !strings.HasSuffix(text[:at], "/") || end+1 < len(text) && text[end+1] != '/' {
			return p, fmt.Errorf("resource %s: {name} is a whole segment, and has no expression", r.URI)
		}
		p.parts = append(p.parts, part{wild: true})
		text = text[end+1:]
	}
	return p, nil
}

// matches tells whether a path is of the pattern. Under fold, capital letters are small ones.
func (p pattern) matches(path string, fold bool) bool {
	if p.open && p.walk(path+"/", fold) {
		return true
	}
	return p.walk(path, fold)
}

func (p pattern) walk(path string, fold bool) bool {
	for _, s := range p.parts {
		switch {
		case s.rest:
			return true
		case s.wild:
			end := strings.IndexByte(path, '/')
			if end < 0 {
				end = len(path)
			}
			if end == 0 {
				return false
			}
			path = path[end:]
		default:
			if len(path) < len(s.text) || path[:len(s.text)] != s.text && !(fold && strings.EqualFold(path[:len(s.text)], s.text)) {
				return false
			}
			path = path[len(s.text):]
		}
	}
	return path == ""
}

// rank orders patterns: of those that match one path, the one with the highest rank says most about it.
func (p pattern) rank() string {
	var b strings.Builder
	for _, s := range p.parts {
		switch {
		case s.rest:
			return b.String() + "a"
		case s.wild:
			b.WriteByte('b')
		default:
			b.WriteString(strings.Repeat("c", len(s.text)))
		}
	}
	return b.String() + "d"
}
