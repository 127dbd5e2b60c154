package action

import (
	"context"
	"net/url"
	"slices"
	"strings"

	"github.com/tokenhouse/tokenhouse/internal/core/login"
	"github.com/tokenhouse/tokenhouse/internal/core/page"
	"github.com/tokenhouse/tokenhouse/internal/core/user"
	"github.com/tokenhouse/tokenhouse/internal/flow/authorize"
)

// purposeOTP keeps one-time codes apart from other values that work once. The password grant uses the same.
const purposeOTP = "otp"

// OTP asks those who have a generator of one-time codes for one of its codes. Each works once, and wrong ones
// count as failed sign-ins.
type OTP struct{ *Deps }

func (OTP) Alias() string { return login.FactorOTP }

func (a OTP) Due(ctx context.Context, t *authorize.Turn) (bool, error) {
	generators, err := a.generators(ctx, t)
	return len(generators) > 0, err
}

func (a OTP) Challenge(ctx context.Context, t *authorize.Turn) (page.Page, error) {
	return a.page(ctx, t, page.Form{Action: t.FormURL()}, "")
}

func (a OTP) page(ctx context.Context, t *authorize.Turn, f page.Form, selected string) (page.Page, error) {
	generators, err := a.generators(ctx, t)
	if err != nil {
		return nil, err
	}
	p := page.LoginOTP{Form: f, Others: t.Others()}
	for _, c := range generators {
		p.Devices = append(p.Devices, page.Device{ID: c.ID, Label: c.Label})
		if c.ID == selected || p.Selected == "" {
			p.Selected = c.ID
		}
	}
	return p, nil
}

// Process looks at the code of the generator that the form names, or at that of the first.
func (a OTP) Process(ctx context.Context, t *authorize.Turn, form url.Values) (authorize.Result, error) {
	generators, err := a.generators(ctx, t)
	if err != nil || len(generators) == 0 {
		return authorize.Result{Kind: authorize.Done}, err
	}
	selected := form.Get("selectedCredentialId")
	i := max(slices.IndexFunc(generators, func(c user.Credential) bool { return c.ID == selected }), 0)
	right, err := a.check(ctx, t, &generators[i], strings.TrimSpace(form.Get("otp")))
	if err != nil {
		return authorize.Result{}, err
	}
	if right {
		return authorize.Result{Kind: authorize.Done}, nil
	}
	p, err := a.page(ctx, t, wrongField(t, "otp", "invalidTotpMessage"), generators[i].ID)
	return authorize.Result{Kind: authorize.Again, Page: p}, err
}

// check uses a code up, of a user who is not locked, and tells whether it was right.
func (a OTP) check(ctx context.Context, t *authorize.Turn, c *user.Credential, code string) (bool, error) {
	if c.Counts() {
		return a.judge(ctx, t, func() (bool, error) { return a.People.TakeOTP(ctx, t.Realm(), t.User.ID, c.ID, code) })
	}
	until, right := c.CheckOTP(code, t.At.Now)
	return a.judge(ctx, t, func() (bool, error) {
		if !right {
			return false, nil
		}
		return a.Once.UseOnce(ctx, t.Realm().Key, purposeOTP, t.User.ID+" "+c.ID+" "+code, until)
	})
}

// judge asks whether a code that a user typed is right, unless the user is locked, and counts it as a failure where
// it is not. Whether the user is locked is asked once more afterwards: of many guesses at once none may use what it
// learned when the others have locked the user meanwhile.
func (d *Deps) judge(ctx context.Context, t *authorize.Turn, take func() (bool, error)) (bool, error) {
	if open, err := d.unlocked(ctx, t); !open || err != nil {
		return false, err
	}
	right, err := take()
	switch {
	case err != nil:
		return false, err
	case right:
		return d.unlocked(ctx, t)
	}
	return false, d.Lockouts.Failed(context.WithoutCancel(ctx), t.Realm(), t.User, t.At.Now, t.Address)
}

// unlocked tells whether the user is not locked.
func (d *Deps) unlocked(ctx context.Context, t *authorize.Turn) (bool, error) {
	lock, err := d.Lockouts.Locked(ctx, t.Realm(), t.User, t.At.Now)
	return lock == user.Open && err == nil, err
}

// generators are the user's, in the order that they chose.
func (d *Deps) generators(ctx context.Context, t *authorize.Turn) ([]user.Credential, error) {
	all, err := d.Users.Credentials(ctx, t.Realm().Key, t.User.ID)
	if err != nil {
		return nil, err
	}
	return slices.DeleteFunc(all, func(c user.Credential) bool { return c.Kind != user.KindOTP }), nil
}
