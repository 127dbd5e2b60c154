package keyring

import (
	"crypto/ecdsa"
	"crypto/rand"
	"errors"
)

// ecdsaPair signs by ECDSA. JWS writes a signature as r and s of equal length (RFC 7518 §3.4), Go
// reads and writes it as ASN.1.
type ecdsaPair struct {
	algorithm
	public  *ecdsa.PublicKey
	private *ecdsa.PrivateKey
	size    int // of r and of s in bytes
}

func newECDSA(a algorithm, private *ecdsa.PrivateKey) pair {
	return &ecdsaPair{a, &private.PublicKey, private, (private.Params().BitSize + 7) / 8}
}

func (p *ecdsaPair) sign(dst, message []byte) ([]byte, error) {
	var sum [64]byte
	der, err := ecdsa.SignASN1(rand.Reader, p.private, digest(p.hash, sum[:0], message))
	if err != nil {
		return dst, err
	}
	return appendPlain(dst, der, p.size)
}

func (p *ecdsaPair) verify(message, signature []byte) bool {
	if len(signature) != 2*p.size {
		return false
	}
	var sum [64]byte
	var der [maxDER]byte
	return ecdsa.VerifyASN1(p.public, digest(p.hash, sum[:0], message), appendDER(der[:0], signature))
}

// maxDER is the length of the longest ASN.1 signature: a sequence of two integers of 67 bytes, one of
// them for the sign, as somebody may send them.
const maxDER = 3 + 2*(2+67)

var errDER = errors.New("signature is not in ASN.1")

// appendPlain appends r and s, size bytes each, of an ASN.1 signature: SEQUENCE { INTEGER, INTEGER }.
func appendPlain(dst, der []byte, size int) ([]byte, error) {
	body, rest, ok := cutDER(der, 0x30)
	if !ok || len(rest) > 0 {
		return dst, errDER
	}
	for range 2 {
		var n []byte
		if n, body, ok = cutDER(body, 0x02); !ok {
			return dst, errDER
		}
		if len(n) > 0 && n[0] == 0 { // keeps the integer positive
			n = n[1:]
		}
		if len(n) > size {
			return dst, errDER
		}
		for range size - len(n) {
			dst = append(dst, 0)
		}
		dst = append(dst, n...)
	}
	return dst, nil
}

// cutDER takes the first element, which must have this tag, from ASN.1 text.
func cutDER(der []byte, tag byte) (content, rest []byte, ok bool) {
	if len(der) < 2 || der[0] != tag {
		return nil, nil, false
	}
	length, der := int(der[1]), der[2:]
	if length == 0x81 && len(der) > 0 { // of P-521
		length, der = int(der[0]), der[1:]
	} else if length >= 0x80 {
		return nil, nil, false
	}
	if length > len(der) {
		return nil, nil, false
	}
	return der[:length], der[length:], true
}

// appendDER appends r and s, halves of the plain signature, as ASN.1.
func appendDER(dst, plain []byte) []byte {
	half := len(plain) / 2
	r, s := trim(plain[:half]), trim(plain[half:])
	length := 4 + sizeDER(r) + sizeDER(s)
	dst = append(dst, 0x30)
	if length >= 0x80 {
		dst = append(dst, 0x81)
	}
	dst = append(dst, byte(length))
	for _, n := range [2][]byte{r, s} {
		dst = append(dst, 0x02, byte(sizeDER(n)))
		if sizeDER(n) > len(n) {
			dst = append(dst, 0)
		}
		dst = append(dst, n...)
	}
	return dst
}

// sizeDER is how many bytes the content of an integer takes: one more where the first bit is set or
// there is none.
func sizeDER(n []byte) int {
	if len(n) == 0 || n[0] >= 0x80 {
		return len(n) + 1
	}
	return len(n)
}

func trim(n []byte) []byte {
	for len(n) > 0 && n[0] == 0 {
		n = n[1:]
	}
	return n
}
