package oidc

import (
	"crypto/x509"
	"encoding/base64"
	"net/http"

	"github.com/tokenhouse/tokenhouse/internal/core/realm"
	"github.com/tokenhouse/tokenhouse/internal/web/render"
)

// certs publishes the realm's keys (RFC 7517 §5).
func (s *site) certs(w http.ResponseWriter, r *http.Request, c call) error {
	sharePublic(w, r)
	w.Header()["Cache-Control"] = noCache
	render.Bytes(w, http.StatusOK, "application/json", s.Keys.Public(c.realm))
	return nil
}

// publicRealm is a realm's page as programs read it.
type publicRealm struct {
	Name      string `json:"realm"`
	PublicKey string `json:"public_key,omitempty"` // X.509 SubjectPublicKeyInfo, base64
	Tokens    string `json:"token-service"`
	Account   string `json:"account-service"`
	NotBefore int64  `json:"tokens-not-before"`
}

// realm says where a realm's services are.
func (s *site) realm(w http.ResponseWriter, r *http.Request, c call) error {
	sharePublic(w, r)
	issuer := c.realm.Issuer(c.caller.Base)
	w.Header()["Cache-Control"] = noCache
	w.Header().Set("Content-Type", "application/json;charset=UTF-8")
	return render.JSON(w, http.StatusOK, publicRealm{
		Name:      c.realm.Name,
		PublicKey: publicKey(c.realm),
		Tokens:    issuer + "/protocol/openid-connect",
		Account:   issuer + "/account",
		NotBefore: c.realm.NotBefore,
	})
}

// publicKey is the key that RS256 tokens are signed with now, or "" where the realm has none.
func publicKey(r *realm.Realm) string {
	var signing *realm.KeyProvider
	for _, k := range r.Keys() {
		usable := k.Enabled && k.Active && k.Algorithm == "RS256" && k.Certificate != ""
		if usable && (signing == nil || k.Priority > signing.Priority) {
			signing = k
		}
	}
	if signing == nil {
		return ""
	}
	der, err := base64.StdEncoding.DecodeString(signing.Certificate)
	if err != nil {
		return ""
	}
	certificate, err := x509.ParseCertificate(der)
	if err != nil {
		return ""
	}
	return base64.StdEncoding.EncodeToString(certificate.RawSubjectPublicKeyInfo)
}
