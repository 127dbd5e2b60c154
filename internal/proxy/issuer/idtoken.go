package issuer

import (
	"crypto/sha256"
	"crypto/subtle"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"
)

// identity are the claims of an ID token that tell whether it is the answer to a sign-in.
type identity struct {
	Issuer   string   `json:"iss"`
	Audience audience `json:"aud"`
	Party    string   `json:"azp"`
	Expires  float64  `json:"exp"`
	Nonce    string   `json:"nonce"`
	Subject  string   `json:"sub"`
}

// audience is one text or several.
type audience []string

func (a *audience) UnmarshalJSON(text []byte) error {
	var one string
	if json.Unmarshal(text, &one) == nil {
		*a = audience{one}
		return nil
	}
	return json.Unmarshal(text, (*[]string)(a))
}

// checkID checks what an ID token says (OpenID Connect Core §3.1.3.7). Its signature is not looked at.
func (c *Client) checkID(token, nonce string) error {
	var id identity
	parts := strings.Split(token, ".")
	if len(parts) != 3 {
		return errors.New("the issuer grants no ID token")
	}
	payload, err := base64.RawURLEncoding.DecodeString(parts[1])
	if err != nil {
		return errors.New("the ID token cannot be read")
	}
	if err := json.Unmarshal(payload, &id); err != nil {
		return errors.New("the ID token cannot be read")
	}
	switch {
	case id.Issuer != c.URL:
		return fmt.Errorf("the ID token is of the issuer %q", id.Issuer)
	case !slices.Contains(id.Audience, c.ClientID):
		return fmt.Errorf("the ID token is for %q", id.Audience)
	case id.Party != "" && id.Party != c.ClientID, len(id.Audience) > 1 && id.Party == "":
		return fmt.Errorf("the ID token was issued to %q", id.Party)
	case c.Now().After(time.Unix(int64(id.Expires), 0)):
		return errors.New("the ID token is expired")
	case subtle.ConstantTimeCompare([]byte(id.Nonce), []byte(nonce)) != 1:
		return errors.New("the ID token is of another sign-in: its nonce is another")
	case id.Subject == "":
		return errors.New("the ID token names nobody")
	}
	return nil
}

// challenge is what of a verifier may be seen on the way (RFC 7636 §4.2).
func challenge(verifier string) string {
	sum := sha256.Sum256([]byte(verifier))
	return base64.RawURLEncoding.EncodeToString(sum[:])
}
