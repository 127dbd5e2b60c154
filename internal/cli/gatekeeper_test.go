package cli

import (
	"encoding/json"
	"fmt"
	"html"
	"io"
	"log/slog"
	"maps"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/chromedp/chromedp"

	"github.com/tokenhouse/tokenhouse/internal/browsertest"
	"github.com/tokenhouse/tokenhouse/internal/core/explain"
	"github.com/tokenhouse/tokenhouse/internal/proxy"
	"github.com/tokenhouse/tokenhouse/internal/proxy/setup"
)

// gatekept is a realm of a server, and a service behind a gatekeeper that takes tokens for my-app. No mapper of the realm names it.
type gatekept struct {
	*bench
	url    string // of the gatekeeper
	heard  chan http.Header
	issuer string
}

const gatekeptRealm = `{"realm": "shop", "enabled": true, "sslRequired": "none",
	"clients": [
		{"clientId": "my-app", "secret": "app-secret", "redirectUris": [%q], "directAccessGrantsEnabled": true,
		 "attributes": {"standard.token.exchange.enabled": "true"}},
		{"clientId": "explainer", "secret": "explain-secret", "serviceAccountsEnabled": true, "standardFlowEnabled": false},
		{"clientId": "orders", "bearerOnly": true}],
	"roles": {"client": {"orders": [{"name": "reader"}]}},
	"users": [
		{"username": "alice", "enabled": true, "email": "alice@shop.example", "firstName": "Alice", "lastName": "Adams",
		 "credentials": [{"type": "password", "value": "alice-password"}], "clientRoles": {"orders": ["reader"]}},
		{"username": "service-account-explainer", "enabled": true, "serviceAccountClientId": "explainer",
		 "clientRoles": {"realm-management": ["view-clients", "view-users"]}}]}`

// gatekeep starts both, with options of the gatekeeper's.
func (o *bench) gatekeep(own map[string][]string) *gatekept {
	o.Helper()
	k := &gatekept{bench: o, heard: make(chan http.Header, 10), issuer: o.base + "/realms/shop"}
	service := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path == "/favicon.ico" {
			return
		}
		k.heard <- r.Header
		_, _ = io.WriteString(w, "<h1 id=hello>Hello "+html.EscapeString(r.Header.Get("X-Auth-Username"))+"</h1>")
	}))
	o.Cleanup(service.Close)
	front := httptest.NewUnstartedServer(nil)
	k.url = "http://" + front.Listener.Addr().String()
	file := filepath.Join(o.home, "gatekept.json")
	if err := os.WriteFile(file, fmt.Appendf(nil, gatekeptRealm, k.url+"/*"), 0o600); err != nil {
		o.Fatal(err)
	}
	if strings.Contains(string(o.admin("get", "realms", "--fields", "realm")), `"shop"`) {
		o.admin("delete", "realms/shop")
	}
	o.admin("create", "realms", "-f", file)
	options := map[string][]string{"discovery-url": {k.issuer}, "client-id": {"my-app"}, "client-secret": {"app-secret"}, "redirection-url": {k.url}, "secure-cookie": {"false"},
		"upstream-url": {service.URL}, "encryption-key": {strings.Repeat("k", 32)}}
	maps.Copy(options, own)
	s, err := setup.Read(options, nil, "")
	if err != nil {
		o.Fatal(err)
	}
	s.Log = slog.New(slog.DiscardHandler)
	g, err := proxy.New(o.Context(), s.Config)
	if err != nil {
		o.Fatal(err)
	}
	front.Config.Handler = g
	front.Start()
	o.Cleanup(front.Close)
	return k
}

// shell runs a command as it is printed, by a shell that finds tokenhouse.
func (k *gatekept) shell(command string) {
	k.Helper()
	c := exec.CommandContext(k.Context(), "sh", "-ec", command)
	c.Env = append(os.Environ(), "HOME="+k.home)
	if out, err := c.CombinedOutput(); err != nil {
		k.Fatalf("%s\n%v\n%s", command, err, out)
	}
}

// token is one of alice's, by her password.
func (k *gatekept) token() string {
	k.Helper()
	resp, err := http.PostForm(k.issuer+"/protocol/openid-connect/token", url.Values{"grant_type": {"password"}, "client_id": {"my-app"}, "client_secret": {"app-secret"},
		"username": {"alice"}, "password": {"alice-password"}, "scope": {"openid"}})
	if err != nil {
		k.Fatal(err)
	}
	defer resp.Body.Close()
	var answer struct {
		Access string `json:"access_token"`
	}
	if err := json.NewDecoder(resp.Body).Decode(&answer); err != nil || answer.Access == "" {
		k.Fatalf("%d %v", resp.StatusCode, err)
	}
	return answer.Access
}

// call sends a token to the gatekeeper, and gives status and body of the answer.
func (k *gatekept) call(path, token string) (int, string) {
	k.Helper()
	r, err := http.NewRequestWithContext(k.Context(), http.MethodGet, k.url+path, nil)
	if err != nil {
		k.Fatal(err)
	}
	r.Header.Set("Authorization", "Bearer "+token)
	resp, err := http.DefaultClient.Do(r)
	if err != nil {
		k.Fatal(err)
	}
	defer resp.Body.Close()
	body, err := io.ReadAll(resp.Body)
	if err != nil {
		k.Fatal(err)
	}
	return resp.StatusCode, string(body)
}

// fixes are what the gatekeeper says would mend a token of alice's.
func (k *gatekept) fixes() []explain.Fix {
	k.Helper()
	status, body := k.call("/", k.token())
	var answer struct {
		Expected string
		Fixes    []explain.Fix
	}
	if err := json.Unmarshal([]byte(body), &answer); err != nil || status != 401 || answer.Expected != "my-app" || len(answer.Fixes) == 0 {
		k.Fatalf("%d %s", status, body)
	}
	return answer.Fixes
}

// TestGatekeeperOptionsAreDocumented keeps the tables of docs/gatekeeper.md in step with the options.
func TestGatekeeperOptionsAreDocumented(t *testing.T) {
	const page = "../../docs/gatekeeper.md"
	text, err := os.ReadFile(page)
	if err != nil {
		t.Fatal(err)
	}
	var there, refused strings.Builder
	there.WriteString("| option | default | what it is |\n|---|---|---|\n")
	for _, o := range setup.All() {
		name, value := "`"+o.Name+"`", o.Absent
		if o.Default != "" {
			value = "`" + o.Default + "`"
		}
		if o.Ours {
			name += " *ours*"
		}
		fmt.Fprintf(&there, "| %s | %s | %s |\n", name, value, strings.ReplaceAll(o.Help, "|", "\\|"))
	}
	refused.WriteString("| option | why |\n|---|---|\n")
	for _, o := range setup.Refused() {
		fmt.Fprintf(&refused, "| `%s` | %s |\n", o.Name, o.Help)
	}
	for _, o := range setup.Fixed() {
		fmt.Fprintf(&refused, "| `%s=false` | %s |\n", o.Name, o.Help)
	}
	after := string(text)
	for name, table := range map[string]string{"options": there.String(), "refused": refused.String()} {
		begin, end := "<!-- "+name+": begin -->\n", "<!-- "+name+": end -->\n"
		before, rest, found := strings.Cut(after, begin)
		_, behind, ended := strings.Cut(rest, end)
		if !found || !ended {
			t.Fatalf("%s has no place for %s", page, name)
		}
		after = before + begin + table + end + behind
	}
	if after == string(text) {
		return
	}
	if !*update {
		t.Fatalf("%s is behind; go test ./internal/cli -run %s -update writes it", page, t.Name())
	}
	if err := os.WriteFile(page, []byte(after), 0o644); err != nil {
		t.Fatal(err)
	}
}

// TestGatekeeperFixesFix: each command that a gatekeeper gives for a token that is not for it makes the next token be for it: those
// that it knows for any Keycloak, and those that a Tokenhouse explains.
func TestGatekeeperFixesFix(t *testing.T) {
	o := newBench(t)
	explains := map[string][]string{"explain-client-id": {"explainer"}, "explain-client-secret": {"explain-secret"}, "show-explanations": {"true"}}
	for name, own := range map[string]map[string][]string{"known": nil, "explained": explains} {
		for i, more := 0, true; more; i++ {
			more = false
			t.Run(fmt.Sprint(name, " ", i), func(t *testing.T) {
				k := (&bench{T: t, base: o.base, home: o.home}).gatekeep(own)
				fixes := k.fixes()
				if strings.Contains(fixes[0].Command, "id=$(") != (name == "known") {
					t.Errorf("fixes %+v", fixes)
				}
				more = i+1 < len(fixes)
				fix := fixes[i]
				if fix.Command == "" || strings.Contains(fix.Sentence, "(scope=") {
					return // it is for the request to say
				}
				k.shell(fix.Command)
				if status, body := k.call("/", k.token()); status != 200 {
					t.Errorf("%s\n%s\nand still %d %s", fix.Sentence, fix.Command, status, body)
				}
			})
		}
	}
}

// TestGatekeeperExchanges: the service sees a token that is for it alone, in place of the caller's.
func TestGatekeeperExchanges(t *testing.T) {
	k := newBench(t).gatekeep(map[string][]string{"resources": {"uri=/orders*|exchange-to=orders|roles=orders:reader"}})
	k.shell(k.fixes()[0].Command)
	if status, body := k.call("/orders", k.token()); status != 200 {
		t.Fatalf("%d %s", status, body)
	}
	if got := <-k.heard; got.Get("X-Auth-Audience") != "orders" || got.Get("X-Auth-Roles") != "orders:reader" || got.Get("X-Auth-Username") != "alice" {
		t.Errorf("the service sees %v", got)
	}
}

// TestGatekeeperExchangeFixesFix: each command that a gatekeeper gives for an exchange that is refused makes that refusal vanish, until the
// last one lets the request through.
func TestGatekeeperExchangeFixesFix(t *testing.T) {
	k := newBench(t).gatekeep(map[string][]string{"resources": {"uri=/robots*|exchange-to=explainer"}, "show-explanations": {"true"}})
	k.shell(k.fixes()[0].Command)
	k.shell(`id=$(tokenhouse admin get clients -r shop -q clientId=my-app --fields id --format csv --noquotes)
		tokenhouse admin update clients/$id -r shop -s 'attributes."standard.token.exchange.enabled"=false'`)
	for _, want := range []string{"let client my-app exchange tokens", "name explainer in tokens of my-app"} {
		status, body := k.call("/robots", k.token())
		var answer struct{ Fixes []explain.Fix }
		if err := json.Unmarshal([]byte(body), &answer); err != nil || status != 403 || len(answer.Fixes) != 1 || !strings.HasPrefix(answer.Fixes[0].Sentence, want) {
			t.Fatalf("%d %s; want %s", status, body, want)
		}
		k.shell(answer.Fixes[0].Command)
	}
	if status, body := k.call("/robots", k.token()); status != 200 {
		t.Fatalf("%d %s", status, body)
	}
	if got := <-k.heard; got.Get("X-Auth-Audience") != "explainer" {
		t.Errorf("the service sees %v", got)
	}
}

// TestGatekeeperExplains plays the document that this project began with, in a browser: somebody signs in, the gatekeeper refuses the token and
// says why, the command on its page is run, and the same person gets in.
func TestGatekeeperExplains(t *testing.T) {
	b := browsertest.Open(t)
	k := newBench(t).gatekeep(nil)
	text := func(expression string) string {
		t.Helper()
		return browsertest.Evaluate[string](b, expression)
	}
	b.Do(chromedp.EmulateViewport(900, 900), chromedp.Navigate(k.url+"/orders?page=2"), chromedp.WaitVisible("#kc-form-login"))
	b.SignIn("alice", "alice-password")
	b.Do(chromedp.WaitVisible("#expected"))
	if got := text(`document.querySelector("#expected").innerText`); got != "my-app" {
		t.Errorf("expected: %s", got)
	}
	if got := text(`document.querySelector("#aud").innerText.trim()`); got != "orders" {
		t.Errorf("aud: %q", got)
	}
	if text(`getComputedStyle(document.querySelector("main")).maxWidth`) == "none" {
		t.Error("the page has lost its style")
	}
	if *update {
		if err := os.WriteFile("../../docs/screens/gatekeeper-audience.png", b.Picture(), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	k.shell(text(`document.querySelector("pre").innerText`))
	b.Do(chromedp.Click("#again"), chromedp.WaitVisible("#hello"))
	if got := text(`document.querySelector("#hello").innerText + " at " + location.pathname + location.search`); got != "Hello alice at /orders?page=2" {
		t.Errorf("%s", got)
	}
}
