package upstream

import (
	"errors"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"net/url"
	"strings"
	"testing"
	"time"
)

func TestPublic(t *testing.T) {
	tests := map[string]bool{
		"93.184.216.34":          true,
		"2606:2800:220:1::1946":  true,
		"127.0.0.1":              false,
		"::1":                    false,
		"10.1.2.3":               false,
		"172.16.0.1":             false,
		"192.168.1.1":            false,
		"169.254.169.254":        false, // cloud metadata
		"fe80::1":                false,
		"fd00:ec2::254":          false, // cloud metadata
		"0.0.0.0":                false,
		"::":                     false,
		"100.64.0.1":             false,
		"224.0.0.1":              false,
		"255.255.255.255":        false,
		"::ffff:127.0.0.1":       false, // IPv4 inside IPv6, by whatever spelling
		"::127.0.0.1":            false,
		"64:ff9b::7f00:1":        false,
		"64:ff9b:1::7f00:1":      false,
		"::ffff:0:127.0.0.1":     false,
		"2002:7f00:1::":          false,
		"fec0::1":                false, // site-local
		"5f00::1":                false, // segments
		"3fff::1":                false,
		"2001:0:7f00:1::":        false,
		"198.18.0.1":             false,
		"203.0.113.9":            false,
		"fe80::1%eth0":           false,
		"::ffff:169.254.169.254": false,
	}
	for ip, want := range tests {
		err := public(netip.AddrPortFrom(netip.MustParseAddr(ip), 443).String())
		if got := err == nil; got != want {
			t.Errorf("public(%s) = %v, want %v (%v)", ip, got, want, err)
		}
	}
	if public("not an address") == nil {
		t.Error("what is no address is public")
	}
}

// TestAttack shows what the guard is against (T34: the metadata of a client as a way into the inner net).
func TestAttack(t *testing.T) {
	mux := http.NewServeMux()
	server := httptest.NewServer(mux)
	defer server.Close()
	other := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		_, _ = w.Write([]byte(`{"keys":[]}`))
	}))
	defer other.Close()
	mux.HandleFunc("/keys", func(w http.ResponseWriter, r *http.Request) { _, _ = w.Write([]byte(`{"keys":[]}`)) })
	mux.HandleFunc("/moved", func(w http.ResponseWriter, r *http.Request) { http.Redirect(w, r, "/keys", http.StatusFound) })
	mux.HandleFunc("/away", func(w http.ResponseWriter, r *http.Request) { http.Redirect(w, r, other.URL, http.StatusFound) })
	mux.HandleFunc("/round", func(w http.ResponseWriter, r *http.Request) { http.Redirect(w, r, "/round", http.StatusFound) })
	mux.HandleFunc("/long", func(w http.ResponseWriter, r *http.Request) {
		_, _ = w.Write([]byte(`{"keys":[` + strings.Repeat(" ", maxSize) + `]}`))
	})
	mux.HandleFunc("/missing", http.NotFound)

	open, strict := New(Config{AllowPrivate: true}), New(Config{})
	tests := []struct {
		name, url string
		client    *Client
		want      error // nil: fetched
	}{
		{"T34/allowed", server.URL + "/keys", open, nil},
		{"T34/redirect to itself", server.URL + "/moved", open, nil},
		{"T34/loopback", server.URL + "/keys", strict, errAddress},
		{"T34/loopback by name", strings.Replace(server.URL, "127.0.0.1", "localhost", 1) + "/keys", strict, errAddress},
		{"T34/redirect away", server.URL + "/away", open, errRedirect},
		{"T34/redirect for ever", server.URL + "/round", open, errRedirect},
		{"T34/too long", server.URL + "/long", open, errSize},
		{"T34/file", "file:///etc/passwd", open, errScheme},
		{"T34/gopher", "gopher://127.0.0.1/", open, errScheme},
		{"T34/no host", "http:///keys", open, errScheme},
		{"T34/with a password", strings.Replace(server.URL, "http://", "http://user:pw@", 1), open, errScheme},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			_, err := tt.client.get(t.Context(), tt.url)
			if !errors.Is(err, tt.want) {
				t.Errorf("get: %v, want %v", err, tt.want)
			}
		})
	}
	if _, err := open.get(t.Context(), server.URL+"/missing"); err == nil {
		t.Error("a 404 is fetched")
	}
}

// The proxy that the environment names would connect in the guard's place.
func TestGuardUsesNoProxy(t *testing.T) {
	proxy := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { t.Error("the proxy was asked") }))
	defer proxy.Close()
	u, err := url.Parse(proxy.URL)
	if err != nil {
		t.Fatal(err)
	}
	t.Setenv("HTTP_PROXY", u.String())
	if transport := guarded(false).Transport.(*http.Transport); transport.Proxy != nil {
		t.Error("the transport asks for a proxy")
	}
	if guarded(false).Timeout > 10*time.Second {
		t.Error("a fetch may take for ever")
	}
}
