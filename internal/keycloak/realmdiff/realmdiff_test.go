package realmdiff

import (
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/tokenhouse/tokenhouse/internal/keycloak"
)

func TestCompare(t *testing.T) {
	const realm = `{"id":"1","realm":"shop","accessTokenLifespan":300,"attributes":{"a":"1","tokenhouse.export":"1"},
		"clients":[{"id":"2","clientId":"till","secret":"s","redirectUris":["a","b"],"attributes":{"id":"x"},
			"protocolMappers":[{"id":"3","name":"m","config":{"x":"1"}}]}],
		"roles":{"realm":[{"name":"clerk","containerId":"1"}],"client":{"till":[{"name":"read"}]}},
		"groups":[{"name":"sales","path":"/sales","subGroups":[{"name":"north","realmRoles":[]}]}],
		"components":{"org.keycloak.keys.KeyProvider":[{"name":"rsa","config":{"privateKey":["p"]}}]},
		"users":[{"username":"ann","email":"a@x","credentials":[{"secretData":"1"}],"createdTimestamp":1}]}`
	for _, c := range []struct {
		name, to string // to: what is replaced in the realm, "old=>new"
		want     []string
	}{
		{"nothing", `"id":"2"=>"id":"9"`, nil},
		{"order of sets, and what is empty", `["a","b"]=>["b","a"]`, nil},
		{"a setting", `300=>600`, []string{`realm shop changed accessTokenLifespan 300 600`}},
		{"a mapper's option", `{"x":"1"}=>{"x":"2"}`, []string{`client till changed protocolMappers[m].config.x "1" "2"`}},
		{"a mapper less", `{"id":"3","name":"m","config":{"x":"1"}}=>`, []string{
			`client till changed protocolMappers[m].config.x "1" -`, `client till changed protocolMappers[m].name "m" -`}},
		{"a secret is not shown", `"secret":"s"=>"secret":"t"`, []string{`client till changed secret "(hidden)" "(hidden)"`}},
		{"a mask says nothing", `"secret":"s"=>"secret":"**********"`, nil},
		{"a key is not shown", `["p"]=>["q"]`, []string{`component KeyProvider/rsa changed config.privateKey "(hidden)" "(hidden)"`}},
		{"passwords are not compared", `"secretData":"1"=>"secretData":"2"`, nil},
		{"an attribute that is called id", `{"id":"x"}=>{"id":"y"}`, []string{`client till changed attributes.id "x" "y"`}},
		{"a role of a client", `[{"name":"read"}]=>[]`, []string{"role till/read removed"}},
		{"a group below another", `"north"=>"south"`, []string{"group /sales/north removed", "group /sales/south added"}},
		{"a user", `"a@x"=>"b@x"`, []string{`user ann changed email "a@x" "b@x"`}},
		{"a member that one lacks", `"email":"a@x",=>`, []string{`user ann changed email "a@x" -`}},
	} {
		t.Run(c.name, func(t *testing.T) {
			before, after, _ := strings.Cut(c.to, "=>")
			changed := strings.Replace(realm, before, after, 1)
			if changed == realm {
				t.Fatal("nothing was replaced")
			}
			if diff := cmp.Diff(c.want, lines(Compare(object(t, realm), object(t, changed), Whole))); diff != "" {
				t.Error(diff)
			}
		})
	}
	without := object(t, realm)
	delete(without, "users")
	if got := Compare(object(t, realm), without, Partial); len(got) > 0 {
		t.Errorf("what a partial export leaves out counts: %v", got)
	}
	if got := lines(Compare(object(t, realm), without, Whole)); len(got) != 1 || got[0] != "user ann removed" {
		t.Errorf("of whole ones: %v", got)
	}
}

// TestRecordedRealmsEqualThemselves reads each recorded export: it differs in nothing from itself.
func TestRecordedRealmsEqualThemselves(t *testing.T) {
	files, err := filepath.Glob("../testdata/*/*.json")
	if err != nil || len(files) < 10 {
		t.Fatalf("%d recorded realms, %v", len(files), err)
	}
	for _, name := range files {
		text, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		var a, b keycloak.Object
		if json.Unmarshal(text, &a) != nil {
			continue // several realms in one file
		}
		if err := json.Unmarshal(text, &b); err != nil {
			t.Fatal(err)
		}
		if got := Compare(a, b, Whole); len(got) > 0 {
			t.Errorf("%s: %v", name, lines(got))
		}
	}
}

func lines(changes []Change) []string {
	var out []string
	for _, c := range changes {
		line := fmt.Sprintf("%s %s %s", c.Kind, c.Name, c.Action)
		if len(c.Members) == 0 {
			out = append(out, line)
		}
		for _, m := range c.Members {
			out = append(out, fmt.Sprintf("%s %s %s %s", line, m.Path, orDash(m.From), orDash(m.To)))
		}
	}
	return out
}

func orDash(v json.RawMessage) string {
	if v == nil {
		return "-"
	}
	return string(v)
}

func object(t *testing.T, text string) keycloak.Object {
	t.Helper()
	var o keycloak.Object
	if err := json.Unmarshal([]byte(text), &o); err != nil {
		t.Fatal(err)
	}
	return o
}
