package setup_test

import (
	"maps"
	"slices"
	"strings"
	"testing"

	"github.com/tokenhouse/tokenhouse/internal/proxy/setup"
)

// TestOpenDoor: a second address that nobody shows a certificate at is warned of where the first demands one.
func TestOpenDoor(t *testing.T) {
	demanding := map[string][]string{"tls-cert": {"cert.pem"}, "tls-private-key": {"key.pem"}, "tls-ca-certificate": {"ca.pem"}}
	open := map[string][]string{"listen-http": {":80"}}
	leading := map[string][]string{"listen-http": {":80"}, "enable-https-redirection": {"true"}, "enable-security-filter": {"true"}}
	for name, tt := range map[string]struct {
		own  []map[string][]string
		want bool
	}{
		"beside":         {[]map[string][]string{demanding, open}, true},
		"none beside":    {[]map[string][]string{demanding}, false},
		"leading there":  {[]map[string][]string{demanding, leading}, false},
		"nothing to ask": {[]map[string][]string{open}, false},
	} {
		flags := least()
		for _, own := range tt.own {
			maps.Copy(flags, own)
		}
		s, err := setup.Read(flags, nil, "")
		if err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		if got := slices.ContainsFunc(s.Warnings, func(w string) bool { return strings.HasPrefix(w, "listen-http: ") }); got != tt.want {
			t.Errorf("%s: warned %t: %q", name, got, s.Warnings)
		}
	}
}
