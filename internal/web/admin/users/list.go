package users

import (
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/tokenhouse/tokenhouse/internal/core/permit"
	"github.com/tokenhouse/tokenhouse/internal/core/profile"
	"github.com/tokenhouse/tokenhouse/internal/core/user"
	"github.com/tokenhouse/tokenhouse/internal/keycloak"
	"github.com/tokenhouse/tokenhouse/internal/web/admin/rest"
	"github.com/tokenhouse/tokenhouse/internal/web/render"
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
	if by, names := d.searchedNames(r); by != nil {
		found, err := d.named(r, by, names)
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

// find finds a page of users, or all whose names are searched, whatever the page is.
func (d Deps) find(r *rest.Request, q user.Query, page rest.Page) ([]user.Account, error) {
	if by, names := d.searchedNames(r); by != nil {
		return d.named(r, by, names)
	}
	return d.Accounts.FindUsers(r.Context(), r.Realm.Key, q, page.First, page.Max)
}

// query reads what is asked for. A search goes with the flags and times alone; without one, and with any other condition,
// service accounts are among what is searched.
func query(r *rest.Request) (user.Query, error) {
	p := r.URL.Query()
	q := user.Query{Enabled: flag(p.Get("enabled")), EmailVerified: flag(p.Get("emailVerified"))}
	var err error
	if q.CreatedAfter, err = moment(p, "createdAfter", time.Duration(0)); err != nil {
		return q, err
	}
	if q.CreatedBefore, err = moment(p, "createdBefore", 24*time.Hour-time.Microsecond); err != nil {
		return q, err
	}
	dated := !q.CreatedAfter.IsZero() || !q.CreatedBefore.IsZero()
	if p.Has("search") {
		q.Search = r.Search()
		q.ServiceAccounts = dated && q.Search == ""
		return q, nil
	}
	q.Exact = r.Flag("exact", false)
	q.Username, q.Email, q.FirstName, q.LastName = p.Get("username"), p.Get("email"), p.Get("firstName"), p.Get("lastName")
	q.Provider, q.ProviderUser = p.Get("idpAlias"), p.Get("idpUserId")
	q.ServiceAccounts = dated || slices.ContainsFunc(conditions, func(name string) bool { return p.Get(name) != "" })
	for name, value := range r.Pairs() {
		q.ServiceAccounts = true
		switch name {
		case profile.Username:
			q.Username = value
		case profile.Email:
			q.Email = value
		case profile.FirstName:
			q.FirstName = value
		case profile.LastName:
			q.LastName = value
		case "enabled":
			q.Enabled = flag(value)
		case "emailVerified":
			q.EmailVerified = flag(value)
		default:
			if q.Attributes == nil {
				q.Attributes = map[string]string{}
			}
			q.Attributes[name] = value
		}
	}
	return q, nil
}

// conditions are the parameters that ask for some users only, but for pairs and times.
var conditions = []string{"username", "email", "firstName", "lastName", "enabled", "emailVerified", "idpAlias", "idpUserId", "exact"}

// flag is whether a parameter says true, in letters of any case; nil where it says nothing.
func flag(text string) *bool {
	if text == "" {
		return nil
	}
	on := strings.EqualFold(text, "true")
	return &on
}

// moment reads a time: milliseconds of Unix time, or a day, of which it is the moment this long after its beginning.
func moment(p url.Values, name string, within time.Duration) (time.Time, error) {
	text := p.Get(name)
	if text == "" {
		return time.Time{}, nil
	}
	if millis, err := strconv.ParseInt(text, 10, 64); err == nil && !strings.HasPrefix(text, "-") {
		return time.UnixMilli(millis), nil
	}
	if day, err := time.Parse(time.DateOnly, text); err == nil {
		return day.Add(within), nil
	}
	return time.Time{}, &render.Status{Code: http.StatusBadRequest, Text: "Invalid value for '" + name + "', expected format is yyyy-MM-dd or an Epoch timestamp"}
}
