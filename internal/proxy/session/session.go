package session

import (
	"crypto/rand"
	"encoding/binary"
	"time"

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
