package server_test

import (
	"html"
	"net/http"
	"net/url"
	"regexp"
	"strings"
	"testing"

	"github.com/tokenhouse/tokenhouse/internal/core/realm"
)

// linking are two realms of one server: people of villa may link their account to theirs at the office, and nobody
// signs in by it who did not.
var linking = map[string][]byte{
	"villa.json": []byte(`{"realm": "villa", "enabled": true, "sslRequired": "none",
		"users": [{"username": "ann", "enabled": true, "realmRoles": ["default-roles-villa"], "email": "ann@villa.test", "firstName": "Ann", "lastName": "Able",
			"credentials": [{"type": "password", "value": "ann"}]}],
		"identityProviders": [{"alias": "paper", "displayName": "On Paper", "providerId": "saml", "enabled": true, "config": {}}, {"alias": "office", "displayName": "The Office", "providerId": "keycloak-oidc", "enabled": true, "linkOnly": true, "config": {
			"issuer": "${base}/realms/office", "authorizationUrl": "${base}/realms/office/protocol/openid-connect/auth",
			"tokenUrl": "${base}/realms/office/protocol/openid-connect/token", "jwksUrl": "${base}/realms/office/protocol/openid-connect/certs",
			"useJwksUrl": "true", "validateSignature": "true", "pkceEnabled": "true", "pkceMethod": "S256", "clientId": "villa", "clientSecret": "secret-of-villa"}}]}`),
	"office.json": []byte(`{"realm": "office", "enabled": true, "sslRequired": "none",
		"users": [{"username": "olga", "enabled": true, "email": "olga@office.test", "emailVerified": true, "firstName": "Olga", "lastName": "Office",
			"credentials": [{"type": "password", "value": "olga-password"}]}],
		"clients": [{"clientId": "villa", "secret": "secret-of-villa", "redirectUris": ["${base}/realms/villa/broker/office/*"]}]}`),
}

// beginLink is the button of the account page that begins a link.
var beginLink = regexp.MustCompile(`<a class="button" href="([^"]+)">Link<`)

// sees is a page that an address shows, or the form of the page before leads to. It fails without these texts.
func (w *wanderer) sees(address string, fields url.Values, texts ...string) (body string) {
	w.t.Helper()
	body, _ = w.visit(address, fields)
	for _, text := range texts {
		if !strings.Contains(body, text) {
			w.t.Fatalf("no %q at %s: %s", text, address, body)
		}
	}
	return body
}

// leadsTo is the first address of a kind on a page.
func (w *wanderer) leadsTo(body string, what *regexp.Regexp) string {
	w.t.Helper()
	m := what.FindStringSubmatch(body)
	if m == nil {
		w.t.Fatalf("no %s in %s", what, body)
	}
	return html.UnescapeString(m[1])
}

// TestLinkFromTheAccount goes the whole way by HTTP: from the account page's button to the other realm, back to be asked,
// to the link, and undoes it.
func TestLinkFromTheAccount(t *testing.T) {
	for _, db := range databases {
		t.Run(db.name, func(t *testing.T) {
			s, base := start(t, db.open(t), linking)
			a := &arena{t, s, base, "villa"}
			w := &wanderer{t, base, map[string]*http.Cookie{}}
			links := base + "/realms/villa/account/account-security/linked-accounts"

			p := w.sees(w.leadsTo(w.sees(links, nil), linkTo("sign-in")), nil, `data-page-id="login-login"`)
			p = w.sees(formOf(t, p), url.Values{"username": {"ann"}, "password": {"ann"}}, "The Office", "Not linked")
			if n := len(beginLink.FindAllString(p, -1)); n != 1 || !strings.Contains(p, "On Paper") {
				t.Errorf("%d of two providers can be linked; one is of a kind that is not acted on: %s", n, p)
			}
			begin := w.leadsTo(p, beginLink)
			p = w.sees(begin, nil, `data-page-id="login-link-idp-action"`, "Do you want to link your account with The Office?")
			p = w.sees(formOf(t, p), url.Values{}, `data-page-id="login-login"`)
			p = w.sees(formOf(t, p), url.Values{"username": {"olga"}, "password": {"olga-password"}}, `data-page-id="login-link-idp-action"`, "You signed in at The Office as olga.")
			if got := a.user("ann").Links; len(got) != 0 {
				t.Fatalf("linked unasked: %v", got)
			}
			w.sees(formOf(t, p), url.Values{}, `data-page-id="account-links"`, "Linked as", "olga")
			if got := a.user("ann").Links; len(got) != 1 || got[0].Provider != "office" || got[0].Username != "olga" {
				t.Errorf("%v", got)
			}

			seal := url.Values{"stateChecker": {w.leadsTo(w.sees(base+"/realms/villa/account", nil), sealOf)}}
			w.sees(links+"/office", seal, "It is not linked any more.", "Not linked")
			if got := a.user("ann").Links; len(got) != 0 {
				t.Errorf("%v", got)
			}
			p = w.sees(begin, nil, `data-page-id="login-link-idp-action"`)
			w.sees(formOf(t, p), url.Values{"cancel-aia": {"true"}}, `data-page-id="account-links"`, "Not linked")

			a.edit(func(d *realm.Draft) {
				p := *d.Realm().Provider("office")
				p.Enabled = false
				d.PutProvider(&p)
			})
			w.sees(begin, nil, `data-page-id="account-links"`)
		})
	}
}
