package server_test

import (
	"bufio"
	"fmt"
	"io"
	"mime/quotedprintable"
	"net"
	"net/http/httptest"
	"regexp"
	"strings"
	"testing"

	"github.com/tokenhouse/tokenhouse/internal/server"
)

// mailing is a realm that sends mail by a server at a port.
const mailing = `{"realm": "mailing", "enabled": true, "sslRequired": "none", "smtpServer": {"host": "127.0.0.1", "port": "PORT", "from": "id@mailing.test"},
	"requiredActions": [{"alias": "UPDATE_PASSWORD", "enabled": true, "priority": 10}],
	"clients": [{"clientId": "app", "publicClient": true, "baseUrl": "https://app.test/", "redirectUris": ["https://app.test/*"], "directAccessGrantsEnabled": true}, {"clientId": "account"}],
	"users": [{"id": "ann-id", "username": "ann", "enabled": true, "email": "ann@mailing.test", "firstName": "Ann", "lastName": "Able", "credentials": [{"type": "password", "value": "ann"}]}]}`

// mailServer takes letters, and gives what each says; it refuses those to "nobody@…".
func mailServer(t *testing.T) (port string, letters chan string) {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { l.Close() })
	letters = make(chan string, 8)
	go func() {
		for {
			c, err := l.Accept()
			if err != nil {
				return
			}
			go takeLetters(c, letters)
		}
	}()
	_, port, _ = net.SplitHostPort(l.Addr().String())
	return port, letters
}

func takeLetters(c net.Conn, letters chan<- string) {
	defer c.Close()
	fmt.Fprint(c, "220 mail.test ready\r\n")
	for in := bufio.NewScanner(c); in.Scan(); {
		switch line := in.Text(); {
		case strings.HasPrefix(line, "RCPT TO:<nobody@"):
			fmt.Fprint(c, "550 there is nobody of that name\r\n")
		case line == "DATA":
			fmt.Fprint(c, "354 go on\r\n")
			var letter strings.Builder
			for in.Scan() && in.Text() != "." {
				letter.WriteString(in.Text() + "\n")
			}
			letters <- letter.String()
			fmt.Fprint(c, "250 taken\r\n")
		case line == "QUIT":
			fmt.Fprint(c, "221 bye\r\n")
			return
		default:
			fmt.Fprint(c, "250 fine\r\n")
		}
	}
}

var linkInLetter = regexp.MustCompile(`http://[^\s"<]*/login-actions/action-token\?[^\s"<]*`)

// TestAdministratorsLetter: the letter of an administrator leads to what they ask for, in a browser that was never seen,
// once, and signs nobody in.
func TestAdministratorsLetter(t *testing.T) {
	port, letters := mailServer(t)
	web := httptest.NewUnstartedServer(nil)
	base := "http://" + web.Listener.Addr().String()
	s := build(t, server.Config{Database: databases[0].open(t)}, map[string][]byte{"mailing.json": []byte(strings.Replace(mailing, "PORT", port, 1))}, base)
	web.Config.Handler = s.Handler()
	web.Start()
	t.Cleanup(web.Close)
	root := newOfficer(t, base, "master", "admin")
	root.call(400, "PUT", "mailing/users/ann-id/execute-actions-email?client_id=app&redirect_uri=https://evil.test/", `["UPDATE_PASSWORD"]`)
	root.call(404, "PUT", "mailing/users/ann-id/execute-actions-email?lifespan=soon", `["UPDATE_PASSWORD"]`)
	root.call(204, "PUT", "mailing/users/ann-id/execute-actions-email?client_id=app&redirect_uri=https://app.test/done&lifespan=600", `["UPDATE_PASSWORD"]`)
	text, err := io.ReadAll(quotedprintable.NewReader(strings.NewReader(<-letters)))
	if err != nil {
		t.Fatal(err)
	}
	link := linkInLetter.FindString(string(text))
	if !strings.Contains(string(text), "Update Password") || link == "" {
		t.Fatalf("the letter says %s", text)
	}
	ann := newPerson(t, web)
	ann.open(link)
	ann.sees(200, "Perform the following action(s)")
	onward := link + "&confirm=true"
	ann.open(onward)
	ann.sees(200, "password-new")
	ann.submit("password-new", "another", "password-confirm", "another")
	ann.sees(200, "Your account has been updated.")
	ann.sees(200, "https://app.test/done")
	for _, c := range ann.client.Jar.Cookies(ann.server.JoinPath("/realms/mailing/")) {
		if c.Name == "KEYCLOAK_IDENTITY" {
			t.Error("the letter signed somebody in")
		}
	}
	ann.open(onward)
	ann.sees(400, "")
	form := as("app", "grant_type", "password", "username", "ann", "password", "another")
	ask(t, base, "mailing", 200, form)

	root.call(204, "PUT", "mailing/users/ann-id", `{"email": "nobody@mailing.test"}`)
	if said := root.call(503, "PUT", "mailing/users/ann-id/execute-actions-email", `["UPDATE_PASSWORD"]`); !strings.Contains(said, "550 there is nobody of that name") {
		t.Errorf("the refusal is told as %s", said)
	}
	root.call(503, "PUT", "mailing/users/ann-id/send-verify-email", "")
}
