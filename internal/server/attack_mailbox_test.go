package server_test

import (
	"bufio"
	"fmt"
	"io"
	"mime"
	"mime/multipart"
	"net"
	netmail "net/mail"
	"regexp"
	"strings"
	"testing"
	"time"
)

// mailbox is a mail server that takes every letter.
type mailbox struct {
	port    string
	letters chan posted
}

// posted is a letter as the mail server got it.
type posted struct {
	to      []string // RCPT TO
	header  netmail.Header
	content string // of all parts
}

func newMailbox(t *testing.T) *mailbox {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { l.Close() })
	_, port, _ := net.SplitHostPort(l.Addr().String())
	m := &mailbox{port, make(chan posted, 64)}
	go func() {
		for {
			c, err := l.Accept()
			if err != nil {
				return
			}
			go m.serve(c)
		}
	}()
	return m
}

// serve takes the letters of a connection (RFC 5321 §3.3).
func (m *mailbox) serve(c net.Conn) {
	defer c.Close()
	fmt.Fprint(c, "220 mail.test ready\r\n")
	var p posted
	for in := bufio.NewScanner(c); in.Scan(); {
		switch verb, rest, _ := strings.Cut(in.Text(), " "); verb {
		case "RCPT":
			p.to = append(p.to, rest)
			fmt.Fprint(c, "250 fine\r\n")
		case "DATA":
			fmt.Fprint(c, "354 go on\r\n")
			var text strings.Builder
			for in.Scan() && in.Text() != "." {
				text.WriteString(strings.TrimPrefix(in.Text(), ".") + "\r\n")
			}
			m.letters <- p.read(text.String())
			p = posted{}
			fmt.Fprint(c, "250 taken\r\n")
		case "QUIT":
			fmt.Fprint(c, "221 bye\r\n")
			return
		default:
			fmt.Fprint(c, "250 fine\r\n")
		}
	}
}

func (p posted) read(text string) posted {
	letter, err := netmail.ReadMessage(strings.NewReader(text))
	if err != nil {
		p.content = text
		return p
	}
	p.header = letter.Header
	_, params, _ := mime.ParseMediaType(letter.Header.Get("Content-Type"))
	for parts := multipart.NewReader(letter.Body, params["boundary"]); ; {
		part, err := parts.NextPart()
		if err != nil {
			return p
		}
		text, _ := io.ReadAll(part)
		p.content += string(text) + "\n"
	}
}

// next waits for a letter.
func (m *mailbox) next(t *testing.T) posted {
	t.Helper()
	select {
	case p := <-m.letters:
		return p
	case <-time.After(30 * time.Second):
		t.Fatal("no letter came")
		return posted{}
	}
}

var link = regexp.MustCompile(`https?://[^\s"<]+/login-actions/action-token\?[^\s"<]+`)

// link is where the letter leads.
func (p posted) link(t *testing.T) string {
	t.Helper()
	found := link.FindString(p.content)
	if found == "" {
		t.Fatalf("no link in the letter: %s", p.content)
	}
	return found
}
