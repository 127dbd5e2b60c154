package replay

import (
	"encoding/json"
	"net/http"
	"net/url"
	"path"
	"strconv"
	"strings"
)

// saved is the value of an answer that a step keeps: "@last" is the last segment of Location,
// "@header:Name" a header, "@query:name" a parameter of Location; all else is a path in the body. Empty
// where there is none.
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
	}
	return find(body, where)
}

// find reads the value at a path such as "a.b[0].c" or "[name=x].id" of a JSON body, as text; empty where
// there is none.
func find(body []byte, path string) string {
	var v any
	if json.Unmarshal(body, &v) != nil {
		return ""
	}
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
