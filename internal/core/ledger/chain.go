package ledger

import (
	"bytes"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"time"
)

// Hash is the SHA-256 of a line, with the domain before it. The zero hash is before the first line of a chain.
type Hash [sha256.Size]byte

// hashDomain keeps hashes of lines apart from all others.
const hashDomain = "tokenhouse decision log line\x00"

// HashOf is the hash of a line, without its line break.
func HashOf(line []byte) (h Hash) {
	d := sha256.New()
	d.Write([]byte(hashDomain))
	d.Write(line)
	d.Sum(h[:0])
	return h
}

func (h Hash) String() string { return base64.RawURLEncoding.EncodeToString(h[:]) }

// MarshalText gives base64url without padding.
func (h Hash) MarshalText() ([]byte, error) { return []byte(h.String()), nil }

// UnmarshalText reads what MarshalText gives, and nothing else.
func (h *Hash) UnmarshalText(text []byte) error {
	b, err := base64.RawURLEncoding.Strict().DecodeString(string(text))
	if err != nil || len(b) != len(h) {
		return errors.New("no hash: 32 bytes in base64url")
	}
	copy(h[:], b)
	return nil
}

// Link is the end of a chain so far: the last record's number, from one, and the hash of its line.
type Link struct {
	Seq  int64 `json:"seq"`
	Hash Hash  `json:"hash"`
}

// Kind is what a record is about.
type Kind string

const (
	Opened  Kind = "opened"   // a process began to write to the chain
	Closed  Kind = "closed"   // it ended as it should: nothing is missing up to here
	Decided Kind = "decision" // Body is a decision.Record
)

// formVersion is the version of the form of lines. What is inside Body has a version of its own.
const formVersion = 1

// Record is a line of a chain.
type Record struct {
	Version int             `json:"v"`
	Realm   string          `json:"realm"` // key
	Node    string          `json:"node"`
	Seq     int64           `json:"seq"`
	At      time.Time       `json:"at"`
	Prev    Hash            `json:"prev"` // of the line before it
	Kind    Kind            `json:"kind"`
	Body    json.RawMessage `json:"body,omitempty"`
}

// Place is what a record is put into a chain with.
type Place struct {
	Realm string
	Node  string
	At    time.Time
}

// Next is the line that follows in a chain, without a line break, and the chain's end with it. The body has to be JSON.
func Next(after Link, p Place, kind Kind, body []byte) (line []byte, end Link, err error) {
	line, err = encode(Record{formVersion, p.Realm, p.Node, after.Seq + 1, p.At.UTC(), after.Hash, kind, body})
	if err != nil {
		return nil, after, err
	}
	return line, Link{after.Seq + 1, HashOf(line)}, nil
}

// largestLine is how long a line may be, in bytes: what a request may bring is bounded by far less.
const largestLine = 1 << 20

// Parse reads a line. It accepts what Next writes and nothing else: the same members in the same order, none twice, no blanks.
func Parse(line []byte) (Record, error) {
	var r Record
	if len(line) > largestLine {
		return r, fmt.Errorf("longer than %d bytes", largestLine)
	}
	if err := json.Unmarshal(line, &r); err != nil {
		return r, errors.New("no record of a decision log")
	}
	if r.Version != formVersion {
		return r, fmt.Errorf("a record of version %d: this program knows version %d", r.Version, formVersion)
	}
	if r.Realm == "" || r.Node == "" || r.Seq < 1 {
		return r, errors.New("no record of a decision log")
	}
	if again, err := encode(r); err != nil || !bytes.Equal(again, line) {
		return r, errors.New("not written as records are")
	}
	return r, nil
}

// encode writes JSON as lines hold it.
func encode(v any) ([]byte, error) {
	var out bytes.Buffer
	e := json.NewEncoder(&out)
	e.SetEscapeHTML(false)
	if err := e.Encode(v); err != nil {
		return nil, err
	}
	return bytes.TrimSuffix(out.Bytes(), []byte("\n")), nil
}
