package proxy_test

import (
	"bufio"
	"context"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"net/http/httptrace"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
)

var upstreamOptions = map[string]shown{
	"upstream-url": {see: body, want: map[string]string{"{app}": "200 upstream GET /x", "{app}/base": "200 upstream GET /base/x", "unix://{socket}": "200 upstream GET /x",
		"-": noGate + "upstream-url is needed", "ftp://app": noGate + "upstream-url", "http://user:password@{mute}": noGate + "upstream-url holds a name or password", "{app}?x=1": "200 upstream GET /x?x=1"}},
	"upstream-ca":              {also: flags{"upstream-url": "{secure}"}, see: body, want: map[string]string{"-": unanswered, "{files}/ca.pem": "200 upstream GET /x", "{files}/key.pem": noGate + "holds no certificate"}},
	"skip-upstream-tls-verify": {also: flags{"upstream-url": "{secure}"}, see: body, want: map[string]string{"-": unanswered, "true": "200 upstream GET /x"}},
	"upstream-keepalives":      {see: connections(1), want: map[string]string{"-": "1 kept", "false": "0 kept"}},
	"upstream-timeout":         {also: flags{"upstream-url": "http://nobody-answers-for.example"}, see: briefly, want: map[string]string{"-": "waits", "20ms": unanswered}},
	"upstream-keepalive-timeout": {see: func(t *testing.T, v *view) string {
		return alive(t, reached(t, v))
	}, want: map[string]string{"-": "every 10s", "25s": "every 25s", "0s": "off"}},
	"upstream-tls-handshake-timeout":   {also: flags{"upstream-url": "https://{mute}"}, see: briefly, want: map[string]string{"-": "waits", "20ms": unanswered}},
	"upstream-response-header-timeout": {also: flags{"upstream-url": "http://{mute}"}, see: briefly, want: map[string]string{"-": "waits", "20ms": unanswered}},
	"upstream-expect-continue-timeout": {also: flags{"upstream-url": "http://{reads all}"}, see: func(_ *testing.T, v *view) string {
		return within(v, strings.NewReader("body"), "Expect: 100-continue")
	}, want: map[string]string{"-": "waits", "20ms": "200"}},
	"max-idle-connections":          {also: flags{"max-idle-connections-per-host": "2"}, see: connections(3), want: map[string]string{"-": "2 kept", "1": noGate + "max-idle-connections-per-host is more"}},
	"max-idle-connections-per-host": {see: connections(3), want: map[string]string{"-": "3 kept", "2": "2 kept"}},
	"tls-client-certificate": {also: flags{"upstream-url": "{secure}", "upstream-ca": "{files}/ca.pem"}, see: body,
		want: map[string]string{"-": "200 upstream GET /x", "{files}/pair.pem": "200 certificate, upstream GET /x", "{files}/cert.pem": noGate + "tls-client-certificate"}},
	"preserve-host": {see: func(_ *testing.T, v *view) string {
		v.ask("GET", "/", "Host: www.gate.example", "Authorization: Bearer "+v.bearer())
		return fmt.Sprint("caller's ", v.last().Host == "www.gate.example")
	}, want: map[string]string{"-": "caller's false", "true": "caller's true"}},
	"headers": {see: hears("X-Zone"), want: map[string]string{"-": "[theirs]", "X-Zone=blue": "[blue]", "x_zone=blue": "[]", "X-Zone=a=b,c": "[a=b,c]", "X Zone=1": noGate + "headers", "X-Zone=a\rb": noGate + "headers", "Host=evil": noGate + "headers",
		"Content-Length=1": noGate + "headers", "transfer-encoding=chunked": noGate + "headers", "Connection=X": noGate + "headers"}},
	"enable-token-header":         {see: hears("X-Auth-Token"), want: map[string]string{"-": "[a token]", "false": "[]"}},
	"enable-authorization-header": {see: hears("Authorization"), want: map[string]string{"-": "[Bearer a token]", "false": "[]"}},
	"add-claims": {see: both(hears("X-Auth-Email-Verified"), hears("X-Zone")), want: map[string]string{"-": "[], [theirs]", "email_verified": "[true], [theirs]", "zoneinfo|X-Zone": "[], [Europe/Paris]", "missing|X-Zone": "[], []",
		"zoneinfo|": noGate + "add-claims", "|X-Zone": noGate + "add-claims", "zoneinfo|X Zone": noGate + "add-claims", "zoneinfo|Host": noGate + "add-claims", "é": noGate + "add-claims"}},
}

// unanswered is what is said while the upstream cannot be reached.
const unanswered = "502 The application does not answer"

// body is an answer with its body.
func body(_ *testing.T, v *view) string {
	w := v.ask("GET", "/x", "Authorization: Bearer "+v.bearer())
	if w.Code >= 400 {
		return said(w)
	}
	return fmt.Sprint(w.Code, " ", w.Body)
}

// briefly is the answer to a request that is not waited for long.
func briefly(_ *testing.T, v *view) string { return within(v, nil) }

// within is the answer to a request whose sender leaves after a while.
func within(v *view, body io.Reader, headers ...string) string {
	ctx, leave := context.WithTimeout(v.Context(), v.patience())
	defer leave()
	r := httptest.NewRequestWithContext(ctx, "POST", "https://gate.example/", body)
	for _, h := range append(headers, "Authorization: Bearer "+v.bearer()) {
		name, value, _ := strings.Cut(h, ": ")
		r.Header.Add(name, value)
	}
	w := httptest.NewRecorder()
	v.ServeHTTP(w, r)
	if ctx.Err() != nil {
		return "waits"
	}
	return said(w)
}

// connections is how many connections to the upstream are there for the next requests, when some that came at once are answered.
func connections(many int) func(*testing.T, *view) string {
	return func(t *testing.T, v *view) string {
		atOnce(t, v, many)
		return fmt.Sprint(atOnce(t, v, many), " kept")
	}
}

// atOnce sends requests that are only answered when all have arrived, and tells how many took a connection that was there.
func atOnce(t *testing.T, v *view, many int) int {
	var all, arrived sync.WaitGroup
	var reused atomic.Int32
	arrived.Add(many)
	v.gate.answer(func(http.ResponseWriter, *http.Request) { arrived.Done(); arrived.Wait() })
	trace := &httptrace.ClientTrace{GotConn: func(c httptrace.GotConnInfo) {
		if c.Reused {
			reused.Add(1)
		}
	}}
	for range many {
		all.Go(func() {
			r := httptest.NewRequestWithContext(httptrace.WithClientTrace(t.Context(), trace), "GET", "https://gate.example/", nil)
			r.Header.Set("Authorization", "Bearer "+v.bearer())
			v.ServeHTTP(httptest.NewRecorder(), r)
		})
	}
	all.Wait()
	return int(reused.Load())
}

// reached is the connection that a request takes to the upstream.
func reached(t *testing.T, v *view) (c net.Conn) {
	trace := &httptrace.ClientTrace{GotConn: func(i httptrace.GotConnInfo) { c = i.Conn }}
	r := httptest.NewRequestWithContext(httptrace.WithClientTrace(t.Context(), trace), "GET", "https://gate.example/", nil)
	r.Header.Set("Authorization", "Bearer "+v.bearer())
	v.ServeHTTP(httptest.NewRecorder(), r)
	return c
}

// hears is what the upstream reads in a header, of which the caller sends one too.
func hears(name string) func(*testing.T, *view) string {
	return func(_ *testing.T, v *view) string {
		token := v.bearer(claims{"email_verified": true, "zoneinfo": "Europe/Paris"})
		v.ask("GET", "/", "X-Zone: theirs", "Authorization: Bearer "+token)
		return strings.ReplaceAll(fmt.Sprint(v.last().Header[name]), token, "a token")
	}
}

// readsAll is the address of a server that answers when it has read the whole body of a request, and never says 100 Continue.
func readsAll(t testing.TB) string {
	return accepting(t, func(c net.Conn) {
		r, err := http.ReadRequest(bufio.NewReader(c))
		if err != nil {
			return
		}
		if _, err := io.Copy(io.Discard, r.Body); err == nil {
			_, _ = io.WriteString(c, "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n")
		}
	}).Addr().String()
}

// Names are waited for as long as may be: no test needs one, nor leaves this machine.
func init() {
	net.DefaultResolver = &net.Resolver{PreferGo: true, Dial: func(ctx context.Context, _, _ string) (net.Conn, error) {
		<-ctx.Done()
		return nil, ctx.Err()
	}}
}
