package proxy_test

import (
	"bufio"
	"io"
	"log"
	"net"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"
	"time"
)

// attackSmuggling sends what two servers may take for different requests. The raw text that the upstream gets is looked at: one request for each
// that the gatekeeper answered, whose length is told in one way.
func attackSmuggling(t *testing.T) {
	p := newProvider(t)
	raw, seen := rawUpstream(t)
	g := newGate(t, p, flags{"upstream-url": "http://" + raw, "upstream-keepalives": "false"})
	front, said := httptest.NewUnstartedServer(g), &lines{}
	front.Config.ErrorLog = log.New(said, "", 0)
	front.Start()
	defer front.Close()
	const hidden = "GET /smuggled HTTP/1.1\r\nHost: x\r\n\r\n"
	auth := "Host: gate.example\r\nAuthorization: Bearer " + p.bearer() + "\r\n"
	for name, tt := range map[string]struct {
		text  string
		want  int // status of the first answer
		times int // requests that the upstream sees
	}{
		"plain":                        {"POST / HTTP/1.1\r\n" + auth + "Content-Length: 2\r\n\r\nab", 200, 1},
		"both lengths":                 {"POST / HTTP/1.1\r\n" + auth + "Content-Length: 4\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n" + hidden, 200, 1},
		"two Content-Lengths":          {"POST / HTTP/1.1\r\n" + auth + "Content-Length: 0\r\nContent-Length: 38\r\n\r\n" + hidden, 400, 0},
		"a list of Content-Lengths":    {"POST / HTTP/1.1\r\n" + auth + "Content-Length: 0, 38\r\n\r\n" + hidden, 400, 0},
		"a signed Content-Length":      {"POST / HTTP/1.1\r\n" + auth + "Content-Length: +0\r\n\r\n" + hidden, 400, 0},
		"another encoding":             {"POST / HTTP/1.1\r\n" + auth + "Transfer-Encoding: xchunked\r\n\r\n0\r\n\r\n", 501, 0},
		"two encodings":                {"POST / HTTP/1.1\r\n" + auth + "Transfer-Encoding: chunked\r\nTransfer-Encoding: identity\r\n\r\n0\r\n\r\n", 501, 0},
		"an encoding with a space":     {"POST / HTTP/1.1\r\n" + auth + "Transfer-Encoding : chunked\r\n\r\n0\r\n\r\n", 400, 0},
		"an encoding with a tab":       {"POST / HTTP/1.1\r\n" + auth + "Transfer-Encoding:\x0bchunked\r\n\r\n0\r\n\r\n", 400, 0},
		"a bare CR":                    {"GET / HTTP/1.1\r\n" + auth + "X-A: 1\rTransfer-Encoding: chunked\r\n\r\n", 400, 0},
		"a NUL":                        {"GET / HTTP/1.1\r\n" + auth + "X-A: 1\x002\r\n\r\n", 400, 0},
		"a folded header":              {"GET / HTTP/1.1\r\n" + auth + "X-A: 1\r\n X-Auth-Roles: admin\r\n\r\n", 200, 1},
		"bare line feeds":              {"GET / HTTP/1.1\n" + strings.ReplaceAll(auth, "\r", "") + "X-A: 1\n\n", 200, 1},
		"a header without a name":      {"GET / HTTP/1.1\r\n" + auth + ": admin\r\n\r\n", 400, 0},
		"a chunk of a negative length": {"POST / HTTP/1.1\r\n" + auth + "Transfer-Encoding: chunked\r\n\r\n-1\r\n\r\n" + hidden, 0, -1},
		"no host":                      {"GET / HTTP/1.1\r\nAuthorization: x\r\n\r\n", 400, 0},
		"two hosts":                    {"GET / HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n", 400, 0},
		"a host with a path":           {"GET / HTTP/1.1\r\nHost: a/b\r\n\r\n", 400, 0},
		"a space in the path":          {"GET /a HTTP/1.1 /b HTTP/1.1\r\n" + auth + "\r\n", 400, 0},
		"an absolute address":          {"GET http://other.example/x HTTP/1.1\r\n" + auth + "\r\n", 200, 1},
		"CONNECT":                      {"CONNECT other.example:443 HTTP/1.1\r\n" + auth + "\r\n", 405, 0},
		"TRACE":                        {"TRACE / HTTP/1.1\r\n" + auth + "\r\n", 405, 0},
		"HTTP/0.9":                     {"GET /\r\n", 400, 0},
		"an upgrade to HTTP/2":         {"GET / HTTP/1.1\r\n" + auth + "Connection: Upgrade, HTTP2-Settings\r\nUpgrade: h2c\r\nHTTP2-Settings: AAMAAABk\r\n\r\n", 200, 1},
		"one that hides its settings":  {"GET / HTTP/1.1\r\n" + auth + "Connection: Upgrade\r\nUpgrade: h2c\r\nHTTP2-Settings: AAMAAABk\r\n\r\n", 200, 1},
		"one beside a WebSocket":       {"GET / HTTP/1.1\r\n" + auth + "Connection: Upgrade\r\nUpgrade: websocket, h2c\r\n\r\n", 200, 1},
		"a length after chunks":        {"POST / HTTP/1.1\r\n" + auth + "Transfer-Encoding: chunked\r\nContent-Length: 6\r\n\r\n0\r\n\r\n" + hidden, 200, 1},
		"an encoding before chunks":    {"POST / HTTP/1.1\r\n" + auth + "Transfer-Encoding: gzip, chunked\r\n\r\n0\r\n\r\n" + hidden, 501, 0},
		"chunks twice":                 {"POST / HTTP/1.1\r\n" + auth + "Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n" + hidden, 501, 0},
		"an encoding in quotes":        {"POST / HTTP/1.1\r\n" + auth + "Transfer-Encoding: \"chunked\"\r\n\r\n0\r\n\r\n" + hidden, 501, 0},
		"an encoding in capitals":      {"POST / HTTP/1.1\r\n" + auth + "Transfer-Encoding: CHUNKED\r\n\r\n0\r\n\r\n" + hidden, 200, 1},
		"an encoding that is folded":   {"POST / HTTP/1.1\r\n" + auth + "Transfer-Encoding:\r\n chunked\r\n\r\n0\r\n\r\n" + hidden, 200, 1},
		"an encoding before its time":  {"POST / HTTP/1.0\r\n" + auth + "Transfer-Encoding: chunked\r\n\r\n0\r\n\r\n" + hidden, 200, 1},
		"an encoding misspelled":       {"POST / HTTP/1.1\r\n" + auth + "Transfer_Encoding: chunked\r\nContent.Length: 1\r\nContent-Length: 35\r\n\r\n" + hidden, 200, 1},
		"chunks that say more":         {"POST / HTTP/1.1\r\n" + auth + "Transfer-Encoding: chunked\r\n\r\n2;x=y\r\nab\r\n0\r\n\r\n" + hidden, 200, 1},
		"a chunk's length by LF":       {"POST / HTTP/1.1\r\n" + auth + "Transfer-Encoding: chunked\r\n\r\n2;\nab\r\n0\r\n\r\n" + hidden, 0, -1},
		"a chunk without end":          {"POST / HTTP/1.1\r\n" + auth + "Transfer-Encoding: chunked\r\n\r\n10000000000000002\r\nab\r\n0\r\n\r\n" + hidden, 0, -1},
		"a body of GET":                {"GET / HTTP/1.1\r\n" + auth + "Content-Length: 35\r\n\r\n" + hidden, 200, 1},
		"an expectation":               {"POST / HTTP/1.1\r\n" + auth + "Expect: 100-continue\r\nContent-Length: 2\r\n\r\nab", 200, 1},
		"another expectation":          {"POST / HTTP/1.1\r\n" + auth + "Expect: y 100-continue\r\nContent-Length: 35\r\n\r\n" + hidden, 417, 0},
		"a fragment":                   {"GET /x?a#b HTTP/1.1\r\n" + auth + "\r\n", 400, 0},
		"no path":                      {"GET admin HTTP/1.1\r\n" + auth + "\r\n", 400, 0},
		"OPTIONS of all":               {"OPTIONS * HTTP/1.1\r\n" + auth + "\r\n", 200, 0},
		"HTTP/2 without TLS":           {"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", 405, 0},
		"hop-by-hop X-Auth":            {"GET / HTTP/1.1\r\n" + auth + "Connection: close, X-Auth-Subject, Authorization, X-Forwarded-For\r\n\r\n", 200, 1},
	} {
		mark := "X-Case: " + strings.ReplaceAll(name, " ", "-") + "\r\n"
		got := exchange(t, front.Listener.Addr().String(), strings.Replace(tt.text, "Host: gate", mark+"Host: gate", 1))
		requests := slices.DeleteFunc(seen(), func(r string) bool { return !strings.Contains(r, mark) })
		if tt.want > 0 && got != tt.want {
			t.Errorf("%s: answered with %d, want %d", name, got, tt.want)
		}
		if tt.times >= 0 && len(requests) != tt.times {
			t.Errorf("%s: the upstream sees %d requests: %q", name, len(requests), requests)
		}
		for _, r := range requests {
			head, _, _ := strings.Cut(r, "\r\n\r\n")
			lower := strings.ToLower(head)
			if strings.Contains(lower, "transfer-encoding") && strings.Contains(lower, "content-length") || strings.Contains(head, "smuggled") ||
				strings.Contains(strings.ReplaceAll(head, "\r\n", ""), "\n") || strings.Contains(head, "\nX-Auth-Roles: admin") || strings.Contains(head, "other.example") ||
				strings.Contains(lower, "\nupgrade:") || strings.Contains(lower, "\nhttp2-settings:") || strings.Contains(lower, "transfer_encoding") || strings.Contains(lower, "content.length") {
				t.Errorf("%s: the upstream sees %q", name, head)
			}
			if !strings.Contains(head, "X-Auth-Subject: alice-id") || !strings.Contains(head, "Authorization: Bearer ") {
				t.Errorf("%s: the upstream is not told who it is: %q", name, head)
			}
		}
	}
	if strings.Contains(said.String(), "panic") {
		t.Errorf("the server of the gatekeeper says %s", said)
	}
}

// exchange sends a text and gives the status of the first answer; 0 for none.
func exchange(t *testing.T, address, text string) int {
	t.Helper()
	c, err := net.Dial("tcp", address)
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	if err := c.SetDeadline(time.Now().Add(patience)); err != nil {
		t.Fatal(err)
	}
	_, _ = io.WriteString(c, text) // of what is refused the rest may not be taken
	resp, err := http.ReadResponse(bufio.NewReader(c), nil)
	if err != nil {
		return 0
	}
	resp.Body.Close()
	return resp.StatusCode
}

// rawUpstream answers everything with 200, and gives the texts of the requests since it was asked for them last.
func rawUpstream(t *testing.T) (address string, seen func() []string) {
	texts := make(chan string, 100)
	l := accepting(t, func(c net.Conn) {
		_ = c.SetDeadline(time.Now().Add(patience))
		buffer := make([]byte, 64<<10)
		n, _ := c.Read(buffer)
		texts <- string(buffer[:n])
		_, _ = io.WriteString(c, "HTTP/1.1 200 OK\r\nContent-Length: 0\r\nConnection: close\r\n\r\n")
		_, _ = io.Copy(io.Discard, c)
	})
	return l.Addr().String(), func() (all []string) {
		for {
			select {
			case text := <-texts:
				all = append(all, text)
			default:
				return all
			}
		}
	}
}
