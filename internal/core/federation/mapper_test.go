package federation_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/tokenhouse/tokenhouse/internal/core/explain"
	"github.com/tokenhouse/tokenhouse/internal/core/federation"
	"github.com/tokenhouse/tokenhouse/internal/core/realm"
	"github.com/tokenhouse/tokenhouse/internal/core/user"
)

// shop is the realm of the tests. Its client api.v2 has a dot in its name.
func shop() *realm.Realm {
	d := realm.New("r", realm.Settings{Name: "shop"})
	d.PutClient(&realm.Client{Key: "key-api", ID: "api.v2", Enabled: true})
	d.PutClient(&realm.Client{Key: "key-management", ID: "realm-management", Enabled: true})
	d.PutRole(&realm.Role{Key: "clerk-key", Name: "clerk"})
	d.PutRole(&realm.Role{Key: "read-key", Name: "read", Client: "key-api"})
	d.PutRole(&realm.Role{Key: "admin-key", Name: "realm-admin", Client: "key-management"})
	return d.Realm()
}

// una is somebody as a provider describes her.
func una(t testing.TB) federation.Person {
	id := object(t, `{"sub":"f-1","team":"north","groups":["staff","night.shift"],"level":3,"share":1.5,"staff":true,"mail2":"una@second.test","empty":"","address":{"locality":"Ort"},"a.b":"dotted"}`)
	profile := object(t, `{"sub":"f-1","team":"of the profile","company":" Shop ","plan":{"name":"pro"},"tags":["x","y"],"blank":"  ","nothing":null}`)
	access := object(t, `{"realm_access":{"roles":["boss"]},"resource_access":{"up.api":{"roles":["write"]}},"team":"north"}`)
	return federation.Person{ID: "f-1", Username: "una", Email: "una@example.test", FirstName: "Una", LastName: "Example",
		Answer: federation.Answer{IDToken: id, Profile: profile, AccessToken: access}}
}

func mapperOf(kind string, settings ...string) federation.Mapper {
	return federation.Mapper{Name: "m", Kind: kind, Config: config(settings...)}
}

// told are changes in one line.
func told(c federation.Changes) string {
	var out []string
	for _, f := range []struct {
		name string
		to   *string
	}{{"username", c.Username}, {"email", c.Email}, {"first", c.FirstName}, {"last", c.LastName}} {
		if f.to != nil {
			out = append(out, f.name+"="+*f.to)
		}
	}
	if c.EmailVerified != nil {
		out = append(out, fmt.Sprint("verified=", *c.EmailVerified))
	}
	out = append(out, toldMap(c.Attributes)...)
	for _, r := range c.Grant {
		out = append(out, "+"+r.Name)
	}
	for _, r := range c.Withdraw {
		out = append(out, "-"+r.Name)
	}
	for _, path := range c.Join {
		out = append(out, "+"+path)
	}
	for _, path := range c.Leave {
		out = append(out, "-"+path)
	}
	for name, value := range c.Notes {
		out = append(out, "note "+name+"="+value)
	}
	return strings.Join(out, " ")
}

func toldMap(attributes map[string][]string) []string {
	var out []string
	for name, values := range attributes {
		out = append(out, name+"="+strings.Join(values, ","))
	}
	slices.Sort(out)
	return out
}

// known is the user whom una has been here: with everything that mappers could take from her.
func known() *user.User {
	return &user.User{ID: "u", Username: "una", Email: "una@example.test", FirstName: "Una", LastName: "Example",
		Attributes: map[string][]string{"colour": {"red"}}, Roles: []string{"clerk-key"},
		GroupKeys: []string{"g"}, Groups: []*realm.Group{{Key: "g", Path: "/staff"}, {Key: "p", Path: "/"}}}
}

// TestMappers shows each kind of mapper in each way: on a new user (after what it did before there was one), and
// on a known one where the sync mode is FORCE or LEGACY. IMPORT never changes a known user.
func TestMappers(t *testing.T) {
	for _, tt := range []struct {
		name   string
		mapper federation.Mapper

		before, imported, forced, legacy string
	}{
		{"attribute", mapperOf("hardcoded-attribute-idp-mapper", "attribute=colour", "attribute.value=green"), "colour=green", "", "colour=green", "colour=green"},
		{"attribute that is there", mapperOf("hardcoded-attribute-idp-mapper", "attribute=colour", "attribute.value=red"), "colour=red", "", "", ""},
		{"first name", mapperOf("hardcoded-attribute-idp-mapper", "attribute=firstName", "attribute.value=Guest"), "first=Guest", "", "first=Guest", "first=Guest"},
		{"reserved attribute", mapperOf("hardcoded-attribute-idp-mapper", "attribute=LDAP_id", "attribute.value=1"), "", "", "", ""},
		{"user name as attribute", mapperOf("hardcoded-attribute-idp-mapper", "attribute=Username", "attribute.value=admin"), "", "", "", ""},
		{"note", mapperOf("hardcoded-user-session-attribute-idp-mapper", "attribute=tenant", "attribute.value=east"), "note tenant=east", "", "", ""},
		{"reserved note", mapperOf("hardcoded-user-session-attribute-idp-mapper", "attribute=LEVEL", "attribute.value=3"), "", "", "", ""},
		{"reserved note of levels", mapperOf("hardcoded-user-session-attribute-idp-mapper", "attribute=LOA-map", `attribute.value={"3":1}`), "", "", "", ""},

		{"claim", mapperOf("oidc-user-attribute-idp-mapper", "claim=team", "user.attribute=team"), "team=north", "", "team=north", "team=north"},
		{"list", mapperOf("oidc-user-attribute-idp-mapper", "claim=groups", "user.attribute=g"), "g=staff,night.shift", "", "g=staff,night.shift", "g=staff,night.shift"},
		{"number", mapperOf("oidc-user-attribute-idp-mapper", "claim=level", "user.attribute=level"), "level=3", "", "level=3", "level=3"},
		{"nested claim", mapperOf("oidc-user-attribute-idp-mapper", "claim=address.locality", "user.attribute=ort"), "ort=Ort", "", "ort=Ort", "ort=Ort"},
		{"claim with a dot", mapperOf("oidc-user-attribute-idp-mapper", `claim=a\.b`, "user.attribute=d"), "d=dotted", "", "d=dotted", "d=dotted"},
		{"claim of the profile", mapperOf("oidc-user-attribute-idp-mapper", "claim=plan.name", "user.attribute=plan"), "plan=pro", "", "plan=pro", "plan=pro"},
		{"claim that is an object", mapperOf("oidc-user-attribute-idp-mapper", "claim=address", "user.attribute=colour"), "", "", "colour=", "colour="},
		{"claim that is gone", mapperOf("oidc-user-attribute-idp-mapper", "claim=colour", "user.attribute=colour"), "", "", "colour=", "colour="},
		{"address", mapperOf("oidc-user-attribute-idp-mapper", "claim=mail2", "user.attribute=email"), "email=una@second.test", "", "email=una@second.test verified=false", "email=una@second.test verified=false"},
		{"name that is gone", mapperOf("oidc-user-attribute-idp-mapper", "claim=none", "user.attribute=lastName"), "", "", "", ""},
		{"name that may be gone", mapperOf("oidc-user-attribute-idp-mapper", "claim=none", "user.attribute=lastName", "allow.nullable.property=true"), "last=", "", "last=", "last="},
		{"claim to the id", mapperOf("oidc-user-attribute-idp-mapper", "claim=sub", "user.attribute=id"), "", "", "", ""},
		{"claim to nothing", mapperOf("oidc-user-attribute-idp-mapper", "claim=sub"), "", "", "", ""},
		{"notes", mapperOf("oidc-user-session-note-idp-mapper", `claims=[{"key":"team","value":"n.*"},{"key":"level","value":"3"},{"key":"sub","value":"other"}]`, "are.claim.values.regex=true"), "", "note team=north", "note team=north", "note team=north"},

		{"field of GitHub", mapperOf("github-user-attribute-mapper", "jsonField=company", "userAttribute=company"), "company=Shop", "", "company=Shop", ""},
		{"item of a list", mapperOf("google-user-attribute-mapper", "jsonField=tags[1]", "userAttribute=tag"), "tag=y", "", "tag=y", ""},
		{"item beyond a list", mapperOf("google-user-attribute-mapper", "jsonField=tags[2]", "userAttribute=colour"), "", "", "colour=", ""},
		{"field that is blank", mapperOf("microsoft-user-attribute-mapper", "jsonField=blank", "userAttribute=colour"), "", "", "colour=", ""},
		{"field that is nothing", mapperOf("oauth2-user-attribute-idp-mapper", "jsonField=nothing", "userAttribute=colour"), "", "", "colour=", ""},

		{"role", mapperOf("oidc-hardcoded-role-idp-mapper", "role=api.v2.read"), "", "+read", "+read", ""},
		{"role of management, which the configuration names", mapperOf("oidc-hardcoded-role-idp-mapper", "role=realm-management.realm-admin"), "", "+realm-admin", "+realm-admin", ""},
		{"role that is there", mapperOf("oidc-hardcoded-role-idp-mapper", "role=clerk"), "", "+clerk", "", ""},
		{"role that is none", mapperOf("oidc-hardcoded-role-idp-mapper", "role=ghost"), "", "", "", ""},
		{"role of a client that is none", mapperOf("oidc-hardcoded-role-idp-mapper", "role=ghost.clerk"), "", "", "", ""},
		{"role by claim", mapperOf("oidc-role-idp-mapper", "claim=groups", "claim.value=staff", "role=api.v2.read"), "", "+read", "+read", ""},
		{"role by a number", mapperOf("oidc-role-idp-mapper", "claim=level", "claim.value=3", "role=api.v2.read"), "", "+read", "+read", ""},
		{"role by a fraction", mapperOf("oidc-role-idp-mapper", "claim=share", "claim.value=1.50", "role=api.v2.read"), "", "+read", "+read", ""},
		{"role by a truth", mapperOf("oidc-role-idp-mapper", "claim=staff", "claim.value=TRUE", "role=api.v2.read"), "", "+read", "+read", ""},
		{"role by another claim", mapperOf("oidc-role-idp-mapper", "claim=groups", "claim.value=boss", "role=clerk"), "", "", "-clerk", "-clerk"},
		{"role by no claim", mapperOf("oidc-role-idp-mapper", "claim=none", "claim.value=", "role=clerk"), "", "", "-clerk", "-clerk"},
		{"role by no value", mapperOf("oidc-role-idp-mapper", "claim=team", "role=clerk"), "", "", "-clerk", "-clerk"},
		{"role by claims", mapperOf("oidc-advanced-role-idp-mapper", `claims=[{"key":"team","value":"north"},{"key":"groups","value":"staff"}]`, "role=api.v2.read"), "", "+read", "+read", ""},
		{"role by patterns", mapperOf("oidc-advanced-role-idp-mapper", `claims=[{"key":"groups","value":"ni.*"}]`, "are.claim.values.regex=true", "role=api.v2.read"), "", "+read", "+read", ""},
		{"a pattern that is none", mapperOf("oidc-advanced-role-idp-mapper", `claims=[{"key":"groups","value":"ni.*"}]`, "role=clerk"), "", "", "-clerk", "-clerk"},
		{"a pattern that cannot be read", mapperOf("oidc-advanced-role-idp-mapper", `claims=[{"key":"groups","value":"("}]`, "are.claim.values.regex=true", "role=clerk"), "", "", "-clerk", "-clerk"},
		{"one claim of two", mapperOf("oidc-advanced-role-idp-mapper", `claims=[{"key":"team","value":"north"},{"key":"groups","value":"boss"}]`, "role=clerk"), "", "", "-clerk", "-clerk"},
		{"role by no claims", mapperOf("oidc-advanced-role-idp-mapper", "claims=[]", "role=api.v2.read"), "", "", "", ""},
		{"role by what is no list", mapperOf("oidc-advanced-role-idp-mapper", "claims=team", "role=clerk"), "", "", "-clerk", "-clerk"},
		{"role by role", mapperOf("keycloak-oidc-role-to-role-idp-mapper", "external.role=boss", "role=api.v2.read"), "", "+read", "+read", ""},
		{"role by a client's role", mapperOf("keycloak-oidc-role-to-role-idp-mapper", "external.role=up.api.write", "role=api.v2.read"), "", "+read", "+read", ""},
		{"role by another role", mapperOf("keycloak-oidc-role-to-role-idp-mapper", "external.role=up.api.boss", "role=clerk"), "", "", "-clerk", ""},
		{"role by no role", mapperOf("keycloak-oidc-role-to-role-idp-mapper", "external.role=", "role=clerk"), "", "", "-clerk", ""},

		{"group", mapperOf("oidc-hardcoded-group-idp-mapper", "group=/guests"), "", "+/guests", "+/guests", "+/guests"},
		{"group that is there", mapperOf("oidc-hardcoded-group-idp-mapper", "group=/staff"), "", "+/staff", "", ""},
		{"group above one's own", mapperOf("oidc-hardcoded-group-idp-mapper", "group=/"), "", "+/", "+/", "+/"},
		{"group by claims", mapperOf("oidc-advanced-group-idp-mapper", `claims=[{"key":"team","value":"north"}]`, "group=/north"), "", "+/north", "+/north", "+/north"},
		{"group by other claims", mapperOf("oidc-advanced-group-idp-mapper", `claims=[{"key":"team","value":"south"}]`, "group=/staff"), "", "", "-/staff", "-/staff"},
		{"group without a name", mapperOf("oidc-hardcoded-group-idp-mapper"), "", "", "", ""},

		{"user name", mapperOf("oidc-username-idp-mapper", "template=${ALIAS}-${CLAIM.team | uppercase}"), "username=up-NORTH", "", "username=up-north", ""},
		{"id at the provider", mapperOf("oidc-username-idp-mapper", "template=${CLAIM.level}", "target=BROKER_ID"), "id=3", "", "", ""},
		{"name at the provider", mapperOf("oidc-username-idp-mapper", "template=${CLAIM.team}", "target=BROKER_USERNAME"), "name=north", "", "", ""},
		{"a name of nothing", mapperOf("oidc-username-idp-mapper", "template= ${CLAIM.none} ", "target=BROKER_ID"), "", "", "", ""},
		{"unknown kind", mapperOf("oidc-pigeon-idp-mapper", "role=clerk"), "", "", "", ""},
	} {
		t.Run(tt.name, func(t *testing.T) {
			for mode, want := range map[string]string{"IMPORT": "", "FORCE": tt.forced, "LEGACY": tt.legacy, "": tt.legacy, "nonsense": ""} {
				s := provider(t, "oidc")
				m := tt.mapper
				m.Config["syncMode"] = mode
				if mode == "" {
					delete(m.Config, "syncMode")
				}
				mappers := []federation.Mapper{m}
				person := s.Preprocess(una(t), mappers, "new-uuid", nil)
				if got := toldPerson(t, person); got != tt.before {
					t.Errorf("Preprocess: %q, want %q", got, tt.before)
				}
				if got := told(s.Import(federation.Input{Realm: shop(), Mappers: mappers, Person: person})); got != tt.imported {
					t.Errorf("Import: %q, want %q", got, tt.imported)
				}
				if got := told(s.Update(federation.Input{Realm: shop(), Mappers: mappers, Person: person, User: known()})); got != want {
					t.Errorf("Update in mode %q: %q, want %q", mode, got, want)
				}
			}
		})
	}
}

// toldPerson is in one line what Preprocess made of una.
func toldPerson(t *testing.T, p federation.Person) string {
	was := una(t)
	var out []string
	for _, f := range []struct{ name, was, now string }{{"id", was.ID, p.ID}, {"name", was.Username, p.Username}, {"username", "", p.LocalUsername},
		{"email", was.Email, p.Email}, {"first", was.FirstName, p.FirstName}, {"last", was.LastName, p.LastName}} {
		if f.was != f.now {
			out = append(out, f.name+"="+f.now)
		}
	}
	out = append(out, toldMap(p.Attributes)...)
	for name, value := range p.Notes {
		out = append(out, "note "+name+"="+value)
	}
	return strings.Join(out, " ")
}

// A mapper that inherits does as the provider says, and under FORCE the provider's names are taken over.
func TestSyncModeOfTheProvider(t *testing.T) {
	inherits := mapperOf("oidc-role-idp-mapper", "claim=groups", "claim.value=boss", "role=clerk", "syncMode=INHERIT")
	person := una(t)
	person.Email, person.FirstName, person.LastName = "Una@New.test", "Unna", ""
	for _, tt := range []struct{ mode, want string }{
		{"IMPORT", ""}, {"LEGACY", "-clerk"}, {"", "-clerk"}, {"FORCE", "email=una@new.test first=Unna verified=true -clerk"}, {"INHERIT", ""},
	} {
		s := provider(t, "oidc", "syncMode="+tt.mode)
		if got := told(s.Update(federation.Input{Realm: shop(), Mappers: []federation.Mapper{inherits}, Person: person, User: known()})); got != tt.want {
			t.Errorf("%q: %q, want %q", tt.mode, got, tt.want)
		}
	}
	s := provider(t, "oidc", "syncMode=FORCE")
	person.EmailVerified = new(false)
	if got := told(s.Update(federation.Input{Realm: shop(), Person: person, User: known()})); got != "email=una@new.test first=Unna verified=false" {
		t.Errorf("an address that is not verified there: %q", got)
	}
}

// Of several mappers to one role or group, one that is for the person is enough, wherever it stands.
func TestMappersToOneRole(t *testing.T) {
	yes := mapperOf("oidc-role-idp-mapper", "claim=team", "claim.value=north", "role=clerk", "syncMode=FORCE")
	no := mapperOf("oidc-role-idp-mapper", "claim=team", "claim.value=south", "role=clerk", "syncMode=FORCE")
	in := mapperOf("oidc-advanced-group-idp-mapper", `claims=[{"key":"team","value":"north"}]`, "group=/staff", "syncMode=FORCE")
	out := mapperOf("oidc-advanced-group-idp-mapper", `claims=[{"key":"team","value":"south"}]`, "group=/staff", "syncMode=FORCE")
	s := provider(t, "oidc")
	for _, mappers := range [][]federation.Mapper{{yes, no, in, out}, {no, yes, out, in}} {
		for _, u := range []*user.User{known(), {}} {
			c := s.Update(federation.Input{Realm: shop(), Mappers: mappers, Person: una(t), User: u})
			want := ""
			if len(u.Roles) == 0 {
				want = "+clerk +/staff"
			}
			if got := told(c); got != want {
				t.Errorf("%q, want %q", got, want)
			}
		}
	}
}

// What a mapper does not do is told, and so is what it does: by each rule in each of its outcomes.
func TestMapperTraces(t *testing.T) {
	s := provider(t, "oidc")
	var trace explain.Trace
	mappers := []federation.Mapper{
		mapperOf("oidc-pigeon-idp-mapper"),
		mapperOf("oidc-username-idp-mapper", "template=${CLAIM.none}"),
		mapperOf("oidc-username-idp-mapper", "template=${ALIAS}-${UUID}", "target=BROKER_USERNAME"),
		mapperOf("hardcoded-attribute-idp-mapper", "attribute=LDAP_ID", "attribute.value=1"),
		mapperOf("hardcoded-attribute-idp-mapper", "attribute=colour", "attribute.value=green"),
		mapperOf("hardcoded-user-session-attribute-idp-mapper", "attribute=identity_provider", "attribute.value=other"),
		mapperOf("hardcoded-user-session-attribute-idp-mapper", "attribute=tenant", "attribute.value=east"),
	}
	s.Preprocess(una(t), mappers, "u-1", &trace)
	force := []federation.Mapper{
		mapperOf("oidc-hardcoded-role-idp-mapper", "role=ghost", "syncMode=FORCE"),
		mapperOf("oidc-hardcoded-role-idp-mapper", "role=api.v2.read", "syncMode=FORCE"),
		mapperOf("oidc-role-idp-mapper", "role=clerk", "syncMode=FORCE"),
		mapperOf("oidc-hardcoded-group-idp-mapper", "group=/guests", "syncMode=FORCE"),
		mapperOf("oidc-advanced-group-idp-mapper", "group=/staff", "syncMode=FORCE"),
		mapperOf("oidc-user-attribute-idp-mapper", "claim=none", "user.attribute=colour", "syncMode=FORCE"),
	}
	c := s.Update(federation.Input{Realm: shop(), Mappers: force, Person: una(t), User: known()})
	trace.Join(&c.Trace)
	var got []string
	for _, step := range trace.Steps {
		got = append(got, fmt.Sprintf("%s %s %s: %s", step.Rule, step.Outcome, step.Subject, step.Because()))
	}
	want := []string{
		"provider.mapper skipped m: nothing is known of kind oidc-pigeon-idp-mapper",
		"provider.username none m: its template makes nothing of what the provider says",
		"provider.username added up-u-1: by mapper m",
		"provider.attribute dropped LDAP_ID: mapper m names it, but it is not for mappers",
		"provider.attribute added colour: by mapper m",
		"provider.note dropped identity_provider: mapper m names it, but it is not for mappers",
		"provider.note added tenant: by mapper m",
		"provider.role none ghost: mapper m names it, but there is no such role",
		"provider.role added api.v2/read: by mapper m",
		"provider.role dropped clerk: mapper m is not for this user any more",
		"provider.group added /guests: by mapper m",
		"provider.group dropped /staff: mapper m is not for this user any more",
		"provider.attribute none colour: mapper m has no value for it any more",
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("trace (-want +got):\n%s", diff)
	}
}

func TestPreprocessLeavesItsInput(t *testing.T) {
	p := una(t)
	p.Attributes, p.Notes = map[string][]string{"a": {"1"}}, map[string]string{"n": "1"}
	provider(t, "oidc").Preprocess(p, []federation.Mapper{
		mapperOf("hardcoded-attribute-idp-mapper", "attribute=a", "attribute.value=2"),
		mapperOf("hardcoded-user-session-attribute-idp-mapper", "attribute=n", "attribute.value=2"),
	}, "", nil)
	if p.Attributes["a"][0] != "1" || p.Notes["n"] != "1" {
		t.Errorf("the input became %v, %v", p.Attributes, p.Notes)
	}
}

func TestUsernameTemplate(t *testing.T) {
	for template, want := range map[string]string{
		"": "", "plain": "plain", "${ALIAS}": "up", "${ALIAS}.${CLAIM.team}": "up.north", "${UUID}": "new-uuid", "${CLAIM.groups}": "staff",
		"${CLAIM.mail2|localpart}": "una", "${ CLAIM.team }": " CLAIM.team ", "${CLAIM.mail2 | uppercase }": "UNA@SECOND.TEST", "${CLAIM.team | reverse}": "north",
		"${ALIAS | uppercase}": "UP", "${OTHER}": "OTHER", "${CLAIM.none}": "", "${CLAIM.address}": "", "$CLAIM.team {x}": "$CLAIM.team {x}", "${CLAIM.address.locality|lowercase}": "ort", "${": "${",
	} {
		p := provider(t, "oidc").Preprocess(una(t), []federation.Mapper{mapperOf("oidc-username-idp-mapper", "template="+template)}, "new-uuid", nil)
		if p.LocalUsername != strings.TrimSpace(want) {
			t.Errorf("%s: %q, want %q", template, p.LocalUsername, want)
		}
	}
	// What a claim says is not a template in its turn.
	p := una(t)
	p.Answer.IDToken.Set("${CLAIM.sub}", "nick")
	p = provider(t, "oidc").Preprocess(p, []federation.Mapper{mapperOf("oidc-username-idp-mapper", "template=${CLAIM.nick}")}, "", nil)
	if p.LocalUsername != "${CLAIM.sub}" {
		t.Errorf("a claim was expanded to %q", p.LocalUsername)
	}
}

func FuzzUsernameTemplate(f *testing.F) {
	for _, seed := range []string{"${ALIAS}.${CLAIM.preferred_username}", "${CLAIM.a.b|localpart}", "${", "}", "${CLAIM.x[0] | uppercase}", `${CLAIM.a\.b}`} {
		f.Add(seed, "una@example.test")
	}
	f.Fuzz(func(t *testing.T, template, said string) {
		p := una(t)
		p.Answer.IDToken.Set(said, "said")
		p = provider(t, "oidc").Preprocess(p, []federation.Mapper{{Kind: "oidc-username-idp-mapper", Config: map[string]string{"template": template, "target": "BROKER_ID"}}}, "u", nil)
		if p.ID == "" || p.LocalUsername != "" {
			t.Errorf("%q makes %q", template, p.ID)
		}
	})
}

// TestMappedAddress: that a provider verified an address says nothing of another one, which a mapper takes from
// elsewhere in its answer.
func TestMappedAddress(t *testing.T) {
	mapped := mapperOf("oidc-user-attribute-idp-mapper", "user.attribute=email", "claim=mail2", "syncMode=FORCE")
	same := mapperOf("hardcoded-attribute-idp-mapper", "attribute=email", "attribute.value=UNA@example.test")
	for _, c := range []struct {
		name    string
		mappers []federation.Mapper
		said    *bool
		trusted bool
	}{
		{"its own", nil, new(true), true},
		{"its own, unsaid", nil, nil, true},
		{"its own, by a mapper", []federation.Mapper{same}, new(true), true},
		{"another", []federation.Mapper{mapped}, new(true), false},
		{"another, unsaid", []federation.Mapper{mapped}, nil, false},
		{"another, and back", []federation.Mapper{mapped, same}, new(true), false},
	} {
		t.Run(c.name, func(t *testing.T) {
			s := &federation.Settings{TrustEmail: true}
			p := una(t)
			p.EmailVerified = c.said
			p = s.Preprocess(p, c.mappers, "", &explain.Trace{})
			if got := s.EmailTrusted(&p); got != c.trusted {
				t.Errorf("%s is trusted: %v, want %v", p.Email, got, c.trusted)
			}
			changes := s.Update(federation.Input{Realm: shop(), Mappers: c.mappers, Person: p, User: &user.User{Email: "old@example.test"}})
			if v := changes.EmailVerified; v != nil && *v != c.trusted {
				t.Errorf("a known user's address is verified: %v, want %v", *v, c.trusted)
			}
		})
	}
}
