// Package seal keeps values in cookies of browsers that can neither read nor change them.
//
// A value is sealed with AES-256-GCM under a key that is derived for one gatekeeper, and is bound to the name of its cookie and to
// a time at which it ends. A large one is spread over several cookies, which only open together: a piece of another value,
// older or another person's, opens nothing.
//
// Not prevented is that a whole cookie is copied: whoever has a copy is the person until the value ends.
package seal

import (
	"crypto/aes"
	"crypto/cipher"
	"crypto/hkdf"
	"crypto/sha256"
	"encoding/base64"
	"encoding/binary"
	"errors"
	"fmt"
	"net/http"
	"strconv"
	"strings"
	"time"
)

// Jar makes and opens the cookies of a gatekeeper. It does not change.
type Jar struct {
	aead   cipher.AEAD
	config Config
	prefix string // of all names
}

// Config says what cookies are like.
type Config struct {
	Key      string // KeySize bytes at least
	For      string // whose cookies they are: those of another do not open under the same key
	Domain   string // empty: of the very host
	Insecure bool   // without TLS: cookies lose Secure and the prefix of their names that depends on it
	SameSite http.SameSite
}

// KeySize is how long a key is at least, in bytes.
const KeySize = 32

// New makes a jar.
func New(c Config) (*Jar, error) {
	if len(c.Key) < KeySize {
		return nil, fmt.Errorf("a key of %d bytes, and %d are needed", len(c.Key), KeySize)
	}
	key, err := hkdf.Key(sha256.New, []byte(c.Key), nil, "tokenhouse gatekeeper cookies\x00"+c.For, 32)
	if err != nil {
		return nil, err
	}
	block, err := aes.NewCipher(key)
	if err != nil {
		return nil, err
	}
	aead, err := cipher.NewGCMWithRandomNonce(block)
	if err != nil {
		return nil, err
	}
	return &Jar{aead: aead, config: c, prefix: prefix(c)}, nil
}

// prefix makes browsers hold to what a cookie is meant to be (RFC 6265bis §4.1.3): __Host- is the host's alone, so
// that no other host of the domain can plant one.
func prefix(c Config) string {
	switch {
	case c.Insecure:
		return ""
	case c.Domain != "":
		return "__Secure-"
	}
	return "__Host-"
}

const (
	pieceSize = 3800 // browsers keep 4096 bytes of name, value and attributes
	maxPieces = 12
)

// ErrTooLarge is of a value that browsers and servers would not carry.
var ErrTooLarge = errors.New("the value is too large for cookies")

// Set puts a value into the cookies of a name. It opens until end; browsers drop it then, or when they are closed where
// session is set. Cookies that a longer value left in the request go.
func (j *Jar) Set(w http.ResponseWriter, r *http.Request, name string, value []byte, now, end time.Time, session bool) error {
	name = j.prefix + name
	plain := append(binary.BigEndian.AppendUint64(nil, uint64(end.Unix())), value...)
	text := base64.RawURLEncoding.EncodeToString(j.aead.Seal(nil, nil, plain, []byte(name)))
	pieces := (len(text) + pieceSize - 1) / pieceSize
	if pieces > maxPieces {
		return fmt.Errorf("%w: %d bytes", ErrTooLarge, len(text))
	}
	age := 0
	if !session {
		age = max(1, int(end.Sub(now)/time.Second))
	}
	for i := range pieces {
		piece := text[i*pieceSize : min(len(text), (i+1)*pieceSize)]
		if i == 0 {
			piece = strconv.Itoa(pieces) + "." + piece
		}
		j.put(w, pieceName(name, i), piece, age)
	}
	j.drop(w, r, name, pieces)
	return nil
}

// Clear drops the cookies of a name.
func (j *Jar) Clear(w http.ResponseWriter, r *http.Request, name string) {
	j.drop(w, r, j.prefix+name, 0)
}

// drop drops those cookies of a request that are pieces from a number on.
func (j *Jar) drop(w http.ResponseWriter, r *http.Request, name string, from int) {
	for i := from; i < maxPieces; i++ {
		if _, err := r.Cookie(pieceName(name, i)); err == nil {
			j.put(w, pieceName(name, i), "", -1)
		}
	}
}

func (j *Jar) put(w http.ResponseWriter, name, value string, age int) {
	http.SetCookie(w, &http.Cookie{Name: name, Value: value, Path: "/", Domain: j.config.Domain, MaxAge: age,
		Secure: !j.config.Insecure, HttpOnly: true, SameSite: j.config.SameSite})
}

// Get is Open where nobody asks when the value ends.
func (j *Jar) Get(r *http.Request, name string, now time.Time) (value []byte, ok bool) {
	value, _, ok = j.Open(r, name, now)
	return value, ok
}

// Open opens the value that the cookies of a name hold, which opens until end. ok is false where there is none, it has ended, or it
// is not what was sealed.
func (j *Jar) Open(r *http.Request, name string, now time.Time) (value []byte, end time.Time, ok bool) {
	name = j.prefix + name
	first, err := r.Cookie(name)
	if err != nil {
		return nil, end, false
	}
	count, text, _ := strings.Cut(first.Value, ".")
	pieces, err := strconv.Atoi(count)
	if err != nil || pieces < 1 || pieces > maxPieces {
		return nil, end, false
	}
	for i := 1; i < pieces; i++ {
		piece, err := r.Cookie(pieceName(name, i))
		if err != nil {
			return nil, end, false
		}
		text += piece.Value
	}
	// Strict: else the last character could be another one, and the value the same.
	sealed, err := base64.RawURLEncoding.Strict().DecodeString(text)
	if err != nil {
		return nil, end, false
	}
	plain, err := j.aead.Open(sealed[:0], nil, sealed, []byte(name))
	if err != nil || len(plain) < 8 {
		return nil, end, false
	}
	end = time.Unix(int64(binary.BigEndian.Uint64(plain)), 0)
	return plain[8:], end, now.Before(end)
}

func pieceName(name string, i int) string {
	if i == 0 {
		return name
	}
	return name + "-" + strconv.Itoa(i)
}

// Owns tells whether a cookie may be one of those whose names begin with name.
func (j *Jar) Owns(cookie, name string) bool {
	rest, ok := strings.CutPrefix(cookie, j.prefix+name)
	return ok && (rest == "" || rest[0] == '-')
}

// maxCleared is how many cookies are dropped at once: callers may send thousands.
const maxCleared = 100

// ClearAll drops the cookies of a request whose names begin with name, where there are as many as enough.
func (j *Jar) ClearAll(w http.ResponseWriter, r *http.Request, name string, enough int) {
	var names []string
	for _, c := range r.Cookies() {
		if j.Owns(c.Name, name) {
			names = append(names, c.Name)
		}
	}
	if len(names) < enough {
		return
	}
	for _, one := range names[:min(len(names), maxCleared)] {
		j.put(w, one, "", -1)
	}
}
