package caller_test

import (
	"crypto/tls"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/tokenhouse/tokenhouse/internal/web/caller"
)

// request is a request as the server sees it: from whom, to which host, with which headers.
func request(peer, host string, secure bool, header ...string) *http.Request {
	r := httptest.NewRequest(http.MethodGet, "/", nil)
	r.RemoteAddr, r.Host = peer, host
	if secure {
		r.TLS = &tls.ConnectionState{}
	}
	for i := 0; i < len(header); i += 2 {
		r.Header.Add(header[i], header[i+1])
	}
	return r
}

func networks(list ...string) (out []netip.Prefix) {
	for _, s := range list {
		out = append(out, netip.MustParsePrefix(s))
	}
	return out
}

func TestOf(t *testing.T) {
	const client, proxy, inner, forged = "203.0.113.7", "10.0.0.1", "10.0.0.2", "198.51.100.99"
	at := func(base, address string, secure bool) caller.Caller {
		return caller.Caller{Base: base, Address: netip.MustParseAddr(address), Secure: secure}
	}
	trusting := caller.Resolver{Headers: caller.XForwarded, Trusted: networks("10.0.0.0/8")}
	tests := []struct {
		name     string
		resolver caller.Resolver
		request  *http.Request
		want     caller.Caller
	}{
		{"plain", caller.Resolver{}, request(client+":4711", "id.example:8080", false), at("http://id.example:8080", client, false)},
		{"TLS", caller.Resolver{}, request(client+":4711", "id.example", true), at("https://id.example", client, true)},
		{"default ports go", caller.Resolver{}, request(client+":4711", "id.example:443", true), at("https://id.example", client, true)},
		{"other ports stay", caller.Resolver{}, request(client+":4711", "id.example:443", false), at("http://id.example:443", client, false)},
		{"IPv6", caller.Resolver{}, request("[2001:db8::7]:4711", "[::1]:8080", false), at("http://[::1]:8080", "2001:db8::7", false)},
		{"path", caller.Resolver{Path: "/auth"}, request(client+":1", "id.example", false), at("http://id.example/auth", client, false)},

		{"hostname beats Host", caller.Resolver{Hostname: "id.example"}, request(client+":1", "evil.example", true), at("https://id.example", client, true)},
		{"full hostname beats all", caller.Resolver{Hostname: "https://id.example/sso/", Path: "/auth", Headers: caller.XForwarded},
			request(proxy+":1", "evil.example", false, "X-Forwarded-Host", "evil.example", "X-Forwarded-Proto", "http"), at("https://id.example/sso", proxy, true)},

		{"headers of proxies are not believed unasked", caller.Resolver{},
			request(client+":1", "id.example", false, "X-Forwarded-For", forged, "X-Forwarded-Proto", "https", "X-Forwarded-Host", "evil.example", "Forwarded", "for="+forged+";proto=https;host=evil.example"),
			at("http://id.example", client, false)},
		{"the other header is not believed", caller.Resolver{Headers: caller.Forwarded},
			request(client+":1", "id.example", false, "X-Forwarded-For", forged, "X-Forwarded-Proto", "https", "X-Forwarded-Host", "evil.example"),
			at("http://id.example", client, false)},
		{"a peer that is no trusted proxy is not believed", trusting,
			request(client+":1", "id.example", false, "X-Forwarded-For", forged, "X-Forwarded-Proto", "https", "X-Forwarded-Host", "evil.example"),
			at("http://id.example", client, false)},

		{"X-Forwarded", trusting,
			request(proxy+":1", "backend:8080", false, "X-Forwarded-For", client, "X-Forwarded-Proto", "https", "X-Forwarded-Host", "id.example"),
			at("https://id.example", client, true)},
		{"X-Forwarded with a port", trusting,
			request(proxy+":1", "backend:8080", false, "X-Forwarded-Proto", "https", "X-Forwarded-Host", "id.example", "X-Forwarded-Port", "8443"),
			at("https://id.example:8443", proxy, true)},
		{"what the client claims before the proxy does not count", trusting,
			request(proxy+":1", "backend", false, "X-Forwarded-For", forged+", "+client),
			at("http://backend", client, false)},
		{"a claimed proxy does not vouch for others", trusting,
			request(proxy+":1", "backend", false, "X-Forwarded-For", forged+", "+inner+", "+client),
			at("http://backend", client, false)},
		{"trusted proxies in a row", trusting,
			request(proxy+":1", "backend", false, "X-Forwarded-For", forged+", "+client+", "+inner),
			at("http://backend", client, false)},
		{"without a list only the last hop counts", caller.Resolver{Headers: caller.XForwarded},
			request(proxy+":1", "backend", false, "X-Forwarded-For", forged+", "+client, "X-Forwarded-Host", "evil.example, id.example", "X-Forwarded-Proto", "http, https"),
			at("https://id.example", client, true)},
		{"header lines are one list", caller.Resolver{Headers: caller.XForwarded},
			request(proxy+":1", "backend", false, "X-Forwarded-For", forged, "X-Forwarded-For", client),
			at("http://backend", client, false)},
		{"an unreadable address hides what is before it", caller.Resolver{Headers: caller.XForwarded, Trusted: networks("10.0.0.0/8")},
			request(proxy+":1", "backend", false, "X-Forwarded-For", forged+", unknown, "+inner),
			at("http://backend", inner, false)},
		{"another scheme is none", trusting, request(proxy+":1", "backend", false, "X-Forwarded-Proto", "javascript"), at("http://backend", proxy, false)},

		{"Forwarded", caller.Resolver{Headers: caller.Forwarded, Trusted: networks("10.0.0.0/8")},
			request(proxy+":1", "backend", false, "Forwarded", `for="[2001:db8:cafe::17]:4711";proto=https;host="id.example:8443";by=10.0.0.1`),
			at("https://id.example:8443", "2001:db8:cafe::17", true)},
		{"Forwarded by several", caller.Resolver{Headers: caller.Forwarded, Trusted: networks("10.0.0.0/8")},
			request(proxy+":1", "backend", false, "Forwarded", "for="+forged+";host=evil.example;proto=https, For="+client+"; Host=id.example"),
			at("http://id.example", client, false)},
		{"Forwarded with separators in quotes", caller.Resolver{Headers: caller.Forwarded},
			request(proxy+":1", "backend", false, "Forwarded", `for="_a,for=198.51.100.99;host=evil.example", for=`+client),
			at("http://backend", client, false)},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			got, err := tt.resolver.Of(tt.request)
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(tt.want, got, cmpopts.EquateComparable(netip.Addr{})); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
		})
	}
}

func TestHostMustBeOne(t *testing.T) {
	for _, host := range []string{"", "evil.example/path", "evil.example?x", "evil.example#x", "user@evil.example", "a b", "a\"b", "a<b", "host:", "host:port", "[::1", "[]", ":80", "a:1:2", "höst"} {
		var v caller.Resolver
		if got, err := v.Of(request("203.0.113.7:1", host, false)); err == nil {
			t.Errorf("Host %q is taken for %q", host, got.Base)
		}
	}
	v := caller.Resolver{Headers: caller.XForwarded}
	if got, err := v.Of(request("10.0.0.1:1", "id.example", false, "X-Forwarded-Host", "evil.example/path")); err == nil {
		t.Errorf("a forwarded host with a path is taken for %q", got.Base)
	}
	v = caller.Resolver{Hostname: "id.example"}
	if _, err := v.Of(request("10.0.0.1:1", "a<b", false)); err != nil {
		t.Errorf("Host matters though hostname is set: %v", err)
	}
}

func FuzzForwarded(f *testing.F) {
	f.Add(`for=192.0.2.60;proto=http;by=203.0.113.43`, "192.0.2.1", "id.example")
	f.Add(`for="[2001:db8::1]", for=unknown;host="a\"b"`, "::1", "[::1]:80")
	f.Fuzz(func(t *testing.T, forwarded, for_, host string) {
		for _, v := range []caller.Resolver{{Headers: caller.Forwarded}, {Headers: caller.XForwarded, Trusted: networks("10.0.0.0/8")}} {
			r := request("10.0.0.1:1", "id.example", false, "Forwarded", forwarded, "X-Forwarded-For", for_, "X-Forwarded-Host", host)
			got, err := v.Of(r)
			if err == nil && !got.Address.IsValid() {
				t.Errorf("the caller has no address though the peer has one: %+v", got)
			}
		}
	})
}
