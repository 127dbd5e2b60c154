package session

import (
	"crypto/rand"
	"encoding/binary"
	"errors"
	"time"

	"github.com/tokenhouse/tokenhouse/bearer"
	"github.com/tokenhouse/tokenhouse/internal/proxy/issuer"
)

// Session is one person's being signed in.
type Session struct {
	ID                       string // the same through all renewals
	Access, Refresh, IDToken string
	end                      time.Time // when the cookie ends that it came from
}

// begin begins a session.
func begin() *Session { return &Session{ID: rand.Text()} }

// early is how long before its end an access token is renewed, so that it lasts for the request that it goes with.
const early = 10 * time.Second

// Due tells whether the session is to be renewed, and can be: c and err are what a verifier says of its access token, which was good once.
// One that lacks the audience now would lack it again.
func (s *Session) Due(c *bearer.Claims, err error, now time.Time) bool {
	if s.Refresh == "" {
		return false
	}
	if err == nil {
		return c.Expires.Sub(now) < early
	}
	e, ok := errors.AsType[*bearer.Error](err)
	return ok && e.Code == bearer.InvalidToken && e.Reason != bearer.ErrAudience
}

// take keeps of tokens what the session is to have.
func (s *Session) take(t issuer.Tokens, c *Config) {
	s.Access = t.Access
	if c.Refresh && t.Refresh != "" {
		s.Refresh = t.Refresh
	}
	if c.EndAtIssuer && t.ID != "" {
		s.IDToken = t.ID
	}
}

func (s *Session) encode() []byte { return encode(s.ID, s.Access, s.Refresh, s.IDToken) }

func (s *Session) decode(value []byte) bool {
	return decode(value, &s.ID, &s.Access, &s.Refresh, &s.IDToken)
}

// encode writes texts one after the other, each behind its length.
func encode(texts ...string) []byte {
	var out []byte
	for _, t := range texts {
		out = append(binary.AppendUvarint(out, uint64(len(t))), t...)
	}
	return out
}

// decode reads as many texts as into has; all of them or nothing.
func decode(value []byte, into ...*string) bool {
	for _, t := range into {
		n, used := binary.Uvarint(value)
		if used <= 0 || n > uint64(len(value)-used) {
			return false
		}
		*t, value = string(value[used:used+int(n)]), value[used+int(n):]
	}
	return len(value) == 0
}
