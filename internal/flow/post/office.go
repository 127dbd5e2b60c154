// Package post is the office that letters to people go through before a mail server gets them.
package post

import (
	"context"
	"errors"
	"strings"

	"github.com/tokenhouse/tokenhouse/internal/core/letter"
	"github.com/tokenhouse/tokenhouse/internal/core/realm"
)

// Mailer sends letters by the mail server that a realm's settings describe. It is a *mail.Client.
type Mailer interface {
	Send(ctx context.Context, settings map[string]string, l letter.Letter) error
}

// Quota tells whether somebody may be sent one more letter, and counts it. It is a *limit.Guesses.
type Quota interface {
	Take(who string) bool
}

// Why a letter is not sent. The texts are safe to show to administrators.
var (
	ErrOften = errors.New("the address was sent many letters lately")
	ErrHost  = errors.New("no hostname is configured: the link would lead to whatever host the request named")
)

// Office sends the letters that anybody can ask for. It keeps them few for each address, and their links to hosts that
// are known to be this server's: whoever asks names the host of the request, and could have somebody else's link lead
// to themselves. All fields are required.
type Office struct {
	Mail  Mailer
	Quota Quota
	Own   func(address string) bool // that an address is the server's, whatever the request said
}

// Send sends a letter, or tells why not.
func (o *Office) Send(ctx context.Context, r *realm.Realm, settings map[string]string, l letter.Letter) error {
	switch {
	case l.Link != "" && !o.Own(l.Link):
		return ErrHost
	case !o.Quota.Take(r.Key + " " + strings.ToLower(l.To)):
		return ErrOften
	}
	return o.Mail.Send(ctx, settings, l)
}

// Desk sends the letters of administrators, who answer for how many they send and for the host that they ask at.
type Desk struct{ Mail Mailer }

// Send sends a letter.
func (d Desk) Send(ctx context.Context, _ *realm.Realm, settings map[string]string, l letter.Letter) error {
	return d.Mail.Send(ctx, settings, l)
}
