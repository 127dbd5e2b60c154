package action

import (
	"context"
	"errors"
	"net/url"
	"slices"
	"time"

	"github.com/tokenhouse/tokenhouse/internal/core/letter"
	"github.com/tokenhouse/tokenhouse/internal/core/realm"
	"github.com/tokenhouse/tokenhouse/internal/core/token"
	"github.com/tokenhouse/tokenhouse/internal/core/user"
	"github.com/tokenhouse/tokenhouse/internal/flow/authorize"
	"github.com/tokenhouse/tokenhouse/internal/flow/people"
	"github.com/tokenhouse/tokenhouse/internal/flow/verify"
)

// Mailer sends letters by the mail server that a realm's settings describe, unless it must not.
type Mailer interface {
	Send(ctx context.Context, r *realm.Realm, settings map[string]string, l letter.Letter) error
}

// Types of links, by the tokens in them.
const (
	linkVerifies = "verify-email"
	linkResets   = "reset-credentials"
	linkUpdates  = "update-email"
	linkErrand   = "execute-actions"
)

var linkKinds = []string{linkVerifies, linkResets, linkUpdates, linkErrand}

// link is what the token in a mailed link says. It is good for one use, by the user whom it names for as long as
// they have the address that they had when it was sent.
type link struct {
	kind    string
	id      string
	user    string
	address string   // that the user had
	tab     string   // browser and tab that asked: tab of its turn; empty: an administrator did
	stamp   string   // of the password when the link was sent; changes with it
	wanted  string   // the address that the user wants; of linkUpdates
	others  bool     // the user's other sessions are to end; of linkUpdates
	client  string   // client_id that it leads to
	back    string   // where to go afterwards; may be empty
	actions []string // of linkErrand
	expires time.Time
}

const (
	claimAddress = "eml"
	claimTab     = "asid"
	claimStamp   = "lac"
	claimWanted  = "newEmail"
	claimOthers  = "logoutSessions"
	claimBack    = "reduri"
	claimActions = "rqac"
	algorithm    = "HS512" // the realm's own key: nobody else reads these
)

// claims are the link's own, but for those that say nothing.
func (l *link) claims() token.Object {
	var out token.Object
	for _, c := range [][2]string{{claimAddress, l.address}, {claimTab, l.tab}, {claimStamp, l.stamp}, {claimWanted, l.wanted}, {claimBack, l.back}} {
		if c[1] != "" {
			out.Set(c[1], c[0])
		}
	}
	if l.others {
		out.Set(true, claimOthers)
	}
	if len(l.actions) > 0 {
		out.Set(l.actions, claimActions)
	}
	return out
}

// Postman sends letters with links. All fields are required.
type Postman struct {
	Rules  *people.Rulebook
	Mail   Mailer
	Tokens authorize.Signer
	NewID  func() string // a UUID, unguessable
}

func (d *Deps) post(ctx context.Context, at verify.At, kind letter.Kind, facts letter.Facts, locale string, l link, query url.Values) error {
	return Postman{d.Rules, d.Mail, d.Tokens, d.NewID}.post(ctx, at, kind, facts, locale, l, query)
}

// post writes and sends a letter, with a link that leads to where query says. What the mail server did not take is
// an *undelivered; other errors are technical.
func (p Postman) post(ctx context.Context, at verify.At, kind letter.Kind, facts letter.Facts, locale string, l link, query url.Values) error {
	terms, err := p.Rules.Terms(ctx, at.Realm)
	if err != nil {
		return err
	}
	issuer := at.Realm.Issuer(at.Base)
	key, err := p.Tokens.Sign(ctx, at.Realm, algorithm, "JWT", &token.Claims{ID: p.NewID(), Type: l.kind, Issuer: issuer, Audience: []string{issuer},
		Subject: l.user, Client: l.client, IssuedAt: at.Now.Unix(), Expires: at.Now.Add(facts.Life).Unix(), Other: l.claims()})
	if err != nil {
		return err
	}
	query.Set("key", key)
	facts.Realm, facts.Link = terms.Name, issuer+"/login-actions/"+string(authorize.LinkPath)+"?"+query.Encode()
	if err := p.Mail.Send(ctx, at.Realm, terms.Mail, letter.Write(kind, locale, facts)); err != nil {
		return &undelivered{err}
	}
	return nil
}

// undelivered says that the mail server did not take a letter. Its text is safe to show to administrators.
type undelivered struct{ reason error }

func (u *undelivered) Error() string { return u.reason.Error() }
func (u *undelivered) Unwrap() error { return u.reason }

func isUndelivered(err error) bool {
	_, is := errors.AsType[*undelivered](err)
	return is
}

// postTo sends a letter about a tab, to an address that is the user's or is to be.
func (d *Deps) postTo(ctx context.Context, t *authorize.Turn, kind letter.Kind, to string, l link) error {
	l.client = t.Client.ID
	return d.post(ctx, t.At, kind, letter.Facts{To: to, Life: lifeOf(t)}, localeOf(t.User, t.Locale), l, t.TabQuery())
}

// read reads a link's token. ok is false where it is none of this realm, or expired.
func (d *Deps) read(t *authorize.Turn, key string) (l link, ok bool) {
	v, err := d.Tokens.Verify(t.Realm(), key)
	if err != nil || v.Alg != algorithm || v.Issuer != t.URL("") || !slices.Contains(linkKinds, v.Type) || v.Expires <= t.At.Now.Unix() {
		return link{}, false
	}
	text := func(name string) string {
		s, _ := v.Other.Get(name).(string)
		return s
	}
	l = link{kind: v.Type, id: v.ID, user: v.Subject, address: text(claimAddress), tab: text(claimTab), stamp: text(claimStamp), wanted: text(claimWanted),
		client: v.Client, back: text(claimBack), expires: time.Unix(v.Expires, 0)}
	l.others, _ = v.Other.Get(claimOthers).(bool)
	l.actions, _ = v.Other.Get(claimActions).([]string)
	return l, true
}

// spend uses a link up, for the user whom it was sent to: from then on the turn is theirs.
func (d *Deps) spend(ctx context.Context, t *authorize.Turn, l link, u *user.User) (first bool, err error) {
	first, err = d.Once.UseOnce(ctx, t.Realm().Key, "action-token", l.id, l.expires)
	if first && err == nil {
		t.User, t.Event.UserID = u, u.ID
	}
	return first, err
}

// tab names the tab of a turn, to those who have it in their browser: the letter may be read by somebody else, who
// must not learn the cookie.
func tab(t *authorize.Turn) string { return hashed(t.Browser.ID + "." + t.Attempt.Tab) }

// localeOf is the language that a user chose, or else another.
func localeOf(u *user.User, other string) string {
	if u != nil && len(u.Attributes["locale"]) > 0 {
		return u.Attributes["locale"][0]
	}
	return other
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
