package resource

import (
	"cmp"
	"fmt"
	"net/http"
	"slices"
	"strings"
)

// Table is all resources of a gatekeeper. It does not change.
type Table struct {
	rows []row // those that say most come first: about the path, then about methods
	fold bool  // a URI has capital letters
}

type row struct {
	*Resource
	pattern
	alone []*Resource // this one
}

// NewTable makes a table. Under deny, what no resource is about is for callers with a token alone; else it is open.
func NewTable(resources []Resource, deny bool) (*Table, error) {
	t := &Table{}
	for i := range resources {
		r := resources[i]
		if err := r.check(); err != nil {
			return nil, err
		}
		if deny && r.WhiteListed && r.URI == "/*" {
			return nil, fmt.Errorf("resource /* is white-listed, which enable-default-deny rules out")
		}
		if err := t.add(&r); err != nil {
			return nil, err
		}
	}
	if deny && !slices.ContainsFunc(t.rows, func(r row) bool { return r.URI == "/*" && len(r.Methods) == 0 }) {
		if err := t.add(&Resource{URI: "/*"}); err != nil {
			return nil, err
		}
	}
	slices.SortStableFunc(t.rows, func(a, b row) int {
		return cmp.Or(strings.Compare(b.rank(), a.rank()), cmp.Compare(min(len(b.Methods), 1), min(len(a.Methods), 1)))
	})
	return t, nil
}

func (t *Table) add(r *Resource) error {
	p, err := compile(r)
	if err != nil {
		return err
	}
	for _, other := range t.rows {
		if other.URI == r.URI && slices.ContainsFunc(methods, func(m string) bool { return other.covers(m) && r.covers(m) }) && len(r.Methods) > 0 == (len(other.Methods) > 0) {
			return fmt.Errorf("resource %s is there twice, for the same methods", r.URI)
		}
	}
	t.fold = t.fold || strings.ToLower(r.URI) != r.URI
	t.rows = append(t.rows, row{r, p, []*Resource{r}})
	return nil
}

// Of are the resources that a request falls under, by each reading of it; all must let it through. A reading that is
// under none is open. ok is false for a path that no server should be asked for, and for a request of more methods than anybody means.
func (t *Table) Of(r *http.Request) (under []*Resource, ok bool) {
	escaped := r.URL.EscapedPath()
	methods := Methods(r)
	if len(methods) == 1 && !t.fold && plain(escaped) {
		return t.find(r.Method, escaped, false), true
	}
	paths, ok := readings(escaped)
	if !ok || len(methods) > maxMethods {
		return nil, false
	}
	folds := []bool{false}
	if t.fold || slices.ContainsFunc(paths, func(p string) bool { return small(p) != p }) {
		folds = append(folds, true)
	}
	for _, method := range methods {
		for _, p := range paths {
			for _, fold := range folds {
				if found := t.find(method, p, fold); found != nil && !slices.Contains(under, found[0]) {
					under = append(under, found[0])
				}
			}
		}
	}
	return under, true
}

// small is a path in small letters, as servers may see it to which letters are the same: two that are not of ASCII are to some.
func small(path string) string { return strings.ToLower(lookalikes.Replace(path)) }

var lookalikes = strings.NewReplacer("ſ", "s", "\u212a", "k")

// find is the resource that says most about a path; nil where none is about it.
func (t *Table) find(method, path string, fold bool) []*Resource {
	if fold {
		path = lookalikes.Replace(path)
	}
	for _, r := range t.rows {
		if r.covers(method) && r.matches(path, fold) {
			return r.alone
		}
	}
	return nil
}
