package server_test

import (
	"encoding/base64"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/go-jose/go-jose/v4"
	"github.com/go-jose/go-jose/v4/jwt"

	"github.com/tokenhouse/tokenhouse/internal/core/realm"
)

// attackParameters: a parameter that is lost, doubled or altered may have been a limit, so that none is.
func attackParameters(t *testing.T) {
	a := newArena(t)
	subject := a.signIn("app", "alice", "openid").get("access_token")
	exchange := as("gateway", "grant_type", grantExchange, "subject_token", subject, "subject_token_type", typeAccess,
		"requested_token_type", typeAccess, "audience", "orders", "scope", "profile").Encode()
	if q := a.want(a.send("token", exchange, nil)); !slices.Equal(audience(t, q.get("access_token")), []string{"orders"}) {
		t.Fatalf("aud %v", audience(t, q.get("access_token")))
	}
	t.Run("doubled", func(t *testing.T) {
		for name, values := range must(url.ParseQuery(exchange)) {
			for _, second := range []string{values[0], "", "other"} {
				q := a.in(t).send("token", exchange+"&"+name+"="+url.QueryEscape(second), nil)
				if allowed := name == "audience" && second == "orders"; (q.status == 200) != allowed {
					t.Errorf("%s, then %.10q: %v", name, second, q)
				}
			}
		}
		for _, more := range []string{"x=1&x=1", "x=1&x=2", "x&x", "actor_token=a&actor_token=b"} {
			if q := a.in(t).send("token", exchange+"&"+more, nil); q.status != 400 {
				t.Errorf("%s: %v", more, q)
			}
		}
	})
	t.Run("empty or left out", func(t *testing.T) {
		for name, without := range map[string]bool{ // whether it may be left out; empty none may be
			"grant_type": false, "subject_token": false, "subject_token_type": false, "client_id": false, "client_secret": false,
			"requested_token_type": true, "audience": true, "scope": true,
		} {
			form := must(url.ParseQuery(exchange))
			form.Set(name, "")
			if q := a.in(t).post("token", form); q.status == 200 {
				t.Errorf("%s empty: granted", name)
			}
			form.Del(name)
			if q := a.in(t).post("token", form); (q.status == 200) != without {
				t.Errorf("%s left out: %v", name, q)
			}
		}
	})
	t.Run("legacy", func(t *testing.T) {
		for _, name := range []string{"requested_subject", "requested_issuer", "subject_issuer"} {
			for _, value := range []string{"", "bob", "alice"} {
				if q := a.in(t).send("token", exchange+"&"+name+"="+value, nil); q.status != 400 {
					t.Errorf("%s=%s: %v", name, value, q)
				}
			}
		}
	})
	t.Run("altered", func(t *testing.T) {
		for _, name := range []string{"grant_type", "subject_token", "subject_token_type", "requested_token_type", "audience", "scope", "client_id", "client_secret"} {
			for _, junk := range []string{"%00", "%0a", "%0d%0a", "%09", "%20", "%7f", "%1b", "%ff", "%c0%af", "%ed%a0%80", "%e2%80%8b", "%ef%bb%bf", "%", "%2", "%zz", "%u0061", "%2500", "+", ";", "\x00", "\xff", "#x", "?x=1"} {
				form := must(url.ParseQuery(exchange))
				value := form.Get(name)
				form.Del(name)
				for i, text := range []string{url.QueryEscape(value) + junk, junk + url.QueryEscape(value)} {
					blank := name == "scope" && i == 0 && (junk == "%20" || junk == "+") // after the last word: it alters nothing
					if q := a.in(t).send("token", form.Encode()+"&"+name+"="+text, nil); (q.status == 200) != blank {
						t.Errorf("%s with %q: %d", name, junk, q.status)
					}
				}
			}
		}
	})
	t.Run("in the query", func(t *testing.T) {
		for _, name := range []string{"audience", "client_secret", "subject_token", "grant_type"} {
			form := must(url.ParseQuery(exchange))
			value := form.Get(name)
			form.Del(name)
			q := a.in(t).send("token?"+name+"="+url.QueryEscape(value), form.Encode(), nil)
			if name == "audience" { // does not count there: as if it had not been sent
				if q.status != 200 || len(audience(t, q.get("access_token"))) != 3 {
					t.Errorf("%s in the query counts: %v", name, q)
				}
				continue
			}
			if q.status == 200 {
				t.Errorf("%s in the query alone: granted", name)
			}
		}
		q := a.in(t).send("token?audience=billing&client_id=outsider&grant_type=password", exchange, nil)
		if q.status != 200 || !slices.Equal(audience(t, q.get("access_token")), []string{"orders"}) {
			t.Errorf("the query wins over the body: %v", q)
		}
	})
	t.Run("in another body", func(t *testing.T) {
		for kind, body := range map[string]string{
			"application/json": `{"grant_type":"client_credentials","client_id":"gateway","client_secret":"gateway-secret"}`,
			"text/plain":       exchange, "": exchange, "multipart/form-data; boundary=x": "--x\r\nContent-Disposition: form-data; name=\"grant_type\"\r\n\r\npassword\r\n--x--\r\n",
			"application/x-www-form-urlencoded-not": exchange,
		} {
			if q := a.in(t).send("token", body, http.Header{"Content-Type": {kind}}); q.status != 400 {
				t.Errorf("%q: %v", kind, q)
			}
		}
		if q := a.in(t).send("token", exchange, http.Header{"Content-Type": {"application/x-www-form-urlencoded; charset=UTF-8"}}); q.status != 200 {
			t.Error(q)
		}
	})
}

func must[T any](v T, err error) T {
	if err != nil {
		panic(err)
	}
	return v
}

// attackHeaders: who sends what nobody agrees on the meaning of is not understood.
func attackHeaders(t *testing.T) {
	a := newArena(t)
	basic := func(text string) string { return "Basic " + base64.StdEncoding.EncodeToString([]byte(text)) }
	good := basic("gateway:gateway-secret")
	a.client("outsider", func(c *realm.Client) { c.Secret = "with:colon & ümlaut %41" })
	for name, tt := range map[string]struct {
		header []string
		form   url.Values
		grant  bool
	}{
		"basic":                     {[]string{good}, nil, true},
		"lower case":                {[]string{"basic" + good[5:]}, nil, true},
		"upper case":                {[]string{"BASIC" + good[5:]}, nil, true},
		"no scheme":                 {[]string{good[6:]}, nil, false},
		"another scheme":            {[]string{"Digest" + good[5:]}, nil, false},
		"no blank":                  {[]string{"Basic" + good[6:]}, nil, false},
		"a tab":                     {[]string{"Basic\t" + good[6:]}, nil, false},
		"no colon":                  {[]string{basic("gateway")}, nil, false},
		"no secret":                 {[]string{basic("gateway:")}, nil, false},
		"no id":                     {[]string{basic(":gateway-secret")}, nil, false},
		"nothing":                   {[]string{basic("")}, nil, false},
		"no base64":                 {[]string{"Basic !!!"}, nil, false},
		"of two":                    {[]string{good + ", " + good}, nil, false},
		"twice":                     {[]string{good, good}, nil, false},
		"a bad one behind":          {[]string{good, basic("gateway:wrong")}, nil, false},
		"a good one behind":         {[]string{basic("gateway:wrong"), good}, nil, false},
		"another's behind":          {[]string{good, basic("outsider:with:colon & ümlaut %41")}, nil, false},
		"NUL behind":                {[]string{basic("gateway:gateway-secret\x00")}, nil, false},
		"NUL encoded":               {[]string{basic("gateway%00:gateway-secret")}, nil, false},
		"no text":                   {[]string{basic("\xff\xfe:\xff")}, nil, false},
		"bad percent":               {[]string{basic("gateway:%zz")}, nil, false},
		"encoded":                   {[]string{basic("gatewa%79:gateway%2Dsecret")}, nil, true},
		"colon, UTF-8, encoded":     {[]string{basic("outsider:" + url.QueryEscape("with:colon & ümlaut %41"))}, nil, true},
		"colon, UTF-8, not encoded": {[]string{basic("outsider:with:colon & ümlaut %41")}, nil, false},
		"beside its name":           {[]string{good}, pairs("client_id", "gateway"), true},
		"beside another name":       {[]string{good}, pairs("client_id", "outsider"), false},
		"beside an empty name":      {[]string{good}, pairs("client_id", ""), false},
		"beside an empty secret":    {[]string{good}, pairs("client_secret", ""), false},
		"beside a wrong secret":     {[]string{good}, pairs("client_secret", "wrong"), false},
		"wrong beside a good one":   {[]string{basic("gateway:wrong")}, as("gateway"), true}, // the form wins, as in Keycloak
	} {
		t.Run(name, func(t *testing.T) {
			form := pairs("grant_type", "client_credentials")
			for k, v := range tt.form {
				form[k] = v
			}
			q := a.in(t).send("token", form.Encode(), http.Header{"Authorization": tt.header})
			if (q.status == 200) != tt.grant {
				t.Errorf("%v", q)
			}
			if len(tt.header) > 1 && q.status == 200 || q.status != 200 && q.status != 400 && q.status != 401 {
				t.Errorf("%v", q)
			}
		})
	}
	// Whoever reads tokens reads one.
	compact, other := a.signIn("app", "alice", "openid").get("access_token"), a.signIn("app", "bob", "openid").get("access_token")
	for name, header := range map[string][]string{
		"twice": {"Bearer " + compact, "Bearer " + compact}, "two": {"Bearer " + compact, "Bearer " + other}, "joined": {"Bearer " + compact + ", Bearer " + other},
		"a client's behind": {"Bearer " + compact, good},
	} {
		if q := a.send("userinfo", "", http.Header{"Authorization": header}); q.status == 200 {
			t.Errorf("userinfo, %s: granted", name)
		}
	}
	for _, header := range []string{"Bearer " + compact, "bearer " + compact, "BEARER " + compact} {
		if q := a.send("userinfo", "", http.Header{"Authorization": {header}}); q.status != 200 {
			t.Errorf("userinfo: %v", q)
		}
	}
	// A token of another Host is a token of another issuer.
	t.Run("Host", func(t *testing.T) {
		for _, name := range []string{"X-Forwarded-Host", "X-Forwarded-Server", "X-Original-Host", "Forwarded", "X-Host"} {
			q := a.in(t).send("token", as("app", "grant_type", "password", "username", "alice", "password", "alice-password").Encode(), http.Header{name: {"evil.example"}})
			if iss := a.open(q.get("access_token")).Issuer; iss != a.base+"/realms/shop" {
				t.Errorf("%s: issuer %s", name, iss)
			}
		}
	})
}

func attackSizes(t *testing.T) {
	a := newArena(t)
	began := time.Now()
	words := strings.TrimSpace(strings.Repeat("profile ", 400))
	if q := a.post("token", as("gateway", "grant_type", "client_credentials", "scope", words)); q.status != 200 || q.get("scope") != "profile" {
		t.Errorf("a scope of many words: %v %q", q, q.get("scope"))
	}
	for name, form := range map[string]url.Values{
		"a long scope":          as("gateway", "grant_type", "client_credentials", "scope", strings.Repeat("profile ", 8000)+"profile"),
		"many unknown scopes":   as("gateway", "grant_type", "client_credentials", "scope", strings.TrimSpace(strings.Repeat("x ", 1900))),
		"a long name":           as("app", "grant_type", "password", "username", strings.Repeat("a", 60_000), "password", "x"),
		"a long password":       as("app", "grant_type", "password", "username", "alice", "password", strings.Repeat("a", 60_000)),
		"a long client_id":      as(strings.Repeat("a", 30_000), "grant_type", "client_credentials"),
		"a long refresh token":  as("app", "grant_type", "refresh_token", "refresh_token", strings.Repeat("a.", 30_000)),
		"a long subject":        as("gateway", "grant_type", grantExchange, "subject_token", strings.Repeat("a", 60_000), "subject_token_type", typeAccess),
		"a long grant type":     as("gateway", "grant_type", strings.Repeat("a", 60_000)),
		"a body over the limit": as("gateway", "grant_type", "client_credentials", "x", strings.Repeat("a", 64<<10)),
	} {
		if q := a.post("token", form); q.status/100 != 4 {
			t.Errorf("%s: %v", name, q)
		}
	}
	subject := a.signIn("app", "alice", "").get("access_token")
	many := as("gateway", "grant_type", grantExchange, "subject_token", subject, "subject_token_type", typeAccess)
	for range 240 {
		many.Add("audience", "orders")
	}
	if q := a.post("token", many); q.status != 200 || !slices.Equal(audience(t, q.get("access_token")), []string{"orders"}) {
		t.Errorf("one audience 240 times: %v", q)
	}
	for range 20 {
		many.Add("audience", "orders")
	}
	if q := a.post("token", many); q.status != 400 {
		t.Errorf("more parameters than anybody has: %v", q)
	}
	if took := time.Since(began); took > 20*time.Second {
		t.Errorf("took %v", took)
	}
}

// assertion is a client assertion by the signer's secret.
func (a *arena) assertion(change func(c *jwt.Claims)) url.Values {
	a.Helper()
	now := time.Now()
	c := jwt.Claims{Issuer: "signer", Subject: "signer", Audience: jwt.Audience{a.base + "/realms/" + a.realm}, ID: "jti-" + now.String(),
		IssuedAt: jwt.NewNumericDate(now), Expiry: jwt.NewNumericDate(now.Add(time.Minute))}
	change(&c)
	signer := must(jose.NewSigner(jose.SigningKey{Algorithm: jose.HS256, Key: []byte("signer-secret-that-is-long-enough")}, nil))
	return pairs("grant_type", "client_credentials", "client_assertion_type", "urn:ietf:params:oauth:client-assertion-type:jwt-bearer",
		"client_assertion", must(jwt.Signed(signer).Claims(c).Serialize()))
}

func attackOneTime(t *testing.T) {
	arenas := newArenas(t, databases[0], nil, "shop", "rival")
	a, rival := arenas[0], arenas[1]
	spent := a.assertion(func(c *jwt.Claims) { c.ID = "once" })
	a.want(a.post("token", spent))
	for name, form := range map[string]url.Values{
		"the same":            spent,
		"signed anew":         a.assertion(func(c *jwt.Claims) { c.ID = "once"; c.IssuedAt = nil }),
		"of another endpoint": a.assertion(func(c *jwt.Claims) { c.ID = "once"; c.Audience[0] += "/protocol/openid-connect/token" }),
		"without jti":         a.assertion(func(c *jwt.Claims) { c.ID = "" }),
		"without exp":         a.assertion(func(c *jwt.Claims) { c.Expiry = nil }),
		"expired":             a.assertion(func(c *jwt.Claims) { c.Expiry = jwt.NewNumericDate(time.Now().Add(-time.Minute)) }),
		"for two":             a.assertion(func(c *jwt.Claims) { c.Audience = append(c.Audience, "https://elsewhere.example") }),
		"for nobody":          a.assertion(func(c *jwt.Claims) { c.Audience = nil }),
		"for another realm":   a.assertion(func(c *jwt.Claims) { c.Audience = jwt.Audience{a.base + "/realms/rival"} }),
		"for the server":      a.assertion(func(c *jwt.Claims) { c.Audience = jwt.Audience{a.base} }),
		"of another client":   a.assertion(func(c *jwt.Claims) { c.Issuer, c.Subject = "gateway", "gateway" }),
		"about another":       a.assertion(func(c *jwt.Claims) { c.Subject = "gateway" }),
		"by another":          a.assertion(func(c *jwt.Claims) { c.Issuer = "gateway" }),
	} {
		if q := a.post("token", form); q.status == 200 {
			t.Errorf("%s: granted", name)
		}
	}
	if q := a.post("revoke", url.Values{"client_assertion": spent["client_assertion"], "client_assertion_type": spent["client_assertion_type"], "token": {"x"}}); q.status != 400 {
		t.Errorf("the same at revocation: %v", q)
	}
	// A value that was used up for one thing, or in one realm, is still good elsewhere: nobody can use up another's.
	first, err := a.server.Store().UseOnce(t.Context(), a.current().Key, "otp", a.current().Client("signer").Key+" once", time.Now().Add(time.Minute))
	if err != nil || !first {
		t.Errorf("another purpose: %v, %v", first, err)
	}
	rival.want(rival.post("token", rival.assertion(func(c *jwt.Claims) { c.ID = "once" })))
	a.want(a.post("token", a.assertion(func(c *jwt.Claims) { c.ID = "Once" })))
}

// attackRaces: of many that do the same thing at the same moment one is first, and whoever takes back is last.
func attackRaces(t *testing.T) {
	for _, db := range databases {
		t.Run(db.name, func(t *testing.T) {
			a := newArenas(t, db, nil, "shop")[0]
			a.run("a refresh token that rotates", func(a *arena) {
				a.settings(func(s *realm.Settings) { s.Lifespans.RotateRefresh = true })
				first := a.signIn("app", "alice", "").get("refresh_token")
				answers := atOnce(50, func() answer { return a.refresh("app", first) })
				var won []string
				for _, q := range answers {
					if q.status == 200 {
						won = append(won, q.get("refresh_token"))
					}
				}
				if len(won) != 1 {
					a.Fatalf("%d of 50 were granted", len(won))
				}
				if q := a.refresh("app", won[0]); q.status == 200 {
					a.Error("what a token gave that was used 50 times is still good")
				}
				a.settings(func(s *realm.Settings) { s.Lifespans.RotateRefresh = false })
			})
			a.run("an assertion", func(a *arena) {
				form, granted := a.assertion(func(*jwt.Claims) {}), 0
				for _, q := range atOnce(50, func() answer { return a.post("token", form) }) {
					if q.status == 200 {
						granted++
					}
				}
				if granted != 1 {
					a.Errorf("%d of 50 were granted", granted)
				}
			})
			a.run("revocation during exchange", func(a *arena) {
				for range 20 {
					subject := a.signIn("app", "alice", "").get("access_token")
					var wait sync.WaitGroup
					wait.Go(func() { a.post("revoke", as("app", "token", subject)) })
					answers := atOnce(4, func() answer { return a.exchange("gateway", subject, "requested_token_type", typeRefresh) })
					wait.Wait()
					for _, q := range answers {
						if q.status == 200 && a.refresh("gateway", q.get("refresh_token")).status == 200 {
							a.Fatal("a refresh token outlives the revocation of what it came from")
						}
					}
				}
			})
			a.run("sign-out during refresh", func(a *arena) {
				for range 10 {
					first := a.signIn("app", "alice", "").get("refresh_token")
					var wait sync.WaitGroup
					wait.Go(func() { a.post("logout", as("app", "refresh_token", first)) })
					answers := atOnce(4, func() answer { return a.refresh("app", first) })
					wait.Wait()
					for _, q := range answers {
						if q.status == 200 && a.refresh("app", q.get("refresh_token")).status == 200 {
							a.Fatal("a refresh token outlives the session")
						}
					}
				}
			})
		})
	}
}

// atOnce runs f n times at the same moment.
func atOnce(n int, f func() answer) []answer {
	out := make([]answer, n)
	var ready, done sync.WaitGroup
	ready.Add(1)
	for i := range n {
		done.Go(func() {
			ready.Wait()
			out[i] = f()
		})
	}
	ready.Done()
	done.Wait()
	return out
}
