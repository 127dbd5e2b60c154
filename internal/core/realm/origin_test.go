package realm_test

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/tokenhouse/tokenhouse/internal/core/realm"
)

const base = "https://id.example/auth"

func TestOrigins(t *testing.T) {
	redirects := []string{"http://127.0.0.1:3000/*", "https://app.example/cb", "/local", "com.example.app:/cb", "https://app.example/other", "*"}
	tests := []struct {
		name   string
		client realm.Client
		want   []string
	}{
		{"none", realm.Client{RedirectURIs: redirects}, nil},
		{"listed", realm.Client{WebOrigins: []string{"https://a.example", "https://b.example"}}, []string{"https://a.example", "https://b.example"}},
		{"plus", realm.Client{WebOrigins: []string{"+", "https://extra.example"}, RedirectURIs: redirects, RootURL: "https://root.example/x"},
			[]string{"http://127.0.0.1:3000", "https://app.example", "https://root.example", "https://extra.example"}},
		{"plus without a root URL", realm.Client{WebOrigins: []string{"+"}, RedirectURIs: []string{"/local"}}, []string{"https://id.example"}},
		{"plus below the server", realm.Client{WebOrigins: []string{"+"}, RedirectURIs: []string{"/realms/master/account/*"}, RootURL: "${authBaseUrl}"}, []string{"https://id.example"}},
	}
	for _, tt := range tests {
		if diff := cmp.Diff(tt.want, tt.client.Origins(base)); diff != "" {
			t.Errorf("%s (-want +got):\n%s", tt.name, diff)
		}
	}
}

func TestAllowsOrigin(t *testing.T) {
	listed := realm.Client{WebOrigins: []string{"https://app.example"}}
	anyone := realm.Client{WebOrigins: []string{"*"}}
	nobody := realm.Client{RedirectURIs: []string{"https://app.example/*"}}
	tests := []struct {
		client realm.Client
		origin string
		want   bool
	}{
		{listed, "https://app.example", true},
		{listed, "http://app.example", false},
		{listed, "https://app.example:8443", false},
		{listed, "https://app.example.evil.example", false},
		{listed, "null", false},
		{anyone, "https://evil.example", true},
		{nobody, "https://app.example", false},
	}
	for _, tt := range tests {
		if got := tt.client.AllowsOrigin(base, tt.origin); got != tt.want {
			t.Errorf("origins %q, page of %q: allowed is %v, want %v", tt.client.WebOrigins, tt.origin, got, tt.want)
		}
	}
}
