package replay

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/hmac"
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/go-jose/go-jose/v4"
)

// Draft describes a token that the scenario signs itself: a client's assertion, a token of another
// issuer, a forgery.
type Draft struct {
	Save   string         `json:"save"`   // variable that holds the token
	Alg    string         `json:"alg"`    // RS256, ES256, HS256 or none
	Key    string         `json:"key"`    // name of the signing key, or the secret of HS256
	Header map[string]any `json:"header"` // beside alg and kid; null removes one, "${jwk}" is the public key

	// Claims are those of the token: "+60" and "-60" are times from now, "${random}" is new each time, and
	// "s256:text" the base64url of the text's SHA-256.
	Claims map[string]any `json:"claims"`
}

// sign makes the token that a draft describes.
func (d *Draft) sign(keys *Issuer, expand func(string) string) (string, error) {
	header, err := d.header(keys)
	if err != nil {
		return "", err
	}
	claims := map[string]any{}
	for name, v := range d.Claims {
		claims[name] = claim(v, expand)
	}
	input, err := unsigned(header, claims)
	if err != nil {
		return "", err
	}
	signature, err := d.signature(keys, expand, input)
	if err != nil {
		return "", err
	}
	return input + "." + base64.RawURLEncoding.EncodeToString(signature), nil
}

func (d *Draft) header(keys *Issuer) (map[string]any, error) {
	header := map[string]any{"alg": d.Alg}
	if d.Alg == "RS256" || d.Alg == "ES256" {
		header["kid"] = d.Key
	}
	for name, v := range d.Header {
		switch v {
		case nil:
			delete(header, name)
		case "${jwk}":
			key, err := keys.key(d.Key, d.Alg)
			if err != nil {
				return nil, err
			}
			header[name] = jose.JSONWebKey{Key: key.Public()}
		default:
			header[name] = v
		}
	}
	return header, nil
}

func unsigned(header, claims map[string]any) (string, error) {
	h, err := json.Marshal(header)
	if err != nil {
		return "", err
	}
	c, err := json.Marshal(claims)
	if err != nil {
		return "", err
	}
	return base64.RawURLEncoding.EncodeToString(h) + "." + base64.RawURLEncoding.EncodeToString(c), nil
}

func (d *Draft) signature(keys *Issuer, expand func(string) string, input string) ([]byte, error) {
	sum := sha256.Sum256([]byte(input))
	switch d.Alg {
	case "none":
		return nil, nil
	case "HS256":
		mac := hmac.New(sha256.New, []byte(expand(d.Key)))
		mac.Write([]byte(input))
		return mac.Sum(nil), nil
	}
	key, err := keys.key(d.Key, d.Alg)
	if err != nil {
		return nil, err
	}
	switch key := key.(type) {
	case *rsa.PrivateKey:
		return rsa.SignPKCS1v15(nil, key, crypto.SHA256, sum[:])
	case *ecdsa.PrivateKey:
		r, s, err := ecdsa.Sign(rand.Reader, key, sum[:])
		if err != nil {
			return nil, err
		}
		return append(r.FillBytes(make([]byte, 32)), s.FillBytes(make([]byte, 32))...), nil
	}
	return nil, fmt.Errorf("no key named %q for %s", d.Key, d.Alg)
}

// claim is the value of a claim as it is now.
func claim(v any, expand func(string) string) any {
	switch v := v.(type) {
	case string:
		if v == "${random}" {
			return rand.Text()
		}
		if text, ok := strings.CutPrefix(v, "s256:"); ok {
			sum := sha256.Sum256([]byte(expand(text)))
			return base64.RawURLEncoding.EncodeToString(sum[:])
		}
		if v != "" && (v[0] == '+' || v[0] == '-') {
			if seconds, err := strconv.ParseInt(v, 10, 64); err == nil {
				return time.Now().Unix() + seconds
			}
		}
		return expand(v)
	case []any:
		out := make([]any, len(v))
		for i := range v {
			out[i] = claim(v[i], expand)
		}
		return out
	case map[string]any:
		out := map[string]any{}
		for name := range v {
			out[name] = claim(v[name], expand)
		}
		return out
	}
	return v
}
