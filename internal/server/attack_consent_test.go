package server_test

import (
	"net/http"

	"github.com/tokenhouse/tokenhouse/internal/core/realm"
	"github.com/tokenhouse/tokenhouse/internal/core/user"
)

// attackWithoutConsent: where a client needs consent, nothing comes of what its user did not allow, or allows no more (T29).
func attackWithoutConsent(y *cells, p *pit) {
	defer p.alice(func(u *user.User) { u.Consents = nil })
	r, root := p.current(), newOfficer(p.T, p.base, "master", "admin")
	basic, offline := r.Scope("basic").Key, r.Scope("offline_access").Key
	const all, takenBack = "all", "all, taken back"
	for name, allowed := range map[string][]string{"nothing": nil, "no scope": {}, "another scope": {offline}, "another client": {basic, offline},
		all: {basic, offline}, takenBack: {basic, offline}} {
		held := p.begun()
		p.each(func(c *realm.Client) { c.ConsentRequired = true })
		p.alice(func(u *user.User) {
			u.Consents = nil
			for _, kind := range heard {
				of := kind
				if name == "another client" {
					of = "target"
				}
				if allowed != nil {
					u.Consents = append(u.Consents, user.Consent{Client: r.Client(of).Key, Scopes: allowed})
				}
			}
		})
		if name == takenBack {
			for _, kind := range heard {
				root.call(http.StatusNoContent, "DELETE", p.realm+"/users/"+p.user("alice").ID+"/consents/"+kind, "")
			}
		}
		for i, w := range ways() {
			if w.name == "introspection" && name != all && name != takenBack {
				continue // tells of what was granted before
			}
			y.cell(held[i].use().status == http.StatusOK, w.good() && w.name != "password" && (name == all || w.user != "alice"), "consent to "+name, w.name, w.client)
		}
		p.each(func(c *realm.Client) { c.ConsentRequired = false })
	}
}
