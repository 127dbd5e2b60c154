package manage

import (
	"context"
	"crypto/rand"
	"crypto/rsa"
	"crypto/x509"
	"encoding/base64"
	"fmt"
	"time"

	"github.com/tokenhouse/tokenhouse/internal/core/event"
	"github.com/tokenhouse/tokenhouse/internal/core/realm"
	"github.com/tokenhouse/tokenhouse/internal/flow/audit"
	"github.com/tokenhouse/tokenhouse/internal/flow/keyring"
	"github.com/tokenhouse/tokenhouse/internal/keycloak"
)

// pair is a certificate with its private key: base64 DER, the key as of PKCS #1.
type pair struct{ Certificate, PrivateKey string }

// newPair makes a key with a certificate in a client's name.
func newPair(name string, now time.Time) (pair, error) {
	private, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		return pair{}, fmt.Errorf("make a key: %w", err)
	}
	certificate, err := keyring.SelfSigned(private, name, now)
	return pair{certificate, base64.StdEncoding.EncodeToString(x509.MarshalPKCS1PrivateKey(private))}, err
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
