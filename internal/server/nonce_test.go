package server_test

import (
	"encoding/json"
	"net/http"
	"net/url"
	"os"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/tokenhouse/tokenhouse/internal/core/proof"
	"github.com/tokenhouse/tokenhouse/internal/core/proof/prooftest"
	"github.com/tokenhouse/tokenhouse/internal/core/realm"
	"github.com/tokenhouse/tokenhouse/internal/server"
)

// nonced is a holder at a server whose realm wants proofs to name a nonce, and whose clock the test sets.
type nonced struct {
	holder
	now func() time.Time
}

// demanding is a realm file that wants proofs to name a nonce.
func demanding(t *testing.T) []byte {
	t.Helper()
	text, err := os.ReadFile("testdata/attack/shop.json")
	if err != nil {
		t.Fatal(err)
	}
	var file map[string]any
	if err := json.Unmarshal(text, &file); err != nil {
		t.Fatal(err)
	}
	file["attributes"] = map[string]string{"tokenhouse.dpop.nonce": "required"}
	if text, err = json.Marshal(file); err != nil {
		t.Fatal(err)
	}
	return text
}

// ask sends a form, or presents a token where one is given, with a proof that names a nonce; none where that is empty.
func (h nonced) ask(endpoint, nonce, token string, form url.Values) answer {
	h.Helper()
	claims := map[string]any{}
	header := http.Header{"Origin": {page}}
	if token != "" {
		claims, header["Authorization"] = prooftest.With(token), []string{"DPoP " + token}
	}
	if nonce != "" {
		claims["nonce"] = nonce
	}
	header["Dpop"] = []string{h.key.Prove("POST", h.address(endpoint), h.now(), claims)}
	return h.send(endpoint, form.Encode(), header)
}

// page is whose scripts may call as gateway and app.
const page = "https://page.example"

func nonceIn(q answer) string { return q.header.Get("DPoP-Nonce") }

// TestProofNonces: where the realm wants that, a proof names what the server said not long ago, wherever proofs are taken.
func TestProofNonces(t *testing.T) {
	const want = "Authorization server requires nonce in DPoP proof"
	for _, db := range databases {
		t.Run(db.name, func(t *testing.T) {
			var ahead atomic.Int64
			now := func() time.Time { return time.Now().Add(time.Duration(ahead.Load())) }
			clock := func(c *server.Config, _ string) { c.Now = now }
			place := db.open(t)
			s, base := startAs(t, place, map[string][]byte{"shop.json": demanding(t)}, clock)
			h := nonced{holder{&arena{t, s, base, "shop"}, prooftest.New(t)}, now}

			for _, id := range []string{"gateway", "app"} {
				h.client(id, func(c *realm.Client) {
					c.WebOrigins, c.StandardFlow, c.RedirectURIs = []string{page}, true, []string{"https://app.example/cb"}
				})
			}

			service := as("gateway", "grant_type", "client_credentials")
			old := nonceIn(h.ask("token", "", "", service))
			ahead.Add(int64(3 * proof.Window))
			last := nonceIn(h.ask("token", "", "", service))
			ahead.Add(int64(proof.Window))
			first := h.ask("token", last, "", service)
			h.wantBound(first)
			fresh := nonceIn(first)
			if old == "" || old == last || last == fresh {
				t.Fatalf("nonces %q, %q, %q", old, last, fresh)
			}

			signIn := as("gateway", "grant_type", "password", "username", "alice", "password", "alice-password", "scope", "openid")
			held := h.wantBound(h.ask("token", fresh, "", signIn))
			token, renew := held.get("access_token"), as("gateway", "grant_type", "refresh_token", "refresh_token", held.get("refresh_token"))
			swap := as("gateway", "grant_type", grantExchange, "subject_token", token, "subject_token_type", typeAccess)
			for name, send := range map[string]func(nonce string) answer{
				"token endpoint": func(nonce string) answer { return h.ask("token", nonce, "", service) },
				"refresh":        func(nonce string) answer { return h.ask("token", nonce, "", renew) },
				"exchange":       func(nonce string) answer { return h.ask("token", nonce, "", swap) },
				"pushed request": func(nonce string) answer {
					return h.ask("ext/par/request", nonce, "", as("app", "redirect_uri", "https://app.example/cb", "response_type", "code"))
				},
				"userinfo": func(nonce string) answer { return h.ask("userinfo", nonce, token, nil) },
			} {
				for state, tt := range map[string]struct {
					nonce string
					good  bool
				}{"absent": {"", false}, "wrong": {"x", false}, "old": {old, false}, "of the last window": {last, true}, "fresh": {fresh, true}} {
					q := send(tt.nonce)
					challenge := q.header.Get("WWW-Authenticate")
					switch exposed := q.header.Get("Access-Control-Expose-Headers"); {
					case nonceIn(q) != fresh || !strings.Contains(exposed, "DPoP-Nonce"):
						t.Errorf("%s, %s: told %q, not %q, and exposed %s", name, state, nonceIn(q), fresh, exposed)
					case tt.good && q.status >= 300:
						t.Errorf("%s, %s: %v", name, state, q)
					case tt.good:
					case name == "userinfo":
						if q.status != 401 || !strings.HasPrefix(challenge, "DPoP ") || !strings.Contains(challenge, `error="use_dpop_nonce"`) {
							t.Errorf("%s, %s: %v, %s", name, state, q, challenge)
						}
					case q.status != 400 || q.get("error") != "use_dpop_nonce" || q.get("error_description") != want:
						t.Errorf("%s, %s: %v", name, state, q)
					}
				}
			}
			nonceOfAPIs(h, token, fresh)
			if onePlace(place) {
				return // one process has a database of SQLite
			}
			s, base = startAs(t, place, nil, clock)
			other := nonced{holder{&arena{t, s, base, "shop"}, h.key}, now}
			there := other.ask("token", fresh, "", service)
			other.wantBound(there)
			h.wantBound(h.ask("token", nonceIn(there), "", service))
		})
	}
}

// nonceOfAPIs: administration and account API tell that they want a nonce, and nothing else of why a token is refused.
func nonceOfAPIs(h nonced, token, fresh string) {
	h.Helper()
	for _, path := range []string{"/admin/realms/shop", "/realms/shop/account"} {
		for nonce, want := range map[string]bool{"": true, "x": true, fresh: false} {
			q, err := http.NewRequestWithContext(h.Context(), "GET", h.base+path, nil)
			if err != nil {
				h.Fatal(err)
			}
			claims := prooftest.With(token)
			claims["nonce"] = nonce
			q.Header = http.Header{"Authorization": {"DPoP " + token}, "Accept": {"application/json"}, "Origin": {"https://elsewhere.example"},
				"Dpop": {h.key.Prove("GET", h.base+path, h.now(), claims)}}
			resp, err := http.DefaultClient.Do(q)
			if err != nil {
				h.Fatal(err)
			}
			resp.Body.Close()
			challenge := resp.Header.Get("WWW-Authenticate")
			if got := strings.Contains(challenge, `error="use_dpop_nonce"`); got != want || want && resp.StatusCode != 401 {
				h.Errorf("%s, nonce %q: %d %s", path, nonce, resp.StatusCode, challenge)
			}
			exposed := resp.Header.Get("Access-Control-Expose-Headers")
			if want && (resp.Header.Get("DPoP-Nonce") != fresh || exposed != "WWW-Authenticate, DPoP-Nonce") {
				h.Errorf("%s, nonce %q: told %q, exposed %q", path, nonce, resp.Header.Get("DPoP-Nonce"), exposed)
			}
		}
	}
}
