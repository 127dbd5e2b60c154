package realm

// KeyProvider is a source of realm keys. Keycloak: component of type org.keycloak.keys.KeyProvider.
type KeyProvider struct {
	Key      string
	Name     string
	Kind     string // Keycloak's "providerId", as "rsa-generated"
	Priority int64  // the active key with the highest priority signs
	Enabled  bool   // else the key neither signs nor verifies nor is published
	Active   bool   // else the key only verifies

	Algorithm string // JWS or JWE algorithm
	Curve     string // of EC and OKP keys, as "P-256"
	Size      int    // bits of RSA keys, bytes of secrets
	Kid       string // key id; made when the key is made

	Certificate string // base64 DER; empty for secrets
	Private     []byte `json:"-"` // PKCS #8 DER, or the secret's bytes; sealed in the store

	Extra Extra `json:"-"`
}

func (k *KeyProvider) key() string  { return k.Key }
func (k *KeyProvider) name() string { return k.Key } // names need not be unique
