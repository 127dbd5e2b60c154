package audit_test

import (
	"encoding/json"
	"testing"

	"github.com/tokenhouse/tokenhouse/internal/flow/audit"
	"github.com/tokenhouse/tokenhouse/internal/keycloak"
)

func TestRedacted(t *testing.T) {
	for _, tt := range []struct{ given, want string }{
		{`{"clientId":"desk","secret":"s3cret"}`, `{"clientId":"desk","secret":"**********"}`},
		{`{"secret":null,"enabled":true,"n":12345678901234567890}`, `{"enabled":true,"n":12345678901234567890,"secret":null}`},
		{`{"config":{"privateKey":["k"],"priority":["7"]}}`, `{"config":{"privateKey":["**********"],"priority":["7"]}}`},
		{`{"smtpServer":{"host":"h","password":"p"}}`, `{"smtpServer":{"host":"h","password":"**********"}}`},
		{`{"users":[{"username":"ann","credentials":[{"type":"password","value":"pw"}]}],"clients":[{"secret":"x"}]}`,
			`{"clients":[{"secret":"**********"}],"users":[{"credentials":[{"type":"password","value":"**********"}],"username":"ann"}]}`},
		{`{"a":{},"b":[],"c":"<&>"}`, `{"a":{},"b":[],"c":"\u003c\u0026\u003e"}`},
	} {
		var o keycloak.Object
		if err := json.Unmarshal([]byte(tt.given), &o); err != nil {
			t.Fatal(err)
		}
		if got := audit.Redacted(o); !same(t, got, tt.want) {
			t.Errorf("%s became %s, want %s", tt.given, got, tt.want)
		}
		if got := audit.Redacted([]keycloak.Object{o}); !same(t, got, "["+tt.want+"]") {
			t.Errorf("in a list %s became %s", tt.given, got)
		}
	}
	if got := audit.Redacted(func() {}); got != "" {
		t.Errorf("what cannot be encoded became %s", got)
	}
}

// same compares JSON without the order of members.
func same(t *testing.T, a, b string) bool {
	t.Helper()
	var x, y any
	if err := json.Unmarshal([]byte(a), &x); err != nil {
		t.Fatalf("%s: %v", a, err)
	}
	if err := json.Unmarshal([]byte(b), &y); err != nil {
		t.Fatalf("%s: %v", b, err)
	}
	one, _ := json.Marshal(x)
	other, _ := json.Marshal(y)
	return string(one) == string(other)
}
