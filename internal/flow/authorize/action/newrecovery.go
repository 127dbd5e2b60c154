package action

import (
	"context"
	"crypto/subtle"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/tokenhouse/tokenhouse/internal/core/event"
	"github.com/tokenhouse/tokenhouse/internal/core/login"
	"github.com/tokenhouse/tokenhouse/internal/core/page"
	"github.com/tokenhouse/tokenhouse/internal/core/user"
	"github.com/tokenhouse/tokenhouse/internal/flow/authorize"
	"github.com/tokenhouse/tokenhouse/internal/flow/people"
)

const (
	configureRecovery = "CONFIGURE_RECOVERY_AUTHN_CODES"
	noteCodes         = "recovery_codes" // hash of the codes that the page showed, with the time
)

// ConfigureRecovery gives the user recovery codes. They are shown once, and take the place of those before.
type ConfigureRecovery struct{ *Deps }

func (ConfigureRecovery) Alias() string { return configureRecovery }

func (a ConfigureRecovery) Due(ctx context.Context, t *authorize.Turn) (bool, error) {
	return a.asked(ctx, t, configureRecovery)
}

// Challenge makes codes. The attempt keeps their hash, so that no form brings others than the page showed.
func (a ConfigureRecovery) Challenge(_ context.Context, t *authorize.Turn) (page.Page, error) {
	p := page.RecoveryCodes{Form: form(t, configureRecovery, "configureBackupCodesMessage"), GeneratedAt: strconv.FormatInt(t.At.Now.UnixMilli(), 10),
		Cancel: optional(t, configureRecovery)}
	for range user.RecoveryCodes {
		p.Codes = append(p.Codes, a.Letters(user.RecoveryLength, user.RecoveryLetters))
	}
	t.Attempt.Note(noteCodes, hashed(p.GeneratedAt+" "+p.Joined()))
	return p, nil
}

// Process keeps the hashes of the codes that the page showed.
func (a ConfigureRecovery) Process(ctx context.Context, t *authorize.Turn, form url.Values) (authorize.Result, error) {
	if cancelled(t, configureRecovery, form) {
		t.Attempt.Note(noteCodes, "")
		return authorize.Result{Kind: authorize.Cancelled}, nil
	}
	at, joined := form.Get("generatedAt"), form.Get("generatedRecoveryAuthnCodes")
	shown := subtle.ConstantTimeCompare([]byte(hashed(at+" "+joined)), []byte(t.Attempt.Notes[noteCodes])) == 1
	millis, err := strconv.ParseInt(at, 10, 64)
	if !shown || err != nil {
		p, err := a.Challenge(ctx, t)
		return authorize.Result{Kind: authorize.Again, Page: p}, err
	}
	made := user.NewRecovery(a.NewID(), labelOf(form.Get("userLabel")), strings.Split(joined, ","), time.UnixMilli(millis))
	err = a.People.EditOwn(ctx, t.Realm(), t.User.ID, func(account *user.Account) error {
		account.Credentials = slices.DeleteFunc(account.Credentials, func(c user.Credential) bool { return c.Kind == user.KindRecovery })
		account.Credentials = append(account.Credentials, made)
		people.Done(account, configureRecovery)
		return nil
	})
	if err != nil {
		return authorize.Result{}, err
	}
	t.Attempt.Note(noteCodes, "")
	if t.Attempt.Proven() || t.Attempt.Rising() { // none of the new ones is asked for at once
		t.Attempt.Pass(login.Factor{Name: login.FactorRecovery, At: t.At.Now})
	}
	if err := a.endOthers(ctx, t, form.Get("logout-sessions") == "on"); err != nil {
		return authorize.Result{}, err
	}
	a.recordAction(ctx, t, a.Alias(), event.UpdateCredential, "", event.Detail{Name: "credential_type", Value: user.KindRecovery})
	return authorize.Result{Kind: authorize.Done}, a.reload(ctx, t)
}
