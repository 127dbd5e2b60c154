package server_test

import (
	"net/http"
	"strings"

	"github.com/tokenhouse/tokenhouse/internal/core/realm"
)

// proofDoors are where a challenge is given, and what comes of that: nil where it is refused.
var proofDoors = map[string]func(p *pit, b *browser, challenge []string) (redeem func(verifier []string) answer){
	"request": func(p *pit, b *browser, challenge []string) func([]string) answer {
		return p.redeems(b.open(b.request("secret", challenge...)).query("code"))
	},
	"pushed request": func(p *pit, b *browser, challenge []string) func([]string) answer {
		q := p.post("ext/par/request", p.by("secret", append(challenge, "redirect_uri", callback("secret"), "response_type", "code", "scope", "openid")...))
		if q.status != http.StatusCreated {
			return nil
		}
		at := p.below("/protocol/openid-connect/auth?" + pairs("client_id", "secret", "request_uri", q.get("request_uri")).Encode())
		return p.redeems(b.open(at).query("code"))
	},
	"device": func(p *pit, b *browser, challenge []string) func([]string) answer {
		q := p.post("auth/device", p.by("secret", challenge...))
		if q.status != http.StatusOK {
			return nil
		}
		b.open(q.get("verification_uri_complete")).expect("login-login-oauth-grant").submit("accept", "Yes").settle()
		return func(verifier []string) answer {
			return p.post("token", p.by("secret", append(verifier, "grant_type", "urn:ietf:params:oauth:grant-type:device_code", "device_code", q.get("device_code"))...))
		}
	},
}

// redeems is what a code is redeemed by; nil where there is none.
func (p *pit) redeems(code string) func(verifier []string) answer {
	if code == "" {
		return nil
	}
	return func(verifier []string) answer {
		return p.post("token", p.by("secret", append(verifier, "grant_type", "authorization_code", "code", code, "redirect_uri", callback("secret"))...))
	}
}

// attackChallenges gives challenges and verifiers that go together, or do not, to clients that want one method or any (T33).
func attackChallenges(y *cells, p *pit) {
	b := p.browser()
	b.login("secret", "alice")
	verifier, other := strings.Repeat("a", 43), strings.Repeat("b", 43)
	challenges := map[string]struct{ method, text, verifies string }{
		"none":                 {"", "", ""},
		"S256":                 {"S256", s256(verifier), verifier},
		"plain":                {"plain", verifier, verifier},
		"S256 without saying":  {"", s256(verifier), s256(verifier)}, // which is plain (RFC 7636 §4.3)
		"a method alone":       {"S256", "", ""},
		"a method of no one's": {"s256", s256(verifier), ""},
		"too short":            {"S256", "short", ""},
	}
	verifiers := map[string]string{"none": "", "right": verifier, "another": other, "the challenge itself": s256(verifier), "cut": verifier[:42]}
	defer p.client("secret", func(c *realm.Client) { c.SignIn.PKCE = "" })
	for _, want := range []string{"", "S256", "plain"} {
		p.client("secret", func(c *realm.Client) { c.SignIn.PKCE = want })
		for name, challenge := range challenges {
			sound := challenge.verifies != "" || name == "none"
			begins := sound && (want == "" || challenge.method == want)
			var form []string
			if challenge.method != "" {
				form = append(form, "code_challenge_method", challenge.method)
			}
			if challenge.text != "" {
				form = append(form, "code_challenge", challenge.text)
			}
			for door, open := range proofDoors {
				at := []string{door, "client wants " + want, "challenge " + name}
				if !begins {
					y.cell(open(p, b, form) != nil, false, at...)
					continue
				}
				for which, text := range verifiers {
					redeem := open(p, b, form)
					if redeem == nil {
						y.Errorf("%v: refused", at)
						break
					}
					var proof []string
					if text != "" {
						proof = []string{"code_verifier", text}
					}
					y.cell(redeem(proof).status == http.StatusOK, text == challenge.verifies, append(at, "verifier "+which)...)
				}
			}
		}
	}
}
