package server_test

import (
	"bufio"
	"encoding/json"
	"net"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/chromedp/chromedp"
	"github.com/google/go-cmp/cmp"

	"github.com/tokenhouse/tokenhouse/brokerclient"
	"github.com/tokenhouse/tokenhouse/examples"
	"github.com/tokenhouse/tokenhouse/internal/browsertest"
)

// shopExample is the folder of the example, and its services in the order in which they are started.
const shopExample = "../../examples/shop"

var shopServices = []string{"billing", "orders", "gateway"}

// carol has no role of orders, and so no token with the scope that it takes.
const carol = `{"username": "carol", "enabled": true, "email": "carol@shop.example", "emailVerified": true, "firstName": "Carol", "lastName": "Cole",
	"credentials": [{"type": "password", "value": "carol-password"}]}`

// shop uses the page of examples/shop in a browser, by services in Go and by those for Node.
func shop(t *testing.T, dir string) {
	goServices := t.TempDir()
	for _, name := range shopServices {
		execute(t, shopExample, "go", "build", "-o", filepath.Join(goServices, name), "./"+name)
	}
	nodeServices := filepath.Join(dir, "node")
	execute(t, nodeServices, npm...)
	execute(t, filepath.Join(dir, "web"), npm...)
	for name, command := range map[string]func(service string) []string{
		"go":   func(service string) []string { return []string{filepath.Join(goServices, service)} },
		"node": func(service string) []string { return []string{"node", filepath.Join(nodeServices, service+".js")} },
	} {
		t.Run(name, func(t *testing.T) { visitShop(t, filepath.Join(dir, "web"), command) })
	}
}

// visitShop signs in at the page, and looks at what it shows and which tokens the services take.
func visitShop(t *testing.T, web string, command func(service string) []string) {
	site := httptest.NewUnstartedServer(nil)
	page := local("localhost", site.Listener.Addr().String())
	realm := strings.NewReplacer("http://localhost:3000", page, `"users": [`, `"users": [`+carol+",").Replace(string(examples.Shop))
	_, base := start(t, databases[0].open(t), map[string][]byte{"shop.json": []byte(realm)})
	base = local("localhost", base)

	at := map[string]string{}
	for _, name := range shopServices {
		at[name] = startService(t, command(name), "ISSUER="+base+"/realms/shop", "PAGE_ORIGIN="+page,
			"BILLING_URL="+at["billing"], "ORDERS_URL="+at["orders"])
	}
	site.Config.Handler = http.FileServer(http.Dir(fitted(t, web, "http://localhost:8080", base, "http://localhost:8081", at["gateway"])))
	site.Start()
	t.Cleanup(site.Close)

	b := browsertest.Open(t)
	b.Do(chromedp.Navigate(page), chromedp.WaitVisible("#sign-in"), chromedp.Click("#sign-in"), chromedp.WaitVisible("#kc-form-login"))
	b.SignIn("alice", "alice-password")
	b.Do(chromedp.WaitVisible("#ask"), chromedp.Click("#ask"), chromedp.WaitVisible("#trail"))
	if got := browsertest.Evaluate[string](b, "who.textContent + ': ' + orders.textContent"); got != "alice: Ordered: teapot. To pay: 42.00." {
		t.Errorf("the page says %q", got)
	}
	want := "gateway|gateway|storefront|\norders|orders|gateway|storefront\nbilling|billing|orders|storefront → gateway"
	got := browsertest.Evaluate[string](b, `[...trail.tBodies[0].rows].map((r) => [...r.cells].map((c) => c.textContent).join('|')).join('\n')`)
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("tokens that it took (-want +got):\n%s", diff)
	}
	refusesOthers(t, base, at)
	b.Do(chromedp.Click("#sign-out"), chromedp.WaitVisible("#sign-in"))
}

// refusesOthers sends alice's token, which is for the gateway, to each service, and more that no service takes.
func refusesOthers(t *testing.T, base string, at map[string]string) {
	t.Helper()
	held := atStorefront(t, base, "alice")
	wrong := `Bearer error="invalid_token", error_description="Invalid audience"`
	for _, c := range []struct {
		name, address, token, challenge string
		status                          int
	}{
		{"its own", at["gateway"] + "/orders", held.AccessToken, "", http.StatusOK},
		{"for the gateway", at["orders"] + "/orders", held.AccessToken, wrong + `, scope="orders-api"`, http.StatusUnauthorized},
		{"for the gateway", at["billing"] + "/due", held.AccessToken, wrong + `, scope="dues"`, http.StatusUnauthorized},
		{"with a scope less", at["billing"] + "/due", toBilling(t, base, held.AccessToken),
			`Bearer error="insufficient_scope", error_description="Insufficient scope", scope="dues"`, http.StatusForbidden},
		{"refresh token", at["gateway"] + "/orders", held.RefreshToken, `Bearer error="invalid_token"`, http.StatusUnauthorized},
		{"altered", at["gateway"] + "/orders", held.AccessToken + "A", `Bearer error="invalid_token"`, http.StatusUnauthorized},
		{"carol's", at["gateway"] + "/orders", atStorefront(t, base, "carol").AccessToken, "", http.StatusBadGateway},
		{"of who signed out", at["gateway"] + "/orders", signedOut(t, base).AccessToken,
			`Bearer error="invalid_token", error_description="The token ended before its time"`, http.StatusUnauthorized},
		{"none", at["gateway"] + "/orders", "", "Bearer", http.StatusUnauthorized},
	} {
		q, err := http.NewRequestWithContext(t.Context(), http.MethodGet, c.address, nil)
		if err != nil {
			t.Fatal(err)
		}
		if c.token != "" {
			q.Header.Set("Authorization", "Bearer "+c.token)
		}
		a, err := http.DefaultClient.Do(q)
		if err != nil {
			t.Fatal(err)
		}
		_ = a.Body.Close() // not read
		if got := a.Header.Get("WWW-Authenticate"); a.StatusCode != c.status || !strings.HasPrefix(got, c.challenge) {
			t.Errorf("%s at %s: %d %q, want %d %q", c.name, c.address, a.StatusCode, got, c.status, c.challenge)
		}
	}
}

// toBilling is a token for billing that the gateway exchanged, which has no scope to ask for there.
func toBilling(t *testing.T, base, subject string) string {
	t.Helper()
	c, err := brokerclient.New(base+"/realms/shop", brokerclient.SecretBasic("gateway", "gateway-secret"))
	if err != nil {
		t.Fatal(err)
	}
	token, err := c.Exchange(t.Context(), brokerclient.Request{SubjectToken: subject, Audience: []string{"billing"}})
	if err != nil {
		t.Fatal(err)
	}
	return token.Access
}

// atStorefront are somebody's tokens for the gateway.
func atStorefront(t *testing.T, base, user string) (held tokens) {
	t.Helper()
	a, err := http.PostForm(base+"/realms/shop/protocol/openid-connect/token", url.Values{"grant_type": {"password"},
		"client_id": {"storefront"}, "username": {user}, "password": {user + "-password"}})
	if err != nil {
		t.Fatal(err)
	}
	defer a.Body.Close()
	if err := json.NewDecoder(a.Body).Decode(&held); err != nil || held.AccessToken == "" || held.RefreshToken == "" {
		t.Fatalf("%s: %v", a.Status, err)
	}
	return held
}

// signedOut are tokens of alice, whose session ended after she got them.
func signedOut(t *testing.T, base string) tokens {
	t.Helper()
	held := atStorefront(t, base, "alice")
	a, err := http.PostForm(base+"/realms/shop/protocol/openid-connect/logout", url.Values{"client_id": {"storefront"}, "refresh_token": {held.RefreshToken}})
	if err != nil {
		t.Fatal(err)
	}
	if err := a.Body.Close(); err != nil || a.StatusCode != http.StatusNoContent {
		t.Fatalf("%s: %v", a.Status, err)
	}
	return held
}

// startService runs a service at a free port until the test ends, and gives its address.
func startService(t *testing.T, command []string, environ ...string) (address string) {
	t.Helper()
	free, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	listen := free.Addr().String()
	if err := free.Close(); err != nil {
		t.Fatal(err)
	}
	c := exec.CommandContext(t.Context(), command[0], command[1:]...)
	c.Env = append(append(os.Environ(), "LISTEN="+listen), environ...)
	said, pipe, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	c.Stdout, c.Stderr = pipe, pipe
	if err := c.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { // the context has ended, and it with it
		_ = c.Wait() // killed
		_ = said.Close()
	})
	if err := pipe.Close(); err != nil {
		t.Fatal(err)
	}
	if err := said.SetReadDeadline(time.Now().Add(browsertest.StepTime)); err != nil {
		t.Fatal(err)
	}
	lines := bufio.NewScanner(said)
	for lines.Scan() {
		if strings.Contains(lines.Text(), "listening") {
			go func() {
				_ = said.SetReadDeadline(time.Time{})
				for lines.Scan() {
				}
			}()
			return local("127.0.0.1", "http://"+listen)
		}
	}
	t.Fatalf("%s does not start: %s %v", command, lines.Text(), lines.Err())
	return ""
}
