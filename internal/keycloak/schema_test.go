package keycloak_test

import (
	"errors"
	"strings"
	"testing"

	"github.com/tokenhouse/tokenhouse/internal/core/fault"
	"github.com/tokenhouse/tokenhouse/internal/keycloak"
)

// TestCheck takes scalars in any spelling that Keycloak takes, and drops what is null.
func TestCheck(t *testing.T) {
	for _, c := range []struct{ name, kind, in, want string }{
		{"as it is", "Client", `{"clientId":"c","enabled":true,"notBefore":3}`, `{"clientId":"c","enabled":true,"notBefore":3}`},
		{"texts for scalars", "Client", `{"enabled":"true","notBefore":"3"}`, `{"enabled":true,"notBefore":3}`},
		{"numbers for truths", "Client", `{"enabled":1,"publicClient":0,"bearerOnly":" TRUE "}`, `{"enabled":true,"publicClient":false,"bearerOnly":true}`},
		{"numbers in any spelling", "Client", `{"notBefore":1.9,"nodeReRegistrationTimeout":-1e2}`, `{"notBefore":1,"nodeReRegistrationTimeout":-100}`},
		{"texts that say nothing", "Client", `{"enabled":" ","notBefore":"","bearerOnly":"null","name":""}`, `{"name":""}`},
		{"scalars for texts", "Client", `{"clientId":7,"attributes":{"a":true,"b":1.50}}`, `{"clientId":"7","attributes":{"a":"true","b":"1.50"}}`},
		{"null is absent", "Client", `{"clientId":null,"redirectUris":["a",null,"b"],"attributes":{"a":null}}`, `{"redirectUris":["a","b"],"attributes":{}}`},
		{"not escaped", "Client", `{"name":"<b>&"}`, `{"name":"<b>&"}`},
		{"lenient", "ClientScope", `{"name":"s","colour":{"a":[1]},"protocol":"saml"}`, `{"name":"s","protocol":"saml"}`},
		{"anything", "ClientProfiles", `{"profiles":[{"executors":[{"configuration":{"a":{"b":[1,null,"x"]}}}]}]}`, `{"profiles":[{"executors":[{"configuration":{"a":{"b":[1,"x"]}}}]}]}`},
		{"a list of them", "Role[]", `[{"name":"r"},null]`, `[{"name":"r"}]`},
	} {
		got, err := keycloak.Check(c.kind, []byte(c.in))
		if err != nil || string(got) != c.want {
			t.Errorf("%s: %s, %v, want %s", c.name, got, err, c.want)
		}
	}
}

// TestCheckRefuses says where the document is wrong, and tells the kinds of problem apart.
func TestCheckRefuses(t *testing.T) {
	for _, c := range []struct {
		name, kind, in string
		want           keycloak.Problem
	}{
		{"unknown member", "Realm", `{"nope":1}`,
			keycloak.Problem{Path: "nope", Text: `Unrecognized field "nope"`, Offset: 9, Kind: keycloak.Unknown, Representation: "RealmRepresentation", Member: "nope"}},
		{"unknown member below", "Realm", `{"clients":[{"protocolMappers":[{"x":{}}]}]}`,
			keycloak.Problem{Path: "clients[0].protocolMappers[0].x", Text: `Unrecognized field "x"`, Offset: 38, Kind: keycloak.Unknown, Representation: "ProtocolMapperRepresentation", Member: "x"}},
		{"no number", "Realm", `{"accessTokenLifespan":"soon"}`, keycloak.Problem{Path: "accessTokenLifespan", Text: `"soon" where a whole number is expected`, Offset: 29, Kind: keycloak.Type}},
		{"too large", "Realm", `{"accessTokenLifespan":2147483648}`, keycloak.Problem{Path: "accessTokenLifespan", Text: `2147483648 is beyond what the number can be`, Offset: 33, Kind: keycloak.Range}},
		{"much too large", "Realm", `{"accessTokenLifespan":1e300}`, keycloak.Problem{Path: "accessTokenLifespan", Text: `1e300 is beyond what the number can be`, Offset: 28, Kind: keycloak.Range}},
		{"a fraction as text", "Realm", `{"accessTokenLifespan":"1.5"}`, keycloak.Problem{Path: "accessTokenLifespan", Text: `"1.5" where a whole number is expected`, Offset: 28, Kind: keycloak.Type}},
		{"no truth", "Realm", `{"enabled":1.5}`, keycloak.Problem{Path: "enabled", Text: `1.5 where true or false is expected`, Offset: 14, Kind: keycloak.Type}},
		{"no such word", "Realm", `{"bruteForceStrategy":"linear"}`, keycloak.Problem{Path: "bruteForceStrategy", Text: `"linear" where one of LINEAR, MULTIPLE is expected`, Offset: 30, Kind: keycloak.Type}},
		{"no list", "Client", `{"redirectUris":{}}`, keycloak.Problem{Path: "redirectUris", Text: `an object where a list is expected`, Offset: 17, Kind: keycloak.Type}},
		{"no text", "Client", `{"clientId":["a"]}`, keycloak.Problem{Path: "clientId", Text: `a list where a text is expected`, Offset: 13, Kind: keycloak.Type}},
		{"no object", "Client", `[]`, keycloak.Problem{Text: `a list where an object is expected`, Offset: 1, Kind: keycloak.Type}},
		{"cut off", "Client", `{"clientId":`, keycloak.Problem{Path: "clientId", Text: `the document ends too early`, Offset: 12, Kind: keycloak.Syntax}},
		{"too deep", "ClientProfiles", `{"profiles":[{"executors":[{"configuration":{"a":` + strings.Repeat("[", 1000),
			keycloak.Problem{Text: "values are nested more than 1000 deep", Offset: 1044, Kind: keycloak.Syntax}},
		{"more than one", "Client", `{} {}`, keycloak.Problem{Text: `something follows the end of the document`, Offset: 4, Kind: keycloak.Syntax}},
	} {
		_, err := keycloak.Check(c.kind, []byte(c.in))
		var p *keycloak.Problem
		if !errors.As(err, &p) || *p != c.want {
			t.Errorf("%s: %+v, want %+v", c.name, p, c.want)
		}
		var invalid *fault.Invalid
		if !errors.As(err, &invalid) || invalid.Field != c.want.Path {
			t.Errorf("%s: not a fault.Invalid: %v", c.name, err)
		}
	}
}
