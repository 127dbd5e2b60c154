package cli

import (
	"bufio"
	"crypto/tls"
	"encoding/pem"
	"fmt"
	"net"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"sync/atomic"
)

// pageMail is where pages find a mail server.
const pageMail = "smtpServer.host=mail.shop.test -s smtpServer.port=587"

// mailServer takes letters, and nothing in the clear but the wish for TLS.
type mailServer struct {
	tls   *tls.Config
	taken atomic.Int64
}

// mail gives the reader a mail server, whose certificate the servers that pages start believe in. Some page has to send a letter.
func (r *reader) mail() {
	r.Helper()
	s := httptest.NewTLSServer(nil) // for its certificate
	s.Close()
	authority := filepath.Join(r.aside, "mail.pem")
	if err := os.WriteFile(authority, pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: s.Certificate().Raw}), 0o600); err != nil {
		r.Fatal(err)
	}
	r.environ = append(r.environ, "SSL_CERT_FILE="+authority)
	m := &mailServer{tls: &tls.Config{Certificates: s.TLS.Certificates}}
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		r.Fatal(err)
	}
	r.Cleanup(func() {
		_ = l.Close()
		if m.taken.Load() == 0 {
			r.Error("no page sent a letter")
		}
	})
	go func() {
		for {
			c, err := l.Accept()
			if err != nil {
				return
			}
			go m.serve(c)
		}
	}()
	_, port, _ := net.SplitHostPort(l.Addr().String())
	r.addresses = append(r.addresses, pageMail, "smtpServer.host=127.0.0.1 -s smtpServer.port="+port)
}

// serve takes the letters of a connection (RFC 5321 §3.3, RFC 3207).
func (m *mailServer) serve(c net.Conn) {
	defer func() { _ = c.Close() }()
	fmt.Fprint(c, "220 mail.shop.test ready\r\n")
	secret := false
	for in := bufio.NewScanner(c); in.Scan(); {
		verb, _, _ := strings.Cut(in.Text(), " ")
		switch {
		case verb == "EHLO" && !secret:
			fmt.Fprint(c, "250-mail.shop.test\r\n250 STARTTLS\r\n")
		case verb == "STARTTLS":
			fmt.Fprint(c, "220 go on\r\n")
			c, secret = tls.Server(c, m.tls), true
			in = bufio.NewScanner(c)
		case verb == "QUIT":
			fmt.Fprint(c, "221 bye\r\n")
			return
		case !secret:
			fmt.Fprint(c, "530 not in the clear\r\n")
		case verb == "DATA":
			fmt.Fprint(c, "354 go on\r\n")
			for in.Scan() && in.Text() != "." {
			}
			m.taken.Add(1)
			fmt.Fprint(c, "250 taken\r\n")
		default:
			fmt.Fprint(c, "250 fine\r\n")
		}
	}
}
