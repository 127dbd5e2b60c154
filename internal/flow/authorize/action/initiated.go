package action

import (
	"errors"
	"net/url"
	"slices"

	"github.com/tokenhouse/tokenhouse/internal/core/fault"
	"github.com/tokenhouse/tokenhouse/internal/core/page"
	"github.com/tokenhouse/tokenhouse/internal/core/user"
	"github.com/tokenhouse/tokenhouse/internal/flow/authorize"
)

// cancel is the button by which one leaves an action that an application started.
const cancel = "cancel-aia"

// optional tells whether the action is there because an application started it (kc_action), and for no other
// reason: what an administrator asks for cannot be left.
func optional(t *authorize.Turn, alias string) bool {
	return t.Attempt.Request.Action == alias && !has(t.User, alias)
}

// cancelled tells whether a form leaves an action that may be left.
func cancelled(t *authorize.Turn, alias string, form url.Values) bool {
	return form.Has(cancel) && optional(t, alias)
}

// form is the head of an action's page: why it is asked for, unless an application started it.
func form(t *authorize.Turn, alias, why string) page.Form {
	f := page.Form{Action: t.FormURL()}
	if why != "" && !optional(t, alias) {
		f.Notice = page.Notice{Kind: page.Warn, Text: page.T(why)}
	}
	return f
}

// failed is the head of a page that says what is wrong.
func failed(t *authorize.Turn, key string, args ...string) page.Form {
	return page.Form{Action: t.FormURL(), Notice: page.Notice{Kind: page.Fail, Text: page.T(key, args...)}}
}

// wrongField is the head of a page that says what is wrong with one field.
func wrongField(t *authorize.Turn, field, key string, args ...string) page.Form {
	return page.Form{Action: t.FormURL(), Wrong: page.Wrong{field: {page.T(key, args...)}}}
}

// again shows a page once more.
func again(p page.Page) (authorize.Result, error) {
	return authorize.Result{Kind: authorize.Again, Page: p}, nil
}

func has(u *user.User, alias string) bool { return slices.Contains(u.RequiredActions, alias) }

func gone(err error) bool { return errors.Is(err, fault.ErrNotFound) }
