package keyring

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha256"
	"crypto/x509"
	"fmt"
	"slices"
	"time"

	"github.com/google/uuid"

	"github.com/tokenhouse/tokenhouse/internal/core/fault"
	"github.com/tokenhouse/tokenhouse/internal/core/realm"
)

var errPrivate = &fault.Invalid{Field: "privateKey", Message: "Failed to decode private key"}

// Complete makes what a key provider lacks: defaults for Algorithm, Curve and Size, the key itself
// where it is of a generated kind, the key id and, for RSA, a self-signed certificate in the realm's
// name. A provider that cannot be acted on (Check says why) stays as it is. What Keycloak refuses
// is refused with its words in a *fault.Invalid, whose Field is the component's setting.
func Complete(p *realm.KeyProvider, realmName string, now time.Time) error {
	kind, ok := kinds[p.Kind]
	if !ok {
		return nil
	}
	if len(p.Private) == 0 && !kind.generated {
		return &fault.Invalid{Field: "privateKey", Message: "'Private RSA Key' is required"}
	}
	switch kind.kty {
	case ktyRSA:
		return completeRSA(p, kind, realmName, now)
	case ktyEC:
		return completeEC(p)
	case ktyOKP:
		return completeEd(p)
	}
	return completeSecret(p, kind)
}

func completeRSA(p *realm.KeyProvider, kind kind, realmName string, now time.Time) error {
	if p.Algorithm == "" {
		p.Algorithm = map[string]string{useSig: "RS256", useEnc: "RSA-OAEP"}[kind.use]
	}
	private, err := readPrivate[*rsa.PrivateKey](p)
	if err != nil {
		return err
	}
	if private == nil {
		if p.Size == 0 {
			p.Size = 2048
		}
		if !slices.Contains([]int{1024, 2048, 3072, 4096}, p.Size) {
			return &fault.Invalid{Field: "keySize", Message: "'Key size' should be 1024, 2048, 3072 or 4096"}
		}
		if private, err = rsa.GenerateKey(rand.Reader, p.Size); err != nil {
			return fmt.Errorf("make an RSA key: %w", err)
		}
	}
	p.Size = private.N.BitLen()
	if err := keep(p, private); err != nil {
		return err
	}
	if p.Certificate == "" {
		p.Certificate, err = SelfSigned(private, realmName, now)
	} else {
		p.Certificate, err = plainCertificate(p.Certificate, &private.PublicKey)
	}
	return err
}

// curves are those of Keycloak's ECDSA keys, with the algorithm of each.
var curves = map[string]struct {
	elliptic.Curve
	alg string
}{
	"P-256": {elliptic.P256(), "ES256"},
	"P-384": {elliptic.P384(), "ES384"},
	"P-521": {elliptic.P521(), "ES512"},
}

// completeEC lets the curve decide the algorithm, and the algorithm only where no curve is named.
func completeEC(p *realm.KeyProvider) error {
	private, err := readPrivate[*ecdsa.PrivateKey](p)
	if err != nil {
		return err
	}
	switch {
	case private != nil:
		p.Curve = private.Params().Name
	case p.Curve == "" && p.Algorithm != "":
		p.Curve = algorithms[p.Algorithm].curve
	case p.Curve == "":
		p.Curve = "P-256"
	}
	curve, ok := curves[p.Curve]
	if !ok {
		return &fault.Invalid{Field: "ecdsaEllipticCurveKey", Message: "'Elliptic Curve' should be P-256, P-384 or P-521"}
	}
	p.Algorithm = curve.alg
	if private == nil {
		if private, err = ecdsa.GenerateKey(curve.Curve, rand.Reader); err != nil {
			return fmt.Errorf("make an EC key: %w", err)
		}
	}
	return keep(p, private)
}

func completeEd(p *realm.KeyProvider) error {
	if p.Curve == "" {
		p.Curve = "Ed25519"
	}
	switch p.Curve {
	case "Ed25519":
	case "Ed448":
		return nil // Go has no Ed448
	default:
		return &fault.Invalid{Field: "eddsaEllipticCurveKey", Message: "'Elliptic Curve' should be Ed25519 or Ed448"}
	}
	p.Algorithm = "EdDSA"
	private, err := readPrivate[ed25519.PrivateKey](p)
	if err != nil {
		return err
	}
	if private == nil {
		if _, private, err = ed25519.GenerateKey(rand.Reader); err != nil {
			return fmt.Errorf("make an Ed25519 key: %w", err)
		}
	}
	return keep(p, private)
}

// completeSecret makes the secret of an HMAC or AES key. Its id is random: it must not tell the secret.
func completeSecret(p *realm.KeyProvider, kind kind) error {
	sizes, text := []int{16, 24, 32, 64, 128, 256, 512}, "'Secret size' should be 16, 24, 32, 64, 128, 256 or 512"
	size, alg := 64, "HS256" // Keycloak's, where the component names none
	if kind.use == useEnc {
		sizes, text = []int{16, 24, 32}, "'AES Key size' should be 16, 24 or 32"
		size, alg = 16, "AES"
	}
	if p.Algorithm == "" {
		p.Algorithm = alg
	}
	if len(p.Private) == 0 {
		if p.Size == 0 {
			p.Size = size
		}
		if !slices.Contains(sizes, p.Size) {
			return &fault.Invalid{Field: "secretSize", Message: text}
		}
		p.Private = make([]byte, p.Size)
		rand.Read(p.Private)
	}
	p.Size = len(p.Private)
	if p.Kid == "" {
		p.Kid = uuid.NewString()
	}
	return nil
}

// readPrivate is the key that the provider has already, or the zero T. It must be of type T.
func readPrivate[T crypto.Signer](p *realm.KeyProvider) (private T, err error) {
	if len(p.Private) == 0 {
		return private, nil
	}
	parsed, err := x509.ParsePKCS8PrivateKey(p.Private)
	private, ok := parsed.(T)
	if err != nil || !ok {
		return private, errPrivate
	}
	return private, nil
}

// keep writes the key and its id into the provider, where it has none.
func keep(p *realm.KeyProvider, private crypto.Signer) (err error) {
	if len(p.Private) == 0 {
		if p.Private, err = x509.MarshalPKCS8PrivateKey(private); err != nil {
			return fmt.Errorf("write the private key: %w", err)
		}
	}
	if p.Kid == "" {
		p.Kid, err = keyID(private.Public())
	}
	return err
}

// keyID is Keycloak's id of a key pair: the SHA-256 of the public key's DER.
func keyID(public crypto.PublicKey) (string, error) {
	der, err := x509.MarshalPKIXPublicKey(public)
	if err != nil {
		return "", fmt.Errorf("write the public key: %w", err)
	}
	sum := sha256.Sum256(der)
	return base64url(sum[:]), nil
}
