package audience_test

import (
	"slices"
	"strings"
	"testing"

	"github.com/tokenhouse/tokenhouse/internal/core/audience"
	"github.com/tokenhouse/tokenhouse/internal/core/realm"
)

// FuzzScope asks with any scope parameter: what comes into play is the client's, and was named or is a default;
// and asking for what a token says it has brings that and nothing else.
func FuzzScope(f *testing.F) {
	d := realm.New("r", realm.Settings{Name: "shop"})
	for _, name := range []string{"default", "hidden", "a", "aa", "a-a", "é", "others"} {
		d.PutScope(&realm.ClientScope{Key: "key-" + name, Name: name, InToken: name != "hidden"})
	}
	c := &realm.Client{Key: "c", ID: "spa", Enabled: true, DefaultScopes: []string{"key-default"},
		OptionalScopes: []string{"key-hidden", "key-a", "key-aa", "key-a-a", "key-é"}}
	d.PutClient(c)
	r := d.Realm()
	resolve := func(parameter string) audience.Resolution {
		return audience.Resolve(audience.Request{Realm: r, Issuer: "https://id.example/realms/shop", Client: c, Scope: parameter})
	}

	for _, seed := range []string{"", "openid a", "a  aa", "aa a-a a", "others", "é hidden", "a\ta", "\x00", "\xff", " a ", "openidopenid"} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, parameter string) {
		words := strings.Split(parameter, " ")
		got := resolve(parameter)
		for _, s := range got.Scopes {
			if s.Name != "default" && !slices.Contains(words, s.Name) || s.Name == "others" {
				t.Errorf("%s is in play", s.Name)
			}
		}
		keys, ok := r.ScopesOf(c, parameter)
		if !ok && keys != nil {
			t.Errorf("refused, and yet %v", keys)
		}
		for _, word := range words {
			own := word == "openid" || slices.Contains([]string{"default", "hidden", "a", "aa", "a-a", "é"}, word)
			if ok && !own {
				t.Errorf("%q is taken for a scope", word)
			}
		}
		for _, key := range keys {
			if !slices.Contains(got.Scopes, r.ScopeByKey(key)) {
				t.Errorf("%s is named and not in play", key)
			}
		}
		for _, claim := range []string{got.ScopeClaim(), got.RefreshScope()} {
			again := resolve(claim)
			if _, ok := r.ScopesOf(c, claim); !ok {
				t.Errorf("no client may ask for %q", claim)
			}
			if claim == got.ScopeClaim() && again.ScopeClaim() != claim || claim == got.RefreshScope() && again.RefreshScope() != claim {
				t.Errorf("asked for %q, given %q and %q", claim, again.ScopeClaim(), again.RefreshScope())
			}
		}
	})
}
