package verify_test

import (
	"crypto/x509"
	"encoding/base64"
	"encoding/json"
	"encoding/pem"
	"strings"
	"testing"

	"github.com/go-jose/go-jose/v4"

	"github.com/tokenhouse/tokenhouse/internal/core/oauth"
	"github.com/tokenhouse/tokenhouse/internal/core/realm"
	"github.com/tokenhouse/tokenhouse/internal/core/token"
	"github.com/tokenhouse/tokenhouse/internal/flow/verify"
)

// TestAttack plays what went wrong in other products, each refusal beside what is granted.
func TestAttack(t *testing.T) {
	t.Run("T04 disabled people and clients", attackT04)
	t.Run("T06 algorithm confusion", attackT06)
	t.Run("T14 one-time values are typed", attackT14)
	t.Run("T19 the latest mark counts", attackT19)
	t.Run("T23 required claims", attackT23)
	t.Run("T25 altered tokens", attackT25)
	t.Run("T26 fence between realms", attackT26)
	t.Run("T27 revoked subject", attackT27)
	t.Run("T31 assertion replay", attackT31)
	t.Run("T32 one audience or a list", attackT32)
}

// mustStand and mustFall check a subject token.
func mustStand(t *testing.T, w *world, compact string) {
	t.Helper()
	if _, err := w.verifier().Subject(t.Context(), w.at(), compact); err != nil {
		t.Errorf("refused: %v", err)
	}
}

func mustFall(t *testing.T, w *world, compact string, want verify.Reason) {
	t.Helper()
	if _, err := w.verifier().Subject(t.Context(), w.at(), compact); verify.Why(err) != want {
		t.Errorf("refused: %v, want %q", err, want)
	}
}

func attackT04(t *testing.T) {
	w := newWorld(t)
	v := w.verifier() // one and the same, that has seen the token good
	compact := w.sign(w.claims("onrtro"))
	subject := func() verify.Reason {
		_, err := v.Subject(t.Context(), w.at(), compact)
		return verify.Why(err)
	}
	if why := subject(); why != "" {
		t.Fatalf("refused: %s", why)
	}
	w.people["alice"].Enabled = false
	if why := subject(); why != verify.UserDisabled {
		t.Errorf("disabled user: %q", why)
	}
	w.people["alice"].Enabled = true
	w.change("spa", func(c *realm.Client) { c.Enabled = false })
	if why := subject(); why != verify.ClientDisabled {
		t.Errorf("disabled client: %q", why)
	}
	w.change("spa", func(c *realm.Client) { c.Enabled = true })
	if why := subject(); why != "" {
		t.Errorf("enabled again: %q", why)
	}
}

func attackT06(t *testing.T) {
	w := newWorld(t)
	clients(w)
	w.publish("rsa", "ec")
	public, err := x509.MarshalPKIXPublicKey(pairs()["rsa"].Public())
	if err != nil {
		t.Fatal(err)
	}
	jwk, err := json.Marshal(jose.JSONWebKey{Key: pairs()["rsa"].Public(), KeyID: "rsa"})
	if err != nil {
		t.Fatal(err)
	}
	as := func(id string) func(claims, header map[string]any) {
		return func(claims, header map[string]any) {
			claims["iss"], claims["sub"] = id, id
			header["kid"] = "rsa"
		}
	}
	claims := func(id string) map[string]any {
		return map[string]any{"iss": id, "sub": id, "aud": w.realm.Issuer(base), "jti": "j", "exp": now.Unix() + 60}
	}
	none := func(id string) verify.Credentials {
		return verify.Credentials{AssertionType: ptr(oauth.JWTBearerAssertion), Assertion: ptr(unsigned(t, claims(id)))}
	}
	oct := func() verify.Credentials { // the client publishes a symmetric key, which whoever reads it could sign with
		w.change("keyholder", func(c *realm.Client) {
			c.UseJWKS, c.JWKS = true, `{"keys":[{"kty":"oct","kid":"rsa","k":"c2VjcmV0LXNlY3JldC1zZWNyZXQtc2VjcmV0LXNlY3JldA"}]}`
		})
		return signed(t, w, "HS256", []byte("secret-secret-secret-secret-secret"), as("keyholder"))
	}
	tests := []struct {
		name  string
		with  verify.Credentials
		grant bool
	}{
		{"by the key", signed(t, w, "RS256", pairs()["rsa"], as("keyholder")), true},
		{"by the secret", signed(t, w, "HS256", []byte(signerSecret), as("signer")), true},
		{"MAC by the public key's PEM", signed(t, w, "HS256", pem.EncodeToMemory(&pem.Block{Type: "PUBLIC KEY", Bytes: public}), as("keyholder")), false},
		{"MAC by the public key's DER", signed(t, w, "HS256", public, as("keyholder")), false},
		{"MAC by the public key's JWK", signed(t, w, "HS256", jwk, as("keyholder")), false},
		{"MAC by the secret where a key is due", signed(t, w, "HS256", []byte("x-secret-that-is-long-enough-for-go-jose"), as("keyholder")), false},
		{"a key where the secret is due", signed(t, w, "RS256", pairs()["rsa"], as("signer")), false},
		{"a key that the token brings along", signed(t, w, "ES256", pairs()["stranger"], func(c, h map[string]any) {
			as("keyholder")(c, h)
			delete(h, "kid")
			h["jwk"] = jose.JSONWebKey{Key: pairs()["stranger"].Public()}
		}), false},
		{"none, by key", none("keyholder"), false},
		{"none, by secret", none("signer"), false},
		{"a published secret", oct(), false},
	}
	for i, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			if i < len(tests)-1 {
				w.publish("rsa", "ec")
			}
			w.used = map[string]bool{}
			if _, err := w.verifier().Client(t.Context(), w.at(), tt.with); tt.grant != (err == nil) {
				t.Errorf("err = %v", err)
			}
		})
	}

	t.Run("unsigned access token", func(t *testing.T) {
		c := w.claims("onrtro")
		mustStand(t, w, w.sign(c))
		payload := base64.RawURLEncoding.EncodeToString(c.AppendJSON(nil))
		for _, header := range []string{`{"alg":"none"}`, `{"alg":"None","typ":"JWT"}`, `{"alg":"ES256"}`, `{}`} {
			mustFall(t, w, base64.RawURLEncoding.EncodeToString([]byte(header))+"."+payload+".", verify.Unreadable)
		}
	})
	t.Run("refresh token by a public algorithm", func(t *testing.T) { // as a mapper that writes "typ" would make one
		c := w.claims(token.TypRefresh)
		spa := w.realm.Client("spa")
		if _, err := w.verifier().RefreshToken(t.Context(), w.at(), spa, w.sign(c)); err != nil {
			t.Errorf("refused: %v", err)
		}
		if _, err := w.verifier().RefreshToken(t.Context(), w.at(), spa, w.signWith("ES256", c)); verify.Why(err) != verify.WrongType {
			t.Errorf("refused: %v, want %q", err, verify.WrongType)
		}
	})
	t.Run("key that was disabled since", func(t *testing.T) {
		v, compact := w.verifier(), w.sign(w.claims("onrtro"))
		if _, err := v.Subject(t.Context(), w.at(), compact); err != nil {
			t.Fatal(err)
		}
		w.edit(func(d *realm.Draft) {
			for _, k := range w.realm.Keys() {
				off := *k
				off.Enabled = false
				d.PutKey(&off)
			}
		})
		if _, err := v.Subject(t.Context(), w.at(), compact); verify.Why(err) != verify.Unreadable {
			t.Errorf("refused: %v, want %q", err, verify.Unreadable)
		}
	})
}

func attackT14(t *testing.T) {
	w := newWorld(t)
	clients(w)
	w.edit(func(d *realm.Draft) {
		d.PutClient(&realm.Client{Key: "k-twin", ID: "twin", Authenticator: "client-secret-jwt", Secret: signerSecret, Enabled: true})
	})
	_, err := w.UseOnce(t.Context(), w.realm.Key, "code", "jti", now)
	if err != nil {
		t.Fatal(err)
	}
	prove := func(id string) error {
		creds := signed(t, w, "HS256", []byte(signerSecret), func(c, _ map[string]any) { c["iss"], c["sub"], c["jti"] = id, id, "jti" })
		_, err := w.verifier().Client(t.Context(), w.at(), creds)
		return err
	}
	if err := prove("signer"); err != nil {
		t.Errorf("a value that was used for something else: %v", err)
	}
	if err := prove("twin"); err != nil {
		t.Errorf("a jti that another client used: %v", err)
	}
	if err := prove("signer"); answerOf(t, err) != refusal("Token reuse detected") {
		t.Errorf("the same again: %v", err)
	}
}

func attackT19(t *testing.T) {
	before, after := now.Unix()-3600, now.Unix() // the token was issued in between
	for _, tt := range []struct{ realm, client, user int64 }{
		{after, before, before}, {before, after, before}, {before, before, after},
		{after, 0, 0}, {0, after, 0}, {0, 0, after},
	} {
		w := newWorld(t)
		w.settings(func(s *realm.Settings) { s.NotBefore = tt.realm })
		w.change("spa", func(c *realm.Client) { c.NotBefore = tt.client })
		w.people["alice"].NotBefore = tt.user
		for _, u := range uses {
			if _, err := u.check(t.Context(), w, w.sign(w.claims(u.kinds[0]))); verify.Why(err) != verify.Stale {
				t.Errorf("%s with marks %v: %v", u.name, tt, err)
			}
		}
	}
	w := newWorld(t)
	w.settings(func(s *realm.Settings) { s.NotBefore = before })
	w.change("spa", func(c *realm.Client) { c.NotBefore = before })
	w.people["alice"].NotBefore = before
	mustStand(t, w, w.sign(w.claims("onrtro")))
}

func attackT23(t *testing.T) {
	w := newWorld(t)
	strip := func(kind string, change func(c *token.Claims)) string {
		c := w.claims(kind)
		change(&c)
		return w.sign(c)
	}
	mustStand(t, w, strip("onrtro", func(c *token.Claims) {}))
	mustFall(t, w, strip("onrtro", func(c *token.Claims) { c.Expires = 0 }), verify.Expired)
	mustFall(t, w, strip("onrtro", func(c *token.Claims) { c.IssuedAt = 0 }), verify.Expired)
	mustFall(t, w, strip("onrtro", func(c *token.Claims) { c.Issuer = "" }), verify.OtherIssuer)
	mustFall(t, w, strip("onrtro", func(c *token.Claims) { c.Client = "" }), verify.ClientGone)
	mustFall(t, w, strip("onrtro", func(c *token.Claims) { c.Type = "" }), verify.WrongType)
	spa := w.realm.Client("spa")
	refresh := func(kind string) error {
		_, err := w.verifier().RefreshToken(t.Context(), w.at(), spa, strip(kind, func(c *token.Claims) { c.Expires = 0 }))
		return err
	}
	if err := refresh(token.TypRefresh); verify.Why(err) != verify.Expired {
		t.Errorf("refresh token without an end: %v", err)
	}
	if err := refresh(token.TypOffline); err != nil {
		t.Errorf("offline token without an end: %v", err)
	}
}

// Every prefix of a good token, and every token that differs in one character, is refused.
func attackT25(t *testing.T) {
	w := newWorld(t)
	for _, kind := range []string{"onrtro", "trrtcc"} {
		good := w.sign(w.claims(kind))
		v := w.verifier()
		if _, err := v.AccessToken(t.Context(), w.at(), good); err != nil {
			t.Fatal(err)
		}
		refused := func(what, compact string) {
			if _, err := v.AccessToken(t.Context(), w.at(), compact); verify.Why(err) != verify.Unreadable {
				t.Errorf("%s: %v", what, err)
			}
		}
		for i := range good {
			refused("cut short", good[:i])
			for _, c := range []byte{'A', 'z', '-', '.', '=', ' ', '\n'} {
				if good[i] != c {
					refused("altered", good[:i]+string(c)+good[i+1:])
				}
			}
			refused("lengthened inside", good[:i]+"A"+good[i:])
		}
		for _, more := range []string{"x", "=", ".", " ", "\n", "\x00", "AAAA"} {
			refused("lengthened", good+more)
		}
	}
}

func attackT26(t *testing.T) {
	w := newWorld(t)
	compact := w.sign(w.claims("onrtro"))
	mustStand(t, w, compact)

	d := realm.New("other-key", realm.Settings{Name: "other", Enabled: true, Lifespans: w.realm.Lifespans})
	for _, c := range w.realm.Clients() {
		d.PutClient(c)
	}
	other := d.Realm()
	at := w.at()
	at.Realm = other
	v := w.verifier()
	if _, err := v.Subject(t.Context(), w.at(), compact); err != nil {
		t.Fatal(err)
	}
	if _, err := v.Subject(t.Context(), at, compact); verify.Why(err) != verify.Unreadable {
		t.Errorf("by other keys: %v", err)
	}
	twin := realm.Edit(other)
	for _, k := range w.realm.Keys() { // even a realm with the same keys is another one
		twin.PutKey(k)
	}
	at.Realm = other.With(other.Version+1, twin.Changes())
	if _, err := w.verifier().Subject(t.Context(), at, compact); verify.Why(err) != verify.OtherIssuer {
		t.Errorf("by the same keys: %v", err)
	}
}

func attackT27(t *testing.T) {
	w := newWorld(t)
	v, c := w.verifier(), w.claims("onrtro")
	compact := w.sign(c)
	if _, err := v.Subject(t.Context(), w.at(), compact); err != nil {
		t.Fatal(err)
	}
	w.revoked[c.ID] = true
	if _, err := v.Subject(t.Context(), w.at(), compact); verify.Why(err) != verify.Revoked {
		t.Errorf("a revoked token that was seen before: %v", err)
	}
}

func attackT31(t *testing.T) {
	w := newWorld(t)
	clients(w)
	creds := signed(t, w, "HS256", []byte(signerSecret), nil)
	here, there := w.verifier(), w.verifier() // two nodes on one store
	if _, err := here.Client(t.Context(), w.at(), creds); err != nil {
		t.Fatal(err)
	}
	for _, node := range []*verify.Verifier{here, there} {
		if _, err := node.Client(t.Context(), w.at(), creds); answerOf(t, err) != refusal("Token reuse detected") {
			t.Errorf("the same assertion again: %v", err)
		}
	}
	// One that is refused for something else must not use the jti up: an attacker who cannot sign could lock its owner out.
	forged := signed(t, w, "HS256", []byte(strings.Repeat("guess", 9)), func(c, _ map[string]any) { c["jti"] = "next" })
	if _, err := here.Client(t.Context(), w.at(), forged); err == nil {
		t.Fatal("a forged assertion is accepted")
	}
	next := signed(t, w, "HS256", []byte(signerSecret), func(c, _ map[string]any) { c["jti"] = "next" })
	if _, err := there.Client(t.Context(), w.at(), next); err != nil {
		t.Errorf("refused: %v", err)
	}
}

func attackT32(t *testing.T) {
	w := newWorld(t)
	clients(w)
	issuer := w.realm.Issuer(base)
	for i, tt := range []struct {
		aud   any
		grant bool
	}{
		{issuer, true},
		{[]string{issuer}, true},
		{"https://other.example", false},
		{[]string{"https://other.example"}, false},
		{[]string{issuer, "https://other.example"}, false},
		{[]string{"https://other.example", issuer}, false},
		{issuer + " https://other.example", false},
		{[]string{}, false},
		{"", false},
		{nil, false},
		{map[string]string{"aud": issuer}, false},
		{[]any{issuer, 7}, false},
	} {
		creds := signed(t, w, "HS256", []byte(signerSecret), func(c, _ map[string]any) { c["aud"], c["jti"] = tt.aud, string(rune('a'+i)) })
		if _, err := w.verifier().Client(t.Context(), w.at(), creds); tt.grant != (err == nil) {
			t.Errorf("aud %v: %v", tt.aud, err)
		}
	}
}

// FuzzSubject looks for a token that is taken though the realm did not sign it.
func FuzzSubject(f *testing.F) {
	w := newWorld(f)
	good := w.sign(w.claims("onrtro"))
	parts := strings.Split(good, ".")
	f.Add(good)
	f.Add(parts[0] + "." + parts[1] + ".")
	f.Add("..")
	f.Add("")
	v := w.verifier()
	f.Fuzz(func(t *testing.T, compact string) {
		if _, err := v.Subject(t.Context(), w.at(), compact); err == nil && compact != good {
			t.Errorf("accepted: %q", compact)
		}
	})
}

// FuzzAssertion looks for an assertion that is taken though no client signed it.
func FuzzAssertion(f *testing.F) {
	w := newWorld(f)
	clients(w)
	good := signed(f, w, "HS256", []byte(signerSecret), nil)
	f.Add(*good.Assertion)
	f.Add(unsigned(f, map[string]any{"iss": "signer", "sub": "signer"}))
	f.Add("a.b.c")
	v := w.verifier()
	f.Fuzz(func(t *testing.T, assertion string) {
		_, err := v.Client(t.Context(), w.at(), verify.Credentials{AssertionType: ptr(oauth.JWTBearerAssertion), Assertion: &assertion})
		if err == nil && assertion != *good.Assertion {
			t.Errorf("accepted: %q", assertion)
		}
	})
}
