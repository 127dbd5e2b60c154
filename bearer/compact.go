package bearer

import (
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
)

// compact is a JWS in compact serialization, taken apart (RFC 7515 §7.1). Nothing of it is verified.
type compact struct {
	text    string
	header  header
	payload []byte
}

// header is what is read of a JOSE header (RFC 7515 §4.1).
type header struct {
	alg, typ, kid string
	jwk           json.RawMessage // of proofs; nil where absent
}

var (
	errParts  = errors.New("it has not three parts")
	errBase64 = errors.New("it is not canonical base64url")
	errCrit   = errors.New("it has critical header parameters")
)

// open takes a compact JWS apart. Base64url that is not canonical is refused, so that a token has one spelling only, and so is
// a header with "crit": no extension is known that must be understood (RFC 7515 §4.1.11).
func open(text string) (compact, error) {
	parts := strings.Split(text, ".")
	if len(parts) != 3 {
		return compact{}, errParts
	}
	var raw [3][]byte
	for i, part := range parts {
		var err error
		if raw[i], err = decode(part); err != nil {
			return compact{}, err
		}
	}
	h, err := readHeader(raw[0])
	if err != nil {
		return compact{}, fmt.Errorf("header: %w", err)
	}
	return compact{text: text, header: h, payload: raw[1]}, nil
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

func readHeader(text []byte) (header, error) {
	m, err := readObject(text)
	if err != nil {
		return header{}, err
	}
	if m["crit"] != nil {
		return header{}, errCrit
	}
	r := reader{members: m}
	h := header{alg: r.text("alg"), typ: r.text("typ"), kid: r.text("kid")}
	if jwk := m["jwk"]; string(jwk) != "null" {
		h.jwk = jwk
	}
	return h, r.err
}
