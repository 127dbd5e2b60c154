package keyring

import (
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/rsa"
	"crypto/x509"
	"encoding/base64"
	"errors"
	"fmt"

	"github.com/tokenhouse/tokenhouse/internal/core/realm"
	"github.com/tokenhouse/tokenhouse/internal/core/token"
)

// key is a key provider's key, parsed.
type key struct {
	provider *realm.KeyProvider
	alg      string
	pair     pair              // nil where the key does not sign
	heads    map[string]string // JOSE headers, encoded, by "typ"
	jwk      token.Object      // nil where nothing is public
}

// pair signs and verifies by one key and algorithm.
type pair interface {
	// sign appends the signature of message, as JWS wants it, to dst.
	sign(dst, message []byte) ([]byte, error)
	verify(message, signature []byte) bool
}

// Check says why the key of a provider cannot be used, or nil. Such a provider is kept and not acted on.
func Check(p *realm.KeyProvider) error {
	_, err := newKey(p)
	return err
}

func newKey(p *realm.KeyProvider) (*key, error) {
	kind, ok := kinds[p.Kind]
	if !ok {
		return nil, fmt.Errorf("keys of kind %q are not supported", p.Kind)
	}
	if !kind.fits(p.Algorithm) {
		return nil, fmt.Errorf("a key of kind %q is not for algorithm %q", p.Kind, p.Algorithm)
	}
	if p.Kid == "" || len(p.Private) == 0 {
		return nil, errors.New("there is no key yet")
	}
	k := &key{provider: p, alg: p.Algorithm}
	if kind.kty == ktyOct {
		if kind.use == useSig {
			k.pair = newMAC(algorithms[k.alg], p.Private)
		}
	} else if err := k.read(kind); err != nil {
		return nil, err
	}
	k.heads = map[string]string{}
	for _, typ := range []string{"JWT", "at+jwt", "logout+jwt"} {
		k.heads[typ] = encodeHead(k.alg, typ, p.Kid)
	}
	return k, nil
}

// read parses a private key, and makes what signs with it and what is published of it.
func (k *key) read(kind kind) error {
	private, err := x509.ParsePKCS8PrivateKey(k.provider.Private)
	if err != nil {
		return errors.New("the private key cannot be read") // the cause may quote it
	}
	a := algorithms[k.alg]
	switch private := private.(type) {
	case *rsa.PrivateKey:
		if kind.kty != ktyRSA {
			break
		}
		if kind.use == useSig {
			k.pair = newRSA(a, private, k.provider.Private)
		}
		k.jwk, err = k.publicRSA(&private.PublicKey, kind.use)
		return err
	case *ecdsa.PrivateKey:
		if kind.kty != ktyEC || private.Params().Name != a.curve {
			break
		}
		k.pair = newECDSA(a, private)
		k.jwk, err = k.publicEC(&private.PublicKey)
		return err
	case ed25519.PrivateKey:
		if kind.kty != ktyOKP {
			break
		}
		k.pair = newEdDSA(private)
		k.jwk = k.publicEd(private.Public().(ed25519.PublicKey))
		return nil
	}
	return fmt.Errorf("the private key is not one for %s", k.alg)
}

// head is the encoded JOSE header of a token that this key signs.
func (k *key) head(typ string) string {
	if head, ok := k.heads[typ]; ok {
		return head
	}
	return encodeHead(k.alg, typ, k.provider.Kid)
}

func encodeHead(alg, typ, kid string) string {
	header := token.Object{{Name: "alg", Value: alg}, {Name: "typ", Value: typ}, {Name: "kid", Value: kid}}
	return base64.RawURLEncoding.EncodeToString(header.AppendJSON(nil))
}
