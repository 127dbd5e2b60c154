package replay

import (
	"encoding/json"
	"net/http"
	"net/url"
	"path"
	"slices"
	"strconv"
	"strings"
)

// saved is the value of an answer that a step keeps; empty where there is none:
//
//	@header:Name           a header
//	@query:name            a parameter of Location
//	@fragment:name         a parameter of Location's fragment
//	@last                  the last segment of Location's path
//	@form:name             where the form goes that has a field of this name
//	@formid:id             where the form of this id goes
//	@input:name            what is filled in
//	@link:text             the first link whose address contains the text
//	@claim:where:name      a claim of the JWT at one of these places
//	@body                  the body as text
//	a.b[0].c, [name=x].id  a path in a JSON body
func saved(resp *http.Response, body []byte, where string) string {
	location, err := url.Parse(resp.Header.Get("Location"))
	if err != nil {
		location = &url.URL{}
	}
	kind, argument, _ := strings.Cut(where, ":")
	switch kind {
	case "@last":
		return strings.Trim(path.Base(location.Path), "./")
	case "@header":
		return resp.Header.Get(argument)
	case "@query":
		return location.Query().Get(argument)
	case "@fragment":
		parameters, _ := url.ParseQuery(location.Fragment)
		return parameters.Get(argument)
	case "@body":
		return string(body)
	case "@claim":
		at := strings.LastIndex(argument, ":")
		token, _ := openToken(saved(resp, body, argument[:max(at, 0)])).(map[string]any)
		return member(token, "jwt.claims."+argument[at+1:])
	case "@form", "@formid", "@input", "@link":
		return scan(string(body)).find(kind, argument)
	}
	return find(body, where)
}

// find looks for a form, a field or a link in a page.
func (m *markup) find(kind, argument string) string {
	for _, t := range m.tags {
		switch {
		case kind == "@input" && t.attributes["name"] == argument && t.name != "meta":
			return t.attributes["value"]
		case kind == "@link" && t.name == "a" && strings.Contains(t.attributes["href"], argument):
			return t.attributes["href"]
		case kind == "@formid" && t.name == "form" && t.attributes["id"] == argument:
			return t.attributes["action"]
		case kind == "@form" && t.name == "form" && scan(m.until(t, "/form")).has(argument):
			return t.attributes["action"]
		}
	}
	return ""
}

func (m *markup) has(field string) bool {
	return slices.ContainsFunc(m.controls(), func(t tag) bool { return t.attributes["name"] == field })
}

// find reads the value at a path such as "a.b[0].c" or "[name=x].id" of a JSON body, as text; empty where
// there is none.
func find(body []byte, path string) string {
	var v any
	if json.Unmarshal(body, &v) != nil {
		return ""
	}
	return member(v, path)
}

// member is the value at a path within v, as text; empty where there is none.
func member(v any, path string) string {
	for path != "" && v != nil {
		var step string
		if inside, ok := strings.CutPrefix(path, "["); ok {
			step, path, _ = strings.Cut(inside, "]")
			path = strings.TrimPrefix(path, ".")
			v = element(v, step)
			continue
		}
		end := strings.IndexAny(path, ".[")
		if end < 0 {
			end = len(path)
		}
		step, path = path[:end], strings.TrimPrefix(path[end:], ".")
		object, _ := v.(map[string]any)
		v = object[step]
	}
	switch v := v.(type) {
	case nil:
		return ""
	case string:
		return v
	}
	return show(v)
}

// element is the element of a list with a number, or the first whose member has a value, as "name=x".
func element(list any, which string) any {
	elements, _ := list.([]any)
	name, value, byMember := strings.Cut(which, "=")
	if i, err := strconv.Atoi(which); err == nil && i >= 0 && i < len(elements) {
		return elements[i]
	}
	for _, e := range elements {
		if object, _ := e.(map[string]any); byMember && object[name] == value {
			return e
		}
	}
	return nil
}
