package pages

import (
	"cmp"
	"crypto/sha256"
	"encoding/base64"
	"html/template"
	"net/url"
	"slices"
	"strconv"
	"strings"

	"github.com/tokenhouse/tokenhouse/internal/core/page"
	"github.com/tokenhouse/tokenhouse/internal/core/realm"
)

// sheet is what a template is given: a page, and all that is needed to show it.
type sheet struct {
	words
	Page       page.Page
	RealmName  string
	Title      string
	Policy     string // what the page may load, beside the realm's own policy
	Logo       template.URL
	Style      template.CSS
	Stylesheet string
	Script     string // empty: the page needs none
	Languages  []language
	offered    []string // languages of the realm, where it is international
}

func newSheet(v View, look *realm.Look, p page.Page, tag string) *sheet {
	s := &sheet{words: words{tag, look.Texts}, Page: p, Logo: template.URL(look.Logo), Style: style(look),
		Stylesheet: v.Base + resourcePath("page.css")}
	if v.Realm.Internationalize {
		s.offered = slices.Sorted(slices.Values(look.Locales))
	}
	s.RealmName = s.resolve(cmp.Or(look.Name, v.Realm.Name))
	s.Title = s.T("loginTitle", s.RealmName)
	if strings.HasPrefix(p.Page(), "account") {
		s.Title = s.T("accountManagementTitle", s.RealmName)
	}
	if script := scriptOf(p); script != "" {
		s.Script = v.Base + resourcePath(script)
	}
	s.Policy = s.policy(look)
	return s
}

// scriptOf is the script that a page needs.
func scriptOf(p page.Page) string {
	switch p := p.(type) {
	case page.FormPost:
		return "post.js"
	case page.LoginPasskey, page.RegisterPasskey:
		return "passkey.js"
	case page.Login:
		if p.Passkey != nil {
			return "passkey.js"
		}
	}
	return ""
}

// policy allows what is on the page and nothing else. It does not say where forms may go: browsers hold
// redirects to that too, and the next may be to a client of any address.
func (s *sheet) policy(look *realm.Look) string {
	styles, images := "style-src 'self'", "img-src 'self' data:"
	if s.Style != "" {
		sum := sha256.Sum256([]byte(s.Style))
		styles += " 'sha256-" + base64.StdEncoding.EncodeToString(sum[:]) + "'"
	}
	if u, err := url.Parse(look.Logo); err == nil && u.Host != "" && !strings.ContainsAny(u.Host, "; ,'\"") {
		images += " https://" + u.Host
	}
	rules := []string{"default-src 'none'", styles, images, "base-uri 'none'"}
	if s.Script != "" {
		rules = append(rules, "script-src 'self'")
	}
	if frames := frames(s.Page); len(frames) > 0 {
		rules = append(rules, "frame-src "+strings.Join(frames, " "))
	}
	return strings.Join(rules, "; ")
}

// Address is an address that a link or a form leads to. Clients may have addresses of schemes of their
// own, as apps do; those that run as script in the page are none.
func (s *sheet) Address(address string) template.URL {
	u, err := url.Parse(strings.TrimSpace(address))
	if err != nil {
		return "#"
	}
	switch strings.ToLower(u.Scheme) {
	case "javascript", "data", "vbscript":
		return "#"
	}
	return template.URL(address)
}

// PNG is the address of an image that is in the page, in base64.
func (s *sheet) PNG(image string) template.URL {
	return template.URL("data:image/png;base64," + image)
}

// notice is a page.Notice in words.
type notice struct{ Text, Kind, Role string }

// Notice is what is told at the head of a page. Errors interrupt whoever has the page read aloud.
func (s *sheet) Notice(n page.Notice) notice {
	if n.Text.Key == "" {
		return notice{}
	}
	out := notice{s.Say(n.Text), string(cmp.Or(n.Kind, page.Inform)), "status"}
	if n.Kind == page.Fail {
		out.Role = "alert"
	}
	return out
}

// fault is what is wrong with a field; without texts nothing is.
type fault struct {
	ID    string // of the message, after "input-error-"
	Texts []string
}

// Fault is what is wrong with the first of these fields that has something wrong.
func (s *sheet) Fault(w page.Wrong, id string, fields ...string) fault {
	out := fault{ID: id}
	for _, name := range fields {
		for _, text := range w[name] {
			out.Texts = append(out.Texts, s.Say(text))
		}
		if out.Texts != nil {
			break
		}
	}
	return out
}

// pair is a new password and its confirmation.
type pair struct {
	Name, Label, ConfirmLabel string
	Star                      bool
	Fault, ConfirmFault       fault
}

// Pair asks for a new password in the field of a name, and once more.
func (s *sheet) Pair(w page.Wrong, name string) pair {
	p := pair{Name: name, Label: s.T("passwordNew"), ConfirmLabel: s.T("passwordConfirm"),
		Fault: s.Fault(w, "password", name), ConfirmFault: s.Fault(w, "password-confirm", "password-confirm")}
	if name == "password" {
		p.Label, p.Star = s.T("password"), true
	}
	return p
}

// link is a page.Link in words.
type link struct {
	URL  template.URL
	Text string
}

// Back leads back, to the application where the link does not say.
func (s *sheet) Back(l page.Link) link {
	if l.URL == "" {
		return link{}
	}
	return link{s.Address(l.URL), s.Say(page.Text{Key: cmp.Or(l.Text.Key, "backToApplication"), Args: l.Text.Args})}
}

// Grouped is a code in groups of four, as people read and type it.
func (s *sheet) Grouped(code string) string {
	var groups []string
	for group := range slices.Chunk([]byte(code), 4) {
		groups = append(groups, string(group))
	}
	return strings.Join(groups, "-")
}

// Number is a number as an argument of a text.
func (s *sheet) Number(n int) string { return strconv.Itoa(n) }
