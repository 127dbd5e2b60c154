package people

import (
	"context"
	"errors"
	"log/slog"
	"slices"
	"time"

	"github.com/tokenhouse/tokenhouse/internal/core/event"
	"github.com/tokenhouse/tokenhouse/internal/core/fault"
	"github.com/tokenhouse/tokenhouse/internal/core/realm"
	"github.com/tokenhouse/tokenhouse/internal/core/user"
	"github.com/tokenhouse/tokenhouse/internal/flow/audit"
	"github.com/tokenhouse/tokenhouse/internal/flow/verify"
)

// Asking is a request to ask a user something by mail.
type Asking struct {
	Client   *string // client_id that the user goes on to; nil: the account client
	Redirect *string // where to
	Actions  []string
	Life     *time.Duration // of the link; nil: what the realm says
	Path     string         // that it came by, below the user
}

// Errand is what a letter to a user asks for, once it was checked.
type Errand struct {
	Client   string // client_id
	Redirect string // may be empty
	Actions  []string
	Life     time.Duration
}

// Postbox takes requests to ask users something by mail. All fields are required.
type Postbox struct {
	Store   UserStore
	Rules   *Rulebook
	Letters Letters
	Log     *slog.Logger
}

// Letters sends the letters of errands. A mail server that does not take one is a *fault.Refused.
type Letters interface {
	Post(ctx context.Context, at verify.At, who *user.User, q Errand) error
}

// Unsent says why a letter did not go out, though there was nothing wrong with the request.
type Unsent struct {
	Reason  string
	NoRoute bool // the realm has no mail server, so that no letter was tried
}

func (u *Unsent) Error() string { return u.Reason }

// Ask asks a user something by mail. What is wrong with the request is a *fault.Invalid; a realm that sends no mail, and
// a mail server that does not take it, is an *Unsent.
func (b *Postbox) Ask(ctx context.Context, author audit.Author, r *realm.Realm, who *user.User, q Asking) error {
	errand, err := q.check(author.Base, r, who)
	if err != nil {
		return err
	}
	terms, err := b.Rules.Terms(ctx, r)
	if err != nil {
		return err
	}
	if terms.Sender == "" {
		return errNoSender
	}
	err = b.Letters.Post(ctx, verify.At{Realm: r, Base: author.Base, Now: author.Now}, who, errand)
	if refused, ok := errors.AsType[*fault.Refused](err); ok {
		b.Log.LogAttrs(ctx, slog.LevelWarn, "letter not sent", slog.String("realm", r.Name), slog.String("user", who.ID), slog.String("letter", q.Path), slog.String("reason", refused.Message))
		return &Unsent{Reason: refused.Message}
	}
	if err != nil {
		return err
	}
	return b.Store.EditUser(ctx, r.Key, who.ID, func(*user.Account) ([]event.Admin, error) {
		return author.Of(r, audit.Action, userResource, userPath(who.ID)+"/"+q.Path, nil), nil
	})
}

// errNoSender says that the realm has no mail server, as Keycloak does.
var errNoSender = &Unsent{NoRoute: true, Reason: "Invalid sender address 'null'. If the address contains UTF-8 characters in the local part " +
	"please ensure the SMTP server supports the SMTPUTF8 extension and enable 'Allow UTF-8' in the email realm configuration."}

// accountClient is where letters lead that name no client.
const accountClient = "account"

func (q *Asking) check(base string, r *realm.Realm, who *user.User) (Errand, error) {
	e := Errand{Client: accountClient, Actions: q.Actions, Life: r.Lifespans.ActionByAdmin}
	if q.Client != nil {
		e.Client = *q.Client
	}
	if q.Redirect != nil {
		e.Redirect = *q.Redirect
	}
	if q.Life != nil {
		e.Life = *q.Life
	}
	client := r.Client(e.Client)
	text := ""
	switch {
	case who.Email == "":
		text = "User email missing"
	case !who.Enabled:
		text = "User is disabled"
	case q.Redirect != nil && q.Client == nil:
		text = "Client id missing"
	case client == nil:
		text = "Client doesn't exist"
	case !client.Enabled:
		text = "Client is not enabled"
	case q.Redirect != nil && client.Redirect(base, *q.Redirect, false) == "":
		text = "Invalid redirect uri."
	case slices.ContainsFunc(q.Actions, func(a string) bool { return !slices.Contains(builtinActions, a) }):
		text = "Provided invalid required actions"
	case e.Life <= 0:
		text = "Lifespan must be positive"
	default:
		return e, nil
	}
	return e, &fault.Invalid{Message: text}
}
