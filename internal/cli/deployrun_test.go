package cli

import (
	"encoding/base64"
	"io"
	"maps"
	"net/http"
	"net/url"
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/tokenhouse/tokenhouse/internal/store/storetest"
)

// masterKey is one for tests.
var masterKey = base64.StdEncoding.EncodeToString(make([]byte, 32))

// deployment is a server that runs as a file of deploy says.
type deployment struct{ http, management string }

// deployed starts one. Where the database is, and where it listens, is all that is changed of what the file says: where is the
// database's host and port there, and made what it was told.
func deployed(t *testing.T, args []string, environ map[string]string, where string, made map[string]string) deployment {
	t.Helper()
	for name := range environ {
		if fallback(name) == unknown {
			t.Errorf("%s is no option", name)
		}
	}
	asked, err := url.Parse(environ["TOKENHOUSE_DB_URL"])
	if err != nil {
		t.Fatal(err)
	}
	host, port, _ := strings.Cut(where, ":")
	if asked.Host != host || port != fallback("db-url-port") || asked.Path != "/"+made["POSTGRES_DB"] {
		t.Errorf("the database is %s of %s, and looked for at %s", made["POSTGRES_DB"], where, asked)
	}
	if environ["TOKENHOUSE_DB_USERNAME"] != made["POSTGRES_USER"] {
		t.Errorf("the database is of %s, and %s asks", made["POSTGRES_USER"], environ["TOKENHOUSE_DB_USERNAME"])
	}
	real, err := url.Parse(storetest.Postgres(t))
	if err != nil {
		t.Fatal(err)
	}
	real.User = nil // by the variables
	ports := freePorts(t, 2)
	environ = maps.Clone(environ)
	maps.Copy(environ, map[string]string{"TOKENHOUSE_DB_URL": real.String(), "TOKENHOUSE_HTTP_HOST": "127.0.0.1", "TOKENHOUSE_HTTP_PORT": ports[0],
		"TOKENHOUSE_HTTP_MANAGEMENT_HOST": "127.0.0.1", "TOKENHOUSE_HTTP_MANAGEMENT_PORT": ports[1]})
	var all []string
	for name, value := range environ {
		all = append(all, name+"="+value)
	}
	lines := started(t, all, args...)
	for !strings.Contains(lines.Text(), "listening") && lines.Scan() {
		t.Log(lines.Text())
	}
	go drain(lines)
	return deployment{"http://127.0.0.1:" + ports[0], "http://127.0.0.1:" + ports[1]}
}

// answers wants 200, and a text in the answer. Doors open one after the other, so the first answer may take a moment.
func answers(t *testing.T, address, text string) string {
	t.Helper()
	for deadline := time.Now().Add(30 * time.Second); ; time.Sleep(20 * time.Millisecond) {
		resp, err := http.Get(address)
		if err != nil {
			if time.Now().After(deadline) {
				t.Fatal(err)
			}
			continue
		}
		defer resp.Body.Close()
		body, err := io.ReadAll(resp.Body)
		if err != nil || resp.StatusCode != http.StatusOK || !strings.Contains(string(body), text) {
			t.Errorf("%s: %s %s %v", address, resp.Status, body, err)
		}
		return string(body)
	}
}

// alerts looks for the figures and labels of the rules of deploy/prometheus, and for the rules in docs/monitoring.md.
func (d deployment) alerts(t *testing.T) {
	t.Helper()
	resp, err := http.PostForm(d.http+"/realms/master/protocol/openid-connect/token", url.Values{"grant_type": {"client_credentials"}, "client_id": {"nobody"}})
	if err != nil {
		t.Fatal(err) // it is refused, and counted
	}
	_ = resp.Body.Close() // nothing was read
	figures := answers(t, d.management+"/metrics", "keycloak_user_events_total") + "up{} 1\n"
	page, err := os.ReadFile("../../docs/monitoring.md")
	if err != nil {
		t.Fatal(err)
	}
	selectors, labels := regexp.MustCompile(`([a-z_]+)\{([^}]*)\}`), regexp.MustCompile(`([a-z]+)[=!]~?"`)
	grouped := regexp.MustCompile(`by \(([^)]*)\)`)
	for _, rule := range decoded[ruleFile](t, "prometheus/tokenhouse.rules.yaml")[0].Groups[0].Rules {
		if !strings.Contains(string(page), "| `"+rule.Alert+"` |") {
			t.Errorf("docs/monitoring.md has no %s", rule.Alert)
		}
		known := []string{"job", "instance"} // Prometheus' own
		found := selectors.FindAllStringSubmatch(rule.Expr, -1)
		if len(found) == 0 {
			t.Errorf("%s asks for nothing", rule.Alert)
		}
		var wanted []string
		for _, m := range found {
			line := regexp.MustCompile(`(?m)^` + m[1] + `(\{.*\})? `).FindString(figures)
			if line == "" {
				t.Errorf("%s: there is no %s", rule.Alert, m[1])
			}
			known = append(known, labelsOf(labels, line)...)
			wanted = append(wanted, labelsOf(labels, m[0])...)
		}
		for _, m := range grouped.FindAllStringSubmatch(rule.Expr, -1) {
			wanted = append(wanted, strings.Split(m[1], ", ")...)
		}
		for _, label := range wanted {
			if !slices.Contains(known, label) {
				t.Errorf("%s: there is no label %s", rule.Alert, label)
			}
		}
	}
}

func labelsOf(labels *regexp.Regexp, text string) (names []string) {
	for _, m := range labels.FindAllStringSubmatch(text, -1) {
		names = append(names, m[1])
	}
	return names
}
