//go:build libcrypto && linux

package keyring

import (
	"bytes"
	"crypto/rand"
	"crypto/rsa"
	"crypto/x509"
	"runtime"
	"strings"
	"sync"
	"testing"
)

// withOpenSSL skips where there is no OpenSSL: then Go signs, which the other tests cover.
func withOpenSSL(t *testing.T) {
	t.Helper()
	if _, err := loaded(); err != nil {
		t.Skipf("no OpenSSL on this machine: %v", err)
	}
	if !strings.HasPrefix(Signer(), "libcrypto of OpenSSL 3") {
		t.Errorf("signer is %q", Signer())
	}
}

func rsaKey(t *testing.T, bits int) (*rsa.PrivateKey, []byte) {
	t.Helper()
	private, err := rsa.GenerateKey(rand.Reader, bits)
	if err != nil {
		t.Fatal(err)
	}
	der, err := x509.MarshalPKCS8PrivateKey(private)
	if err != nil {
		t.Fatal(err)
	}
	return private, der
}

// TestOpenSSLSignsAsGo: both make the same PKCS #1 v1.5 signature, and PSS signatures that Go verifies,
// from many goroutines and while keys come and go.
func TestOpenSSLSignsAsGo(t *testing.T) {
	withOpenSSL(t)
	message := []byte("header.payload")
	for _, bits := range []int{2048, 3072} {
		private, der := rsaKey(t, bits)
		for _, alg := range []string{"RS256", "RS384", "RS512", "PS256", "PS384", "PS512"} {
			a := algorithms[alg]
			c := newRSA(a, private, der).(*rsaPair)
			if _, ok := c.private.(*cRSA); !ok {
				t.Fatalf("%s: the key is Go's", alg)
			}
			want, err := (&rsaPair{a, &private.PublicKey, goRSA{private}}).sign(nil, message)
			if err != nil {
				t.Fatal(err)
			}
			var wg sync.WaitGroup
			for range 4 {
				wg.Go(func() {
					for range 3 {
						got, err := c.sign([]byte("before"), message)
						if err != nil {
							t.Error(err)
							return
						}
						got, found := bytes.CutPrefix(got, []byte("before"))
						if !found || !c.verify(message, got) || c.verify([]byte("other"), got) {
							t.Errorf("%s-%d: the signature is wrong", alg, bits)
						}
						if !a.pss && !bytes.Equal(got, want) {
							t.Errorf("%s-%d: the signature is not Go's", alg, bits)
						}
					}
				})
			}
			wg.Wait()
			runtime.GC() // frees the keys and operations of the algorithms before
		}
	}
}

func TestKeyThatOpenSSLCannotRead(t *testing.T) {
	withOpenSSL(t)
	private, der := rsaKey(t, 1024)
	if got := newRSAPrivate(private, der[1:]); got != (goRSA{private}) {
		t.Errorf("got %T, want Go's", got)
	}
}

func TestLoadWithoutOpenSSL(t *testing.T) {
	for name, file := range map[string]string{"no file": "libnothing.so.3", "a file without the functions": "libc.so.6"} {
		if _, err := load(file); err == nil {
			t.Errorf("%s: loaded", name)
		}
	}
}
