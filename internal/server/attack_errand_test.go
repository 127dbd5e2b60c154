package server_test

import (
	"net/http"
	"strings"
	"time"

	"github.com/tokenhouse/tokenhouse/internal/core/realm"
	"github.com/tokenhouse/tokenhouse/internal/core/user"
)

// attackErrands is after the links by which administrators ask people for something.
func attackErrands(d *desk) {
	root := newOfficer(d.T, d.base, "master", "admin")
	letter := func(more string) string {
		root.call(204, "PUT", "desk/users/"+d.user("alice").ID+"/execute-actions-email?client_id=web&redirect_uri="+callback("web")+more, `["UPDATE_PASSWORD"]`)
		return d.mail.next(d.T).link(d.T)
	}
	for _, to := range []string{"https://evil.example/", "http://web.example/cb@evil.example", "javascript:alert(1)", "http://other.example/cb"} {
		root.call(400, "PUT", "desk/users/"+d.user("alice").ID+"/execute-actions-email?client_id=web&redirect_uri="+to, `["UPDATE_PASSWORD"]`)
	}
	short := letter("&lifespan=1")
	link := letter("")
	onward := link + "&confirm=true"
	void := func(name, address string) {
		d.Helper()
		b := d.browser()
		if s := b.open(address); s.status != http.StatusBadRequest || b.cookies["KEYCLOAK_IDENTITY"] != "" {
			d.Errorf("%s: %d %q %v", name, s.status, s.page(), s.location)
		}
	}
	void("cut", link[:len(link)-3])
	void("other realm", strings.Replace(onward, "/desk/", "/annex/", 1))
	void("other client", strings.Replace(onward, "client_id=web", "client_id=other", 1))
	void("no client", strings.Replace(onward, "client_id=web", "", 1))
	changed := func(name string, change, back func(c *realm.Client)) {
		d.Helper()
		d.client("web", change)
		void(name, onward)
		d.client("web", back)
	}
	changed("client disabled", func(c *realm.Client) { c.Enabled = false }, func(c *realm.Client) { c.Enabled = true })
	uris := d.current().Client("web").RedirectURIs
	changed("redirect URI withdrawn", func(c *realm.Client) { c.RedirectURIs = []string{"http://web.example/elsewhere"} }, func(c *realm.Client) { c.RedirectURIs = uris })
	d.changeUser("alice", func(u *user.User) { u.Enabled = false })
	void("user disabled", onward)
	d.changeUser("alice", func(u *user.User) { u.Enabled, u.Email = true, "elsewhere@desk.example" })
	void("another address", onward)
	d.changeUser("alice", func(u *user.User) { u.Email = "alice@desk.example" })

	// A link that is looked at does nothing yet, and somebody else who is signed in stays who they are.
	scanner := d.browser()
	scanner.open(link).expect("login-info")
	bob := d.browser()
	bob.login("web", "bob")
	bob.open(link).expect("login-info")
	if s := bob.silent(); claims(d.T, d.redeem("web", s.granted("web")).get("access_token"))["sub"] != d.user("bob").ID {
		d.Error("bob is somebody else")
	}
	alice := d.browser()
	form := alice.open(onward).expect("login-login-update-password")
	void("twice, before it is done", onward)
	form.send("password-new", "alice-password", "password-confirm", "alice-password").expect("login-info")
	alice.nobody()
	void("twice", onward)
	time.Sleep(time.Until(time.Now().Truncate(time.Second).Add(2 * time.Second)))
	void("expired", short+"&confirm=true")
}
