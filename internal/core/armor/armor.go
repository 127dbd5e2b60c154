// Package armor reads keys and certificates in the forms in which people paste them.
package armor

import (
	"encoding/base64"
	"encoding/pem"
	"strings"
)

// Decode gives the DER in a text: the first block of PEM (RFC 7468), whatever its label, or base64 alone, broken into lines
// or not. What the DER is of is not looked at.
func Decode(text string) ([]byte, error) {
	if block, _ := pem.Decode([]byte(strings.TrimSpace(text))); block != nil {
		return block.Bytes, nil
	}
	return base64.StdEncoding.DecodeString(strings.Join(strings.Fields(text), ""))
}
