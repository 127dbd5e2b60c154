package passkey_test

import (
	"net/url"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/tokenhouse/tokenhouse/internal/core/user"
	"github.com/tokenhouse/tokenhouse/internal/flow/passkey"
	"github.com/tokenhouse/tokenhouse/internal/flow/passkey/passkeytest"
)

const challenge = "Y2hhbGxlbmdlIHRoYXQgbm9ib2R5IGd1ZXNzZXM"

var asked = passkey.Asked{Challenge: challenge, Base: "https://id.test"}

func made(f url.Values) passkey.Made {
	return passkey.Made{ClientData: f.Get("clientDataJSON"), Attestation: f.Get("attestationObject"), ID: f.Get("publicKeyCredentialId"), Transports: f.Get("transports")}
}

func signed(f url.Values) passkey.Signed {
	return passkey.Signed{ClientData: f.Get("clientDataJSON"), Authenticator: f.Get("authenticatorData"), Signature: f.Get("signature"), ID: f.Get("credentialId")}
}

func TestRegister(t *testing.T) {
	tests := map[string]struct {
		authenticator func(a *passkeytest.Authenticator)
		asked         func(q *passkey.Asked)
		form          func(f url.Values)
		want          string // part of the error; empty: it is taken
	}{
		"taken":              {},
		"other origin":       {authenticator: func(a *passkeytest.Authenticator) { a.Origin = "https://evil.test" }, want: "origin"},
		"same host, no TLS":  {authenticator: func(a *passkeytest.Authenticator) { a.Origin = "http://id.test" }, want: "origin"},
		"extra origin":       {authenticator: func(a *passkeytest.Authenticator) { a.Origin = "https://app.test" }, asked: func(q *passkey.Asked) { q.Policy.Origins = []string{"https://app.test"} }},
		"other party":        {authenticator: func(a *passkeytest.Authenticator) { a.Party = "evil.test" }, want: "alidat"},
		"party of policy":    {authenticator: func(a *passkeytest.Authenticator) { a.Party = "test" }, asked: func(q *passkey.Asked) { q.Policy.Party = "test" }},
		"other challenge":    {asked: func(q *passkey.Asked) { q.Challenge = "YW5vdGhlcg" }, want: "challenge"},
		"no challenge":       {asked: func(q *passkey.Asked) { q.Challenge = "" }, want: "challenge"},
		"not verified":       {authenticator: func(a *passkeytest.Authenticator) { a.Verified = false }},
		"verification wants": {authenticator: func(a *passkeytest.Authenticator) { a.Verified = false }, asked: func(q *passkey.Asked) { q.Policy.Verification = "required" }, want: "alidat"},
		"caller wants":       {authenticator: func(a *passkeytest.Authenticator) { a.Verified = false }, asked: func(q *passkey.Asked) { q.Verify = true }, want: "alidat"},
		"other algorithm":    {asked: func(q *passkey.Asked) { q.Policy.Algorithms = []string{"RS256"} }, want: "attestation"},
		"must attest":        {asked: func(q *passkey.Asked) { q.Policy.Attestation = "direct" }, want: "must attest"},
		"model not attested": {asked: func(q *passkey.Asked) { q.Policy.Models = []string{"00000000-0000-0000-0000-000000000000"} }, want: "AAGUID"},
		"signed, not made": {form: func(f url.Values) {
			f.Set("clientDataJSON", passkeytest.New("https://id.test", "id.test").Sign(challenge, "").Get("clientDataJSON"))
		}, want: "ceremony"},
		"id of another": {form: func(f url.Values) { f.Set("publicKeyCredentialId", "b3RoZXI") }, want: "credential id"},
		"nothing":       {form: func(f url.Values) { clear(f) }, want: "cannot be read"},
		"no JSON":       {form: func(f url.Values) { f.Set("clientDataJSON", "bm9uZQ") }, want: "attestation response"},
		"no CBOR":       {form: func(f url.Values) { f.Set("attestationObject", "bm9uZQ") }, want: "attestation response"},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			a, q := passkeytest.New("https://id.test", "id.test"), asked
			if tt.authenticator != nil {
				tt.authenticator(a)
			}
			if tt.asked != nil {
				tt.asked(&q)
			}
			f := a.Make(challenge)
			if tt.form != nil {
				tt.form(f)
			}
			got, err := passkey.Register(q, made(f))
			if tt.want != "" {
				if err == nil || !strings.Contains(err.Error(), tt.want) {
					t.Fatalf("got %v, want %q", err, tt.want)
				}
				if strings.Contains(err.Error(), challenge) {
					t.Errorf("the error tells the challenge: %v", err)
				}
				return
			}
			if err != nil {
				t.Fatal(err)
			}
			want := user.Passkey{ID: a.ID, Key: got.Key, Count: 1, Model: "00000000-0000-0000-0000-000000000000", Format: "none", Transports: []string{"usb", "nfc"}}
			if diff := cmp.Diff(want, got); diff != "" || len(got.Key) == 0 {
				t.Error(diff)
			}
		})
	}
}

func TestVerify(t *testing.T) {
	tests := map[string]struct {
		authenticator func(a *passkeytest.Authenticator)
		asked         func(q *passkey.Asked)
		form          func(f url.Values)
		want          string
	}{
		"taken":           {},
		"other origin":    {authenticator: func(a *passkeytest.Authenticator) { a.Origin = "https://evil.test" }, want: "origin"},
		"other party":     {authenticator: func(a *passkeytest.Authenticator) { a.Party = "evil.test" }, want: "alidat"},
		"other challenge": {asked: func(q *passkey.Asked) { q.Challenge = "YW5vdGhlcg" }, want: "challenge"},
		"not verified":    {authenticator: func(a *passkeytest.Authenticator) { a.Verified = false }, asked: func(q *passkey.Asked) { q.Verify = true }, want: "alidat"},
		"other key": {form: func(f url.Values) {
			f.Set("signature", passkeytest.New("https://id.test", "id.test").Sign(challenge, "").Get("signature"))
		}, want: "signature"},
		"counter forged": {form: func(f url.Values) {
			b := passkeytest.New("https://id.test", "id.test")
			b.Count = 9
			f.Set("authenticatorData", b.Sign(challenge, "").Get("authenticatorData"))
		}, want: "signature"},
		"other passkey": {form: func(f url.Values) { f.Set("credentialId", "b3RoZXI") }, want: "another passkey"},
		"made, not signed": {form: func(f url.Values) {
			f.Set("clientDataJSON", passkeytest.New("https://id.test", "id.test").Make(challenge).Get("clientDataJSON"))
		}, want: "ceremony"},
		"nothing": {form: func(f url.Values) { clear(f) }, want: "cannot be read"},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			a, q := passkeytest.New("https://id.test", "id.test"), asked
			key, err := passkey.Register(q, made(a.Make(challenge)))
			if err != nil {
				t.Fatal(err)
			}
			if tt.authenticator != nil {
				tt.authenticator(a)
			}
			if tt.asked != nil {
				tt.asked(&q)
			}
			a.Count = 7
			f := a.Sign(challenge, "")
			if tt.form != nil {
				tt.form(f)
			}
			got, err := passkey.Verify(q, signed(f), key)
			if tt.want == "" {
				if err != nil || got != (passkey.Use{Count: 7, Verified: true}) {
					t.Errorf("%+v, %v", got, err)
				}
				return
			}
			if err == nil || !strings.Contains(err.Error(), tt.want) || strings.Contains(err.Error(), challenge) {
				t.Errorf("got %v, want %q", err, tt.want)
			}
		})
	}
}
