package federation_test

import (
	"encoding/json"
	"errors"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/tokenhouse/tokenhouse/internal/core/federation"
	"github.com/tokenhouse/tokenhouse/internal/core/token"
)

// object reads claims of a test; "" is none.
func object(t testing.TB, text string) token.Object {
	t.Helper()
	if text == "" {
		return nil
	}
	o, err := federation.ReadProfile([]byte(text))
	if err != nil {
		t.Fatal(err)
	}
	return o
}

// Profiles as the providers' documentation shows them.
const (
	keycloakToken = `{"iss":"https://up.example","sub":"f-1","aud":"web","sid":"s-1","name":"Una Example","preferred_username":"una","given_name":"Una","family_name":"Example","email":"una@example.test","email_verified":true}`
	googleToken   = `{"iss":"https://accounts.google.com","azp":"web","aud":"web","sub":"110169484474386276334","hd":"shop.example","email":"una@shop.example","email_verified":true}`
	googleProfile = `{"sub":"110169484474386276334","name":"Una Example","given_name":"Una","family_name":"Example","picture":"https://lh3.example/photo.jpg","email":"una@shop.example","email_verified":true,"locale":"de","hd":"shop.example"}`
	githubProfile = `{"login":"octocat","id":583231,"avatar_url":"https://avatars.example/u/583231","name":"The Octocat","company":"@github","email":null,"plan":{"name":"pro"}}`
	githubEmails  = `[{"email":"old@example.test","verified":true,"primary":false,"visibility":null},{"email":"octocat@example.test","verified":true,"primary":true,"visibility":"private"}]`
	graphProfile  = `{"@odata.context":"https://graph.microsoft.com/v1.0/$metadata#users/$entity","businessPhones":[],"displayName":"Una Example","givenName":"Una","mail":null,"preferredLanguage":"de-DE","surname":"Example","userPrincipalName":"una@contoso.example","id":"87d349ed-44d7-43e1-9a83-5f2406dee5bd"}`
)

func TestPerson(t *testing.T) {
	emails, err := federation.WithEmails(object(t, githubProfile), []byte(githubEmails))
	if err != nil {
		t.Fatal(err)
	}
	yes, no := new(true), new(false)
	for _, tt := range []struct {
		name, kind string
		settings   []string
		answer     federation.Answer
		want       federation.Person
		trusted    bool
	}{
		{"ID token alone", "oidc", nil, federation.Answer{IDToken: object(t, keycloakToken)},
			federation.Person{ID: "f-1", Username: "una", Email: "una@example.test", EmailVerified: yes, FirstName: "Una", LastName: "Example", SessionID: "s-1"}, true},
		{"the profile counts first", "oidc", nil, federation.Answer{IDToken: object(t, keycloakToken), Profile: object(t, `{"sub":"f-1","preferred_username":"una.e","email_verified":"false"}`)},
			federation.Person{ID: "f-1", Username: "una.e", Email: "una@example.test", EmailVerified: no, FirstName: "Una", LastName: "Example", SessionID: "s-1"}, false},
		{"an address is a name", "oidc", nil, federation.Answer{IDToken: object(t, `{"sub":"f-1","email":" una@example.test ","name":"Una van der Example"}`)},
			federation.Person{ID: "f-1", Username: "una@example.test", Email: "una@example.test", FirstName: "Una van der", LastName: "Example"}, true},
		{"an id is a name", "oidc", nil, federation.Answer{IDToken: object(t, `{"sub":"f-1","name":"Una","preferred_username":{"a":1}}`)},
			federation.Person{ID: "f-1", Username: "f-1", FirstName: "Una"}, false},
		{"Google", "google", []string{"hostedDomain=shop.example"}, federation.Answer{IDToken: object(t, googleToken), Profile: object(t, googleProfile)},
			federation.Person{ID: "110169484474386276334", Username: "una@shop.example", Email: "una@shop.example", EmailVerified: yes, FirstName: "Una", LastName: "Example", Locale: "de", Picture: "https://lh3.example/photo.jpg"}, true},
		{"GitHub", "github", nil, federation.Answer{Profile: emails},
			federation.Person{ID: "583231", Username: "octocat", Email: "octocat@example.test", EmailVerified: yes, FirstName: "The", LastName: "Octocat", Picture: "https://avatars.example/u/583231"}, true},
		{"Microsoft, anybody", "microsoft", nil, federation.Answer{Profile: object(t, graphProfile)},
			federation.Person{ID: "87d349ed-44d7-43e1-9a83-5f2406dee5bd", Username: "una@contoso.example", Email: "una@contoso.example", EmailVerified: no, FirstName: "Una", LastName: "Example", Locale: "de-DE"}, false},
		{"Microsoft, one organization", "microsoft", []string{"tenantId=contoso.example"}, federation.Answer{Profile: object(t, graphProfile)},
			federation.Person{ID: "87d349ed-44d7-43e1-9a83-5f2406dee5bd", Username: "una@contoso.example", Email: "una@contoso.example", FirstName: "Una", LastName: "Example", Locale: "de-DE"}, true},
		{"Microsoft, a guest", "microsoft", nil, federation.Answer{Profile: object(t, `{"id":"g-1","userPrincipalName":"una_example.test#EXT#@contoso.example"}`)},
			federation.Person{ID: "g-1", Username: "g-1", EmailVerified: no}, false},
		{"plain OAuth 2", "oauth2", []string{"userIDClaim=uid", "userNameClaim=nick", "emailClaim=mail", "givenNameClaim=vorname", "familyNameClaim=nachname", "fullNameClaim=full"},
			federation.Answer{Profile: object(t, `{"uid":7,"nick":"una","mail":"una@example.test","vorname":"Una","nachname":"Example","sub":"other"}`)},
			federation.Person{ID: "7", Username: "una", Email: "una@example.test", FirstName: "Una", LastName: "Example"}, true},
	} {
		t.Run(tt.name, func(t *testing.T) {
			s := provider(t, tt.kind, tt.settings...)
			got, err := s.Person(tt.answer)
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(tt.want, got, cmpopts.IgnoreFields(federation.Person{}, "Answer")); diff != "" {
				t.Errorf("Person (-want +got):\n%s", diff)
			}
			if s.EmailTrusted(&got) != tt.trusted {
				t.Errorf("the address is trusted: %v", !tt.trusted)
			}
			var kept federation.Person
			text, err := json.Marshal(got)
			if err == nil {
				err = json.Unmarshal(text, &kept)
			}
			if diff := cmp.Diff(got, kept); err != nil || diff != "" {
				t.Errorf("written and read again (-want +got), %v:\n%s", err, diff)
			}
		})
	}
	untrusting := provider(t, "oidc")
	untrusting.TrustEmail = false
	if untrusting.EmailTrusted(&federation.Person{Email: "una@example.test", EmailVerified: yes}) {
		t.Error("a provider that is not trusted proves an address")
	}
}

func TestPersonIsRefused(t *testing.T) {
	id := object(t, keycloakToken)
	for _, tt := range []struct {
		name, kind string
		settings   []string
		answer     federation.Answer
		want       error // nil: let in
	}{
		{"nobody", "oidc", nil, federation.Answer{IDToken: object(t, `{"name":"Una"}`)}, federation.ErrNoID},
		{"an empty answer", "github", nil, federation.Answer{}, federation.ErrNoID},
		{"somebody else's profile", "oidc", nil, federation.Answer{IDToken: id, Profile: object(t, `{"sub":"f-2"}`)}, federation.ErrClaims},
		{"a profile of nobody", "oidc", nil, federation.Answer{IDToken: id, Profile: object(t, `{"email":"eve@example.test"}`)}, federation.ErrClaims},
		{"somebody else's profile at Microsoft", "microsoft", nil, federation.Answer{IDToken: object(t, `{"sub":"x","oid":"1"}`), Profile: object(t, `{"id":"2"}`)}, federation.ErrClaims},
		{"one's own profile at Microsoft", "microsoft", nil, federation.Answer{IDToken: object(t, `{"sub":"x","oid":"1"}`), Profile: object(t, `{"id":"1"}`)}, nil},

		{"one of the domains", "google", []string{"hostedDomain=other.example, Shop.example"}, federation.Answer{IDToken: object(t, googleToken)}, nil},
		{"any domain", "google", []string{"hostedDomain=*"}, federation.Answer{IDToken: object(t, googleToken)}, nil},
		{"another domain", "google", []string{"hostedDomain=example"}, federation.Answer{IDToken: object(t, googleToken)}, federation.ErrNotHere},
		{"no domain", "google", []string{"hostedDomain=*"}, federation.Answer{IDToken: object(t, `{"sub":"1"}`), Profile: object(t, `{"sub":"1","hd":"shop.example"}`)}, federation.ErrNotHere},
		{"a domain elsewhere", "oidc", []string{"hostedDomain=shop.example"}, federation.Answer{IDToken: id}, nil},

		{"filter", "oidc", []string{"filteredByClaim=true", "claimFilterName=email", "claimFilterValue=.*@example\\.test"}, federation.Answer{IDToken: id}, nil},
		{"filter of a list", "oidc", []string{"filteredByClaim=true", "claimFilterName=groups", "claimFilterValue=staff"}, federation.Answer{IDToken: object(t, `{"sub":"1","groups":["x","staff"]}`)}, nil},
		{"filter that matches a part only", "oidc", []string{"filteredByClaim=true", "claimFilterName=email", "claimFilterValue=una"}, federation.Answer{IDToken: id}, federation.ErrNotHere},
		{"filter of a claim that is not there", "oidc", []string{"filteredByClaim=true", "claimFilterName=groups", "claimFilterValue=.*"}, federation.Answer{IDToken: id}, federation.ErrNotHere},
		{"filter that cannot be read", "oidc", []string{"filteredByClaim=true", "claimFilterName=email", "claimFilterValue=("}, federation.Answer{IDToken: id}, federation.ErrNotHere},
		{"filter of nothing", "oidc", []string{"filteredByClaim=true", "claimFilterValue=.*"}, federation.Answer{IDToken: id}, federation.ErrNotHere},
		{"filter that is off", "oidc", []string{"filteredByClaim=false", "claimFilterName=email", "claimFilterValue=none"}, federation.Answer{IDToken: id}, nil},
	} {
		if _, err := provider(t, tt.kind, tt.settings...).Person(tt.answer); !errors.Is(err, tt.want) {
			t.Errorf("%s: %v, want %v", tt.name, err, tt.want)
		}
	}
}

func TestWithEmails(t *testing.T) {
	s := provider(t, "github")
	profile := object(t, githubProfile)
	if !s.WantsEmails(profile) || s.WantsEmails(object(t, `{"email":"public@example.test"}`)) || provider(t, "oidc").WantsEmails(profile) {
		t.Error("the list is asked for where it is not needed, or not where it is")
	}
	for list, want := range map[string]string{
		githubEmails: `octocat@example.test true`,
		`[{"email":"a@example.test","primary":true,"verified":false}]`: `a@example.test false`,
		`[{"email":"a@example.test","primary":false,"verified":true}]`: ` <nil>`,
		`[]`:                      ` <nil>`,
		`{"message":"Not Found"}`: ` <nil>`,
	} {
		with, err := federation.WithEmails(profile, []byte(list))
		if err != nil {
			t.Fatal(err)
		}
		email, _ := with.Get("email").(string)
		if got := email + " " + show(with.Get("email_verified")); got != want {
			t.Errorf("%s: %s, want %s", list, got, want)
		}
	}
	if _, err := federation.WithEmails(profile, []byte("<html>")); err == nil {
		t.Error("a page is a list")
	}
}

func show(value any) string {
	if value == nil {
		return "<nil>"
	}
	text, err := json.Marshal(value)
	if err != nil {
		return err.Error()
	}
	return string(text)
}

func TestCheckProfile(t *testing.T) {
	s := provider(t, "oidc")
	for _, tt := range []struct {
		f  federation.Foreign
		ok bool
	}{
		{federation.Foreign{}, true},
		{federation.Foreign{Issuer: "https://up.example", Audience: []string{"api", "web"}}, true},
		{federation.Foreign{Issuer: "https://evil.example"}, false},
		{federation.Foreign{Audience: []string{"api"}}, false},
	} {
		if err := s.CheckProfile(tt.f); (err == nil) != tt.ok {
			t.Errorf("%+v: %v", tt.f, err)
		}
	}
}

func FuzzReadProfile(f *testing.F) {
	for _, seed := range []string{keycloakToken, googleProfile, githubProfile, graphProfile, `{"sub":null}`, `{"sub":1e400}`, `{"a":{"a":{}}}`, `[]`} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, text string) {
		profile, err := federation.ReadProfile([]byte(text))
		if err != nil {
			return
		}
		for _, kind := range federation.Kinds() {
			s := provider(t, kind)
			p, err := s.Person(federation.Answer{Profile: profile})
			if err == nil && (p.ID == "" || p.Username == "") {
				t.Errorf("%s: %+v is nobody", kind, p)
			}
		}
	})
}
