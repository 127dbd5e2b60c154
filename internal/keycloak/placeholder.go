package keycloak

import (
	"bufio"
	"bytes"
	"io"
	"strings"
)

// Placeholders replaces ${NAME} and ${NAME:default} in a document by what lookup knows under NAME, as
// Keycloak does with the files that it imports. One that is not known and has no default stays as it
// is: ${client_account} and the like name messages. Inside a JSON string the value is escaped.
func Placeholders(r io.Reader, lookup func(name string) (string, bool)) io.Reader {
	if lookup == nil {
		return r
	}
	return &replacer{in: bufio.NewReader(r), lookup: lookup}
}

// longest is the longest placeholder that is looked for.
const longest = 4096

type replacer struct {
	in      *bufio.Reader
	lookup  func(string) (string, bool)
	out     bytes.Buffer
	quoted  bool // within a JSON string
	escaped bool // after a backslash
	err     error
}

func (p *replacer) Read(b []byte) (int, error) {
	for p.out.Len() < len(b) && p.err == nil {
		p.step()
	}
	if p.out.Len() > 0 {
		return p.out.Read(b)
	}
	return 0, p.err
}

// step takes one byte, or one placeholder.
func (p *replacer) step() {
	c, err := p.in.ReadByte()
	if err != nil {
		p.err = err
		return
	}
	if c == '$' {
		if inner, ok := p.placeholder(); ok {
			p.out.WriteString(inner)
			return
		}
	}
	switch {
	case p.escaped:
		p.escaped = false
	case c == '\\':
		p.escaped = p.quoted
	case c == '"':
		p.quoted = !p.quoted
	}
	p.out.WriteByte(c)
}

// placeholder reads what follows a dollar sign, and gives what takes its place. Where ok is false
// nothing was read.
func (p *replacer) placeholder() (text string, ok bool) {
	if next, _ := p.in.Peek(1); len(next) == 0 || next[0] != '{' {
		return "", false
	}
	for size := 64; ; size *= 4 {
		ahead, err := p.in.Peek(min(size, longest))
		if end := bytes.IndexByte(ahead, '}'); end > 0 {
			text, ok = p.resolve(string(ahead[1:end]))
			if ok {
				_, _ = p.in.Discard(end + 1)
			}
			return text, ok
		}
		if err != nil || size >= longest {
			return "", false
		}
	}
}

// resolve looks a placeholder up; before the colon there may be several names, joined by commas.
func (p *replacer) resolve(inner string) (string, bool) {
	names, def, hasDefault := strings.Cut(inner, ":")
	for name := range strings.SplitSeq(names, ",") {
		if value, ok := p.lookup(strings.TrimSpace(name)); ok {
			return p.escape(value), true
		}
	}
	return def, hasDefault
}

func (p *replacer) escape(value string) string {
	if !p.quoted {
		return value
	}
	text := encode(value)
	return string(text[1 : len(text)-1])
}
