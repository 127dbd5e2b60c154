package mail

import (
	"bytes"
	"context"
	"crypto/rand"
	"fmt"
	"mime"
	"mime/multipart"
	"mime/quotedprintable"
	"net/mail"
	"net/smtp"
	"net/textproto"
	"strings"
	"time"

	"github.com/tokenhouse/tokenhouse/internal/core/fault"
	"github.com/tokenhouse/tokenhouse/internal/core/letter"
)

// Send sends a letter by the mail server that the settings of a realm's "smtpServer" describe, as text and as
// HTML. It returns when the server took it. The error is safe to show; it is a *fault.Invalid where the
// settings or the address are at fault.
func (c *Client) Send(ctx context.Context, settings map[string]string, l letter.Letter) error {
	s, err := read(settings)
	if err != nil {
		return err
	}
	to, err := mail.ParseAddress(l.To)
	if err != nil || to.Address != l.To {
		return &fault.Invalid{Field: "email", Message: "the letter's address is none"}
	}
	content, err := compose(settings, l)
	if err != nil {
		return err
	}
	return c.speak(ctx, s, envelope(settings, to.Address), data(content))
}

// envelope says from whom the letter comes, and to whom it goes. Failures are told to envelopeFrom, where that
// is set.
func envelope(settings map[string]string, to string) step {
	return func(connection *smtp.Client, s server) error {
		from := s.from
		if back, err := mail.ParseAddress(settings["envelopeFrom"]); err == nil {
			from = back.Address
		}
		if err := connection.Mail(from); err != nil {
			return err
		}
		return connection.Rcpt(to)
	}
}

func data(content []byte) step {
	return func(connection *smtp.Client, _ server) error {
		w, err := connection.Data()
		if err != nil {
			return err
		}
		if _, err := w.Write(content); err != nil {
			return err
		}
		return w.Close()
	}
}

// compose writes the letter with its headers (RFC 5322, RFC 2046 §5.1.4).
func compose(settings map[string]string, l letter.Letter) ([]byte, error) {
	var out bytes.Buffer
	parts := multipart.NewWriter(&out)
	from := address(settings["from"], settings["fromDisplayName"])
	headers := [][2]string{
		{"From", from}, {"To", address(l.To, "")}, {"Reply-To", address(settings["replyTo"], settings["replyToDisplayName"])},
		{"Subject", mime.QEncoding.Encode("utf-8", oneLine(l.Subject))}, {"Date", time.Now().Format(time.RFC1123Z)},
		{"Message-ID", "<" + rand.Text() + "@" + domain(settings["from"]) + ">"}, {"MIME-Version", "1.0"},
		{"Content-Type", `multipart/alternative; boundary="` + parts.Boundary() + `"`}, {"Auto-Submitted", "auto-generated"},
	}
	for _, h := range headers {
		if h[1] != "" {
			fmt.Fprintf(&out, "%s: %s\r\n", h[0], h[1])
		}
	}
	out.WriteString("\r\n")
	for _, part := range [][2]string{{"text/plain; charset=utf-8", l.Text}, {"text/html; charset=utf-8", l.HTML}} {
		if err := write(parts, part[0], part[1]); err != nil {
			return nil, err
		}
	}
	err := parts.Close()
	return out.Bytes(), err
}

func write(parts *multipart.Writer, kind, text string) error {
	part, err := parts.CreatePart(textproto.MIMEHeader{"Content-Type": {kind}, "Content-Transfer-Encoding": {"quoted-printable"}})
	if err != nil {
		return err
	}
	w := quotedprintable.NewWriter(part)
	if _, err := w.Write([]byte(text)); err != nil {
		return err
	}
	return w.Close()
}

// address is an address with the name beside it, as headers have it; empty where it is none.
func address(text, name string) string {
	a, err := mail.ParseAddress(text)
	if err != nil {
		return ""
	}
	if name != "" {
		a.Name = oneLine(name)
	}
	return a.String()
}

// domain is the right half of an address.
func domain(text string) string {
	a, err := mail.ParseAddress(text)
	if err != nil {
		return "localhost"
	}
	return a.Address[strings.LastIndexByte(a.Address, '@')+1:]
}

// oneLine keeps a text from ending its header.
func oneLine(s string) string {
	return strings.Map(func(r rune) rune {
		if r < ' ' {
			return ' '
		}
		return r
	}, s)
}
