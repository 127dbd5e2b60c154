package replay

import (
	"encoding/json"
	"fmt"
	"maps"
	"net/url"
	"regexp"
	"slices"
	"strings"
	"time"
)

// Difference is one place where an answer is not as recorded.
type Difference struct {
	Path      string // as body.access_token.jwt.claims.aud
	Want, Got any    // absent where there is nothing
}

// absent stands for what is not there, where null is something.
var absent any = struct{}{}

func (d Difference) String() string {
	return fmt.Sprintf("%s: want %s, got %s", d.Path, show(d.Want), show(d.Got))
}

func show(v any) string {
	if v == absent {
		return "nothing"
	}
	text, err := json.Marshal(v)
	if err != nil {
		return fmt.Sprint(v)
	}
	if len(text) > 300 {
		return string(text[:300]) + "…"
	}
	return string(text)
}

// rough are members that may be off by some seconds: their values depend on when a second began, and on how long the
// conversation took up to here. What is left of a token cannot have shrunk by more than that.
var rough = map[string]bool{"expires_in": true, "refresh_expires_in": true, "exp-iat": true}

// slack is by how many seconds such a member may be off however quick the conversation was.
const slack = 4

// lately are parts of a page that the first recordings do not have.
var lately = map[string]bool{"id": true, "heading": true, "links": true, "items": true, "action": true, "values": true}

// comparison compares the answers of one scenario. It remembers which identifier each placeholder
// stands for.
type comparison struct {
	local   *strings.Replacer // the server's URL → ${base}
	bound   map[string]string // placeholder → identifier
	ordered bool
	loose   bool
	since   func() time.Duration // how long the conversation took up to here
}

func newComparison(base string) *comparison {
	_, host, _ := strings.Cut(base, "://")
	began := time.Now()
	return &comparison{
		local: strings.NewReplacer(base, "${base}", url.QueryEscape(base), "${base}", host, "${host}"),
		bound: map[string]string{},
		since: func() time.Duration { return time.Since(began) },
	}
}

// answers lists where got differs from the recorded answer of a step.
func (c *comparison) answers(step *Step, got *Answer) []Difference {
	c.ordered, c.loose = step.Ordered, step.Loose
	var out []Difference
	want := step.Want
	if got.Status != want.Status {
		out = append(out, Difference{"status", want.Status, got.Status})
	}
	names := compared
	if step.Guarded {
		names = slices.Concat(compared, guarding)
	}
	out = append(out, c.headers(names, want.Header, got.Header)...)
	if !slices.Equal(got.Cookie, want.Cookie) {
		out = append(out, Difference{"cookie", want.Cookie, got.Cookie})
	}
	return append(out, c.values("body", "", want.Body, got.Body)...)
}

func (c *comparison) headers(names []string, want, got map[string]string) []Difference {
	var out []Difference
	for _, name := range names {
		w, wanted := want[name]
		g, given := got[name]
		path := "header." + name
		switch {
		case wanted && !given:
			out = append(out, Difference{path, w, absent})
		case given && !wanted:
			out = append(out, Difference{path, absent, g})
		case wanted:
			out = append(out, c.texts(path, normal(name, w), normal(name, g))...)
		}
	}
	return out
}

// normal is the value of a header without what may differ: parameters of a media type, and the order of
// lists and of an address's parameters, which mean nothing.
func normal(header, value string) string {
	switch {
	case header == "Content-Type":
		value, _, _ = strings.Cut(value, ";")
		return strings.TrimSpace(value)
	case header == "Location":
		if i := strings.IndexAny(value, "?#"); i >= 0 {
			parameters := strings.Split(value[i+1:], "&")
			slices.Sort(parameters)
			return value[:i+1] + strings.Join(parameters, "&")
		}
	case header == "Allow" || strings.HasPrefix(header, "Access-Control-"):
		list := strings.Split(value, ",")
		for i := range list {
			list[i] = strings.TrimSpace(list[i])
		}
		slices.Sort(list)
		return strings.Join(list, ", ")
	}
	return value
}

// values compares two values of a body; member is the name of the nearest member around them.
func (c *comparison) values(path, member string, want, got any) []Difference {
	differ := []Difference{{path, want, got}}
	switch w := want.(type) {
	case map[string]any:
		if g, ok := got.(map[string]any); ok {
			return c.objects(path, w, g)
		}
		return differ
	case []any:
		g, ok := got.([]any)
		switch {
		case !ok || len(g) != len(w):
			return differ
		case c.ordered:
			return c.lists(path, member, w, g)
		}
		return c.sets(path, member, w, g)
	case float64:
		g, ok := got.(float64)
		if ok && (g == w || rough[member] && w-g <= slack+c.since().Seconds() && g-w <= slack) {
			return nil
		}
		return differ
	case string:
		return c.strings(path, member, w, got)
	}
	if want != got {
		return differ
	}
	return nil
}

func (c *comparison) strings(path, member, want string, got any) []Difference {
	text, isText := got.(string)
	ok := false
	switch want {
	case "<any>":
		ok = true
	case "<time>":
		_, ok = got.(float64)
	case "<opaque>":
		ok = got != nil && got != ""
	default:
		if isText && member == "scope" { // the order of scopes means nothing (RFC 6749 §3.3)
			want, text = sortWords(want), sortWords(text)
		}
		if isText {
			return c.texts(path, want, text)
		}
	}
	if ok {
		return nil
	}
	return []Difference{{path, want, got}}
}

func (c *comparison) objects(path string, want, got map[string]any) []Difference {
	var out []Difference
	for _, name := range slices.Sorted(maps.Keys(want)) {
		g, ok := got[name]
		if !ok {
			out = append(out, Difference{path + "." + name, want[name], absent})
			continue
		}
		out = append(out, c.values(path+"."+name, name, want[name], g)...)
	}
	for _, name := range slices.Sorted(maps.Keys(got)) {
		if _, ok := want[name]; !ok && !c.loose && !(strings.HasPrefix(path, "body.page") && lately[name]) {
			out = append(out, Difference{path + "." + name, absent, got[name]})
		}
	}
	return out
}

func (c *comparison) lists(path, member string, want, got []any) []Difference {
	var out []Difference
	for i := range want {
		out = append(out, c.values(fmt.Sprintf("%s[%d]", path, i), member, want[i], got[i])...)
	}
	return out
}

// sets pairs each wanted element with the one left that differs least, and lists the differences of
// the pairs. What a placeholder stands for is learnt from the pair that was chosen only.
func (c *comparison) sets(path, member string, want, got []any) []Difference {
	var out []Difference
	left := slices.Clone(got)
	for i, w := range want {
		at := fmt.Sprintf("%s[%d]", path, i)
		best, fewest, learnt := 0, []Difference(nil), map[string]string(nil)
		for j, g := range left {
			trial := *c
			trial.bound = maps.Clone(c.bound)
			differences := trial.values(at, member, w, g)
			if j == 0 || len(differences) < len(fewest) || len(differences) == len(fewest) && sameName(w, g) && !sameName(w, left[best]) {
				best, fewest, learnt = j, differences, trial.bound
			}
		}
		c.bound = learnt
		out = append(out, fewest...)
		left = slices.Delete(left, best, best+1)
	}
	return out
}

// sameName tells whether two objects are of the same name, and so are best compared with each other.
func sameName(a, b any) bool {
	x, _ := a.(map[string]any)
	y, _ := b.(map[string]any)
	for _, name := range []string{"clientId", "name", "alias", "username", "realm", "providerId"} {
		if x[name] != nil && x[name] == y[name] {
			return true
		}
	}
	return false
}

func sortWords(s string) string {
	words := strings.Fields(s)
	slices.Sort(words)
	return strings.Join(words, " ")
}

var placeholder = regexp.MustCompile(`<id:\d+>|<any>`)

// texts compares two texts. A placeholder in the wanted one stands for any identifier when it is seen
// first, and for the same one from then on; <any> for anything that may be the value of a parameter.
func (c *comparison) texts(path, want, got string) []Difference {
	got = c.local.Replace(got)
	if want == "<any>" {
		return nil
	}
	names := placeholder.FindAllString(want, -1)
	var pattern strings.Builder
	for i, literal := range placeholder.Split(want, -1) {
		switch {
		case i > 0 && names[i-1] == "<any>" && strings.HasPrefix(literal, `"`): // of a header, in quotes
			pattern.WriteString(`([^"]*?)`)
		case i > 0 && names[i-1] == "<any>" && strings.HasPrefix(literal, "]"): // of a list, in brackets
			pattern.WriteString(`([^\]]*?)`)
		case i > 0 && names[i-1] == "<any>":
			pattern.WriteString(`([^&#\s]*?)`)
		case i > 0:
			pattern.WriteString(`([^/?&# ]+?)`)
		}
		pattern.WriteString(regexp.QuoteMeta(literal))
	}
	ids := regexp.MustCompile("^" + pattern.String() + "$").FindStringSubmatch(got)
	if ids == nil {
		return []Difference{{path, want, got}}
	}
	for i, name := range names {
		if name == "<any>" {
			continue
		}
		if known, ok := c.bound[name]; ok && known != ids[i+1] {
			return []Difference{{path, want, got}}
		}
		c.bound[name] = ids[i+1]
	}
	return nil
}
