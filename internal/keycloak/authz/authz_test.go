package authz_test

import (
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/tokenhouse/tokenhouse/internal/core/realm"
	"github.com/tokenhouse/tokenhouse/internal/keycloak"
	"github.com/tokenhouse/tokenhouse/internal/keycloak/authz"
)

// asNamed are names of a realm where everything is called by its id.
type asNamed struct{}

func (asNamed) Name(_ authz.Referred, word string) string { return word }
func (asNamed) ID(_ authz.Referred, word string) string   { return word }
func (asNamed) Has(authz.Referred, string) bool           { return true }

// TestFiles reads the resource servers of all realm files there are, keeps them, and imports what it
// exports: it stays what it was, and is what Keycloak takes.
func TestFiles(t *testing.T) {
	files, err := filepath.Glob("../testdata/wild/*.json")
	if err != nil {
		t.Fatal(err)
	}
	servers := 0
	for _, file := range files {
		data, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		var r struct {
			Clients []keycloak.Object `json:"clients"`
		}
		if json.Unmarshal(data, &r) != nil { // a list of realms, none of which has a resource server
			continue
		}
		for _, c := range r.Clients {
			if c.Has("authorizationSettings") {
				servers++
				t.Run(filepath.Base(file)+"/"+c.Text("clientId"), func(t *testing.T) { settles(t, realm.Extra(c)) })
			}
		}
	}
	if servers < 4 {
		t.Errorf("%d resource servers, there should be more", servers)
	}
}

func settles(t *testing.T, kept realm.Extra) {
	client := &realm.Client{Key: "key", ID: "api"}
	s := authz.Read(client, kept)
	s.Keep(kept)
	if _, err := keycloak.Check("ResourceServer", kept["authorizationSettings"]); err != nil {
		t.Errorf("not as Keycloak exports it: %v", err)
	}
	if diff := cmp.Diff(s, authz.Read(client, kept)); diff != "" {
		t.Error("keeping changes something: " + diff)
	}
	n := 0
	newID := func() string { n++; return fmt.Sprint("made-", n) }
	body := keycloak.Value[keycloak.Object](keycloak.Object(kept), "authorizationSettings")
	if err := s.Import(body, asNamed{}, newID); err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(authz.Read(client, kept), s); diff != "" {
		t.Error("importing an export changes something: " + diff)
	}
}
