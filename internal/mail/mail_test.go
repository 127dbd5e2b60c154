package mail_test

import (
	"bufio"
	"encoding/base64"
	"errors"
	"fmt"
	"net"
	"strings"
	"testing"

	"github.com/tokenhouse/tokenhouse/internal/core/fault"
	"github.com/tokenhouse/tokenhouse/internal/mail"
)

// serve is a mail server for one connection that knows one user, and gives its port and what it was told.
func serve(t *testing.T, user, password string) (port string, told func() []string) {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { l.Close() })
	var lines []string
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		c, err := l.Accept()
		if err != nil {
			return
		}
		defer c.Close()
		right := "AUTH PLAIN " + base64.StdEncoding.EncodeToString([]byte("\x00"+user+"\x00"+password))
		fmt.Fprint(c, "220 mail.test ready\r\n")
		for in := bufio.NewScanner(c); in.Scan(); {
			line := in.Text()
			lines = append(lines, line)
			switch verb, _, _ := strings.Cut(line, " "); {
			case verb == "EHLO":
				fmt.Fprint(c, "250-mail.test\r\n250 AUTH PLAIN\r\n")
			case verb == "AUTH" && line != right:
				fmt.Fprint(c, "535 no such user\r\n")
			case verb == "AUTH":
				fmt.Fprint(c, "235 welcome\r\n")
			case verb == "MAIL" && !strings.Contains(line, "@shop.test"):
				fmt.Fprint(c, "550 not your domain\r\n")
			case verb == "DATA":
				fmt.Fprint(c, "354 go on\r\n")
				for in.Scan() && in.Text() != "." {
					lines = append(lines, in.Text())
				}
				lines = append(lines, ".")
				fmt.Fprint(c, "250 taken\r\n")
			case verb == "QUIT":
				fmt.Fprint(c, "221 bye\r\n")
				return
			default:
				fmt.Fprint(c, "250 fine\r\n")
			}
		}
	}()
	_, port, _ = net.SplitHostPort(l.Addr().String())
	return port, func() []string { <-ended; return lines }
}

func TestTry(t *testing.T) {
	port, told := serve(t, "sender", "secret")
	err := (&mail.Client{}).Try(t.Context(), map[string]string{"host": "127.0.0.1", "port": port, "from": "noreply@shop.test",
		"auth": "true", "user": "sender", "password": "secret"})
	if err != nil {
		t.Fatal(err)
	}
	for _, line := range told() {
		if strings.HasPrefix(line, "DATA") || strings.HasPrefix(line, "RCPT") {
			t.Errorf("a mail was sent: %s", line)
		}
	}
}

func TestTryRefused(t *testing.T) {
	for name, c := range map[string]struct {
		settings map[string]string
		want     string
	}{
		"wrong password": {map[string]string{"auth": "true", "user": "sender", "password": "guess"}, "535 no such user"},
		"not the domain": {map[string]string{"from": "noreply@other.test"}, "550 not your domain"},
		"no STARTTLS":    {map[string]string{"starttls": "true"}, "does not offer STARTTLS"},
		"no host":        {map[string]string{"host": ""}, "no host"},
		"no sender":      {map[string]string{"from": ""}, "not an address"},
		"bad port":       {map[string]string{"port": "mail"}, "not a port"},
		"closed port":    {map[string]string{"port": "1"}, "connection refused"},
		"by token":       {map[string]string{"auth": "true", "authType": "token"}, "not supported"},
	} {
		t.Run(name, func(t *testing.T) {
			port, _ := serve(t, "sender", "secret")
			settings := map[string]string{"host": "127.0.0.1", "port": port, "from": "noreply@shop.test"}
			for member, value := range c.settings {
				settings[member] = value
			}
			err := (&mail.Client{}).Try(t.Context(), settings)
			if err == nil || !strings.Contains(err.Error(), c.want) {
				t.Fatalf("got %v, want %q", err, c.want)
			}
			if strings.Contains(err.Error(), "guess") {
				t.Errorf("the error tells the password: %v", err)
			}
		})
	}
	var invalid *fault.Invalid
	if err := (&mail.Client{}).Try(t.Context(), nil); !errors.As(err, &invalid) || invalid.Field != "host" {
		t.Errorf("got %v", err)
	}
}
