package manage

import (
	"context"
	"crypto/rand"
	"crypto/rsa"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/base64"
	"fmt"
	"math/big"
	"time"

	"github.com/tokenhouse/tokenhouse/internal/core/event"
	"github.com/tokenhouse/tokenhouse/internal/core/realm"
	"github.com/tokenhouse/tokenhouse/internal/flow/audit"
	"github.com/tokenhouse/tokenhouse/internal/keycloak"
)

// pair is a certificate with its private key: base64 DER, the key as of PKCS #1.
type pair struct{ Certificate, PrivateKey string }

// newPair makes a key with a certificate in a client's name, for ten years, as Keycloak does: the name is
// no statement about anybody.
func newPair(name string, now time.Time) (pair, error) {
	private, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		return pair{}, fmt.Errorf("make a key: %w", err)
	}
	template := &x509.Certificate{
		SerialNumber:       big.NewInt(now.UnixMilli()),
		Subject:            pkix.Name{CommonName: name},
		NotBefore:          now.Add(-100 * time.Second), // for clocks that are behind
		NotAfter:           now.AddDate(10, 0, 0),
		SignatureAlgorithm: x509.SHA256WithRSA,
	}
	der, err := x509.CreateCertificate(rand.Reader, template, template, private.Public(), private)
	if err != nil {
		return pair{}, fmt.Errorf("make a certificate: %w", err)
	}
	text := base64.StdEncoding.EncodeToString
	return pair{text(der), text(x509.MarshalPKCS1PrivateKey(private))}, nil
}

// NewCertificate makes a key with a certificate for a client, keeps both under the prefix of attributes,
// and gives them back.
func (c *Clients) NewCertificate(ctx context.Context, author audit.Author, realmName, key, prefix string) (keycloak.Object, error) {
	r, err := c.Store.Realm(ctx, realmName)
	if err != nil {
		return nil, err
	}
	client := r.ClientByKey(key)
	if client == nil {
		return nil, errNoClient
	}
	made, err := newPair(client.ID, author.Now)
	if err != nil {
		return nil, err
	}
	o := keycloak.Object{}
	o.Put("certificate", made.Certificate)
	o.Put("privateKey", made.PrivateKey)
	return o, c.PutCertificate(ctx, author, realmName, key, prefix, "generate", o)
}

// PutCertificate keeps a certificate, a public key or a key set for a client, under the prefix of
// attributes. action is the last part of the address that the admin event names.
func (c *Clients) PutCertificate(ctx context.Context, author audit.Author, realmName, key, prefix, action string, certificate keycloak.Object) error {
	return c.edit(ctx, realmName, key, func(d *realm.Draft, client *realm.Client) ([]event.Admin, error) {
		if err := mergeClient(d, author, client, keycloak.CertificateUpdate(certificate, prefix)); err != nil {
			return nil, err
		}
		return author.Of(d.Realm(), audit.Action, clientResource, clientPath(key, "certificates", prefix, action), certificate), nil
	})
}
