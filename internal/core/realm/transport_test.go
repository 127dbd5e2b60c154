package realm_test

import (
	"net/netip"
	"testing"

	"github.com/tokenhouse/tokenhouse/internal/core/realm"
)

func TestRequiresTLS(t *testing.T) {
	tests := []struct {
		ssl, addr string
		want      bool
	}{
		{"none", "203.0.113.7", false},
		{"all", "127.0.0.1", true},
		{"", "127.0.0.1", true},
		{"external", "127.0.0.1", false},
		{"external", "::1", false},
		{"external", "10.1.2.3", false},
		{"external", "172.16.0.1", false},
		{"external", "172.32.0.1", true},
		{"external", "192.168.7.9", false},
		{"external", "fd00::1", false},
		{"external", "::ffff:192.168.7.9", false},
		{"external", "::ffff:203.0.113.7", true},
		{"external", "203.0.113.7", true},
		{"external", "2001:db8::1", true},
	}
	for _, tt := range tests {
		s := realm.Settings{SSLRequired: tt.ssl}
		if got := s.RequiresTLS(netip.MustParseAddr(tt.addr)); got != tt.want {
			t.Errorf("sslRequired %q, caller at %s: TLS required is %v, want %v", tt.ssl, tt.addr, got, tt.want)
		}
	}
	s := realm.Settings{SSLRequired: "external"}
	if !s.RequiresTLS(netip.Addr{}) {
		t.Error("a caller whose address is not known may come without TLS")
	}
}
