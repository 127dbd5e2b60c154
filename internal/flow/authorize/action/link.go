package action

import (
	"context"
	"net/url"
	"time"

	"github.com/tokenhouse/tokenhouse/internal/core/letter"
	"github.com/tokenhouse/tokenhouse/internal/core/token"
	"github.com/tokenhouse/tokenhouse/internal/core/user"
	"github.com/tokenhouse/tokenhouse/internal/flow/authorize"
)

// Mailer sends letters by the mail server that a realm's settings describe.
type Mailer interface {
	Send(ctx context.Context, settings map[string]string, l letter.Letter) error
}

// Types of links, by the tokens in them.
const (
	linkVerifies = "verify-email"
	linkResets   = "reset-credentials"
)

// link is what the token in a mailed link says. It is good for one use, in the browser that asked for it, by
// the user whom it names for as long as they have the address that it was sent to.
type link struct {
	kind    string
	id      string
	user    string
	address string
	tab     string // browser and tab that asked, as "browser.tab"
	stamp   string // of the password when the link was sent; changes with it
	expires time.Time
}

const (
	claimAddress = "eml"
	claimTab     = "asid"
	claimStamp   = "lac"
	algorithm    = "HS512" // the realm's own key: nobody else reads these
)

// write writes the letter with a link that leads back to this tab, and gives the settings of the mail server to
// send it by.
func (d *Deps) write(ctx context.Context, t *authorize.Turn, kind letter.Kind, l link, life time.Duration) (map[string]string, letter.Letter, error) {
	terms, err := d.Rules.Terms(ctx, t.Realm())
	if err != nil {
		return nil, letter.Letter{}, err
	}
	key, err := d.Tokens.Sign(ctx, t.Realm(), algorithm, "JWT", &token.Claims{ID: d.NewID(), Type: l.kind, Issuer: t.URL(""), Audience: []string{t.URL("")},
		Subject: l.user, IssuedAt: t.At.Now.Unix(), Expires: t.At.Now.Add(life).Unix(),
		Other: token.Object{{Name: claimAddress, Value: l.address}, {Name: claimTab, Value: l.tab}, {Name: claimStamp, Value: l.stamp}}})
	if err != nil {
		return nil, letter.Letter{}, err
	}
	address, err := url.Parse(t.TabURL("action-token"))
	if err != nil {
		return nil, letter.Letter{}, err
	}
	q := address.Query()
	q.Set("key", key)
	address.RawQuery = q.Encode()
	return terms.Mail, letter.Write(kind, localeOf(t), letter.Facts{To: l.address, Realm: terms.Name, Link: address.String(), Life: life}), nil
}

// open reads a link's token. ok is false where it is none of this realm, or expired.
func (d *Deps) open(t *authorize.Turn, key string) (l link, ok bool) {
	v, err := d.Tokens.Verify(t.Realm(), key)
	if err != nil || v.Alg != algorithm || v.Issuer != t.URL("") || v.Type != linkVerifies && v.Type != linkResets || v.Expires <= t.At.Now.Unix() {
		return link{}, false
	}
	text := func(name string) string {
		s, _ := v.Other.Get(name).(string)
		return s
	}
	return link{kind: v.Type, id: v.ID, user: v.Subject, address: text(claimAddress), tab: text(claimTab), stamp: text(claimStamp),
		expires: time.Unix(v.Expires, 0)}, true
}

// spend uses a link up.
func (d *Deps) spend(ctx context.Context, t *authorize.Turn, l link) (first bool, err error) {
	return d.Once.UseOnce(ctx, t.Realm().Key, "action-token", l.id, l.expires)
}

// tab names the tab of a turn.
func tab(t *authorize.Turn) string { return t.Browser.ID + "." + t.Attempt.Tab }

// localeOf is the language that the user chose, or else that of the browser.
func localeOf(t *authorize.Turn) string {
	if t.User != nil && len(t.User.Attributes["locale"]) > 0 {
		return t.User.Attributes["locale"][0]
	}
	return t.Locale
}

// stamp changes whenever the user gets another password, so that links sent before are void.
func (d *Deps) stamp(ctx context.Context, t *authorize.Turn, u *user.User) (string, error) {
	all, err := d.Users.Credentials(ctx, t.Realm().Key, u.ID)
	if err != nil {
		return "", err
	}
	for _, c := range all {
		if c.Kind == user.KindPassword {
			return hashed(c.ID + string(c.Salt) + string(c.Hash)), nil
		}
	}
	return "", nil
}
