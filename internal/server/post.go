package server

import (
	"net/netip"
	"net/url"
	"strings"
	"time"

	"github.com/tokenhouse/tokenhouse/internal/flow/limit"
	"github.com/tokenhouse/tokenhouse/internal/flow/post"
	"github.com/tokenhouse/tokenhouse/internal/mail"
)

// Letters that one address is sent by a realm, on a node, in about a span: enough for who asks again because a letter
// is late, and too few to fill a mailbox.
const (
	lettersMost = 5
	lettersSpan = 5 * time.Minute
)

// postOffice sends the letters that people ask for.
func postOffice(c Config) *post.Office {
	return &post.Office{Mail: &mail.Client{}, Quota: &limit.Guesses{Most: lettersMost, Span: lettersSpan, Now: c.clock()}, Own: c.Public.own}
}

// own tells whether an address is the server's, whatever a request says: with a configured hostname each that is made
// here. Without one only a loopback address, which leads nobody to another computer than their own.
func (p *Public) own(address string) bool {
	if p.Hostname != "" {
		return true
	}
	u, err := url.Parse(address)
	if err != nil {
		return false
	}
	host := strings.ToLower(u.Hostname())
	at, err := netip.ParseAddr(host)
	return err == nil && at.IsLoopback() || host == "localhost" || strings.HasSuffix(host, ".localhost")
}

// The line of letters that nobody waits for.
const (
	lineLength = 1000 // letters that wait; further ones are not sent
	lineHands  = 16   // mail servers that are spoken to at once
)

// line runs what nobody should have to wait for: so much at once, and the rest in turn.
type line struct{ places, hands chan struct{} }

func newLine() *line {
	return &line{make(chan struct{}, lineLength), make(chan struct{}, lineHands)}
}

// run runs a function aside, soon. It tells whether there was a place in the line.
func (l *line) run(f func()) bool {
	select {
	case l.places <- struct{}{}:
	default:
		return false
	}
	go func() {
		defer func() { <-l.places }()
		l.hands <- struct{}{}
		defer func() { <-l.hands }()
		f()
	}()
	return true
}
