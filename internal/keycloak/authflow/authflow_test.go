package authflow_test

import (
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"github.com/tokenhouse/tokenhouse/internal/core/fault"
	"github.com/tokenhouse/tokenhouse/internal/core/realm"
	"github.com/tokenhouse/tokenhouse/internal/keycloak"
	"github.com/tokenhouse/tokenhouse/internal/keycloak/authflow"
)

// built is what a new realm keeps.
func built(t interface{ Fatal(...any) }) realm.Extra {
	data, err := os.ReadFile("../realmfile/defaults/realm.json")
	if err != nil {
		t.Fatal(err)
	}
	var kept realm.Extra
	if err := json.Unmarshal(data, &kept); err != nil {
		t.Fatal(err)
	}
	return kept
}

// counter makes ids.
func counter() func() string {
	n := 0
	return func() string { n++; return fmt.Sprintf("made-%d", n) }
}

// TestIdsStay gives what a file brought without id the same id each time, also when it was stored.
func TestIdsStay(t *testing.T) {
	kept := built(t)
	first := authflow.Read("realm", kept)
	if diff := cmp.Diff(first.Flows, authflow.Read("realm", kept).Flows); diff != "" {
		t.Errorf("another id when asked again: %s", diff)
	}
	if first.Flows[0].ID == authflow.Read("other", kept).Flows[0].ID {
		t.Error("flows of two realms have one id")
	}
	first.Keep(kept)
	if diff := cmp.Diff(first.Flows, authflow.Read("realm", kept).Flows); diff != "" {
		t.Errorf("another id when stored: %s", diff)
	}
}

// TestRename lets all that names a flow follow it.
func TestRename(t *testing.T) {
	kept := built(t)
	s := authflow.Read("realm", kept)
	if err := s.Update(s.FlowOf("browser").ID, "front door", ""); err != nil {
		t.Fatal(err)
	}
	if err := s.Update(s.FlowOf("forms").ID, "pages", "d"); err != nil {
		t.Fatal(err)
	}
	s.Keep(kept)
	if bound := keycloak.Object(kept).Text("browserFlow"); bound != "front door" {
		t.Errorf("the realm signs in by %q", bound)
	}
	lines := s.Lines(s.FlowOf("front door"))
	if !slices.ContainsFunc(lines, func(l authflow.Line) bool { return l.Name == "pages" && l.Description == "d" && l.FlowID != "" }) {
		t.Errorf("the renamed flow is not part of its parent: %+v", lines)
	}
}

// TestDelete removes what only the deleted flow has, and nothing that others have.
func TestDelete(t *testing.T) {
	s := authflow.Read("realm", built(t))
	newID := counter()
	flows, configs := len(s.Flows), len(s.Configs)
	id, err := s.Copy("browser", "mine", newID)
	if err != nil {
		t.Fatal(err)
	}
	if len(s.Flows) == flows+1 || len(s.Configs) == configs {
		t.Errorf("the copy shares flows or settings: %d, %d", len(s.Flows), len(s.Configs))
	}
	if err := s.Delete(id); err != nil {
		t.Fatal(err)
	}
	if len(s.Flows) != flows || len(s.Configs) != configs {
		t.Errorf("%d flows and %d settings are left, want %d and %d", len(s.Flows), len(s.Configs), flows, configs)
	}
}

// TestRefusals says why something cannot be, in Keycloak's words where it has any.
func TestRefusals(t *testing.T) {
	s := authflow.Read("realm", built(t))
	newID := counter()
	own, err := s.Add(authflow.Flow{Alias: "own", TopLevel: true}, newID)
	if err != nil {
		t.Fatal(err)
	}
	builtin := s.FlowOf("browser").Executions[0].ID
	put := func(v authflow.View) error { _, err := s.Put(v, nil, newID); return err }
	add := func(flow, provider string) error { _, err := s.AddExecution(flow, provider, nil, newID); return err }
	sub := func(flow string, f authflow.SubFlow) error { _, err := s.AddFlow(flow, f, newID); return err }
	for name, c := range map[string]struct {
		err  error
		want string
	}{
		"no alias":             {s.Update(own, "", ""), "Failed to update flow with empty alias name"},
		"reserved":             {s.Update(own, "a/b", ""), "Character '/' not allowed."},
		"taken":                {s.Update(own, "browser", ""), "Flow alias name already exists"},
		"built-in, deleted":    {s.Delete(s.FlowOf("browser").ID), "Can't delete built in flow"},
		"built-in, less":       {s.DeleteExecution(builtin), "It is illegal to remove execution from a built in flow"},
		"built-in, raised":     {s.Raise(builtin), "It is illegal to modify execution in a built in flow"},
		"built-in, more":       {add("browser", "auth-cookie"), "It is illegal to add execution to a built in flow"},
		"no parent":            {add("none", "auth-cookie"), "Parent flow doesn't exist"},
		"put, no parent":       {put(authflow.View{Authenticator: "auth-cookie"}), "parent flow not set on new execution"},
		"put, parent unknown":  {put(authflow.View{Parent: "none", Authenticator: "auth-cookie"}), "execution parent flow does not exist"},
		"of no provider":       {add("own", ""), "No authentication provider found for id: null"},
		"of another kind":      {add("own", "client-secret"), "No authentication provider found for id: client-secret"},
		"kind of sub-flow":     {sub("own", authflow.SubFlow{Alias: "x", Kind: "odd"}), `Flow type "odd" is not one of basic-flow, form-flow, client-flow`},
		"within itself":        {put(authflow.View{Parent: own, FlowID: own}), "Flow own would be part of itself"},
		"requirement":          {put(authflow.View{Parent: own, Authenticator: "auth-cookie", Requirement: "PERHAPS"}), `Requirement "PERHAPS" is not one of REQUIRED, ALTERNATIVE, DISABLED, CONDITIONAL`},
		"settings, no alias":   {s.UpdateConfig("none", authflow.Config{}), "Could not find authenticator config"},
		"action, twice":        {s.Register("UPDATE_PASSWORD", ""), "A Required Action Provider with given alias already exists."},
		"action, unknown":      {s.Register("none", ""), "Required Action Provider with given providerId not found"},
		"action, not there":    {s.RaiseAction("none"), "Failed to find required action"},
		"action, unconfigured": {s.ConfigureAction("none", nil), "Failed to find required action"},
	} {
		var invalid *fault.Invalid
		got := fmt.Sprint(c.err)
		if errors.As(c.err, &invalid) {
			got = invalid.Message
		}
		if got != c.want {
			t.Errorf("%s: %s, want %s", name, got, c.want)
		}
	}
}

// TestOrder moves executions and required actions by one place, also among those of one priority.
func TestOrder(t *testing.T) {
	s := authflow.Read("realm", realm.Extra{})
	newID := counter()
	if _, err := s.Add(authflow.Flow{Alias: "own"}, newID); err != nil {
		t.Fatal(err)
	}
	same := 5
	var ids []string
	for _, provider := range []string{"auth-cookie", "auth-spnego", "auth-otp-form"} {
		id, err := s.AddExecution("own", provider, &same, newID)
		if err != nil {
			t.Fatal(err)
		}
		ids = append(ids, id)
	}
	if err := errors.Join(s.Raise(ids[2]), s.Raise(ids[0]), s.Lower(ids[0]), s.Lower(ids[1])); err != nil {
		t.Fatal(err)
	}
	var got []string
	for _, e := range s.FlowOf("own").Executions {
		got = append(got, e.Authenticator)
	}
	if want := "auth-otp-form auth-cookie auth-spnego"; strings.Join(got, " ") != want {
		t.Errorf("order %v, want %s", got, want)
	}
	if err := errors.Join(s.Register("VERIFY_EMAIL", ""), s.Register("UPDATE_PASSWORD", "New password"), s.RaiseAction("UPDATE_PASSWORD")); err != nil {
		t.Fatal(err)
	}
	if list := s.Ordered(); list[0].Name != "New password" || list[1].Name != "Verify Email" {
		t.Errorf("actions: %+v", list)
	}
}

// TestCycle lists a flow that a file has put within itself, once.
func TestCycle(t *testing.T) {
	kept := realm.Extra{"authenticationFlows": json.RawMessage(`[{"alias":"a","providerId":"basic-flow","authenticationExecutions":[
		{"flowAlias":"b","requirement":"REQUIRED","priority":1},{"flowAlias":"gone","requirement":"REQUIRED","priority":2}]},
		{"alias":"b","providerId":"basic-flow","authenticationExecutions":[{"flowAlias":"a","requirement":"REQUIRED","priority":1}]}]`)}
	s := authflow.Read("realm", kept)
	if lines := s.Lines(s.FlowOf("a")); len(lines) != 3 {
		t.Errorf("%d lines: %+v", len(lines), lines)
	}
	if err := s.Delete(s.FlowOf("a").ID); err != nil || s.FlowOf("b") != nil {
		t.Errorf("deleted with what is within: %v, %+v", err, s.Flows)
	}
}

// TestAnyEdits makes any edits, and finds everything that is named, each id once, and an export that
// Keycloak takes.
func TestAnyEdits(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		kept := built(t)
		newID := counter()
		alias := rapid.SampledFrom([]string{"browser", "forms", "own", "part", "mine", "copy of it"})
		for range rapid.IntRange(1, 25).Draw(t, "edits") {
			s := authflow.Read("realm", kept)
			f := &s.Flows[rapid.IntRange(0, len(s.Flows)-1).Draw(t, "flow")]
			execution := ""
			if len(f.Executions) > 0 {
				execution = rapid.SampledFrom(f.Executions).Draw(t, "execution").ID
			}
			var err error
			switch rapid.IntRange(0, 9).Draw(t, "what") {
			case 0:
				_, err = s.Add(authflow.Flow{Alias: alias.Draw(t, "alias"), TopLevel: true}, newID)
			case 1:
				_, err = s.Copy(f.Alias, alias.Draw(t, "alias"), newID)
			case 2:
				err = s.Delete(f.ID)
			case 3:
				err = s.Update(f.ID, alias.Draw(t, "alias"), "")
			case 4:
				_, err = s.AddExecution(f.Alias, "conditional-credential", nil, newID)
			case 5:
				_, err = s.AddFlow(f.Alias, authflow.SubFlow{Alias: alias.Draw(t, "alias"), Kind: authflow.Basic}, newID)
			case 6:
				err = s.DeleteExecution(execution)
			case 7:
				_, err = s.Configure(execution, authflow.Config{Alias: alias.Draw(t, "alias")}, newID)
			case 8:
				err = errors.Join(s.Raise(execution), s.Lower(execution))
			case 9:
				_, err = s.Put(authflow.View{Parent: f.ID, FlowID: s.Flows[0].ID}, nil, newID)
			}
			if err != nil { // an edit that is refused is not stored
				continue
			}
			s.Keep(kept)
			whole(t, authflow.Read("realm", kept))
		}
		exported := keycloak.Object{"authenticationFlows": kept["authenticationFlows"]}
		authflow.Export(exported)
		if _, err := keycloak.Check("AuthenticationFlow[]", exported["authenticationFlows"]); err != nil {
			t.Fatal(err)
		}
	})
}

// whole looks for what is named and not there, and for ids that two things have.
func whole(t *rapid.T, s *authflow.Set) {
	seen := map[string]bool{}
	once := func(id string) {
		if id == "" || seen[id] {
			t.Fatalf("the id %q is none of its own", id)
		}
		seen[id] = true
	}
	for _, f := range s.Flows {
		once(f.ID)
		if s.FlowOf(f.Alias).ID != f.ID {
			t.Fatalf("two flows are called %q", f.Alias)
		}
		for _, e := range f.Executions {
			once(e.ID)
			if e.IsFlow && s.FlowOf(e.Flow) == nil || e.Config != "" && s.ConfigOf(e.Config) == nil {
				t.Fatalf("%q names what is not there: %+v", f.Alias, e)
			}
		}
	}
	for _, c := range s.Configs {
		once(c.ID)
	}
}
