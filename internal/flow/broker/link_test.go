package broker_test

import (
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/tokenhouse/tokenhouse/internal/core/page"
	"github.com/tokenhouse/tokenhouse/internal/core/realm"
	"github.com/tokenhouse/tokenhouse/internal/core/user"
	"github.com/tokenhouse/tokenhouse/internal/flow/authorize"
)

// signIn signs somebody in by their password; the session is the one that the answer names.
func (b *browser) signIn(name string, more ...string) *authorize.Outcome {
	b.t.Helper()
	return b.send(b.begin(more...).Page, "username", name, "password", name+"-pw")
}

// asked begins to link an account to a provider, by an application and for somebody who is signed in.
func (b *browser) asked(alias string, more ...string) *authorize.Outcome {
	b.t.Helper()
	return b.follow(b.begin(append(more, "kc_action", "idp_link:"+alias)...))
}

// away is asked, and agrees to leave for the provider, which answers by the code "code" for a subject there. It gives the state.
func (b *browser) away(alias, subject string) (state string) {
	b.t.Helper()
	o := b.asked(alias)
	if p, ok := o.Page.(page.LinkAccount); !ok || p.Identity != "" || p.Owner != "ann" {
		b.t.Fatalf("nobody is asked before the browser leaves: %+v", o)
	}
	q := parameters(b.t, b.send(o.Page).Redirect)
	b.codes["code"] = b.claims(q, subject, map[string]any{"iss": "https://" + alias + ".test"})
	return q.Get("state")
}

// back comes back from a provider.
func (b *browser) back(alias, state string) *authorize.Outcome {
	b.t.Helper()
	return b.follow(b.arrive(alias, "state", state, "code", "code"))
}

// becomesBen signs ben in by the browser, beside its tabs.
func (b *browser) becomesBen() {
	b.t.Helper()
	ben := b.browser()
	ben.come("ben-there", nil)
	b.cookies[authorize.CookieIdentity] = ben.cookies[authorize.CookieIdentity]
}

// status is what the application is told of the action; empty where it is told nothing.
func status(t *testing.T, o *authorize.Outcome) string {
	t.Helper()
	if o.Page != nil {
		return ""
	}
	return parameters(t, o.Redirect).Get("kc_action_status")
}

// links are whom a user is linked to.
func (h *house) links(name string) []user.Link {
	h.t.Helper()
	return h.account(name).Links
}

// happened tells whether an event was recorded, as its kind and error.
func (h *house) happened(what string) bool {
	for _, e := range h.events {
		if string(e.Kind)+" "+e.Error == what {
			return true
		}
	}
	return false
}

// TestLink asks before the browser leaves, and before anything is written.
func TestLink(t *testing.T) {
	for _, alias := range []string{"up", "links"} {
		t.Run(alias, func(t *testing.T) {
			each(t, "", func(t *testing.T, h *house) {
				b := h.browser()
				session := parameters(t, b.signIn("ann").Redirect).Get("session_state")
				o := b.back(alias, b.away(alias, "annie"))
				if p, ok := o.Page.(page.LinkAccount); !ok || p.Identity != "annie" || p.Owner != "ann" {
					t.Fatalf("%+v; %s", o, h.last())
				}
				if got := h.links("ann"); len(got) != 0 {
					t.Errorf("linked unasked: %v", got)
				}
				confirmation := o.Page
				o = b.send(confirmation)
				if !h.code(o) || status(t, o) != "success" || parameters(t, o.Redirect).Get("kc_action") != "idp_link" {
					t.Fatalf("%+v; %s", o, h.last())
				}
				if diff := cmp.Diff([]user.Link{{Provider: alias, Subject: "annie", Username: "annie"}}, h.links("ann")); diff != "" {
					t.Error(diff)
				}
				if now := parameters(t, o.Redirect).Get("session_state"); now != session {
					t.Errorf("the session was %q, and is %q", session, now)
				}
				if ann := h.account("ann"); ann.FirstName != "Ann" || ann.Email != "ann@club.test" {
					t.Errorf("the account changed: %+v", ann)
				}
				if !h.happened("FEDERATED_IDENTITY_LINK ") || h.last() != "LOGIN " || h.happened("REGISTER ") {
					t.Errorf("%+v", h.events)
				}
				if o := b.send(confirmation); status(t, o) != "" {
					t.Errorf("the confirmation is good twice: %+v", o)
				}
			})
		})
	}
}

// TestLinkBySignIn links in the same attempt that signs in.
func TestLinkBySignIn(t *testing.T) {
	h := newHouse(t, sqlite(t), "")
	b := h.browser()
	o := b.signIn("ann", "kc_action", "idp_link:up")
	q := parameters(t, b.send(o.Page).Redirect)
	h.codes["code"] = h.claims(q, "annie", nil)
	if o := b.send(b.back("up", q.Get("state")).Page); status(t, o) != "success" || len(h.links("ann")) != 1 {
		t.Errorf("%+v; %v", o, h.links("ann"))
	}
}

// TestLinkRefusedAtOnce: nobody is sent to a provider who may not link to it.
func TestLinkRefusedAtOnce(t *testing.T) {
	for name, c := range map[string]struct {
		alias, client, event string
		before               func(h *house)
	}{
		"switched off":     {alias: "off", event: "unknown_identity_provider"},
		"unknown":          {alias: "nobody", event: "unknown_identity_provider"},
		"none":             {alias: "", event: "unknown_identity_provider"},
		"not acted on":     {alias: "paper", event: "unknown_identity_provider"},
		"client may not":   {alias: "up", client: "narrow", event: "not_allowed"},
		"user may not":     {alias: "up", event: "not_allowed", before: func(h *house) { h.change("ann", func(u *user.User) { u.Roles = nil }) }},
		"linked to others": {alias: "up", event: "federated_identity_account_exists", before: func(h *house) { h.change("ann", linkTo("up", "annie")) }},
	} {
		t.Run(name, func(t *testing.T) {
			each(t, "", func(t *testing.T, h *house) {
				b := h.browser()
				b.signIn("ann")
				if c.before != nil {
					c.before(h)
				}
				var more []string
				if c.client != "" {
					more = []string{"client_id", c.client}
				}
				before := h.links("ann")
				o := b.asked(c.alias, more...)
				if !h.code(o) || status(t, o) != "error" || !h.happened("FEDERATED_IDENTITY_LINK_ERROR "+c.event) {
					t.Errorf("%s; %s", text(o), h.last())
				}
				if diff := cmp.Diff(before, h.links("ann")); diff != "" {
					t.Error(diff)
				}
			})
		})
	}
}

// linkTo links a user to a subject at a provider.
func linkTo(alias, subject string) func(*user.User) {
	return func(u *user.User) {
		u.Links = append(u.Links, user.Link{Provider: alias, Subject: subject, Username: subject})
	}
}

// TestLinkRefused: nothing is written of what does not fit, whoever brings it.
func TestLinkRefused(t *testing.T) {
	for name, c := range map[string]struct {
		play  func(h *house, b *browser) *authorize.Outcome
		event string // that is recorded; empty: none is expected
		text  string // of the page, if that says it
	}{
		"no fresh proof": {play: func(h *house, b *browser) *authorize.Outcome {
			h.now = h.now.Add(10 * time.Minute)
			return b.asked("up")
		}, text: "reauthenticate"},
		"identity of somebody else": {play: func(h *house, b *browser) *authorize.Outcome {
			return b.back("up", b.away("up", "ben-there"))
		}, event: "FEDERATED_IDENTITY_LINK_ERROR identityProviderAlreadyLinkedMessage", text: "identityProviderAlreadyLinkedMessage"},
		"taken while the page is shown": {play: func(h *house, b *browser) *authorize.Outcome {
			o := b.back("up", b.away("up", "annie"))
			h.change("ben", func(u *user.User) { u.Links = nil })
			h.change("ben", linkTo("up", "annie"))
			return b.send(o.Page)
		}, event: "FEDERATED_IDENTITY_LINK_ERROR identityProviderAlreadyLinkedMessage", text: "identityProviderAlreadyLinkedMessage"},
		"other browser's state": {play: func(h *house, b *browser) *authorize.Outcome {
			theirs := h.browser()
			theirs.signIn("ann")
			state := theirs.away("up", "annie")
			b.away("up", "annie")
			return b.back("up", state)
		}},
		"another provider's answer": {play: func(h *house, b *browser) *authorize.Outcome {
			return b.back("other", b.away("up", "annie"))
		}, text: "login-login-page-expired"},
		"other user's session": {play: func(h *house, b *browser) *authorize.Outcome {
			state := b.away("up", "annie")
			b.becomesBen()
			return b.back("up", state)
		}},
		"other user's session after a sign-in for it": {play: func(h *house, b *browser) *authorize.Outcome {
			b.cookies = authorize.Cookies{}
			q := parameters(h.t, b.send(b.signIn("ann", "kc_action", "idp_link:up").Page).Redirect)
			h.codes["code"] = h.claims(q, "annie", nil)
			b.becomesBen()
			return b.back("up", q.Get("state"))
		}, event: "FEDERATED_IDENTITY_LINK_ERROR different_user_authenticated", text: "login-login-page-expired"},
		"other user's session while the page is shown": {play: func(h *house, b *browser) *authorize.Outcome {
			o := b.back("up", b.away("up", "annie"))
			b.becomesBen()
			return b.send(o.Page)
		}},
		"confirmation without its code": {play: func(h *house, b *browser) *authorize.Outcome {
			p := b.back("up", b.away("up", "annie")).Page.(page.LinkAccount)
			p.Action = p.Action[:len(p.Action)-len(parameters(h.t, p.Action).Encode())] + "client_id=app&execution=idp_link&tab_id=" + parameters(h.t, p.Action).Get("tab_id")
			return b.send(p)
		}},
		"page before the trip as confirmation": {play: func(h *house, b *browser) *authorize.Outcome {
			first := b.asked("up").Page
			q := parameters(h.t, b.send(first).Redirect)
			h.codes["code"] = h.claims(q, "annie", nil)
			b.arrive("up", "state", q.Get("state"), "code", "code")
			return b.send(first)
		}},
		"role taken back": {play: func(h *house, b *browser) *authorize.Outcome {
			o := b.back("up", b.away("up", "annie"))
			h.change("ann", func(u *user.User) { u.Roles = nil })
			return b.send(o.Page)
		}, event: "FEDERATED_IDENTITY_LINK_ERROR not_allowed"},
		"switched off meanwhile": {play: func(h *house, b *browser) *authorize.Outcome {
			o := b.back("up", b.away("up", "annie"))
			h.configure("up", func(p *realm.Provider) { p.Enabled = false })
			return b.send(o.Page)
		}, event: "FEDERATED_IDENTITY_LINK_ERROR unknown_identity_provider"},
		"token of somebody else": {play: func(h *house, b *browser) *authorize.Outcome {
			state := b.away("up", "annie")
			h.codes["code"]["nonce"] = "another"
			return b.back("up", state)
		}, event: "FEDERATED_IDENTITY_LINK_ERROR identity_provider_login_failure", text: "identityProviderUnexpectedErrorMessage"},
		"cancelled before": {play: func(h *house, b *browser) *authorize.Outcome {
			return b.send(b.asked("up").Page, "cancel-aia", "true")
		}, event: "FEDERATED_IDENTITY_LINK_ERROR rejected_by_user"},
		"cancelled at the end": {play: func(h *house, b *browser) *authorize.Outcome {
			return b.send(b.back("up", b.away("up", "annie")).Page, "cancel-aia", "true")
		}, event: "FEDERATED_IDENTITY_LINK_ERROR rejected_by_user"},
		"cancelled there": {play: func(h *house, b *browser) *authorize.Outcome {
			return b.follow(b.arrive("up", "state", b.away("up", "annie"), "error", "access_denied"))
		}, event: "FEDERATED_IDENTITY_LINK_ERROR rejected_by_user"},
	} {
		t.Run(name, func(t *testing.T) {
			each(t, "", func(t *testing.T, h *house) {
				b := h.browser()
				b.signIn("ann")
				o := c.play(h, b)
				if got := h.links("ann"); len(got) != 0 {
					t.Errorf("linked: %v", got)
				}
				if c.event != "" && !h.happened(c.event) {
					t.Errorf("%s is not recorded, %s is", c.event, h.last())
				}
				if c.text != "" && text(o) != c.text {
					t.Errorf("the page says %q", text(o))
				}
				if status(t, o) == "success" {
					t.Error("the application is told that it worked")
				}
				if cancelled := c.event == "FEDERATED_IDENTITY_LINK_ERROR rejected_by_user"; cancelled && (!h.code(o) || status(t, o) != "cancelled") {
					t.Errorf("%s", text(o))
				}
			})
		})
	}
}

// TestLinkNeverSignsIn: what a trip to link brings back signs nobody in, and makes no account.
func TestLinkNeverSignsIn(t *testing.T) {
	h := newHouse(t, sqlite(t), "")
	b := h.browser()
	b.signIn("ann")
	state := b.away("up", "somebody-new")
	delete(b.cookies, authorize.CookieIdentity)
	o := b.back("up", state)
	if h.code(o) || h.happened("REGISTER ") || b.cookies[authorize.CookieIdentity] != "" || h.account("somebody-new") != nil {
		t.Errorf("%s; %s", text(o), h.last())
	}
}
