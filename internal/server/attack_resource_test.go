package server_test

import (
	"net/http"
	"slices"
	"time"
)

const targetURI = "https://target.example"

// purpose is a way to tokens that are for a resource, or for none where r is empty.
type purpose struct {
	client string
	get    func(p *pit, b *browser, r []string) answer
}

// redeemed are the tokens for the code that a redirect brought.
func (p *pit) redeemed(client string, s *shown) answer {
	p.Helper()
	return p.post("token", p.by(client, "grant_type", "authorization_code", "code", s.granted(client), "redirect_uri", callback(client)))
}

// object is a request object of client "private-key", for a resource where r names one.
func (p *pit) object(r []string) string {
	c := map[string]any{"sub": nil, "client_id": "private-key", "redirect_uri": callback("private-key"), "response_type": "code", "scope": "openid",
		"nbf": time.Now().Unix() - 1}
	if len(r) > 0 {
		c[r[0]] = r[1]
	}
	return p.signs(p.keys.client, "ES256", "", p.says("private-key", "", c))
}

// opened opens an authorization request whose parameters are in a request object, with others beside it.
func (p *pit) opened(b *browser, object string, beside ...string) *shown {
	p.Helper()
	q := pairs(append(beside, "client_id", "private-key", "response_type", "code", "scope", "openid", "request", object)...)
	return b.open(p.below("/protocol/openid-connect/auth?" + q.Encode()))
}

// besides is another resource for where one is asked for: what is inside counts.
func besides(client string, r []string) []string {
	if len(r) == 0 {
		return nil
	}
	return []string{"resource", "urn:client:" + client}
}

var purposes = map[string]purpose{
	"password": {"secret", func(p *pit, _ *browser, r []string) answer {
		return p.post("token", p.by("secret", append(r, "grant_type", "password", "username", "alice", "password", "alice-password")...))
	}},
	"code": {"secret", func(p *pit, b *browser, r []string) answer {
		return p.redeemed("secret", b.open(b.request("secret", r...)))
	}},
	"pushed request": {"secret", func(p *pit, b *browser, r []string) answer { return p.redeemed("secret", p.pushes(b, "secret", r...)) }},
	"pushed request, another beside it": {"secret", func(p *pit, b *browser, r []string) answer {
		q := p.post("ext/par/request", p.by("secret", append(r, "redirect_uri", callback("secret"), "response_type", "code", "scope", "openid")...))
		beside := pairs(append(besides("secret", r), "client_id", "secret", "request_uri", q.get("request_uri"))...)
		return p.redeemed("secret", b.open(p.below("/protocol/openid-connect/auth?"+beside.Encode())))
	}},
	"request object": {"private-key", func(p *pit, b *browser, r []string) answer {
		return p.redeemed("private-key", p.opened(b, p.object(r)))
	}},
	"request object, another beside it": {"private-key", func(p *pit, b *browser, r []string) answer {
		return p.redeemed("private-key", p.opened(b, p.object(r), besides("private-key", r)...))
	}},
	"pushed request object": {"private-key", func(p *pit, b *browser, r []string) answer {
		q := p.post("ext/par/request", p.by("private-key", "request", p.object(r)))
		return p.redeemed("private-key", b.open(p.below("/protocol/openid-connect/auth?"+pairs("client_id", "private-key", "request_uri", q.get("request_uri")).Encode())))
	}},
	"device code": {"secret", func(p *pit, b *browser, r []string) answer {
		q := p.want(p.post("auth/device", p.by("secret", r...)))
		b.open(q.get("verification_uri_complete")).expect("login-login-oauth-grant").submit("accept", "Yes").settle()
		return p.post("token", p.by("secret", "grant_type", "urn:ietf:params:oauth:grant-type:device_code", "device_code", q.get("device_code")))
	}},
	"exchange": {"secret", func(p *pit, _ *browser, r []string) answer {
		return p.post("token", p.by("secret", append(r, "grant_type", grantExchange, "subject_token", p.held().get("access_token"),
			"subject_token_type", typeAccess, "requested_token_type", typeRefresh)...))
	}},
}

// attackResources asks for a resource after a grant for one (T36), or for none (T30): what it was given for it stays for, and
// what was given for none has none to choose, through refresh and exchange. Empty asked: none.
func attackResources(y *cells, p *pit, asked string) {
	b := p.browser()
	b.login("secret", "alice")
	for name, by := range purposes {
		var r []string
		if asked != "" {
			r = []string{"resource", asked}
		}
		own, other := "urn:client:"+by.client, "urn:client:federated"
		got := p.want(by.get(p, b, r))
		aud := audience(p.T, got.get("access_token"))
		if asked != "" && !slices.Equal(aud, []string{"target"}) {
			y.Errorf("%s for %s: aud %v", name, asked, aud)
		}
		refreshed := got
		for _, then := range []string{"", targetURI, own, other, "https://nobody.example"} {
			form := p.by(by.client, "grant_type", "refresh_token", "refresh_token", got.get("refresh_token"))
			if then != "" {
				form.Set("resource", then)
			}
			q := p.post("token", form)
			y.cell(q.status == http.StatusOK, then == "" || then == asked, name, "for "+asked, "refreshed for "+then)
			if q.status == http.StatusOK && !slices.Equal(audience(p.T, q.get("access_token")), aud) {
				y.Errorf("%s for %s: aud %v, refreshed %v", name, asked, aud, audience(p.T, q.get("access_token")))
			}
			if then == "" {
				refreshed = q
			}
		}
		for how, subject := range map[string]answer{"exchanged": got, "refreshed, then exchanged": refreshed} {
			for _, to := range []string{targetURI, own, other} {
				reached := asked == "" && to != other || to == asked
				q := p.post("token", p.by(by.client, "grant_type", grantExchange, "subject_token", subject.get("access_token"), "subject_token_type", typeAccess, "resource", to))
				y.cell(q.status == http.StatusOK, reached, name, "for "+asked, how+" for "+to)
			}
			// What was for one resource is for that one after an exchange that names none, too.
			q := p.post("token", p.by(by.client, "grant_type", grantExchange, "subject_token", subject.get("access_token"), "subject_token_type", typeAccess))
			widens := q.status == http.StatusOK && !slices.Equal(audience(p.T, q.get("access_token")), aud)
			y.cell(widens, false, name, "for "+asked, how+" for none: another audience")
		}
	}
}
