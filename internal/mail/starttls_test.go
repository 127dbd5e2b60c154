package mail_test

import (
	"bufio"
	"crypto/tls"
	"crypto/x509"
	"encoding/base64"
	"fmt"
	"net"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/tokenhouse/tokenhouse/internal/mail"
)

// TestSendEncrypted: with STARTTLS nothing but the wish for it is said in the clear, and who signs in proves it after.
func TestSendEncrypted(t *testing.T) {
	web := httptest.NewTLSServer(nil) // for its certificate
	t.Cleanup(web.Close)
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { l.Close() })
	var clear, sealed []string
	ended := make(chan struct{}, 2)
	talk := func(c net.Conn, said *[]string, offers string) (startTLS bool) {
		for in := bufio.NewScanner(c); in.Scan(); {
			line := in.Text()
			*said = append(*said, line)
			switch verb, _, _ := strings.Cut(line, " "); verb {
			case "EHLO":
				fmt.Fprintf(c, "250-mail.test\r\n250 %s\r\n", offers)
			case "STARTTLS":
				fmt.Fprint(c, "220 go on\r\n")
				return true
			case "AUTH":
				fmt.Fprint(c, "235 welcome\r\n")
			case "DATA":
				fmt.Fprint(c, "354 go on\r\n")
				for in.Scan() && in.Text() != "." {
				}
				fmt.Fprint(c, "250 taken\r\n")
			default:
				fmt.Fprint(c, "250 fine\r\n")
			}
		}
		return false
	}
	go func() {
		for {
			c, err := l.Accept()
			if err != nil {
				return
			}
			fmt.Fprint(c, "220 mail.test ready\r\n")
			if talk(c, &clear, "STARTTLS") {
				over := tls.Server(c, &tls.Config{Certificates: web.TLS.Certificates})
				talk(over, &sealed, "AUTH PLAIN")
			}
			c.Close()
			ended <- struct{}{}
		}
	}()
	_, port, _ := net.SplitHostPort(l.Addr().String())
	settings := map[string]string{"host": "127.0.0.1", "port": port, "from": "id@shop.test", "starttls": "true", "auth": "true", "user": "sender", "password": "secret"}
	if err := new(mail.Client).Send(t.Context(), settings, hello); err == nil {
		t.Error("a certificate of nobody was trusted")
	}
	<-ended
	if len(sealed) > 0 {
		t.Fatalf("said to a stranger: %q", sealed)
	}
	clear = nil
	trusted := x509.NewCertPool()
	trusted.AddCert(web.Certificate())
	if err := (&mail.Client{TLS: &tls.Config{RootCAs: trusted}}).Send(t.Context(), settings, hello); err != nil {
		t.Fatal(err)
	}
	<-ended
	if len(clear) != 2 || clear[1] != "STARTTLS" {
		t.Errorf("said in the clear: %q", clear)
	}
	if proof := "AUTH PLAIN " + base64.StdEncoding.EncodeToString([]byte("\x00sender\x00secret")); !strings.Contains(strings.Join(sealed, "\n"), proof) {
		t.Errorf("nobody signed in: %q", sealed)
	}
}
