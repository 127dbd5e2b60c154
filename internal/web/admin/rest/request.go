package rest

import (
	"context"
	"net/http"
	"strconv"
	"strings"

	"github.com/tokenhouse/tokenhouse/internal/core/permit"
	"github.com/tokenhouse/tokenhouse/internal/core/realm"
	"github.com/tokenhouse/tokenhouse/internal/flow/audit"
)

// Request is a request with who asks, and of which realm.
type Request struct {
	*http.Request
	Realm  *realm.Realm  // that the address names, as it is now; nil where it names none
	Rights permit.Rights // of the caller in Realm
	Author audit.Author  // the caller, as the author of changes
	Base   string        // the server's URL as the caller reaches it

	// Administrator is who calls; nil on an open route.
	Administrator *permit.Administrator
}

// May tells whether the caller has one of the roles in the realm of the address.
func (r *Request) May(n permit.Need) bool { return r.Rights.May(n) }

// Demand is nil where the caller has one of the roles, and the refusal where not.
func (r *Request) Demand(n permit.Need) error {
	if r.May(n) {
		return nil
	}
	return Forbidden
}

// MayGrant tells whether the caller may give a role of the realm to somebody, or take it away.
func (r *Request) MayGrant(role *realm.Role) bool { return r.Administrator.MayGrant(r.Realm, role) }

// Lineages finds groups, and those above them.
type Lineages interface {
	Lineage(ctx context.Context, realmKey string, keys []string) ([]*realm.Group, error)
}

// DemandJoin is nil where the caller may put somebody into a group of the realm, and so give its roles and those of the
// groups above it; the refusal where not.
func (r *Request) DemandJoin(groups Lineages, key string) error {
	lineage, err := groups.Lineage(r.Context(), r.Realm.Key, []string{key})
	if err != nil {
		return err
	}
	if !r.Administrator.MayJoin(r.Realm, lineage) {
		return Forbidden
	}
	return nil
}

// Client is the client that the path value {client} names: by its key, or, for who only reads, by its
// client_id. A change by name could hit another client than the one that was meant.
func (r *Request) Client() (*realm.Client, error) { return r.ClientAt("client") }

// ClientAt is Client for the path value of this name.
func (r *Request) ClientAt(value string) (*realm.Client, error) {
	name := r.PathValue(value)
	if c := r.Realm.ClientByKey(name); c != nil {
		return c, nil
	}
	if c := r.Realm.Client(name); c != nil && (r.Method == http.MethodGet || r.Method == http.MethodHead) {
		return c, nil
	}
	return nil, NotFound("Could not find client")
}

// Page is the part of a list that is asked for.
type Page struct {
	First int // how many to pass over
	Max   int // how many at most; negative: all
}

// Page reads the parameters first and max. absent is Max where the caller names none. Like in
// Keycloak, what is no number is not found.
func (r *Request) Page(absent int) (Page, error) {
	p := Page{Max: absent}
	for name, into := range map[string]*int{"first": &p.First, "max": &p.Max} {
		text := r.URL.Query().Get(name)
		if text == "" {
			continue
		}
		n, err := strconv.ParseInt(text, 10, 32)
		if err != nil {
			return p, NotFound("HTTP 404 Not Found")
		}
		*into = int(n)
	}
	p.First = max(p.First, 0)
	return p, nil
}

// Of is the part of a list that is in memory.
func Of[T any](p Page, list []T) []T {
	list = list[min(p.First, len(list)):]
	if p.Max >= 0 {
		list = list[:min(p.Max, len(list))]
	}
	return list
}

// Search is the text that a list is searched for; empty where the caller says nothing.
func (r *Request) Search() string { return strings.TrimSpace(r.URL.Query().Get("search")) }

// Flag is a parameter that is true, in letters of any case, or false; absent where the caller says nothing.
func (r *Request) Flag(name string, absent bool) bool {
	text := r.URL.Query().Get(name)
	if text == "" {
		return absent
	}
	return strings.EqualFold(text, "true")
}
