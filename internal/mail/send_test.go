package mail_test

import (
	"errors"
	"io"
	"mime"
	"mime/multipart"
	netmail "net/mail"
	"strings"
	"testing"

	"github.com/tokenhouse/tokenhouse/internal/core/fault"
	"github.com/tokenhouse/tokenhouse/internal/core/letter"
	"github.com/tokenhouse/tokenhouse/internal/mail"
)

var hello = letter.Letter{To: "vera@shop.test", Subject: "Grüße\r\nBcc: all@shop.test", Text: "Guten Tag\n.\nEnde", HTML: "<p>Guten Tag</p>"}

func TestSend(t *testing.T) {
	port, told := serve(t, "sender", "secret")
	settings := map[string]string{"host": "127.0.0.1", "port": port, "from": "id@shop.test", "fromDisplayName": "Der Laden", "replyTo": "help@shop.test",
		"auth": "true", "user": "sender", "password": "secret"}
	if err := new(mail.Client).Send(t.Context(), settings, hello); err != nil {
		t.Fatal(err)
	}
	lines := told()
	envelope, content := split(lines)
	for _, want := range []string{"MAIL FROM:<id@shop.test>", "RCPT TO:<vera@shop.test>"} {
		if !strings.Contains(envelope, want) {
			t.Errorf("the server was not told %q but %s", want, envelope)
		}
	}
	m, err := netmail.ReadMessage(strings.NewReader(content))
	if err != nil {
		t.Fatal(err)
	}
	subject, err := new(mime.WordDecoder).DecodeHeader(m.Header.Get("Subject"))
	if err != nil || subject != "Grüße  Bcc: all@shop.test" || m.Header.Get("Bcc") != "" {
		t.Errorf("subject %q, %v; headers %v", subject, err, m.Header)
	}
	if from, reply := m.Header.Get("From"), m.Header.Get("Reply-To"); from != `"Der Laden" <id@shop.test>` || reply != "<help@shop.test>" {
		t.Errorf("from %s, reply to %s", from, reply)
	}
	_, params, _ := mime.ParseMediaType(m.Header.Get("Content-Type"))
	parts := multipart.NewReader(m.Body, params["boundary"])
	for _, want := range []struct{ kind, text string }{{"text/plain; charset=utf-8", hello.Text}, {"text/html; charset=utf-8", hello.HTML}} {
		part, err := parts.NextPart()
		if err != nil {
			t.Fatal(err)
		}
		text, err := io.ReadAll(part)
		if got := strings.ReplaceAll(string(text), "\r\n", "\n"); err != nil || got != want.text || part.Header.Get("Content-Type") != want.kind {
			t.Errorf("part %s: %q, %v", part.Header.Get("Content-Type"), got, err)
		}
	}
}

// split parts what a mail server was told into its commands and the letter, whose dots it doubled.
func split(lines []string) (envelope, content string) {
	for i, line := range lines {
		if line != "DATA" {
			continue
		}
		for _, l := range lines[i+1:] {
			if l == "." {
				break
			}
			content += strings.TrimPrefix(l, ".") + "\n"
		}
		return strings.Join(lines[:i], "\n"), content
	}
	return strings.Join(lines, "\n"), ""
}

func TestSendRefuses(t *testing.T) {
	good := map[string]string{"host": "127.0.0.1", "port": "1", "from": "id@shop.test"}
	tests := map[string]struct {
		settings map[string]string
		to       string
		invalid  bool
	}{
		"no server":             {nil, "vera@shop.test", true},
		"no address":            {good, "", true},
		"two lines":             {good, "vera@shop.test\r\nRCPT TO:<all@shop.test>", true},
		"two addresses":         {good, "vera@shop.test, bob@shop.test", true},
		"server that is not up": {good, "vera@shop.test", false},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			l := hello
			l.To = tt.to
			err := new(mail.Client).Send(t.Context(), tt.settings, l)
			if _, invalid := errors.AsType[*fault.Invalid](err); err == nil || invalid != tt.invalid {
				t.Errorf("%v", err)
			}
		})
	}
}
