package proxy_test

import (
	"bufio"
	"context"
	"crypto/tls"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"strings"
	"testing"
	"time"
)

var listenOptions = map[string]shown{
	"listen":      {see: calls("http"), want: map[string]string{"127.0.0.1:0": "200 by tcp", "unix://{files}/front.sock": "200 by unix", "unix://{socket}": noRun + "is in use", "": noGate + "listen"}},
	"listen-http": {also: flags{"listen": "127.0.0.1:0", "tls-cert": "{files}/cert.pem", "tls-private-key": "{files}/key.pem"}, see: callsPlain, want: map[string]string{"-": "nobody is there", "{free}": "200"}},
	"enable-https-redirection": {also: flags{"listen": "127.0.0.1:0", "listen-http": "{free}", "enable-security-filter": "true"}, see: callsPlain,
		want: map[string]string{"-": "200", "true": "301 to https://gate.example/x?y"}},
	"tls-cert":        {also: flags{"listen": "127.0.0.1:0", "tls-private-key": "{files}/key.pem"}, see: calls("https"), want: map[string]string{"-": noGate + "needed together", "{files}/cert.pem": "200 by tcp", "{files}/key.pem": noRun + "tls-cert: "}},
	"tls-private-key": {also: flags{"listen": "127.0.0.1:0", "tls-cert": "{files}/cert.pem"}, see: calls("https"), want: map[string]string{"-": noGate + "needed together", "{files}/key.pem": "200 by tcp", "{files}/none.pem": noRun + "tls-cert: "}},
	"tls-ca-certificate": {also: flags{"listen": "127.0.0.1:0", "tls-cert": "{files}/cert.pem", "tls-private-key": "{files}/key.pem"}, see: both(calls("https"), calls("https with a certificate")),
		want: map[string]string{"-": "200 by tcp, 200 by tcp", "{files}/ca.pem": "no answer, 200 by tcp", "{files}/key.pem": noRun + "tls-ca-certificate: "}},
	"trusted-proxies": {see: func(_ *testing.T, v *view) string {
		v.ask("GET", "/", "X-Forwarded-For: forged, 203.0.113.9", "X-Forwarded-For: 10.0.0.1", "Authorization: Bearer "+v.bearer()) // comes from 192.0.2.1
		return fmt.Sprint(v.last().Header["X-Forwarded-For"], v.last().Header["X-Real-Ip"])
	}, want: map[string]string{"-": "[192.0.2.1] [192.0.2.1]", "192.0.2.0/24": "[forged, 203.0.113.9, 10.0.0.1, 192.0.2.1] [10.0.0.1]", "10.0.0.1\n192.0.2.1": "[forged, 203.0.113.9, 10.0.0.1, 192.0.2.1] [203.0.113.9]",
		"0.0.0.0/0": "[forged, 203.0.113.9, 10.0.0.1, 192.0.2.1] [203.0.113.9]", "10.0.0.0/8": "[192.0.2.1] [192.0.2.1]", "proxy.example": noGate + "trusted-proxies"}},
	"server-read-timeout":  {also: here, see: holds("GET /x HTTP/1.1\r\nHost: gate.example\r\n"), want: map[string]string{"-": "is held", "20ms": "is closed"}},
	"server-idle-timeout":  {also: here, see: holds("GET /oauth/health HTTP/1.1\r\nHost: gate.example\r\n\r\n"), want: map[string]string{"-": "is held", "20ms": "is closed"}},
	"server-write-timeout": {also: flags{"listen": "127.0.0.1:0", "upstream-url": "{slow}"}, see: calls("http"), want: map[string]string{"-": "200 by tcp", "20ms": "no answer"}},
}

var here = flags{"listen": "127.0.0.1:0"}

// calls has a gatekeeper listen, and calls it.
func calls(how string) func(*testing.T, *view) string {
	return func(t *testing.T, v *view) string {
		at, err := tryRun(t, v.gate)
		if err != nil {
			return noRun + err.Error()
		}
		config := &tls.Config{RootCAs: v.pool, ServerName: "127.0.0.1"}
		if strings.HasSuffix(how, "with a certificate") {
			pair, err := tls.LoadX509KeyPair(v.files+"/pair.pem", v.files+"/pair.pem")
			if err != nil {
				t.Fatal(err)
			}
			config.Certificates = []tls.Certificate{pair}
		}
		scheme, _, _ := strings.Cut(how, " ")
		status, _, err := get(t, only(at, config), scheme+"://gate.example/x", "Authorization: Bearer "+v.bearer())
		if err != nil {
			return "no answer"
		}
		return fmt.Sprint(status, " by ", at.Network())
	}
}

// only is a client that knows one address, and follows nobody elsewhere.
func only(at net.Addr, config *tls.Config) *http.Client {
	return &http.Client{CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
		Transport: &http.Transport{DisableKeepAlives: true, TLSClientConfig: config, DialContext: func(ctx context.Context, _, _ string) (net.Conn, error) {
			return (&net.Dialer{}).DialContext(ctx, at.Network(), at.String())
		}}}
}

// callsPlain calls a gatekeeper at its second address, by a name that is not its own.
func callsPlain(t *testing.T, v *view) string {
	run(t, v.gate)
	at, err := net.ResolveTCPAddr("tcp", v.given["listen-http"])
	if err != nil {
		return "nobody is there"
	}
	status, body, err := get(t, only(at, nil), "http://evil.example/x?y", "Authorization: Bearer "+v.bearer())
	if err != nil {
		t.Error(err)
	}
	if status == http.StatusMovedPermanently {
		return fmt.Sprint(status, " to ", body[strings.LastIndex(body, "https://"):])
	}
	return fmt.Sprint(status)
}

// holds is what becomes of a connection on which nothing more is said.
func holds(text string) func(*testing.T, *view) string {
	return func(t *testing.T, v *view) string {
		c, err := net.Dial("tcp", run(t, v.gate))
		if err != nil {
			t.Fatal(err)
		}
		defer c.Close()
		if _, err := io.WriteString(c, text); err != nil {
			t.Fatal(err)
		}
		if err := c.SetReadDeadline(time.Now().Add(v.patience())); err != nil {
			t.Fatal(err)
		}
		r := bufio.NewReader(c)
		for err == nil {
			_, err = r.ReadByte()
		}
		if os.IsTimeout(err) {
			return "is held"
		}
		return "is closed"
	}
}
