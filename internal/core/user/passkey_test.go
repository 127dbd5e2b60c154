package user_test

import (
	"encoding/json"
	"slices"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/tokenhouse/tokenhouse/internal/core/user"
)

var noon = time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)

// Keycloak's rows are read, whatever they hold beside, and ours are as Keycloak's.
func TestPasskeyOfKeycloak(t *testing.T) {
	c := user.Credential{Kind: user.KindPasskey, Secret: "{}", Data: `{"aaguid":"ee882879-721c-4913-9775-3dfcce97072a","credentialId":"+/8AAQ==","counter":3,` +
		`"credentialPublicKey":"pQECAyY-_w","attestationStatementFormat":"packed","transports":["usb"],"later":{"x":1}}`}
	got, ok := c.Passkey()
	want := user.Passkey{ID: []byte{0xfb, 0xff, 0, 1}, Key: []byte{0xa5, 1, 2, 3, 0x26, 0x3e, 0xff}, Count: 3,
		Model: "ee882879-721c-4913-9775-3dfcce97072a", Format: "packed", Transports: []string{"usb"}}
	if diff := cmp.Diff(want, got); diff != "" || !ok {
		t.Error(ok, diff)
	}
	made := user.NewPasskey(user.KindPasskey, "id", "Key ring", want, noon)
	again, ok := made.Passkey()
	if diff := cmp.Diff(want, again); diff != "" || !ok {
		t.Error(ok, diff)
	}
	for name, c := range map[string]user.Credential{
		"other kind": {Kind: user.KindOTP, Data: c.Data}, "no data": {Kind: user.KindPasskey}, "no id": {Kind: user.KindPasskey, Data: `{"credentialPublicKey":"pQEC"}`},
		"no key": {Kind: user.KindPasskey, Data: `{"credentialId":"AAE="}`}, "no base64": {Kind: user.KindPasskey, Data: `{"credentialId":"!","credentialPublicKey":"pQEC"}`},
	} {
		if _, ok := c.Passkey(); ok {
			t.Errorf("%s: it is taken for a passkey", name)
		}
	}
}

// A counter that does not grow means that there are two of the authenticator.
func TestCounted(t *testing.T) {
	for name, tt := range map[string]struct {
		kept, said uint32
		want       bool
	}{
		"grows": {3, 4, true}, "jumps": {3, 90, true}, "same": {3, 3, false}, "falls": {3, 2, false}, "ends counting": {3, 0, false},
		"never counts": {0, 0, true}, "begins counting": {0, 1, true},
	} {
		t.Run(name, func(t *testing.T) {
			c := user.NewPasskey(user.KindPasskey, "id", "", user.Passkey{ID: []byte{1}, Key: []byte{2}, Count: tt.kept}, noon)
			before := c.Data
			if got := c.Counted(tt.said); got != tt.want {
				t.Fatalf("got %v", got)
			}
			p, _ := c.Passkey()
			if tt.want && p.Count != tt.said || !tt.want && c.Data != before {
				t.Errorf("kept %d", p.Count)
			}
		})
	}
	c := user.Credential{Kind: user.KindPasskey, Data: `{"credentialId":"AAE=","credentialPublicKey":"pQEC","counter":1,"later":{"x":1}}`}
	var kept map[string]json.RawMessage
	if !c.Counted(2) || json.Unmarshal([]byte(c.Data), &kept) != nil || string(kept["later"]) != `{"x":1}` {
		t.Errorf("what Keycloak keeps beside is gone: %s", c.Data)
	}
}

func TestPasskeyAlgorithms(t *testing.T) {
	for name, tt := range map[string]struct {
		names []string
		want  []int
	}{"none": {nil, []int{-7, -257}}, "named": {[]string{"RS512", "Ed25519", "ES256"}, []int{-259, -8, -7}}, "unknown": {[]string{"HS256"}, []int{-7, -257}}} {
		p := user.PasskeyPolicy{Algorithms: tt.names}
		if got := p.COSE(); !slices.Equal(got, tt.want) {
			t.Errorf("%s: %v", name, got)
		}
	}
}
