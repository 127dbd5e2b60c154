package action

import (
	"context"
	"net/url"
	"slices"
	"strconv"
	"strings"

	"github.com/tokenhouse/tokenhouse/internal/core/login"
	"github.com/tokenhouse/tokenhouse/internal/core/page"
	"github.com/tokenhouse/tokenhouse/internal/core/user"
	"github.com/tokenhouse/tokenhouse/internal/flow/authorize"
	"github.com/tokenhouse/tokenhouse/internal/flow/people"
)

// How few recovery codes are left when people are warned: as the required action is configured, or Keycloak's default.
const (
	fewCodes        = 4
	settingFewCodes = "warning_threshold"
)

// Recovery asks those who have recovery codes for the next of them. Each works once, and wrong ones count as failed
// sign-ins.
type Recovery struct{ *Deps }

func (Recovery) Alias() string { return login.FactorRecovery }

// Due for those who have a code left.
func (a Recovery) Due(ctx context.Context, t *authorize.Turn) (bool, error) {
	_, ok, err := a.codes(ctx, t)
	return ok, err
}

// codes are the user's recovery codes; ok is false where none is left.
func (d *Deps) codes(ctx context.Context, t *authorize.Turn) (c user.Credential, ok bool, err error) {
	all, err := d.Users.Credentials(ctx, t.Realm().Key, t.User.ID)
	i := slices.IndexFunc(all, func(c user.Credential) bool {
		_, _, ok := c.Recovery()
		return ok
	})
	if err != nil || i < 0 {
		return user.Credential{}, false, err
	}
	return all[i], true, nil
}

func (a Recovery) Challenge(ctx context.Context, t *authorize.Turn) (page.Page, error) {
	return a.page(ctx, t, page.Form{Action: t.FormURL()})
}

func (a Recovery) page(ctx context.Context, t *authorize.Turn, f page.Form) (page.Page, error) {
	c, _, err := a.codes(ctx, t)
	if err != nil {
		return nil, err
	}
	terms, err := a.Rules.Terms(ctx, t.Realm())
	if err != nil {
		return nil, err
	}
	number, left, _ := c.Recovery()
	few := fewCodes
	if action := terms.Action(configureRecovery); action != nil {
		if n, err := strconv.Atoi(action.Config[settingFewCodes]); err == nil {
			few = n
		}
	}
	if left <= few {
		f.Notice = page.Notice{Kind: page.Warn, Text: page.T("recovery-codes-few", strconv.Itoa(left))}
	}
	return page.LoginRecovery{Form: f, Number: number, Others: t.Others()}, nil
}

// Process uses the next code up. With the last one the codes go, and the user has to make others.
func (a Recovery) Process(ctx context.Context, t *authorize.Turn, form url.Values) (authorize.Result, error) {
	code := strings.TrimSpace(form.Get("recoveryCodeInput"))
	right, err := a.judge(ctx, t, func() (bool, error) { return a.take(ctx, t, code) })
	if err != nil || right {
		return authorize.Result{Kind: authorize.Done}, err
	}
	p, err := a.page(ctx, t, wrongField(t, "recoveryCodeInput", "recovery-codes-error-invalid"))
	return authorize.Result{Kind: authorize.Again, Page: p}, err
}

func (a Recovery) take(ctx context.Context, t *authorize.Turn, code string) (right bool, err error) {
	err = a.People.EditOwn(ctx, t.Realm(), t.User.ID, func(account *user.Account) error {
		right = false
		for i := range account.Credentials {
			c := &account.Credentials[i]
			if right = c.TakeRecovery(code); !right {
				continue
			}
			if _, _, left := c.Recovery(); !left {
				account.Credentials = slices.Delete(account.Credentials, i, i+1)
				people.Require(account, configureRecovery)
			}
			return nil
		}
		return nil
	})
	if err != nil || !right {
		return false, err
	}
	return true, a.reload(ctx, t)
}
