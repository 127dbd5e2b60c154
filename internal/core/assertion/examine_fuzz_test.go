package assertion_test

import (
	"encoding/base64"
	"testing"
	"time"

	"github.com/tokenhouse/tokenhouse/internal/core/assertion"
	"github.com/tokenhouse/tokenhouse/internal/core/federation"
	"github.com/tokenhouse/tokenhouse/internal/core/realm"
)

// FuzzExamine gives the first half of the rules any assertion: what they let on to the keys names a provider, a subject
// and an end, and what identifies is the caller's own.
func FuzzExamine(f *testing.F) {
	now := time.Unix(1_800_000_000, 0)
	const header = `{"alg":"RS256"}`
	const claims = `{"iss":"https://partner.example","sub":"una","aud":"https://id.example/realms/shop","client_id":"app","jti":"1","iat":1799999990,"exp":1800000060}`
	d := realm.New("shop-key", realm.Settings{Name: "shop", Enabled: true})
	d.PutProvider(&realm.Provider{Key: "p", Alias: "partner", Kind: "jwt-authorization-grant", Enabled: true, Config: map[string]string{
		"issuer": "https://partner.example", "useJwksUrl": "true", "jwksUrl": "https://partner.example/keys", "tokenhouse.id-jag": "accept"}})
	client := &realm.Client{Key: "k", ID: "app", Enabled: true, Assertions: realm.ClientAssertions{Enabled: true, Providers: []string{"partner"}}}
	d.PutClient(client)
	q := assertion.Request{Realm: d.Realm(), Issuer: "https://id.example/realms/shop", Client: client, Now: now, Given: true}
	said := func(header, claims []byte) (federation.Foreign, error) {
		b64 := base64.RawURLEncoding
		return federation.Peek(b64.EncodeToString(header) + "." + b64.EncodeToString(claims) + ".")
	}
	good, err := said([]byte(header), []byte(claims))
	if err != nil {
		f.Fatal(err)
	}
	q.Assertion = &good
	if seen := assertion.Examine(q); seen.Refuse != nil {
		f.Fatal(seen.Refuse)
	}
	f.Fuzz(func(t *testing.T, header, claims []byte) {
		said, err := said(header, claims)
		if err != nil {
			return
		}
		q := q
		q.Assertion = &said
		seen := assertion.Examine(q)
		q.Explain = true
		if again := assertion.Examine(q); again.Rule != seen.Rule || (again.Refuse == nil) != (seen.Refuse == nil) {
			t.Errorf("refused by %q, explained as refused by %q", seen.Rule, again.Rule)
		}
		if seen.Refuse != nil {
			return
		}
		own, _ := said.Claims.Get("client_id").(string)
		switch {
		case seen.Provider == nil || seen.Provider.Alias != "partner", said.Issuer != "https://partner.example":
			t.Errorf("taken for the partner's: %+v", said)
		case said.Claims.Get("sub") == nil, said.Expires <= now.Unix(), seen.Until.Before(now), seen.Once && said.ID == "":
			t.Errorf("taken: %+v until %s", said, seen.Until)
		case !federation.Asymmetric(said.Algorithm):
			t.Errorf("to be verified by %q", said.Algorithm)
		case said.HeaderType == "oauth-id-jag+jwt" && own != "app":
			t.Errorf("made for %q", own)
		}
	})
}
