package authorize

import (
	"net/url"
	"slices"
	"strings"
	"testing"

	"github.com/tokenhouse/tokenhouse/internal/core/login"
	"github.com/tokenhouse/tokenhouse/internal/core/realm"
)

// FuzzRules sends requests of any kind to the rules: what they let through is answered at an address of the client,
// by what the client may have.
func FuzzRules(f *testing.F) {
	for _, seed := range []string{
		"response_type=code&redirect_uri=https://app.example/cb&scope=openid",
		"response_type=code+id_token&redirect_uri=https://app.example/cb&nonce=n&response_mode=form_post.jwt&state=s",
		"response_type=code&redirect_uri=https://evil.example/cb",
		"response_type=code&code_challenge=" + strings.Repeat("a", 43) + "&code_challenge_method=S256&max_age=0&prompt=none+login",
		"response_type=token&response_mode=query&redirect_uri=https://app.example/cb",
		"response_type=code&response_type=code&redirect_uri=https://app.example/cb",
		"response_type=none&claims={&acr_values=1+gold&ui_locales=de&max_age=-1",
	} {
		f.Add(seed)
	}
	d := realm.New("shop-key", realm.Settings{Name: "shop", Enabled: true})
	client := &realm.Client{Key: "app-key", ID: "app", Enabled: true, Protocol: "openid-connect", StandardFlow: true, RedirectURIs: []string{"https://app.example/cb"}}
	d.PutClient(client)
	shop := d.Realm()
	f.Fuzz(func(t *testing.T, query string) {
		sent, err := url.ParseQuery(query)
		if err != nil {
			return
		}
		var in parameters
		for name, values := range sent {
			for _, v := range values {
				in = append(in, Field{name, v})
			}
		}
		c := &checking{realm: shop, base: "https://id.example", client: client}
		if err := c.run(in); err != nil {
			return
		}
		q := &c.q
		switch {
		case q.RedirectURI != "https://app.example/cb":
			t.Errorf("the answer goes to %q", q.RedirectURI)
		case q.ResponseType.Tokens():
			t.Errorf("%q is answered with tokens, which the client may not have", query)
		case slices.ContainsFunc(in, func(f Field) bool { return in.count(f.Name) > 1 }):
			t.Errorf("%q has a parameter twice", query)
		case q.Challenge != "" && q.ChallengeMethod == "":
			t.Errorf("%q has a challenge without a method", query)
		case q.MaxAge != nil && *q.MaxAge < 0:
			t.Errorf("max_age is %d", *q.MaxAge)
		case q.Asks(login.PromptNone) && q.Asks(login.PromptLogin):
			t.Errorf("%q is to be silent and to ask", query)
		}
	})
}
