package proxy_test

import (
	"encoding/base64"
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
)

// TestIDTokensAreProven: an ID token that somebody else signed, on the way from an issuer without TLS for example, signs nobody in, whatever
// it says; unless no token is verified at all.
func TestIDTokensAreProven(t *testing.T) {
	p, stranger := newProvider(t), newProvider(t)
	var change func(id string) string
	p.set(func() {
		p.instead = map[string]http.HandlerFunc{"/realms/shop/token": func(w http.ResponseWriter, r *http.Request) {
			real := httptest.NewRecorder()
			p.token(real, r)
			var answer claims
			if err := json.Unmarshal(real.Body.Bytes(), &answer); err != nil {
				t.Error(err)
			}
			answer["id_token"] = change(answer["id_token"].(string))
			p.json(w, real.Code, answer)
		}}
	})
	payload := func(token string) string { return strings.Split(token, ".")[1] }
	by := func(signer *provider) func(string) string {
		return func(id string) string {
			text, err := base64.RawURLEncoding.DecodeString(payload(id))
			if err != nil {
				t.Error(err)
			}
			var says claims
			if err := json.Unmarshal(text, &says); err != nil {
				t.Error(err)
			}
			return signer.sign(says)
		}
	}
	own, unsafe := newGate(t, p, nil), newGate(t, p, flags{"unsafe-skip-token-verification": "true"})
	for name, tt := range map[string]struct {
		gate   *gate
		change func(string) string
		want   int
	}{
		"as it is":              {own, func(id string) string { return id }, 302},
		"signed anew":           {own, by(p), 302},
		"by a stranger":         {own, by(stranger), 403},
		"without a signature":   {own, func(id string) string { return id[:strings.LastIndex(id, ".")+1] }, 403},
		"of the algorithm none": {own, func(id string) string { return "eyJhbGciOiJub25lIn0." + payload(id) + "." }, 403},
		"where all is believed": {unsafe, by(stranger), 302},
	} {
		change = tt.change
		b := tt.gate.browser()
		if w := b.send("GET", b.atProvider(b.open("/")).RequestURI(), page...); w.Code != tt.want || (len(b.cookies) > 0) != (tt.want == 302) {
			t.Errorf("%s: %d %s", name, w.Code, w.Body)
		}
	}
	if !strings.Contains(own.log.String(), "ID token: bearer: Invalid signature") {
		t.Errorf("the log does not tell: %s", own.log)
	}
}
