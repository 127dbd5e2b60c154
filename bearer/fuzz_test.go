package bearer_test

import (
	"encoding/json"
	"errors"
	"slices"
	"strings"
	"testing"

	"github.com/tokenhouse/tokenhouse/bearer"
	"github.com/tokenhouse/tokenhouse/bearer/bearertest"
)

// FuzzVerify: whatever a stranger sends is refused in an orderly way, unless it is the token to the letter.
func FuzzVerify(f *testing.F) {
	m := newMint(f)
	v := m.verifier(f, bearer.Config{Log: quiet}, nil)
	good := m.sign(es256, m.body())
	f.Add(good)
	f.Add(good[:len(good)-1])
	f.Add(good + "=")
	f.Add(strings.ToLower(good))
	f.Add(m.sign(`{"alg":"none"}`, m.body()))
	f.Add("..")
	f.Fuzz(func(t *testing.T, token string) {
		c, err := v.Verify(t.Context(), token, "orders")
		switch {
		case err == nil && token != good:
			t.Errorf("it passes: %+v", c)
		case err != nil && !knownReason(err):
			t.Errorf("refused with %v", err)
		}
	})
}

// FuzzClaims: what is taken is what package json reads too, and has all that is demanded.
func FuzzClaims(f *testing.F) {
	m := newMint(f)
	v := m.verifier(f, bearer.Config{Log: quiet, Remember: -1}, nil)
	f.Add(m.body())
	f.Add(m.body(`"aud":["orders",null]`, `"scope":["a"]`, `"cnf":{}`))
	f.Add(m.body(`"realm_access":{"roles":[1]}`, `"resource_access":{"x":{"roles":{}}}`, `"act":{"act":{}}`, `"exchange_path":[{}]`))
	f.Add(`{"exp":1e308,"iat":"1","aud":{}}`)
	f.Fuzz(func(t *testing.T, payload string) {
		c, err := v.Verify(t.Context(), m.sign(es256, payload), "orders")
		if err != nil {
			if !knownReason(err) {
				t.Errorf("refused with %v", err)
			}
			return
		}
		var plain map[string]any
		if err := json.Unmarshal([]byte(payload), &plain); err != nil {
			t.Fatalf("taken, but no JSON: %v", err)
		}
		if plain["iss"] != minted || plain["exp"] == nil || plain["iat"] == nil || plain["cnf"] != nil {
			t.Errorf("taken: %s", payload)
		}
		many, _ := plain["aud"].([]any)
		if plain["aud"] != "orders" && !slices.Contains(many, any("orders")) || !slices.Contains(c.Audience, "orders") {
			t.Errorf("taken for orders: %s", payload)
		}
	})
}

// FuzzProof: no proof passes but one that a holder made.
func FuzzProof(f *testing.F) {
	issuer, holder := bearertest.NewIssuer(f), bearertest.NewHolder(f)
	v, err := bearer.Config{Issuer: issuer.URL, Log: quiet}.NewVerifier(f.Context())
	if err != nil {
		f.Fatal(err)
	}
	token := issuer.Token(holder.Bind(day))
	stolen := holder.Proof("POST", here, token, nil)
	f.Add(stolen)
	f.Add(bearertest.NewHolder(f).Proof("GET", here, token, nil))
	f.Add(token)
	f.Add(`eyJ0eXAiOiJkcG9wK2p3dCIsImFsZyI6IkVTMjU2IiwiandrIjp7Imt0eSI6IkVDIn19.e30.`)
	f.Fuzz(func(t *testing.T, proof string) {
		r := request("Authorization", "DPoP "+token)
		r.Header["Dpop"] = []string{proof}
		if c, err := v.VerifyRequest(r, "orders"); err == nil || !knownReason(err) {
			t.Errorf("%+v, %v", c, err)
		}
	})
}

// knownReason tells whether a refusal has one of the package's reasons.
func knownReason(err error) bool {
	e, ok := errors.AsType[*bearer.Error](err)
	return ok && e.Reason != nil && e.Reason != bearer.ErrUnavailable && e.Code != "" && e.Description == e.Reason.Error()
}
