package mint_test

import (
	"encoding/json"
	"errors"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/tokenhouse/tokenhouse/internal/core/mint"
	"github.com/tokenhouse/tokenhouse/internal/core/realm"
	"github.com/tokenhouse/tokenhouse/internal/core/session"
)

func TestLogout(t *testing.T) {
	const head = `{"jti":"j","iss":"https://id.example/realms/shop","aud":"app","sub":"alice-id","typ":"Logout",`
	tests := map[string]struct {
		logout realm.ClientLogout
		want   string
	}{
		"plain": {realm.ClientLogout{},
			`"exp":1120,"iat":1000,"events":{"http://schemas.openid.net/event/backchannel-logout":{}}`},
		"with its session": {realm.ClientLogout{BackChannelSession: true},
			`"exp":1120,"iat":1000,"sid":"s1","events":{"http://schemas.openid.net/event/backchannel-logout":{}}`},
		"and offline sessions": {realm.ClientLogout{BackChannelOffline: true},
			`"exp":1120,"iat":1000,"events":{"http://schemas.openid.net/event/backchannel-logout":{},"revoke_offline_access":true}`},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			c := &realm.Client{ID: "app", Logout: tt.logout}
			claims := mint.Logout("j", "https://id.example/realms/shop", c, &session.Session{ID: "s1", UserID: "alice-id"}, time.Unix(1000, 0))
			var want, got any
			if err := errors.Join(json.Unmarshal([]byte(head+tt.want+"}"), &want), json.Unmarshal(claims.AppendJSON(nil), &got)); err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(want, got); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
		})
	}
}
