package proxy_test

import (
	"fmt"
	"net/http/httptest"
	"strings"
	"testing"
)

var answerOptions = map[string]shown{
	"cors-origins": {see: shares("Access-Control-Allow-Origin"), want: map[string]string{"-": "401 ; 200 ", "https://app.example": "204 https://app.example; 200 https://app.example", "https://other.example": "401 ; 200 ", "*": "204 *; 200 *",
		"https://app.example/x": noGate + "cors-origins"}},
	"cors-methods":         {also: sharing, see: shares("Access-Control-Allow-Methods"), want: map[string]string{"-": "204 ; 200 ", "PUT\nDELETE": "204 PUT, DELETE; 200 "}},
	"cors-headers":         {also: sharing, see: shares("Access-Control-Allow-Headers"), want: map[string]string{"-": "204 ; 200 ", "X-A\nX-B": "204 X-A, X-B; 200 "}},
	"cors-exposed-headers": {also: sharing, see: shares("Access-Control-Expose-Headers"), want: map[string]string{"-": "204 ; 200 ", "X-A\nX-B": "204 X-A, X-B; 200 X-A, X-B"}},
	"cors-credentials":     {also: sharing, see: shares("Access-Control-Allow-Credentials"), want: map[string]string{"-": "204 ; 200 ", "true": "204 true; 200 true"}},
	"cors-max-age":         {also: sharing, see: shares("Access-Control-Max-Age"), want: map[string]string{"-": "204 ; 200 ", "2m": "204 120; 200 "}},

	"enable-security-filter": {also: flags{"filter-frame-deny": "true"}, see: says("X-Frame-Options"), want: map[string]string{"-": noGate + "filter-frame-deny does nothing without enable-security-filter", "true": "[DENY]"}},
	"hostnames": {also: filtering, see: func(_ *testing.T, v *view) string {
		return said(v.ask("GET", "/", "Authorization: Bearer "+v.bearer()))
	}, want: map[string]string{"-": "200", "other.example\nGate.example": "200", "other.example": "421 This host is not served here"}},
	"filter-content-nosniff":  {also: filtering, see: says("X-Content-Type-Options"), want: map[string]string{"-": "[]", "true": "[nosniff]"}},
	"filter-frame-deny":       {also: filtering, see: says("X-Frame-Options"), want: map[string]string{"-": "[]", "true": "[DENY]"}},
	"content-security-policy": {also: filtering, see: says("Content-Security-Policy"), want: map[string]string{"-": "[]", "default-src 'self'": "[default-src 'self']"}},
	"response-headers": {see: says("X-Upstream"), want: map[string]string{"-": "[yes]", "X-Upstream=ours": "[ours]", "x-upstream=a=b": "[a=b]", "X Upstream=1": noGate + "response-headers", "X-Upstream=a\nb": noGate + "response-headers",
		"Content-Length=1": noGate + "response-headers", "Transfer-Encoding=chunked": noGate + "response-headers"}},
	"enable-request-id": {see: identified("X-Request-Id"), want: map[string]string{"-": "0 letters, then [mine]", "true": "26 letters, then [mine]"}},
	"request-id-header": {also: flags{"enable-request-id": "true"}, see: identified("X-Trace"), want: map[string]string{"-": "0 letters, then [mine]", "x-trace": "26 letters, then [mine]", "x trace": noGate + "request-id-header", "Host": noGate + "request-id-header", "X-Real-IP": noGate + "request-id-header"}},

	"enable-metrics":    {see: counts("127.0.0.1:9", "192.0.2.1:9"), want: map[string]string{"-": "404 404", "true": "200 200"}},
	"localhost-metrics": {also: flags{"enable-metrics": "true"}, see: counts("127.0.0.1:9", "[::1]:9", "192.0.2.1:9", "@"), want: map[string]string{"-": "200 200 200 200", "true": "200 200 403 403"}},

	"enable-logging":      {also: flags{"verbose": "-"}, see: logs, want: map[string]string{"-": "warning true, request false, debug false, JSON false", "true": "warning true, request true, debug false, JSON false"}},
	"enable-json-logging": {also: flags{"verbose": "-"}, see: logs, want: map[string]string{"-": "warning true, request false, debug false, JSON false", "true": "warning true, request false, debug false, JSON true"}},
	"verbose":             {see: logs, want: map[string]string{"-": "warning true, request false, debug false, JSON false", "true": "warning true, request false, debug true, JSON false"}},
	"disable-all-logging": {see: logs, want: map[string]string{"-": "warning true, request false, debug true, JSON false", "true": "warning false, request false, debug false, JSON false"}},
}

var (
	sharing   = flags{"cors-origins": "https://app.example"}
	filtering = flags{"enable-security-filter": "true"}
)

// shares is a header of the answers to a page of another origin that asks beforehand, and that then asks.
func shares(header string) func(*testing.T, *view) string {
	return func(_ *testing.T, v *view) string {
		before := v.ask("OPTIONS", "/", "Origin: https://app.example", "Access-Control-Request-Method: PUT")
		then := v.ask("PUT", "/", "Origin: https://app.example", "Authorization: Bearer "+v.bearer())
		return fmt.Sprintf("%d %s; %d %s", before.Code, before.Header().Get(header), then.Code, then.Header().Get(header))
	}
}

// says is a header of the answer, each time that it is there.
func says(header string) func(*testing.T, *view) string {
	return func(_ *testing.T, v *view) string {
		return fmt.Sprint(v.ask("GET", "/", "Authorization: Bearer "+v.bearer()).Header()[header])
	}
}

// identified is how long the name is that a request gets which has none, and the name of one that has.
func identified(header string) func(*testing.T, *view) string {
	return func(_ *testing.T, v *view) string {
		v.ask("GET", "/", "Authorization: Bearer "+v.bearer())
		made := len(v.last().Header.Get(header))
		v.ask("GET", "/", "Authorization: Bearer "+v.bearer(), header+": mine")
		return fmt.Sprint(made, " letters, then ", v.last().Header[header])
	}
}

// counts is how metrics are answered to callers at some addresses.
func counts(addresses ...string) func(*testing.T, *view) string {
	return func(_ *testing.T, v *view) string {
		var all []string
		for _, from := range addresses {
			r := httptest.NewRequest("GET", "https://gate.example/oauth/metrics", nil)
			r.RemoteAddr = from
			r.Header.Set("X-Forwarded-For", "127.0.0.1")
			w := httptest.NewRecorder()
			v.ServeHTTP(w, r)
			all = append(all, fmt.Sprint(w.Code))
		}
		return strings.Join(all, " ")
	}
}

// logs is what is in the log after a token for others, a request that is let through, and one by nobody.
func logs(_ *testing.T, v *view) string {
	v.ask("GET", "/", "Authorization: Bearer "+v.bearer(claims{"aud": "other"}))
	v.ask("GET", "/through", "Authorization: Bearer "+v.bearer())
	v.ask("GET", "/nobody")
	log := v.log.String()
	has := func(text string) bool { return strings.Contains(log, text) }
	return fmt.Sprintf("warning %t, request %t, debug %t, JSON %t", has("Invalid audience"), has("/through"), has("DEBUG"), strings.HasPrefix(log, "{"))
}
