package pages

import (
	"bytes"
	"context"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strings"

	"github.com/tokenhouse/tokenhouse/internal/core/locale"
	"github.com/tokenhouse/tokenhouse/internal/core/page"
	"github.com/tokenhouse/tokenhouse/internal/core/realm"
	"github.com/tokenhouse/tokenhouse/internal/web/render"
)

// Looks says how realms want their pages.
type Looks interface {
	Look(ctx context.Context, r *realm.Realm) (*realm.Look, error)
}

// Site shows pages.
type Site struct{ looks Looks }

// New makes a site.
func New(looks Looks) *Site { return &Site{looks} }

// View is who reads a page, and where.
type View struct {
	Realm  *realm.Realm
	Base   string        // the server's URL as the caller reaches it, without a slash at the end
	Wishes locale.Wishes // of the language, as far as they are not in the request itself
}

// Show answers with a page. Where the handler has set Cache-Control, that stays. Nothing has been written
// when it returns an error.
func (s *Site) Show(w http.ResponseWriter, r *http.Request, status int, v View, p page.Page) error {
	look, err := s.looks.Look(r.Context(), v.Realm)
	if err != nil {
		return fmt.Errorf("look of realm %q: %w", v.Realm.Name, err)
	}
	sheet := newSheet(v, look, p, languageOf(r, v, look))
	sheet.Languages = languages(r, sheet)
	var body bytes.Buffer
	if err := templates[p.Page()].Execute(&body, sheet); err != nil {
		return fmt.Errorf("page %q: %w", p.Page(), err)
	}
	h := w.Header()
	remember(w, r, v, sheet.Locale)
	guard(h, look, p)
	h["Content-Type"] = []string{"text/html;charset=utf-8"}
	h["Content-Language"] = []string{sheet.Locale}
	if caching := lasting(p); h["Cache-Control"] == nil && caching != "" {
		h["Cache-Control"] = []string{caching}
	}
	render.Bytes(w, status, "", body.Bytes())
	return nil
}

// lasting says how long a page may be kept, as Cache-Control. Pages that say only how something ended
// hold nothing that is secret.
func lasting(p page.Page) string {
	switch p.(type) {
	case page.Error, page.Info, page.Expired:
		return ""
	case page.LogoutConfirm, page.FrontChannelLogout, page.AccountEntrance:
		return "no-cache"
	}
	return "no-store, must-revalidate, max-age=0"
}

// policy is the Content-Security-Policy of a realm that sets none.
const policy = "frame-src 'self'; frame-ancestors 'self'; object-src 'none';"

// guard sets the headers that tell browsers what pages of the realm may do. Those that it leaves out are
// there already, with their defaults.
func guard(h http.Header, look *realm.Look, p page.Page) {
	h.Set("Content-Security-Policy", policy)
	for name, value := range look.Headers {
		if value == "" {
			h.Del(name)
			continue
		}
		h.Set(name, value)
	}
	if frames := frames(p); len(frames) > 0 {
		own := "frame-src 'self'"
		h.Set("Content-Security-Policy", strings.Replace(h.Get("Content-Security-Policy"), own, own+" "+strings.Join(frames, " ")+" ", 1))
	}
}

// frames are the hosts, with their ports, that a page shows in frames.
func frames(p page.Page) []string {
	out, ok := p.(page.FrontChannelLogout)
	if !ok {
		return nil
	}
	var hosts []string
	for _, c := range out.Clients {
		u, err := url.Parse(c.URL)
		if err != nil || u.Host == "" || strings.ContainsAny(u.Host, "; ,'\"") || slices.Contains(hosts, u.Host) {
			continue
		}
		hosts = append(hosts, u.Host)
	}
	return hosts
}

// Guard sets the headers that a realm configures. Those about what pages may do are there for the kinds of answers
// that have them; the server takes them off others.
func (s *Site) Guard(w http.ResponseWriter, r *http.Request, of *realm.Realm) error {
	look, err := s.looks.Look(r.Context(), of)
	if err != nil {
		return fmt.Errorf("look of realm %q: %w", of.Name, err)
	}
	guard(w.Header(), look, nil)
	return nil
}
