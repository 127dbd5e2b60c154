package server_test

import (
	"crypto/sha256"
	"encoding/json"
	"fmt"
	"net/http"
	"time"

	"github.com/tokenhouse/tokenhouse/internal/core/realm"
)

// police sets what the realm demands of confidential clients; nothing without executors.
func (p *pit) police(executors ...realm.PolicyPart) {
	p.Helper()
	confidential := realm.PolicyPart{Kind: "client-access-type", Config: map[string][]string{"type": {"confidential"}}}
	p.settings(func(s *realm.Settings) {
		if s.Policies = nil; len(executors) > 0 {
			s.Policies = []realm.ClientPolicy{{Name: "strict", Conditions: []realm.PolicyPart{confidential}, Executors: executors}}
		}
	})
}

// attackUnprovedFacts: of how a client proved itself, and of who signed a request, policies believe what was verified (T15).
func attackUnprovedFacts(y *cells, p *pit) {
	defer p.police()
	b := p.browser()
	b.login("secret", "alice")
	held := p.begunBy(b)
	p.police(realm.PolicyPart{Kind: "secure-client-authenticator", Config: map[string][]string{"allowed-client-authenticators": {"client-jwt"}}})
	asked := byGrant("client credentials", "code", "pushed request", "refresh", "offline refresh", "refresh of an exchange", "introspection")
	for i, w := range ways() {
		if asked(w) {
			proved := w.client == "private-key" || w.client == "public" // which has nothing to prove
			y.cell(held[i].use().status == http.StatusOK, w.good() && proved, "authenticated by a key", w.name, w.client)
		}
	}

	says := p.says("secret", "", map[string]any{"sub": nil, "client_id": "secret", "redirect_uri": callback("secret"), "response_type": "code", "scope": "openid",
		"state": "from-secret", "nbf": time.Now().Unix() - 1})
	header := func(alg string) map[string]any { return map[string]any{"alg": alg, "typ": "JWT"} }
	unsigned := func(string) []byte { return nil }
	objects := map[string]string{
		"signed":                   forge(header("HS256"), part(says), mac(sha256.New, []byte("secret-secret"))),
		"unsigned":                 forge(header("none"), part(says), unsigned),
		"says that it is signed":   forge(header("HS256"), part(says), unsigned),
		"signed by another secret": forge(header("HS256"), part(says), mac(sha256.New, []byte("guess"))),
		"signed by another's key":  others(p.keys.stranger, "ES256", "", says).sign(),
		"none":                     "",
	}
	for _, strict := range []bool{false, true} {
		if p.police(); strict {
			p.police(realm.PolicyPart{Kind: "secure-request-object"})
		}
		for name, object := range objects {
			want := name == "signed" || !strict && (name == "unsigned" || name == "none")
			under := fmt.Sprintf("signatures demanded %v", strict)
			y.cell(b.open(b.request("secret", "request", object)).query("code") != "", want, under, "request object "+name)
			form := p.by("secret", "redirect_uri", callback("secret"), "response_type", "code", "scope", "openid", "state", "from-secret")
			if object != "" {
				form.Set("request", object)
			}
			y.cell(p.post("ext/par/request", form).status == http.StatusCreated, want, under, "pushed request object "+name)
		}
	}
}

// metadatum is a setting of clients that a policy demands something of.
type metadatum struct {
	executor     realm.PolicyPart
	name         string
	attribute    bool
	right, wrong any
}

var policed = []metadatum{
	{realm.PolicyPart{Kind: "full-scope-disabled"}, "fullScopeAllowed", false, false, true},
	{realm.PolicyPart{Kind: "consent-required"}, "consentRequired", false, true, false},
	{realm.PolicyPart{Kind: "reject-implicit-grant"}, "implicitFlowEnabled", false, false, true},
	{realm.PolicyPart{Kind: "dpop-bind-enforcer"}, "dpop.bound.access.tokens", true, "true", "false"},
	{realm.PolicyPart{Kind: "secure-client-authenticator", Config: map[string][]string{"allowed-client-authenticators": {"client-jwt"}}},
		"clientAuthenticatorType", false, "client-jwt", "client-secret"},
}

// body is a representation of a client with the setting as what says: "right", "wrong", "null", or "absent".
func (m metadatum) body(key, what string) string {
	o := map[string]any{"id": key, "clientId": key, "redirectUris": []string{callback("made")}}
	value, there := map[string]any{"right": m.right, "wrong": m.wrong, "null": nil}[what]
	switch {
	case !there:
	case m.attribute:
		o["attributes"] = map[string]any{m.name: value}
	default:
		o[m.name] = value
	}
	text, err := json.Marshal(o)
	if err != nil {
		panic(err)
	}
	return string(text)
}

// met tells whether the setting is right in what the administration API shows of a client.
func (m metadatum) met(text string) bool {
	var o struct{ Attributes map[string]any }
	all := map[string]any{}
	if json.Unmarshal([]byte(text), &all) != nil || json.Unmarshal([]byte(text), &o) != nil {
		return false
	}
	if m.attribute {
		return o.Attributes[m.name] == m.right
	}
	return all[m.name] == m.right
}

// attackLeftOut leaves out of clients, when they are made and changed, what policies ask about: judged is what comes of it
// (T16). That tells a client which is written the same way where there is no policy.
func attackLeftOut(y *cells, p *pit) {
	defer p.police()
	root := newOfficer(p.T, p.base, "master", "admin")
	clients := p.realm + "/clients"
	for i, m := range policed {
		p.police()
		type attempt struct {
			method, path, body, name string
			want                     bool
		}
		var attempts []attempt
		for _, what := range []string{"right", "wrong", "null", "absent"} {
			free, strict := fmt.Sprintf("%s-%d-free", what, i), fmt.Sprintf("%s-%d-strict", what, i)
			root.call(http.StatusCreated, "POST", clients, m.body(free, what))
			attempts = append(attempts, attempt{"POST", clients, m.body(strict, what), "made, " + what, m.met(root.call(http.StatusOK, "GET", clients+"/"+free, ""))})
			for _, before := range []string{"right", "wrong"} {
				changed, kept := before+"-"+free, before+"-"+strict
				root.call(http.StatusCreated, "POST", clients, m.body(changed, before))
				root.call(http.StatusCreated, "POST", clients, m.body(kept, before))
				root.call(http.StatusNoContent, "PUT", clients+"/"+changed, m.body(changed, what))
				attempts = append(attempts, attempt{"PUT", clients + "/" + kept, m.body(kept, what), "was " + before + ", " + what,
					m.met(root.call(http.StatusOK, "GET", clients+"/"+changed, ""))})
			}
		}
		p.police(m.executor)
		for _, a := range attempts {
			status, _ := root.try(a.method, a.path, a.body)
			y.cell(status < 300, a.want, m.executor.Kind, a.name)
		}
	}
}
