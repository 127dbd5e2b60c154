package server_test

import (
	"html"
	"io"
	"net/http"
	"net/url"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/tokenhouse/tokenhouse/internal/core/event"
	"github.com/tokenhouse/tokenhouse/internal/core/realm"
	"github.com/tokenhouse/tokenhouse/internal/core/session"
	"github.com/tokenhouse/tokenhouse/internal/core/user"
)

// homes is a realm of people with accounts of many kinds.
const homes = `{"realm": "homes", "enabled": true, "sslRequired": "none", "eventsEnabled": true, "eventsExpiration": 3600,
	"internationalizationEnabled": true, "supportedLocales": ["en", "de"], "defaultLocale": "en",
	"clients": [
		{"clientId": "garden", "publicClient": true, "consentRequired": true, "redirectUris": ["${base}/garden/*"], "baseUrl": "${base}/garden/", "name": "Garden"},
		{"clientId": "cli", "publicClient": true, "directAccessGrantsEnabled": true},
		{"clientId": "pool", "name": "Pool", "publicClient": true, "alwaysDisplayInConsole": true}, {"clientId": "sauna", "name": "Sauna", "publicClient": true}],
	"identityProviders": [{"alias": "village", "providerId": "oidc", "enabled": true, "displayName": "The Village",
		"config": {"authorizationUrl": "${base}/none", "tokenUrl": "${base}/none", "clientId": "x", "clientSecret": "y"}}],
	"groups": [{"name": "street"}],
	"users": [
		{"id": "ann-id", "username": "ann", "enabled": true, "realmRoles": ["default-roles-homes"], "email": "ann@homes.test", "firstName": "Ann", "lastName": "Able", "groups": ["/street"],
			"credentials": [{"type": "password", "value": "ann"}],
			"federatedIdentities": [{"identityProvider": "village", "userId": "v1", "userName": "ann-of-the-village"}]},
		{"id": "bob-id", "username": "bob", "enabled": true, "realmRoles": ["default-roles-homes"], "email": "bob@homes.test", "firstName": "Bob", "lastName": "Baker",
			"credentials": [{"type": "password", "value": "bob"}]}]}`

// guest is a browser that somebody uses. Redirects are followed while they stay at the server.
type guest struct {
	*testing.T
	base    string
	cookies map[string]string
	at      string // address of the page that was shown last
}

// seen is a page, or the address that a redirect leads away to.
type seen struct {
	status int
	body   string
	away   string
}

func (g *guest) send(method, address string, form url.Values) seen {
	g.Helper()
	for range 10 {
		r, err := http.NewRequestWithContext(g.Context(), method, address, strings.NewReader(form.Encode()))
		if err != nil {
			g.Fatal(err)
		}
		r.Header.Set("Accept", "text/html")
		if method == http.MethodPost {
			r.Header.Set("Content-Type", formType)
		}
		for name, value := range g.cookies {
			r.AddCookie(&http.Cookie{Name: name, Value: value})
		}
		resp, err := http.DefaultTransport.RoundTrip(r)
		if err != nil {
			g.Fatal(err)
		}
		body, err := io.ReadAll(resp.Body)
		if err != nil {
			g.Fatal(err)
		}
		resp.Body.Close()
		for _, c := range resp.Cookies() {
			if g.cookies[c.Name] = c.Value; c.MaxAge < 0 {
				delete(g.cookies, c.Name)
			}
		}
		to := resp.Header.Get("Location")
		if to == "" {
			g.at = address
			return seen{resp.StatusCode, string(body), ""}
		}
		if !strings.HasPrefix(to, g.base+"/realms/") {
			return seen{resp.StatusCode, "", to}
		}
		method, address, form = http.MethodGet, to, nil
	}
	g.Fatalf("led around in a circle to %s", address)
	return seen{}
}

func (g *guest) open(path string) seen {
	g.Helper()
	return g.send(http.MethodGet, g.base+path, nil)
}

var (
	formAction = regexp.MustCompile(`<form[^>]* action="([^"]+)"`)
	sealOf     = regexp.MustCompile(`name="stateChecker" value="([^"]+)"`)
	linkTo     = func(id string) *regexp.Regexp { return regexp.MustCompile(`id="` + id + `" href="([^"]+)"`) }
)

func first(g *guest, p seen, what *regexp.Regexp) string {
	g.Helper()
	m := what.FindStringSubmatch(p.body)
	if m == nil {
		g.Fatalf("%d at %s: no %s in %s", p.status, g.at, what, p.body)
	}
	return html.UnescapeString(m[1])
}

// shows fails where the page is not the one that is wanted.
func (g *guest) shows(p seen, status int, texts ...string) seen {
	g.Helper()
	if p.status != status {
		g.Fatalf("%d at %s, want %d: %s", p.status, g.at, status, p.body)
	}
	for _, text := range texts {
		if !strings.Contains(p.body, text) {
			g.Fatalf("no %q at %s: %s", text, g.at, p.body)
		}
	}
	return p
}

const homesAccount = "/realms/homes/account"

// enters signs somebody in at their account, with password and one-time code.
func enters(t *testing.T, a *arena, name string) *guest {
	t.Helper()
	g := &guest{T: t, base: a.base, cookies: map[string]string{}}
	p := g.shows(g.open(homesAccount), 200, `data-page-id="account"`)
	return g.proves(g.send(http.MethodGet, first(g, p, linkTo("sign-in")), nil), name)
}

// proves answers the pages that ask who one is.
func (g *guest) proves(p seen, name string) *guest {
	g.Helper()
	p = g.shows(p, 200, `data-page-id="login-login"`)
	g.shows(g.send(http.MethodPost, first(g, p, formAction), url.Values{"username": {name}, "password": {name}}), 200, `data-page-id="account-`)
	return g
}

// inHomes tests the realm on each database.
func inHomes(t *testing.T, test func(*testing.T, *arena)) {
	for _, db := range databases {
		t.Run(db.name, func(t *testing.T) {
			s, base := start(t, db.open(t), map[string][]byte{"homes.json": []byte(homes)})
			test(t, &arena{t, s, base, "homes"})
		})
	}
}

// submit sends the form of the page at a path, with its seal unless values say otherwise.
func (g *guest) submit(path string, values url.Values) seen {
	g.Helper()
	p := g.open(path)
	form := url.Values{"stateChecker": {first(g, p, sealOf)}}
	for name, v := range values {
		form[name] = v
	}
	return g.send(http.MethodPost, g.base+path, form)
}

func TestAccountPages(t *testing.T) { inHomes(t, accountPages) }

func accountPages(t *testing.T, a *arena) {
	ann := enters(t, a, "ann")
	ann.shows(ann.open(homesAccount), 200, `data-page-id="account-profile"`, "Ann Able", `value="ann@homes.test"`)
	ann.shows(ann.open(homesAccount+"/groups"), 200, "/street")
	if p := ann.shows(ann.open(homesAccount+"/applications"), 200, "Account", "In use", "Pool"); strings.Contains(p.body, "Sauna") {
		t.Error("an application is shown that is nobody's")
	}
	ann.shows(ann.open(homesAccount+"/account-security/linked-accounts"), 200, "The Village", "ann-of-the-village")
	ann.shows(ann.open(homesAccount+"/account-security/signing-in"), 200, "Password", "kc_action=UPDATE_PASSWORD", "kc_action=CONFIGURE_TOTP")
	ann.shows(ann.open(homesAccount+"/nothing"), 404, "There is nothing here.")
	ann.shows(ann.open(homesAccount+"?kc_locale=de"), 200, `<html lang="de">`, "Persönliche Angaben", `<select id="locale"`)
	ann.shows(ann.open(homesAccount+"?kc_locale=en"), 200, `<html lang="en">`)

	ann.shows(ann.submit(homesAccount, url.Values{"email": {"ann@homes.test"}, "firstName": {"Anna"}, "lastName": {"Able"}}), 200, "Your account has been updated.", `value="Anna"`)
	ann.shows(ann.submit(homesAccount, url.Values{"email": {"bob@homes.test"}, "firstName": {"Anna"}, "lastName": {"Able"}}), 200, "Email already exists.", `value="bob@homes.test"`)
	ann.shows(ann.submit(homesAccount, url.Values{"email": {"nonsense"}, "firstName": {"Anna"}, "lastName": {"Able"}}), 200, "Invalid email address.")
	if u := a.user("ann"); u.Email != "ann@homes.test" || u.FirstName != "Anna" {
		t.Errorf("ann is %s <%s>", u.FirstName, u.Email)
	}
}

// credentials are what somebody signs in by.
func (a *arena) credentials(name string) []user.Credential {
	a.Helper()
	out, err := a.server.Store().Credentials(a.Context(), a.current().Key, a.user(name).ID)
	if err != nil {
		a.Fatal(err)
	}
	return out
}

// givePhone lets somebody sign in by one-time codes too.
func (a *arena) givePhone(name string) {
	a.Helper()
	err := a.server.Store().EditUser(a.Context(), a.current().Key, a.user(name).ID, func(u *user.Account) ([]event.Admin, error) {
		u.Credentials = append(u.Credentials, user.Credential{ID: name + "-phone", Kind: user.KindOTP, Label: "Phone", Created: time.Now(),
			Data: `{"subType":"totp","digits":6,"period":30,"algorithm":"HmacSHA1"}`, Secret: `{"value":"ABCDEFGHIJ"}`})
		return nil, nil
	})
	if err != nil {
		a.Fatal(err)
	}
}

// session is that of the browser.
func (a *arena) session(g *guest) *session.Session {
	a.Helper()
	id, _ := claims(a.T, g.cookies["KEYCLOAK_IDENTITY"])["sid"].(string)
	s, err := a.server.Store().Session(a.Context(), a.current().Key, id, false)
	if err != nil {
		a.Fatal(err)
	}
	return s
}

// age makes it so long ago that somebody proved who they are.
func (a *arena) age(g *guest, by time.Duration) {
	a.Helper()
	s := *a.session(g)
	s.AuthTime = time.Now().Add(-by)
	if err := a.server.Store().RenewSession(a.Context(), a.current().Key, s); err != nil {
		a.Fatal(err)
	}
}

// endPart takes from a client its part in the session of a browser, which goes on.
func (a *arena) endPart(g *guest, client string) {
	a.Helper()
	if err := a.server.Store().DropGrant(a.Context(), a.current().Key, a.session(g).ID, a.current().Client(client).Key, false, time.Now()); err != nil {
		a.Fatal(err)
	}
}

// TestChosenLanguageStays: a language that was chosen on the sign-in page is that of the next pages too, also where the
// application asked for another.
func TestChosenLanguageStays(t *testing.T) { inHomes(t, chosenLanguageStays) }

func chosenLanguageStays(t *testing.T, a *arena) {
	g := &guest{T: t, base: a.base, cookies: map[string]string{}}
	p := g.open("/realms/homes/protocol/openid-connect/auth?client_id=account&response_type=none&scope=openid&ui_locales=de&redirect_uri=" + url.QueryEscape(a.base+homesAccount))
	g.shows(p, 200, `<html lang="de">`, "Bei Ihrem Konto anmelden")
	choose := regexp.MustCompile(`href="([^"]+)" lang="en" hreflang`)
	p = g.shows(g.send(http.MethodGet, first(g, p, choose), nil), 200, `<html lang="en">`, `name="password"`)
	p = g.shows(g.send(http.MethodPost, first(g, p, formAction), url.Values{"username": {"ann"}, "password": {"wrong"}}), 200, `<html lang="en">`, "Invalid username or password.")
	g.shows(g.send(http.MethodPost, first(g, p, formAction), url.Values{"username": {"ann"}, "password": {"ann"}}), 200, `<html lang="en">`, "Personal info")
}

// TestAccountFormsProveTheirPage: a form that another site could have made, or another session had, changes nothing.
func TestAccountFormsProveTheirPage(t *testing.T) { inHomes(t, accountFormsProveTheirPage) }

func accountFormsProveTheirPage(t *testing.T, a *arena) {
	ann, bob := enters(t, a, "ann"), enters(t, a, "bob")
	again := enters(t, a, "ann")
	seal := func(g *guest) string { return first(g, g.open(homesAccount), sealOf) }
	change := func(seal string) url.Values {
		return url.Values{"stateChecker": {seal}, "email": {"ann@homes.test"}, "firstName": {"Changed"}, "lastName": {"Able"}}
	}
	for name, bad := range map[string]string{"none": "", "nonsense": "x.y.z", "another user's": seal(bob), "another session's": seal(again),
		"the session's cookie": ann.cookies["KEYCLOAK_IDENTITY"]} {
		ann.shows(ann.send(http.MethodPost, a.base+homesAccount, change(bad)), 403, "The page was too old.")
		if got := a.user("ann").FirstName; got != "Ann" {
			t.Errorf("%s: the first name is %s", name, got)
		}
	}
	ann.shows(ann.send(http.MethodPost, a.base+homesAccount+"?stateChecker="+url.QueryEscape(seal(ann)), change("")), 403)
	ann.shows(ann.send(http.MethodPost, a.base+homesAccount, change(seal(ann))), 200, "Your account has been updated.")

	nobody := &guest{T: t, base: a.base, cookies: map[string]string{}}
	nobody.shows(nobody.send(http.MethodPost, a.base+homesAccount, change(seal(ann))), 200, `data-page-id="account"`)
}

// TestAccountPagesOfOthers: sessions and credentials of somebody else are not there.
func TestAccountPagesOfOthers(t *testing.T) { inHomes(t, accountPagesOfOthers) }

func accountPagesOfOthers(t *testing.T, a *arena) {
	ann, second := enters(t, a, "ann"), enters(t, a, "ann")
	bob := enters(t, a, "bob")
	ends := regexp.MustCompile(`name="session" value="([^"]+)"`)
	hers := first(ann, ann.open(homesAccount+"/account-security/device-activity"), ends)

	bob.submit(homesAccount+"/account-security/device-activity", url.Values{"session": {hers}})
	second.shows(second.open(homesAccount), 200, `data-page-id="account-profile"`)
	ann.shows(ann.submit(homesAccount+"/account-security/device-activity", url.Values{"session": {hers}}), 200, "Signed out.")
	second.shows(second.open(homesAccount), 200, `data-page-id="account"`)

	third := enters(t, a, "ann")
	ann.shows(ann.submit(homesAccount+"/account-security/device-activity", url.Values{"others": {"true"}}), 200, "Signed out.")
	third.shows(third.open(homesAccount), 200, `data-page-id="account"`)
	bob.shows(bob.open(homesAccount), 200, `data-page-id="account-profile"`)
}

// TestAccountCredentials: what one signs in by is given up soon after one proved who one is, and only one's own.
func TestAccountCredentials(t *testing.T) { inHomes(t, accountCredentials) }

func accountCredentials(t *testing.T, a *arena) {
	ann := enters(t, a, "ann")
	a.givePhone("ann")
	a.givePhone("bob")
	signIn := homesAccount + "/account-security/signing-in"
	ann.shows(ann.open(signIn), 200, "Phone", signIn+"/ann-phone")
	ann.shows(ann.open(signIn+"/bob-phone"), 404, "It is not there any more.")
	seal := first(ann, ann.open(homesAccount), sealOf)
	ann.shows(ann.send(http.MethodPost, a.base+signIn+"/bob-phone", url.Values{"stateChecker": {seal}}), 400, "It is not there any more.")
	password := a.credentials("ann")[0]
	ann.shows(ann.send(http.MethodPost, a.base+signIn+"/"+password.ID, url.Values{"stateChecker": {seal}}), 400, "cannot be removed")

	a.age(ann, 6*time.Minute)
	for _, p := range []seen{ann.open(signIn + "/ann-phone"), ann.send(http.MethodPost, a.base+signIn+"/ann-phone", url.Values{"stateChecker": {seal}})} {
		ann.shows(p, 200, `data-page-id="login-login"`, "Please re-authenticate to continue")
	}
	if got := len(a.credentials("ann")); got != 2 {
		t.Fatalf("ann has %d credentials", got)
	}
	a.age(ann, time.Minute)
	ann.shows(ann.open(signIn+"/ann-phone"), 200, `data-page-id="account-confirm"`, "Remove Phone")
	ann.shows(ann.send(http.MethodPost, a.base+signIn+"/ann-phone", url.Values{"stateChecker": {seal}}), 200, "It was removed.")
	if got := a.credentials("ann"); len(got) != 1 || got[0].Kind != user.KindPassword {
		t.Errorf("ann has %d credentials", len(got))
	}
}

// TestAccountRoles: pages and forms ask for the roles that the account API asks for.
func TestAccountRoles(t *testing.T) { inHomes(t, accountRoles) }

func accountRoles(t *testing.T, a *arena) {
	ann := enters(t, a, "ann")
	seal := first(ann, ann.open(homesAccount), sealOf)
	role := func(names ...string) {
		a.changeUser("ann", func(u *user.User) {
			u.Roles = nil
			for _, name := range names {
				u.Roles = append(u.Roles, a.current().Role(realm.RoleRef{Client: "account", Name: name}).Key)
			}
		})
	}
	status := func(path string) int { return ann.open(homesAccount + path).status }
	role()
	for _, path := range []string{"", "/account-security/signing-in", "/account-security/device-activity", "/account-security/linked-accounts", "/applications", "/groups"} {
		if got := status(path); got != 403 {
			t.Errorf("%q without roles: %d", path, got)
		}
	}
	role("view-profile")
	for path, want := range map[string]int{"": 200, "/account-security/signing-in": 200, "/account-security/device-activity": 200, "/applications": 403, "/groups": 403,
		"/account-security/signing-in/ann-phone": 403, "/account-security/linked-accounts/village": 403} {
		if got := status(path); got != want {
			t.Errorf("%q with view-profile: %d, want %d", path, got, want)
		}
	}
	for path, form := range map[string]url.Values{"": {"firstName": {"Changed"}}, "/account-security/device-activity": {"others": {"true"}}, "/applications": {"client": {"garden"}},
		"/account-security/linked-accounts/village": {}} {
		form.Set("stateChecker", seal)
		if p := ann.send(http.MethodPost, a.base+homesAccount+path, form); p.status != 403 {
			t.Errorf("form %q with view-profile: %d", path, p.status)
		}
	}
	if page := ann.open(homesAccount); strings.Contains(page.body, `type="submit"`) || strings.Contains(page.body, "delete_account") {
		t.Error("who may only look is offered to save or to delete")
	}
	role("view-applications")
	if got := status("/applications"); got != 200 {
		t.Errorf("applications with view-applications: %d", got)
	}
	role("view-groups")
	if got := status("/groups"); got != 200 {
		t.Errorf("groups with view-groups: %d", got)
	}
}

// TestAccountReferrer: the link back leads to the application's own addresses alone.
func TestAccountReferrer(t *testing.T) { inHomes(t, accountReferrer) }

func accountReferrer(t *testing.T, a *arena) {
	ann := enters(t, a, "ann")
	for query, want := range map[string]string{
		"referrer=garden": a.base + "/garden/",
		"referrer=garden&referrer_uri=" + url.QueryEscape(a.base+"/garden/bed"): a.base + "/garden/bed",
		"referrer=garden&referrer_uri=https://evil.example/":                    "",
		"referrer=garden&referrer_uri=javascript:alert(1)":                      "",
		"referrer=nobody&referrer_uri=" + url.QueryEscape(a.base+"/garden/"):    "",
		"referrer_uri=https://evil.example/":                                    "",
	} {
		p := ann.open(homesAccount + "?" + query)
		got := ""
		if m := linkTo("back").FindStringSubmatch(p.body); m != nil {
			got = html.UnescapeString(m[1])
		}
		if got != want || strings.Contains(p.body, `"https://evil.example`) {
			t.Errorf("%s leads back to %q, want %q", query, got, want)
		}
	}
}

// TestAccountIsAClient: being signed in elsewhere is not being signed in at the account; the authorization endpoint is
// asked, and where it refuses nobody is led around.
func TestAccountIsAClient(t *testing.T) { inHomes(t, accountIsAClient) }

func accountIsAClient(t *testing.T, a *arena) {
	ann := enters(t, a, "ann")
	a.endPart(ann, "account")
	ann.shows(ann.open(homesAccount+"/groups?session_state=x"), 200, `data-page-id="account-groups"`)
	if strings.Contains(ann.at, "session_state") {
		t.Errorf("the page is at %s", ann.at)
	}
	a.endPart(ann, "account")
	a.client("account", func(c *realm.Client) { c.StandardFlow = false })
	ann.shows(ann.open(homesAccount), 200, `data-page-id="account"`, "You could not be signed in to your account.")
	a.client("account", func(c *realm.Client) { c.StandardFlow, c.Enabled = true, false })
	if p := ann.open(homesAccount); p.status != 404 {
		t.Errorf("%d while the client is off", p.status)
	}
}

// TestAccountGivesUp: what applications may, and who one is elsewhere, is taken back by its owner alone; a link soon
// after they proved who they are.
func TestAccountGivesUp(t *testing.T) { inHomes(t, accountGivesUp) }

func accountGivesUp(t *testing.T, a *arena) {
	garden := a.current().Client("garden").Key
	for _, name := range []string{"ann", "bob"} {
		a.changeUser(name, func(u *user.User) {
			u.Consents = []user.Consent{{Client: garden, Scopes: []string{garden}, Created: time.Now(), Updated: time.Now()}}
		})
	}
	ann := enters(t, a, "ann")
	ann.shows(ann.open(homesAccount+"/applications"), 200, "Garden", "Remove access")
	ann.shows(ann.submit(homesAccount+"/applications", url.Values{"client": {"nobody"}}), 404, "Client not found.")
	ann.shows(ann.submit(homesAccount+"/applications", url.Values{"client": {"garden"}}), 200, "The application has no access any more.")
	if hers, his := a.user("ann").ConsentTo(garden), a.user("bob").ConsentTo(garden); hers != nil || his == nil {
		t.Errorf("ann allowed %v, bob %v", hers, his)
	}

	village := homesAccount + "/account-security/linked-accounts/village"
	seal := url.Values{"stateChecker": {first(ann, ann.open(homesAccount), sealOf)}}
	a.age(ann, time.Hour)
	ann.shows(ann.send(http.MethodPost, a.base+village, seal), 200, `data-page-id="login-login"`)
	if len(a.user("ann").Links) != 1 {
		t.Error("a link was forgotten long after ann proved who she is")
	}
	a.age(ann, time.Minute)
	ann.shows(ann.open(village), 200, `data-page-id="account-confirm"`, "Unlink The Village")
	ann.shows(ann.send(http.MethodPost, a.base+village, url.Values{}), 403)
	ann.shows(ann.send(http.MethodPost, a.base+village, seal), 200, "It is not linked any more.")
	if len(a.user("ann").Links) != 0 {
		t.Error("the link is still there")
	}
}
