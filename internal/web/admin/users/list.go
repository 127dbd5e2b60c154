package users

import (
	"errors"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"

	"github.com/tokenhouse/tokenhouse/internal/core/fault"
	"github.com/tokenhouse/tokenhouse/internal/core/permit"
	"github.com/tokenhouse/tokenhouse/internal/core/profile"
	"github.com/tokenhouse/tokenhouse/internal/core/user"
	"github.com/tokenhouse/tokenhouse/internal/keycloak"
	"github.com/tokenhouse/tokenhouse/internal/web/admin/rest"
)

// pageSize is how many users are listed where the caller does not say.
const pageSize = 100

// list answers with the users that the parameters ask for. Who may list users and not see them sees none.
func (d Deps) list(w http.ResponseWriter, r *rest.Request) error {
	page, err := r.Page(pageSize)
	if err != nil {
		return err
	}
	q, err := query(r)
	if err != nil {
		return err
	}
	if !r.May(permit.ToViewUsers) {
		return rest.JSON(w, []keycloak.Object{})
	}
	found, err := d.find(r, q, page)
	if err != nil {
		return err
	}
	shown, err := d.View.List(r, found)
	if err != nil {
		return err
	}
	for _, o := range shown {
		o.Put("access", map[string]bool{"manage": r.May(permit.ToManageUsers)})
	}
	return rest.JSON(w, shown)
}

func (d Deps) count(w http.ResponseWriter, r *rest.Request) error {
	q, err := query(r)
	if err != nil {
		return err
	}
	if ids, ok := searchedIDs(q); ok {
		found, err := d.byIDs(r, ids)
		if err != nil {
			return err
		}
		return rest.JSON(w, len(found))
	}
	n, err := d.Accounts.CountUsers(r.Context(), r.Realm.Key, q)
	if err != nil {
		return err
	}
	return rest.JSON(w, n)
}

func (d Deps) find(r *rest.Request, q user.Query, page rest.Page) ([]user.Account, error) {
	if ids, ok := searchedIDs(q); ok {
		found, err := d.byIDs(r, ids)
		return rest.Of(page, found), err
	}
	return d.Accounts.FindUsers(r.Context(), r.Realm.Key, q, page.First, page.Max)
}

// searchedIDs are the ids that a search as "id:one two" asks for.
func searchedIDs(q user.Query) ([]string, bool) {
	ids, ok := strings.CutPrefix(q.Search, "id:")
	return strings.Fields(ids), ok
}

func (d Deps) byIDs(r *rest.Request, ids []string) ([]user.Account, error) {
	var out []user.Account
	for _, id := range ids {
		a, err := d.Accounts.Account(r.Context(), r.Realm.Key, id)
		if errors.Is(err, fault.ErrNotFound) {
			continue
		}
		if err != nil {
			return nil, err
		}
		out = append(out, a)
	}
	return out, nil
}

// query reads what is asked for. A search goes with the flags alone; without one, and with any other condition,
// service accounts are among what is searched.
func query(r *rest.Request) (user.Query, error) {
	p := r.URL.Query()
	q := user.Query{Enabled: flag(p, "enabled"), EmailVerified: flag(p, "emailVerified")}
	if p.Has("search") {
		q.Search = strings.TrimSpace(p.Get("search"))
		return q, nil
	}
	q.Exact = p.Get("exact") == "true"
	q.Username, q.Email, q.FirstName, q.LastName = p.Get("username"), p.Get("email"), p.Get("firstName"), p.Get("lastName")
	q.Provider, q.ProviderUser = p.Get("idpAlias"), p.Get("idpUserId")
	for name, value := range r.Pairs() {
		switch name {
		case profile.Username:
			q.Username = value
		case profile.Email:
			q.Email = value
		case profile.FirstName:
			q.FirstName = value
		case profile.LastName:
			q.LastName = value
		default:
			if q.Attributes == nil {
				q.Attributes = map[string]string{}
			}
			q.Attributes[name] = value
		}
	}
	for _, name := range conditions {
		q.ServiceAccounts = q.ServiceAccounts || p.Has(name)
	}
	var err error
	if q.CreatedAfter, err = moment(p, "createdAfter"); err != nil {
		return q, err
	}
	q.CreatedBefore, err = moment(p, "createdBefore")
	return q, err
}

// conditions are the parameters that ask for some users only.
var conditions = []string{"username", "email", "firstName", "lastName", "enabled", "emailVerified", "idpAlias", "idpUserId", "exact", "q"}

func flag(p url.Values, name string) *bool {
	if !p.Has(name) {
		return nil
	}
	on := p.Get(name) == "true"
	return &on
}

// moment reads a time: milliseconds of Unix time, a day, or a moment as in RFC 3339.
func moment(p url.Values, name string) (time.Time, error) {
	text := p.Get(name)
	if text == "" {
		return time.Time{}, nil
	}
	if millis, err := strconv.ParseInt(text, 10, 64); err == nil {
		return time.UnixMilli(millis), nil
	}
	for _, layout := range []string{time.DateOnly, time.RFC3339} {
		if t, err := time.Parse(layout, text); err == nil {
			return t, nil
		}
	}
	return time.Time{}, rest.BadRequest("Invalid value for '" + name + "', expected format is yyyy-MM-dd or an epoch timestamp")
}
