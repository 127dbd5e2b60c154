package keyring

import (
	"bytes"
	"encoding/asn1"
	"math/big"
	"testing"

	"pgregory.net/rapid"
)

// TestDER: a plain signature is written as encoding/asn1 writes it, and read back the same.
func TestDER(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		size := rapid.SampledFrom([]int{32, 48, 66}).Draw(t, "size")
		plain := rapid.SliceOfN(rapid.Byte(), 2*size, 2*size).Draw(t, "signature")
		for i := range rapid.IntRange(0, size).Draw(t, "zeros") { // short numbers are rare by chance
			plain[i] = 0
		}
		der := appendDER(nil, plain)
		if len(der) > maxDER {
			t.Fatalf("%d bytes, more than %d", len(der), maxDER)
		}
		want, err := asn1.Marshal(struct{ R, S *big.Int }{new(big.Int).SetBytes(plain[:size]), new(big.Int).SetBytes(plain[size:])})
		if err != nil {
			t.Fatal(err)
		}
		if !bytes.Equal(der, want) {
			t.Fatalf("got %x, want %x", der, want)
		}
		back, err := appendPlain([]byte("before"), der, size)
		if err != nil {
			t.Fatal(err)
		}
		if !bytes.Equal(back, append([]byte("before"), plain...)) {
			t.Fatalf("got %x back from %x", back, plain)
		}
	})
}

func TestPlainRefuses(t *testing.T) {
	for name, der := range map[string]string{
		"nothing":               "",
		"no sequence":           "\x31\x06\x02\x01\x01\x02\x01\x01",
		"one number":            "\x30\x03\x02\x01\x01",
		"a string":              "\x30\x06\x04\x01\x01\x02\x01\x01",
		"less than it says":     "\x30\x06\x02\x01\x01\x02\x05\x01",
		"something behind":      "\x30\x06\x02\x01\x01\x02\x01\x01\x00",
		"a number that is long": "\x30\x09\x02\x04\x01\x01\x01\x01\x02\x01\x01",
		"no length":             "\x30\x81",
		"a length of lengths":   "\x30\x82\x00\x06\x02\x01\x01\x02\x01\x01",
	} {
		if got, err := appendPlain(nil, []byte(der), 3); err == nil {
			t.Errorf("%s: read as %x", name, got)
		}
	}
}
