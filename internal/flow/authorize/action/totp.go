package action

import (
	"context"
	"crypto/sha256"
	"crypto/subtle"
	"encoding/base64"
	"errors"
	"net/url"
	"strings"

	"github.com/tokenhouse/tokenhouse/internal/core/event"
	"github.com/tokenhouse/tokenhouse/internal/core/login"
	"github.com/tokenhouse/tokenhouse/internal/core/page"
	"github.com/tokenhouse/tokenhouse/internal/core/qr"
	"github.com/tokenhouse/tokenhouse/internal/core/user"
	"github.com/tokenhouse/tokenhouse/internal/flow/authorize"
	"github.com/tokenhouse/tokenhouse/internal/flow/people"
)

const (
	configureTOTP = "CONFIGURE_TOTP"
	noteSecret    = "totp_secret" // hash of the secret that the page showed
)

// ConfigureTOTP has the user set up a generator of one-time codes, by time or by counter as the realm's policy says.
type ConfigureTOTP struct{ *Deps }

func (ConfigureTOTP) Alias() string { return configureTOTP }

func (a ConfigureTOTP) Due(ctx context.Context, t *authorize.Turn) (bool, error) {
	return a.asked(ctx, t, configureTOTP)
}

func (a ConfigureTOTP) Challenge(ctx context.Context, t *authorize.Turn) (page.Page, error) {
	return a.page(ctx, t, form(t, configureTOTP, "configureTotpMessage"), a.Secret(), t.Query.Get(mode) == modeManual)
}

// The parameter that says how the secret is shown: as a picture, or to be typed.
const (
	mode        = "mode"
	modeManual  = "manual"
	modePicture = "qr"
)

// modeURL leads to the page that shows the secret the other way.
func modeURL(t *authorize.Turn, manual bool) string {
	other := modeManual
	if manual {
		other = modePicture
	}
	return t.TabURL(login.RequiredActions) + "&" + url.Values{"execution": {configureTOTP}, mode: {other}}.Encode()
}

// applications are generators that people may have.
var applications = []page.Text{page.T("totpAppFreeOTPName"), page.T("totpAppMicrosoftAuthenticatorName"), page.T("totpAppGoogleName")}

// page shows a secret. The attempt keeps its hash, so that no form brings another secret than the page showed.
func (a ConfigureTOTP) page(ctx context.Context, t *authorize.Turn, f page.Form, secret string, manual bool) (page.Page, error) {
	terms, err := a.Rules.Terms(ctx, t.Realm())
	if err != nil {
		return nil, err
	}
	has, err := a.generators(ctx, t)
	if err != nil {
		return nil, err
	}
	picture, err := qr.PNG(terms.OTP.Address(terms.Name, t.User.Username, secret), 4)
	if err != nil && !errors.Is(err, qr.ErrTooLong) { // then it is typed
		return nil, err
	}
	t.Attempt.Note(noteSecret, hashed(secret))
	return page.ConfigTOTP{Form: f, Secret: secret, Encoded: user.EncodedSecret(secret), QRCode: base64.StdEncoding.EncodeToString(picture),
		ModeURL: modeURL(t, manual), Manual: manual || len(picture) == 0,
		Policy:       page.TOTPPolicy{Type: terms.OTP.Type, Algorithm: strings.TrimPrefix(terms.OTP.Algorithm, "Hmac"), Digits: terms.OTP.Digits, Period: terms.OTP.Period, Counter: terms.OTP.Counter},
		Applications: applications, LabelRequired: len(has) > 0, Cancel: optional(t, configureTOTP)}, nil
}

// Process takes the first code of the generator as proof that it works. A code that was taken here is not taken
// at the next sign-in.
func (a ConfigureTOTP) Process(ctx context.Context, t *authorize.Turn, form url.Values) (authorize.Result, error) {
	if cancelled(t, configureTOTP, form) {
		return authorize.Result{Kind: authorize.Cancelled}, nil
	}
	terms, err := a.Rules.Terms(ctx, t.Realm())
	if err != nil {
		return authorize.Result{}, err
	}
	secret, code, label := form.Get("totpSecret"), strings.ReplaceAll(form.Get("totp"), " ", ""), strings.TrimSpace(form.Get("userLabel"))
	known := subtle.ConstantTimeCompare([]byte(hashed(secret)), []byte(t.Attempt.Notes[noteSecret])) == 1
	if !known {
		secret = a.Secret()
	}
	c := user.NewOTP(terms.OTP, a.NewID(), secret, label, t.At.Now)
	until, right := c.CheckOTP(code, t.At.Now)
	if c.Counts() {
		right = c.TakeOTP(code, terms.OTP.Window)
	}
	wrong := ""
	switch {
	case code == "":
		wrong = "missingTotpMessage"
	case !known || !right:
		wrong = "invalidTotpMessage"
	}
	if wrong != "" {
		p, err := a.page(ctx, t, wrongField(t, "totp", wrong), secret, form.Get(mode) == modeManual)
		return authorize.Result{Kind: authorize.Again, Page: p}, err
	}
	return a.keep(ctx, t, form, c, func() error {
		if c.Counts() { // the counter says it
			return nil
		}
		_, err := a.Once.UseOnce(ctx, t.Realm().Key, purposeOTP, t.User.ID+" "+c.ID+" "+code, until)
		return err
	})
}

// keep gives the user the generator; spend uses its first code up.
func (a ConfigureTOTP) keep(ctx context.Context, t *authorize.Turn, form url.Values, c user.Credential, spend func() error) (authorize.Result, error) {
	has, err := a.generators(ctx, t)
	if err != nil {
		return authorize.Result{}, err
	}
	for _, other := range has {
		if c.Label != other.Label {
			continue
		}
		wrong := "existingOtpDeviceName"
		if c.Label == "" {
			wrong = "missingTotpDeviceNameMessage"
		}
		p, err := a.page(ctx, t, wrongField(t, "userLabel", wrong), form.Get("totpSecret"), form.Get(mode) == modeManual)
		return authorize.Result{Kind: authorize.Again, Page: p}, err
	}
	if err := spend(); err != nil {
		return authorize.Result{}, err
	}
	err = a.People.EditOwn(ctx, t.Realm(), t.User.ID, func(account *user.Account) error {
		account.Credentials = append(account.Credentials, c)
		people.Done(account, configureTOTP)
		return nil
	})
	if err != nil {
		return authorize.Result{}, err
	}
	t.Attempt.Note(noteSecret, "")
	if t.Attempt.Proven() || t.Attempt.Rising() { // the first code was one: another is not asked for at once
		t.Attempt.Pass(login.Factor{Name: login.FactorOTP, At: t.At.Now})
	}
	if err := a.endOthers(ctx, t, form.Get("logout-sessions") == "on"); err != nil {
		return authorize.Result{}, err
	}
	a.recordCredential(ctx, t, configureTOTP, event.UpdateTOTP, user.KindOTP, "")
	return authorize.Result{Kind: authorize.Done}, a.reload(ctx, t)
}

func hashed(secret string) string {
	sum := sha256.Sum256([]byte(secret))
	return base64.RawURLEncoding.EncodeToString(sum[:])
}
