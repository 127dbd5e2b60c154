package proxy_test

import (
	"encoding/json"
	"net/http"
	"strconv"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestWrongAudienceIsExplained(t *testing.T) {
	p := newProvider(t)
	g := newGate(t, p, nil)
	w := g.ask("GET", "/orders", "Authorization: Bearer "+p.bearer(claims{"aud": []string{"account", "other"}, "azp": "it's; a spa"}))
	var answer struct {
		Error, Error_description, Reference, Expected string
		Aud                                           []string
		Fixes                                         []struct{ Sentence, Command string }
	}
	if err := json.Unmarshal(w.Body.Bytes(), &answer); err != nil {
		t.Fatal(err, w.Body)
	}
	if w.Code != 401 || answer.Error != "invalid_token" || answer.Error_description != "Invalid audience" || answer.Expected != "my-app" || !cmp.Equal(answer.Aud, []string{"account", "other"}) {
		t.Errorf("%d %s", w.Code, w.Body)
	}
	if got := w.Header().Get("WWW-Authenticate"); got != `Bearer error="invalid_token", error_description="Invalid audience"` {
		t.Errorf("WWW-Authenticate: %s", got)
	}
	const command = `id=$(tokenhouse admin get clients -r shop -q 'clientId=it'\''s; a spa' --fields id --format csv --noquotes) && ` +
		`tokenhouse admin create "clients/$id/protocol-mappers/models" -r shop -s name=my-app-audience -s protocol=openid-connect -s protocolMapper=oidc-audience-mapper ` +
		`-s 'config."included.client.audience"=my-app' -s 'config."access.token.claim"=true' -s 'config."id.token.claim"=false'`
	if len(answer.Fixes) != 2 || answer.Fixes[0].Command != command {
		t.Errorf("fixes %+v\nwant %s", answer.Fixes, command)
	}
	for _, want := range []string{answer.Reference, "account", "expected=my-app", "included.client.audience"} {
		if log := g.log.String(); want == "" || !strings.Contains(log, want) {
			t.Errorf("the log lacks %q: %s", want, log)
		}
	}
}

// TestWrongAudienceAtSignIn: no session begins, and a person sees what is wrong; once it is mended they can go on.
func TestWrongAudienceAtSignIn(t *testing.T) {
	p := newProvider(t)
	p.set(func() { p.access = claims{"aud": "account"} })
	g := newGate(t, p, nil)
	b := g.browser()
	w := b.send("GET", b.atProvider(b.open("/orders")).RequestURI(), page...)
	body := w.Body.String()
	for _, want := range []string{"<code>account</code>", `id="expected"><code>my-app</code>`, "included.client.audience", `href="/oauth/authorize?redirect=%2Forders"`} {
		if !strings.Contains(body, want) {
			t.Errorf("the page lacks %s: %s", want, body)
		}
	}
	if w.Code != http.StatusForbidden || len(b.cookies) != 0 || g.requests() != 0 {
		t.Errorf("%d, cookies %v, %d requests to the upstream", w.Code, b.cookies, g.requests())
	}
	p.set(func() { p.access = claims{"aud": "my-app"} })
	passes(t, b.signIn("/orders"))
}

func TestExplanationsOfTheIssuer(t *testing.T) {
	p := newProvider(t)
	own := flags{"explain-client-id": "explainer", "explain-client-secret": "explain-secret"}
	for name, show := range map[string]bool{"hidden": false, "shown": true} {
		own["show-explanations"] = strconv.FormatBool(show)
		g := newGate(t, p, own)
		w := g.ask("GET", "/", "Authorization: Bearer "+p.bearer(claims{"aud": "account"}))
		if got := strings.Contains(w.Body.String(), "explained by the issuer"); got != show {
			t.Errorf("%s: %s", name, w.Body)
		}
		if !strings.Contains(g.log.String(), "explained by the issuer") {
			t.Errorf("%s: not in the log: %s", name, g.log)
		}
		before := p.count("/admin/realms/shop/tokenhouse/explain/audience")
		for range 3 {
			g.ask("GET", "/", "Authorization: Bearer "+p.bearer(claims{"aud": "account"}))
		}
		if n := p.count("/admin/realms/shop/tokenhouse/explain/audience"); n != before {
			t.Errorf("%s: the same is asked %d times more", name, n-before)
		}
	}
	p.set(func() { p.refuses["client_credentials"] = "unauthorized_client" })
	g := newGate(t, p, own)
	if w := g.ask("GET", "/", "Authorization: Bearer "+p.bearer(claims{"aud": "account"})); w.Code != 401 || !strings.Contains(w.Body.String(), "included.client.audience") {
		t.Errorf("without an explanation: %d %s", w.Code, w.Body)
	}
}
