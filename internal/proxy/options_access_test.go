package proxy_test

import (
	"fmt"
	"strings"
	"testing"
)

var accessOptions = map[string]shown{
	"resources": {see: lets("GET", "/a"), want: map[string]string{
		"-": "nobody 401, alice 200, admin 200",
		// uri
		"uri=/a|roles=admin":                 "nobody 401, alice 403, admin 200",
		"uri=/b|roles=admin":                 "nobody 401, alice 200, admin 200",
		"uri=/*|roles=admin":                 "nobody 401, alice 403, admin 200",
		"uri=/{name}|roles=admin":            "nobody 401, alice 403, admin 200",
		"uri=/*|roles=admin\nuri=/a":         "nobody 401, alice 200, admin 200",
		"uri=a|roles=admin":                  noGate + "a uri begins with /",
		"uri=/a|roles=admin\nuri=/a|roles=x": noGate + "there twice",
		// methods
		"uri=/a|methods=POST|roles=admin":                           "nobody 401, alice 200, admin 200",
		"uri=/a|methods=POST,GET|roles=admin":                       "nobody 401, alice 403, admin 200",
		"uri=/a|methods=ANY|roles=admin":                            "nobody 401, alice 403, admin 200",
		"uri=/a|methods=GET|white-listed=true\nuri=/a|roles=admin":  "nobody 200, alice 200, admin 200",
		"uri=/a|methods=POST|white-listed=true\nuri=/a|roles=admin": "nobody 401, alice 403, admin 200",
		"uri=/a|methods=FETCH":                                      noGate + "unknown method",
		// roles
		"uri=/a|roles=admin,orders:write": "nobody 401, alice 403, admin 200",
		"uri=/a|roles=admin,other":        "nobody 401, alice 403, admin 403",
		"uri=/a|roles=write":              "nobody 401, alice 403, admin 403",
		"uri=/a|roles=":                   noGate + "an empty role",
		// require-any-role
		"uri=/a|roles=admin,other|require-any-role=true": "nobody 401, alice 403, admin 200",
		"uri=/a|roles=x,other|require-any-role=true":     "nobody 401, alice 403, admin 403",
		"uri=/a|roles=x|require-any-role=perhaps":        noGate + "require-any-role",
		// groups
		"uri=/a|groups=/staff,/boss":  "nobody 401, alice 403, admin 200",
		"uri=/a|groups=/staffing":     "nobody 401, alice 403, admin 403",
		"uri=/a|groups=/boss|roles=x": "nobody 401, alice 403, admin 403",
		// scopes
		"uri=/a|scopes=orders":       "nobody 401, alice 403, admin 200",
		"uri=/a|scopes=orders,email": "nobody 401, alice 403, admin 200",
		"uri=/a|scopes=orders,ord":   "nobody 401, alice 403, admin 403",
		"uri=/a|scopes=":             noGate + "an empty",
		// white-listed
		"uri=/a|white-listed=true":              "nobody 200, alice 200, admin 200",
		"uri=/a|white-listed=false":             "nobody 401, alice 200, admin 200",
		"uri=/b|white-listed=true":              "nobody 401, alice 200, admin 200",
		"uri=/a|white-listed=true|roles=admin":  noGate + "white-listed, so that nobody is there",
		"uri=/a|white-listed=true|scopes=admin": noGate + "white-listed, so that nobody is there",
		"uri=/*|white-listed=true":              noGate + "enable-default-deny rules out",
		// exchange-to
		"uri=/a|exchange-to=orders":                   "nobody 401, alice 200 for orders, admin 200 for orders",
		"uri=/a|exchange-to=orders|roles=admin":       "nobody 401, alice 403, admin 200 for orders",
		"uri=/b|exchange-to=orders":                   "nobody 401, alice 200, admin 200",
		"uri=/a|exchange-to=orders|white-listed=true": noGate + "white-listed, so that nobody is there",
		"uri=/a|colour=red":                           noGate + `"colour" is none of`,
	}},
	"enable-default-deny": {also: flags{"resources": "uri=/b|roles=admin"}, see: both(lets("GET", "/a"), lets("GET", "/b")), want: map[string]string{
		"-":     "nobody 401, alice 200, admin 200, nobody 401, alice 403, admin 200",
		"false": "nobody 200, alice 200, admin 200, nobody 401, alice 403, admin 200"}},
	"match-claims": {see: lets("GET", "/a"), want: map[string]string{"-": "nobody 401, alice 200, admin 200", "department=board": "nobody 401, alice 403, admin 200", "department=oar": "nobody 401, alice 403, admin 403",
		"department=b.*\nemail=.*@example\\.com": "nobody 401, alice 403, admin 200", "department=b.*\nemail=.*@example\\.org": "nobody 401, alice 403, admin 403", "email=(": noGate + "match-claims"}},
	"no-redirects": {also: flags{"redirection-url": "-", "encryption-key": key}, see: func(_ *testing.T, v *view) string {
		return fmt.Sprint(v.ask("GET", "/", page...).Code, " ", v.ask("GET", "/oauth/authorize").Code, " ", v.ask("GET", "/", "Authorization: Bearer "+v.bearer()).Code)
	}, want: map[string]string{"-": noGate + "redirection-url is needed, or no-redirects", "true": "401 404 200"}},
}

// lets is who gets through to the upstream by a request, with the audience of the token that the upstream sees where it is another.
func lets(method, path string) func(*testing.T, *view) string {
	return func(_ *testing.T, v *view) string {
		admin := claims{"realm_access": claims{"roles": []string{"admin"}}, "resource_access": claims{"orders": claims{"roles": []string{"write"}}}, "groups": []string{"/boss"}, "department": "board", "scope": "openid orders email"}
		var all []string
		for _, who := range []struct {
			name    string
			headers []string
		}{{"nobody", nil}, {"alice", []string{"Authorization: Bearer " + v.bearer(claims{"scope": "openid email"})}}, {"admin", []string{"Authorization: Bearer " + v.bearer(admin)}}} {
			before := v.requests()
			got := fmt.Sprint(who.name, " ", v.ask(method, path, who.headers...).Code)
			if v.requests() > before {
				if aud := v.last().Header.Get("X-Auth-Audience"); aud != "my-app" && aud != "" {
					got += " for " + aud
				}
			} else if strings.HasSuffix(got, "200") {
				got += " by nobody"
			}
			all = append(all, got)
		}
		return strings.Join(all, ", ")
	}
}
