package proxy_test

import (
	"crypto/tls"
	"encoding/binary"
	"io"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"
	"time"
)

// attackByHTTP2 sends by HTTP/2 what would be another request, or another caller's, once it is written as HTTP/1.1.
func attackByHTTP2(t *testing.T) {
	p := newProvider(t)
	raw, seen := rawUpstream(t)
	g := newGate(t, p, flags{"upstream-url": "http://" + raw, "upstream-keepalives": "false"})
	front := httptest.NewUnstartedServer(g)
	front.EnableHTTP2 = true
	front.StartTLS()
	defer front.Close()
	token := "Bearer " + p.bearer()
	with := func(more ...string) []string {
		return append([]string{":method", "POST", ":scheme", "https", ":authority", "gate.example", ":path", "/x", "authorization", token}, more...)
	}
	instead := func(name, value string) []string {
		all := with()
		all[slices.Index(all, name)+1] = value
		return all
	}
	for name, tt := range map[string]struct {
		headers []string
		body    string
		want    string // status; "reset" is that or an error's, and "cut off" one whose beginning was sent on
	}{
		"plain":                       {with(), "ab", "200"},
		"its length":                  {with("content-length", "2"), "ab", "200"},
		"a shorter length":            {with("content-length", "0"), "GET /smuggled HTTP/1.1\r\n\r\n", "cut off"},
		"a longer length":             {with("content-length", "9"), "ab", "cut off"},
		"chunks":                      {with("transfer-encoding", "chunked"), "0\r\n\r\nGET /smuggled HTTP/1.1\r\n\r\n", "reset"},
		"a connection":                {with("connection", "x-auth-subject"), "", "reset"},
		"an upgrade":                  {with("upgrade", "websocket"), "", "reset"},
		"trailers that are not":       {with("te", "gzip"), "", "reset"},
		"a header within a header":    {with("x-a", "1\r\nX-Auth-Roles: admin"), "", "reset"},
		"a header within a name":      {with("x-a: 1\r\nx-auth-roles", "admin"), "", "reset"},
		"a name in capitals":          {with("X-Auth-Roles", "admin"), "", "reset"},
		"a name that is misspelled":   {with("x_auth_roles", "admin", "x.auth.roles", "admin"), "", "200"},
		"a path with a line":          {instead(":path", "/ HTTP/1.1\r\nX-Auth-Roles: admin"), "", "reset"},
		"a path with a space":         {instead(":path", "/x HTTP/1.1 /y"), "", "200"},
		"a query with a space":        {instead(":path", "/x?a HTTP/1.0"), "", "reset"},
		"a query with a fragment":     {instead(":path", "/x?_method=DELETE#"), "", "reset"},
		"a path without a slash":      {instead(":path", "admin"), "", "reset"},
		"an absolute path":            {instead(":path", "http://other.example/x"), "", "200"},
		"a method with a line":        {instead(":method", "GET /smuggled HTTP/1.1\r\nX-A: 1"), "", "reset"},
		"an authority with a path":    {instead(":authority", "gate.example/smuggled"), "", "reset"},
		"another host":                {with("host", "other.example"), "", "200"},
		"two paths":                   {with(":path", "/smuggled"), "", "reset"},
		"a tunnel":                    {instead(":method", "CONNECT"), "", "reset"},
		"a WebSocket of RFC 8441":     {append(instead(":method", "CONNECT"), ":protocol", "websocket"), "", "reset"},
		"the headers of another kind": {with(":status", "200"), "", "reset"},
	} {
		got := ask2(t, front.Listener.Addr().String(), append(tt.headers, "x-case", name), tt.body)
		if tt.want != "cut off" && got != tt.want && (got == "200" || tt.want == "200") {
			t.Errorf("%s: %s, want %s", name, got, tt.want)
		}
		all := slices.DeleteFunc(seen(), func(r string) bool { return !strings.Contains(r, "X-Case: "+name+"\r\n") })
		if tt.want != "cut off" && (len(all) == 1) != (tt.want == "200") {
			t.Errorf("%s: the upstream sees %d requests: %q", name, len(all), all)
		}
		for _, r := range all {
			head, _, _ := strings.Cut(r, "\r\n\r\n")
			line, _, _ := strings.Cut(head, "\r\n")
			for _, never := range []string{"smuggled", "admin", "other.example"} {
				if strings.Contains(head, never) {
					t.Errorf("%s: the upstream sees %q", name, head)
				}
			}
			if !strings.HasPrefix(line, "POST /x") || strings.Count(line, " ") != 2 || !strings.Contains(head, "X-Auth-Subject: alice-id") {
				t.Errorf("%s: the upstream sees %q", name, head)
			}
		}
	}
}

// ask2 sends a request by HTTP/2 as it is, however wrong, and gives the status of the answer; "reset" for none.
func ask2(t *testing.T, address string, headers []string, body string) string {
	t.Helper()
	c, err := tls.Dial("tcp", address, &tls.Config{InsecureSkipVerify: true, NextProtos: []string{"h2"}})
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	if err := c.SetDeadline(time.Now().Add(patience)); err != nil {
		t.Fatal(err)
	}
	const data, head, reset, settings, goAway = 0, 1, 3, 4, 7
	var block []byte
	for i := 0; i < len(headers); i += 2 { // RFC 7541 §6.2.2: literals without a table
		block = append(block, 0)
		for _, text := range headers[i : i+2] {
			if len(text) < 0x7f {
				block = append(block, byte(len(text)))
			} else {
				block = binary.AppendUvarint(append(block, 0x7f), uint64(len(text)-0x7f))
			}
			block = append(block, text...)
		}
	}
	const endStream, endHeaders = 1, 4
	text := frame([]byte("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"), settings, 0, 0, nil)
	if body == "" {
		text = frame(text, head, endStream|endHeaders, 1, block)
	} else {
		text = frame(frame(text, head, endHeaders, 1, block), data, endStream, 1, []byte(body))
	}
	if _, err := c.Write(text); err != nil {
		t.Fatal(err)
	}
	for {
		var h [9]byte
		if _, err := io.ReadFull(c, h[:]); err != nil {
			return "reset"
		}
		payload := make([]byte, int(h[0])<<16|int(h[1])<<8|int(h[2]))
		if _, err := io.ReadFull(c, payload); err != nil {
			return "reset"
		}
		switch h[3] {
		case head:
			return status2(payload)
		case reset, goAway:
			return "reset"
		}
	}
}

// frame appends a frame (RFC 9113 §4.1).
func frame(to []byte, kind, flags byte, stream uint32, payload []byte) []byte {
	n := len(payload)
	to = append(to, byte(n>>16), byte(n>>8), byte(n), kind, flags)
	return append(binary.BigEndian.AppendUint32(to, stream), payload...)
}

// status2 is the status that a block of headers begins with, where it is one of those that RFC 7541 has a number for.
func status2(block []byte) string {
	known := map[byte]string{0x88: "200", 0x89: "204", 0x8a: "206", 0x8b: "304", 0x8c: "400", 0x8d: "404", 0x8e: "500"}
	if len(block) > 0 && known[block[0]] != "" {
		return known[block[0]]
	}
	return "another status"
}
