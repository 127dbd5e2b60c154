package token

import (
	"encoding/base64"
	"errors"
	"fmt"
	"strings"
)

// Compact is a JWS in compact serialization, taken apart (RFC 7515 §7.1). Nothing of it is verified.
type Compact struct {
	Header    Header
	Payload   []byte
	Signature []byte
	Signed    string // what the signature covers: header and payload as they came
}

// Header is what we read of a JOSE header (RFC 7515 §4.1).
type Header struct {
	Alg, Typ, Kid string
}

// ErrUnknownKey says that a realm has no enabled key with a token's key id and algorithm.
var ErrUnknownKey = errors.New("no enabled key of the realm has the token's key id and algorithm")

var (
	errParts  = errors.New("token has not three parts")
	errBase64 = errors.New("token is not base64url")
	errCrit   = errors.New("token has critical header parameters")
)

// Open takes a compact JWS apart. It refuses what is longer than MaxSize, base64url that is not
// canonical, so that each token has one spelling, and a header with "crit": we know no extension that
// must be understood (RFC 7515 §4.1.11).
func Open(compact string) (Compact, error) {
	if len(compact) > MaxSize {
		return Compact{}, errSize
	}
	dot := strings.LastIndexByte(compact, '.')
	if dot < 0 {
		return Compact{}, errParts
	}
	signed := compact[:dot]
	head, body, ok := strings.Cut(signed, ".")
	if !ok || strings.IndexByte(body, '.') >= 0 {
		return Compact{}, errParts
	}
	header, err := decode(head)
	if err != nil {
		return Compact{}, err
	}
	c := Compact{Signed: signed}
	if c.Header, err = parseHeader(header); err != nil {
		return Compact{}, err
	}
	if c.Payload, err = decode(body); err != nil {
		return Compact{}, err
	}
	if c.Signature, err = decode(compact[dot+1:]); err != nil {
		return Compact{}, err
	}
	return c, nil
}

var strict = base64.RawURLEncoding.Strict()

// decode reads base64url without padding. Package base64 passes over line breaks; here they are wrong.
func decode(text string) ([]byte, error) {
	if strings.ContainsAny(text, "\r\n") {
		return nil, errBase64
	}
	out, err := strict.DecodeString(text)
	if err != nil {
		return nil, errBase64
	}
	return out, nil
}

func parseHeader(text []byte) (h Header, err error) {
	r := &reader{text: string(text)}
	err = r.object(func(name string) (err error) {
		switch name {
		case "alg":
			h.Alg, err = r.optional()
		case "typ":
			h.Typ, err = r.optional()
		case "kid":
			h.Kid, err = r.optional()
		case "crit":
			return errCrit
		default:
			_, err = r.value()
		}
		return err
	})
	if err == nil {
		err = r.end()
	}
	if err != nil {
		return Header{}, fmt.Errorf("header: %w", err)
	}
	return h, nil
}
