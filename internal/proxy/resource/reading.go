package resource

import (
	"net/url"
	"path"
	"slices"
	"strings"
)

// plain tells whether a path, as it came, can be read in one way only.
func plain(escaped string) bool {
	if escaped == "/" {
		return true
	}
	for i := range len(escaped) {
		c := escaped[i]
		switch {
		case c >= 'a' && c <= 'z', c >= '0' && c <= '9', c == '-', c == '_', c == '~':
		case c == '/', c == '.':
			if i+1 == len(escaped) || escaped[i+1] == '/' || escaped[i+1] == '.' {
				return false // a last slash, an empty segment, a segment of dots
			}
		default:
			return false
		}
	}
	return true
}

// readings are the paths that servers may take an escaped path for. ok is false where it holds what has no business in a path: control
// characters, characters in too many bytes, an escape that is none, escapes of escapes of escapes, or a way out above the root, which
// below the path of an upstream-url would be a way out of that; and where reading it in all ways would only keep the gatekeeper busy.
func readings(escaped string) (all []string, ok bool) {
	if plain(escaped) {
		return []string{escaped}, true
	}
	if len(escaped) > maxPath {
		return nil, false
	}
	add := func(p string) {
		if !strings.HasPrefix(p, "/") {
			p = "/" + p
		}
		if !slices.Contains(all, p) {
			all = append(all, p)
		}
	}
	p := escaped
	for range maxLayers {
		decoded, err := url.PathUnescape(p)
		if err != nil {
			if p == escaped {
				return nil, false
			}
			return all, true // what was decoded holds a lone %, and is what it says
		}
		if strings.ContainsFunc(decoded, func(c rune) bool { return c < ' ' || c == 0x7f }) || overlong(decoded) {
			return nil, false
		}
		for _, separators := range []string{kept(p), decoded} {
			for _, q := range spellings(separators) {
				if climbs(q) {
					return nil, false
				}
				add(q)
				add(strings.TrimSuffix(clean(q), "/"))
				add(clean(q))
				add(resolved(q))
			}
		}
		if decoded == p {
			return all, true
		}
		p = decoded
	}
	return nil, false
}

// overlong tells whether a path holds a character of ASCII in more bytes than it needs, which UTF-8 rules out (RFC 3629 §3) and some servers
// read all the same: c0 ae is a dot to them.
func overlong(p string) bool {
	for i := 0; i+1 < len(p); i++ {
		switch c, next := p[i], p[i+1]; {
		case (c == 0xc0 || c == 0xc1) && next>>6 == 2, c == 0xe0 && next >= 0x80 && next < 0xa0, c == 0xf0 && next >= 0x80 && next < 0x90:
			return true
		}
	}
	return false
}

// maxPath is how long a path may be that can be read in several ways, in bytes. Servers seldom take longer ones.
const maxPath = 8 << 10

// maxLayers is how often a path may have been encoded, and once more to see that it was not.
const maxLayers = 4

// kept decodes a path but for the separators in it, which stay escaped.
func kept(escaped string) string {
	guarded := escaped
	for _, separator := range []string{"%2F", "%2f", "%5C", "%5c"} {
		guarded = strings.ReplaceAll(guarded, separator, "%25"+separator[1:])
	}
	decoded, err := url.PathUnescape(guarded)
	if err != nil {
		return escaped
	}
	return decoded
}

// spellings are a decoded path as it is, and without what servers cut from one: parameters, ends of segments, and a query that it
// only holds once it is decoded.
func spellings(p string) []string {
	end := len(p)
	if at := strings.IndexAny(p, "?#"); at >= 0 {
		end = at
	}
	return []string{p, withoutParameters(p), p[:end], withoutEnds(withoutParameters(p[:end]))}
}

// resolved resolves dot segments as RFC 3986 §5.2.4 does, and the URLs of browsers and Node: what is empty between slashes is a segment too.
func resolved(p string) string {
	var stack []string
	segments := strings.Split(strings.ReplaceAll(p, `\`, "/"), "/")
	for i, s := range segments {
		switch {
		case s == "..":
			stack = stack[:max(1, len(stack)-1)]
		case s != ".":
			stack = append(stack, s)
			continue
		}
		if i == len(segments)-1 {
			stack = append(stack, "")
		}
	}
	return strings.Join(stack, "/")
}

// withoutEnds takes dots and spaces from the end of each segment, as Windows does, but for segments of nothing else.
func withoutEnds(p string) string {
	segments := strings.Split(p, "/")
	for i, s := range segments {
		if cut := strings.TrimRight(s, ". "); cut != "" {
			segments[i] = cut
		}
	}
	return strings.Join(segments, "/")
}

// clean resolves dot segments and empty ones, and takes backslashes for slashes. A last slash stays.
func clean(p string) string {
	p = strings.ReplaceAll(p, `\`, "/")
	cleaned := path.Clean("/" + p)
	if strings.HasSuffix(p, "/") && cleaned != "/" {
		cleaned += "/"
	}
	return cleaned
}

// climbs tells whether a path leads above its root.
func climbs(p string) bool {
	depth := 0
	for s := range strings.SplitSeq(strings.ReplaceAll(p, `\`, "/"), "/") {
		switch s {
		case "", ".":
		case "..":
			if depth--; depth < 0 {
				return true
			}
		default:
			depth++
		}
	}
	return false
}

// withoutParameters takes ";…" from each segment, as servers of Java do before they look at the path.
func withoutParameters(p string) string {
	if !strings.Contains(p, ";") {
		return p
	}
	segments := strings.Split(p, "/")
	for i, s := range segments {
		segments[i], _, _ = strings.Cut(s, ";")
	}
	return strings.Join(segments, "/")
}
