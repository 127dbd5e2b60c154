package people

import (
	"context"
	"errors"
	"slices"
	"strings"

	"github.com/tokenhouse/tokenhouse/internal/core/fault"
	"github.com/tokenhouse/tokenhouse/internal/core/realm"
	"github.com/tokenhouse/tokenhouse/internal/core/user"
)

// Asking is a request to ask a user something by mail.
type Asking struct {
	Client   *string // client_id that the user goes on to
	Redirect *string // where to
	Actions  []string
}

// ErrNoPages says that mail could be sent, but that there is no page for its link.
var ErrNoPages = errors.New("there is no page yet that a link could lead to")

// Ask is to ask a user something by mail. What is wrong with the request is a *fault.Invalid, and so is a realm
// that sends no mail. Otherwise it is ErrNoPages: a link that leads nowhere is not sent.
func (u *Users) Ask(ctx context.Context, r *realm.Realm, who *user.User, q Asking) error {
	if err := q.check(r, who); err != nil {
		return err
	}
	terms, err := u.Rules.Terms(ctx, r)
	if err != nil {
		return err
	}
	if terms.Sender == "" {
		return errNoSender
	}
	return ErrNoPages
}

// errNoSender says that the realm has no mail server, as Keycloak does.
var errNoSender = &fault.Refused{Message: "Invalid sender address 'null'. If the address contains UTF-8 characters in the local part " +
	"please ensure the SMTP server supports the SMTPUTF8 extension and enable 'Allow UTF-8' in the email realm configuration."}

func (q *Asking) check(r *realm.Realm, who *user.User) error {
	var client *realm.Client
	if q.Client != nil {
		client = r.Client(*q.Client)
	}
	text := ""
	switch {
	case who.Email == "":
		text = "User email missing"
	case !who.Enabled:
		text = "User is disabled"
	case q.Redirect != nil && q.Client == nil:
		text = "Client id missing"
	case q.Client != nil && client == nil:
		text = "Client doesn't exist"
	case client != nil && !client.Enabled:
		text = "Client is not enabled"
	case q.Redirect != nil && !leadsTo(client, *q.Redirect):
		text = "Invalid redirect uri."
	case slices.ContainsFunc(q.Actions, func(a string) bool { return !slices.Contains(builtinActions, a) }):
		text = "Provided invalid required actions"
	default:
		return nil
	}
	return &fault.Invalid{Message: text}
}

// leadsTo tells whether an address is one of the client's: as it stands, or below one that ends in "*".
func leadsTo(c *realm.Client, address string) bool {
	return slices.ContainsFunc(c.RedirectURIs, func(allowed string) bool {
		if strings.HasPrefix(allowed, "/") {
			allowed = strings.TrimSuffix(c.RootURL, "/") + allowed
		}
		if prefix, ok := strings.CutSuffix(allowed, "*"); ok {
			return strings.HasPrefix(address, prefix)
		}
		return address == allowed
	})
}
