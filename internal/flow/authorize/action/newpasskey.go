package action

import (
	"context"
	"encoding/base64"
	"errors"
	"net/url"
	"slices"
	"strings"

	"github.com/tokenhouse/tokenhouse/internal/core/event"
	"github.com/tokenhouse/tokenhouse/internal/core/login"
	"github.com/tokenhouse/tokenhouse/internal/core/page"
	"github.com/tokenhouse/tokenhouse/internal/core/user"
	"github.com/tokenhouse/tokenhouse/internal/flow/authorize"
	"github.com/tokenhouse/tokenhouse/internal/flow/passkey"
	"github.com/tokenhouse/tokenhouse/internal/flow/people"
)

// RegisterPasskey has the user make a passkey: one beside a password, or one in its place.
type RegisterPasskey struct {
	*Deps
	Alone bool
}

// Alias is that of Keycloak's required action.
func (a RegisterPasskey) Alias() string {
	if a.Alone {
		return "webauthn-register-passwordless"
	}
	return "webauthn-register"
}

func (a RegisterPasskey) kind() string { return Passkey{Alone: a.Alone}.kind() }

func (a RegisterPasskey) Due(ctx context.Context, t *authorize.Turn) (bool, error) {
	return a.asked(ctx, t, a.Alias())
}

func (a RegisterPasskey) Challenge(ctx context.Context, t *authorize.Turn) (page.Page, error) {
	return a.page(ctx, t, page.Form{Action: t.FormURL()})
}

// page asks the browser for a passkey. The attempt keeps the challenge that it has to be made for.
func (a RegisterPasskey) page(ctx context.Context, t *authorize.Turn, f page.Form) (page.Page, error) {
	against, err := a.against(ctx, t, a.Alone)
	if err != nil {
		return nil, err
	}
	terms, err := a.Rules.Terms(ctx, t.Realm())
	if err != nil {
		return nil, err
	}
	t.Attempt.Note(noteChallenge, a.newChallenge())
	p := page.RegisterPasskey{Form: f, Challenge: t.Attempt.Notes[noteChallenge], RelyingParty: against.Party(), RelyingPartyName: orName(against.Policy.PartyName, terms.Name),
		UserID: base64.RawURLEncoding.EncodeToString([]byte(t.User.ID)), Username: t.User.Username, Algorithms: against.Policy.COSE(),
		Attestation: against.Policy.Attestation, Attachment: against.Policy.Attachment, ResidentKey: against.Policy.Resident,
		UserVerification: against.Policy.Verification, TimeoutSeconds: against.Policy.Timeout, SignOutOthers: true, Cancel: optional(t, a.Alias())}
	if a.Alone { // it has to be found without a name, and to make sure of who has it
		p.ResidentKey, p.UserVerification = true, "required"
	}
	if !against.Policy.NoSecond {
		return p, nil
	}
	has, err := a.owned(ctx, t, t.User.ID, a.kind())
	for _, c := range has {
		p.Excluded = append(p.Excluded, idOf(&c))
	}
	return p, err
}

// Process keeps the passkey that was made, under the name that the user gave it.
func (a RegisterPasskey) Process(ctx context.Context, t *authorize.Turn, form url.Values) (authorize.Result, error) {
	if cancelled(t, a.Alias(), form) {
		t.Attempt.Note(noteChallenge, "")
		return authorize.Result{Kind: authorize.Cancelled}, nil
	}
	against, err := a.against(ctx, t, a.Alone)
	if err != nil {
		return authorize.Result{}, err
	}
	t.Attempt.Note(noteChallenge, "")
	if said := form.Get("error"); said != "" {
		return a.again(ctx, t, page.T("webauthn-error-registration", said))
	}
	if against.Challenge == "" {
		return a.again(ctx, t, page.T("webauthn-error-register-verification", ""))
	}
	made, err := passkey.Register(against, passkey.Made{ClientData: form.Get("clientDataJSON"), Attestation: form.Get("attestationObject"),
		ID: form.Get("publicKeyCredentialId"), Transports: form.Get("transports")})
	if err != nil {
		return a.again(ctx, t, page.T("webauthn-error-register-verification", err.Error()))
	}
	err = a.keep(ctx, t, user.NewPasskey(a.kind(), a.NewID(), labelOf(form.Get("authenticatorLabel")), made, t.At.Now))
	if errors.Is(err, errKept) {
		return a.again(ctx, t, page.T("webauthn-error-register-verification", err.Error()))
	}
	if err != nil {
		return authorize.Result{}, err
	}
	if (t.Attempt.Proven() || t.Attempt.Rising()) && !a.Alone { // it was used just now
		t.Attempt.Pass(login.Factor{Name: login.FactorPasskey, At: t.At.Now})
	}
	if err := a.endOthers(ctx, t, form.Get("logout-sessions") == "on"); err != nil {
		return authorize.Result{}, err
	}
	a.recordAction(ctx, t, a.Alias(), event.UpdateCredential, "", event.Detail{Name: "credential_type", Value: a.kind()})
	return authorize.Result{Kind: authorize.Done}, a.reload(ctx, t)
}

var errKept = errors.New("the account has this passkey already")

// keep gives the user the passkey, unless they have it.
func (a RegisterPasskey) keep(ctx context.Context, t *authorize.Turn, made user.Credential) error {
	return a.People.EditOwn(ctx, t.Realm(), t.User.ID, func(account *user.Account) error {
		if slices.ContainsFunc(account.Credentials, func(c user.Credential) bool { return c.Kind == made.Kind && same(&c, &made) }) {
			return errKept
		}
		account.Credentials = append(account.Credentials, made)
		people.Done(account, a.Alias())
		return nil
	})
}

func (a RegisterPasskey) again(ctx context.Context, t *authorize.Turn, wrong page.Text) (authorize.Result, error) {
	p, err := a.page(ctx, t, page.Form{Action: t.FormURL(), Notice: page.Notice{Kind: page.Fail, Text: wrong}})
	return authorize.Result{Kind: authorize.Again, Page: p}, err
}

// longestLabel is how many letters the name of a credential has at most; what is more is cut off.
const longestLabel = 100

func labelOf(text string) string {
	letters := []rune(strings.TrimSpace(text))
	return strings.TrimSpace(string(letters[:min(len(letters), longestLabel)]))
}
