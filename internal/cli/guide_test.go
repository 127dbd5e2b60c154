package cli

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/tokenhouse/tokenhouse/examples"
)

// guides are the pages whose commands are run as they are printed. Those of a row are followed one after the other in one
// folder, which is empty at first, and ask the server that one of them starts.
var guides = map[string][]string{
	"shop": {"first-server", "explain", "audience", "what-if", "graph", "token-exchange", "try-a-server", "theming", "resource-indicators",
		"sign-in-from-apps", "identity-providers", "run-in-production", "client-policies", "sign-in"},
	"issuers":      {"first-server", "external-issuers", "jwt-grant", "delegation", "workload-identity", "dpop"},
	"log":          {"first-server", "decision-log", "administrate"},
	"gatekeeper":   {"first-server", "gatekeeper"},
	"certificates": {"mtls"},
	"migrate":      {"migrate"},
	"import":       {"import-a-realm", "configuration"},
	"README":       {"README"},
	"backup":       {"first-server", "backup-and-restore"},
	"keys":         {"first-server", "key-rotation", "monitoring", "upgrade"},
	"shop example": {"examples/shop/README"},
	"cross-realm":  {"examples/cross-realm/README"},
	"agent":        {"examples/agent/README"},
	"workload":     {"examples/workload-identity/README"},
	"books":        {"examples/migrate/README"},
}

// supplied are the files that readers of a page bring along, under the names that the page calls them.
var supplied = map[string]map[string][]byte{
	"import-a-realm":    {"realm-export.json": examples.Shop},
	"workload-identity": {"jwks.json": []byte(clusterKeys)},
	"migrate":           {"shop.json": examples.Shop},
	"README": {"shop.json": examples.Shop, "my-realm.json": []byte(`{"realm": "my-realm", "enabled": true,
		"clients": [{"clientId": "my-app", "publicClient": true}, {"clientId": "my-service"}], "users": [{"username": "alice", "enabled": true}]}`)},
}

// clusterKeys are as a cluster prints them: the key is that of RFC 7517 §A.1.
const clusterKeys = `{"keys":[{"use":"sig","kty":"EC","kid":"cluster","crv":"P-256","alg":"ES256",` +
	`"x":"MKBCTNIcKUSDii11ySs3526iDZ8AiTo7Tu6KPAqv7D4","y":"4Etl6SRW2YiLUrN5vfvVHuhp7x8PxltmWWlbbM4IFyM"}]}`

// unplayed are the commands that no test can run: what they begin with, by page, and what they would need.
var unplayed = map[string]map[string]string{
	"administrate": {"java": "keycloak-config-cli"},
	"README": {
		"go run":     "does not end; testdata/script/demo.txtar has it tell its story",
		"./.ci/run":  "this test is part of it",
		"make build": "the binary is here",
	},
	"backup-and-restore": {
		"docker":             "Docker: followed by hand; the same commands of PostgreSQL are run without",
		"(umask 077; docker": "likewise",
	},
	"examples/migrate/README": {"kc.sh": "Keycloak"},
	"examples/shop/README": {
		"npm":    "packages of others; TestClients of internal/server installs them, and uses the page, by services in Go and for Node",
		"docker": "Docker: followed by hand; TestShopComposition looks at what is in the file",
	},
	"examples/workload-identity/README": {"kubectl": "a Kubernetes cluster; TestWorkloadManifests looks at what is applied"},
	"kubernetes": {
		"kubectl":          "a Kubernetes cluster; TestManifestsStartAServer starts a server with what they say",
		"tokenhouse admin": "the server of that cluster",
		"umask":            "what it keeps from others comes from that cluster",
	},
	"migrate":           {"kc.sh": "Keycloak"},
	"performance":       {"": "a machine that does nothing else"},
	"protect-a-service": {"go get": "a program of the reader's; the code of the page is that of bearer's examples, which TestSnippetsAreFromExamples compares"},
	"run-in-production": {
		"install":    "a machine with systemd: followed by hand; TestUnitStartsAServer starts a server as the unit does",
		"cd deploy/": "the project's folder; TestComposeFile starts a server with what is in the file",
		"docker":     "Docker: followed by hand; TestComposeFile starts a server with what is in the file",
	},
	"sign-in-from-apps": {"oauth2-proxy": "oauth2-proxy"},
	"try-a-server":      {"tokenhouse conformance --target server.json": "a server of another make; testdata/script/conformance.txtar describes ours"},
	"upgrade": {
		"(umask 077; docker": "Docker: followed by hand",
		"install":            "a machine with systemd: followed by hand",
		"kubectl":            "a Kubernetes cluster",
	},
	"workload-identity": {
		"kubectl":                  "a Kubernetes cluster; the page goes on without, with a key of one's own",
		"curl https://id.example/": "a pod of that cluster",
		"gh":                       "an account at GitHub",
		"jwt=$(spire-agent":        "a SPIRE agent",
	},
}

// TestGuides follows the guides: each command is run as it is printed, and prints what the page says.
func TestGuides(t *testing.T) {
	t.Parallel()
	for name, pages := range guides {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			r := newReader(t)
			if slices.Contains(pages, "sign-in") {
				r.mail()
			}
			for _, page := range pages {
				at := guidePath(page)
				r.enter(page)
				for name, text := range supplied[page] {
					r.bring(name, text)
				}
				text, err := os.ReadFile(at)
				if err != nil {
					t.Fatal(err)
				}
				if strings.Contains(string(text), pagePostgres) {
					r.database()
				}
				found := slices.DeleteFunc(steps(string(text)), func(s step) bool { return reasonUnplayed(page, s) != "" })
				after := r.follow(page+".md", string(text), found)
				if *update && after != string(text) {
					if err := os.WriteFile(at, []byte(after), 0o644); err != nil {
						t.Fatal(err)
					}
				}
			}
		})
	}
}

// guidePath is where a page is.
func guidePath(page string) string {
	if page == "README" || strings.HasPrefix(page, exampleFolders) {
		return "../../" + page + ".md"
	}
	return "../../docs/" + page + ".md"
}

// allGuides are the files that may have commands.
func allGuides(t *testing.T) []string {
	t.Helper()
	found := []string{"../../README.md"}
	for _, pattern := range []string{"../../docs/*.md", "../../" + exampleFolders + "*/*.md"} {
		pages, err := filepath.Glob(pattern)
		if err != nil {
			t.Fatal(err)
		}
		found = append(found, pages...)
	}
	return found
}

// reasonUnplayed is why a step is not run, empty where it is.
func reasonUnplayed(page string, s step) string {
	for begin, why := range unplayed[page] {
		if strings.HasPrefix(s.command, begin) {
			return why
		}
	}
	return ""
}

// TestEachGuideIsFollowed finds pages with commands that nobody runs, and rows of unplayed that stand for nothing.
func TestEachGuideIsFollowed(t *testing.T) {
	followed := map[string]bool{}
	for _, pages := range guides {
		for _, page := range pages {
			followed[page] = true
		}
	}
	for _, at := range allGuides(t) {
		page := strings.TrimSuffix(strings.TrimPrefix(strings.TrimPrefix(at, "../../"), "docs/"), ".md")
		text, err := os.ReadFile(at)
		if err != nil {
			t.Fatal(err)
		}
		found := steps(string(text))
		for _, s := range found {
			if !followed[page] && reasonUnplayed(page, s) == "" {
				t.Errorf("%s.md:%d: nobody runs this: put the page into guides, or the reason into unplayed", page, s.line)
			}
		}
		for begin := range unplayed[page] {
			if !slices.ContainsFunc(found, func(s step) bool { return strings.HasPrefix(s.command, begin) }) {
				t.Errorf("%s.md has no command %q", page, begin)
			}
		}
	}
}

func TestPrints(t *testing.T) {
	for name, tt := range map[string]struct {
		want, got string
		same      bool
	}{
		"the same":                  {"a\nb\n", "a\nb\n", true},
		"the last line's end":       {"a\n", "a", true},
		"another line":              {"a\n", "a\nb\n", false},
		"a line less":               {"a\nb\n", "a\n", false},
		"lines left out":            {"a\n…\nd\n", "a\nb\nc\nd\n", true},
		"no lines left out":         {"a\n…\nd\n", "a\nd\n", true},
		"text left out":             {"a … d\n", "a b c d\n", true},
		"text, not lines":           {"a … d\n", "a b\nc d\n", false},
		"a value":                   {`{"a":"…"}` + "\n", `{"a":"b"}`, true},
		"a value's end":             {`{"a":"b:…"}` + "\n", `{"a":"b:c"}`, true},
		"a value and a member":      {`{"a":"…"}` + "\n", `{"a":"b","c":"d"}`, false},
		"members":                   {`{…"c":"d"}` + "\n", `{"a":"b","c":"d"}`, true},
		"what means more to regexp": {"a.b (c)\n", "a-b (c)\n", false},
	} {
		t.Run(name, func(t *testing.T) {
			if got := prints(tt.got, tt.want); got != tt.same {
				t.Errorf("%q prints %q: %v", tt.got, tt.want, got)
			}
		})
	}
}
