package keycloak

import (
	"encoding/json"
	"testing"
)

func TestInOrder(t *testing.T) {
	for _, c := range []struct{ name, given, want string }{
		{"a client, with its mappers", `{"protocol":"openid-connect","extra":1,"enabled":true,"clientId":"till","protocolMappers":[{"config":{"b":"1","a":"2"},"name":"m","protocolMapper":"x"}],"id":"1"}`,
			`{"id":"1","clientId":"till","enabled":true,"protocol":"openid-connect","protocolMappers":[{"name":"m","protocolMapper":"x","config":{"b":"1","a":"2"}}],"extra":1}`},
		{"a realm", `{"enabled":true,"accessTokenLifespan":300,"realm":"shop"}`, `{"realm":"shop","accessTokenLifespan":300,"enabled":true}`},
		{"a role", `{"attributes":{},"clientRole":false,"composite":true,"containerId":"1","id":"2","name":"clerk"}`,
			`{"id":"2","name":"clerk","composite":true,"clientRole":false,"containerId":"1","attributes":{}}`},
		{"what nothing tells", `{"b":1,"a":2}`, `{"a":2,"b":1}`},
		{"nothing", `{}`, `{}`},
		{"a list that is not there", `{"clientId":"till","protocolMappers":null}`, `{"clientId":"till","protocolMappers":null}`},
	} {
		t.Run(c.name, func(t *testing.T) {
			var o Object
			if err := json.Unmarshal([]byte(c.given), &o); err != nil {
				t.Fatal(err)
			}
			got, err := json.Marshal(InOrder(o))
			if err != nil {
				t.Fatal(err)
			}
			if string(got) != c.want {
				t.Errorf("%s\nwant\n%s", got, c.want)
			}
		})
	}
}

// TestOrdersNameKnownMembers holds both files against each other.
func TestOrdersNameKnownMembers(t *testing.T) {
	for _, d := range orders() {
		known := schema()[d.name]
		if known == nil {
			continue // only read, never sent
		}
		in := map[string]bool{}
		for _, m := range d.members {
			in[m] = true
		}
		for m := range known.members {
			if !in[m] {
				t.Errorf("%s: no order says where %s stands", d.name, m)
			}
		}
	}
}
