package keycloak

import (
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/rsa"
	"crypto/x509"
	"encoding/base64"
	"maps"
	"slices"
	"strconv"
	"strings"

	"github.com/tokenhouse/tokenhouse/internal/core/armor"
	"github.com/tokenhouse/tokenhouse/internal/core/fault"
	"github.com/tokenhouse/tokenhouse/internal/core/realm"
)

// KeyProviderType is the type of the components that are key providers.
const KeyProviderType = "org.keycloak.keys.KeyProvider"

// RegistrationPolicyType is the provider type of the policies of client registration.
const RegistrationPolicyType = "org.keycloak.services.clientregistration.policy.ClientRegistrationPolicy"

type keyProvider = realm.KeyProvider

var componentFields = []field[keyProvider]{
	into("id", func(k *keyProvider) *string { return &k.Key }),
	text("name", func(k *keyProvider) *string { return &k.Name }),
	into("providerId", func(k *keyProvider) *string { return &k.Kind }),
}

// The settings of key providers hold one value each.
var componentSettings = []attribute[keyProvider]{
	{"priority",
		func(k *keyProvider) (string, bool) { return strconv.FormatInt(k.Priority, 10), k.Priority != 0 },
		func(k *keyProvider, s string) (ok bool) {
			n, err := strconv.ParseInt(s, 10, 64)
			if err == nil {
				k.Priority = n
			}
			return err == nil
		}, "a number"},
	onOff("enabled", true, func(k *keyProvider) *bool { return &k.Enabled }),
	onOff("active", true, func(k *keyProvider) *bool { return &k.Active }),
	word("algorithm", func(k *keyProvider) *string { return &k.Algorithm }),
	whole("keySize", 0, 0, func(k *keyProvider) *int { return &k.Size }),
	whole("secretSize", 0, 0, func(k *keyProvider) *int { return &k.Size }),
	word("ecdsaEllipticCurveKey", func(k *keyProvider) *string { return &k.Curve }),
	word("ecdhEllipticCurveKey", func(k *keyProvider) *string { return &k.Curve }),
	word("eddsaEllipticCurveKey", func(k *keyProvider) *string { return &k.Curve }),
	word("kid", func(k *keyProvider) *string { return &k.Kid }),
	word("certificate", func(k *keyProvider) *string { return &k.Certificate }),
}

// settingsOf are the settings that providers of a kind have: the others that look alike are of other
// kinds.
func settingsOf(kind string) []attribute[keyProvider] {
	return slices.DeleteFunc(slices.Clone(componentSettings), func(a attribute[keyProvider]) bool {
		switch a.name {
		case "keySize":
			return !strings.HasPrefix(kind, "rsa")
		case "secretSize":
			return !strings.HasPrefix(kind, "hmac") && !strings.HasPrefix(kind, "aes")
		case "ecdsaEllipticCurveKey":
			return !strings.HasPrefix(kind, "ecdsa")
		case "ecdhEllipticCurveKey":
			return !strings.HasPrefix(kind, "ecdh")
		case "eddsaEllipticCurveKey":
			return !strings.HasPrefix(kind, "eddsa")
		}
		return false
	})
}

// newKeyProvider is a key provider that says nothing.
func newKeyProvider(kind string) keyProvider {
	return keyProvider{Kind: kind, Enabled: true, Active: true}
}

// ToKeyProvider reads a key provider from its component. Private stays empty where the component has
// no key: providers that generate keys make it then. A key that cannot be read is a *fault.Invalid.
func ToKeyProvider(o Object) (*realm.KeyProvider, []Note, error) {
	k := newKeyProvider(o.Text("providerId"))
	rest := readFields(componentFields, &k, o)
	config := Value[map[string][]string](o, "config")
	single := map[string]string{}
	for name, values := range config {
		if len(values) > 0 {
			single[name] = values[0]
		}
	}
	_, notes := readAttributes(settingsOf(k.Kind), &k, single)
	if err := readKey(&k, single); err != nil {
		return nil, nil, err
	}
	rest.Put("config", single) // all of it: what is spelled out here is written again, defaults are not
	delete(rest, "subComponents")
	delete(rest, "parentId")
	delete(rest, "providerType")
	k.Extra = keep(rest)
	return &k, Below("config", stripped(notes)), nil
}

// stripped are notes about settings, which are not below "attributes" here.
func stripped(notes []Note) []Note {
	for i := range notes {
		notes[i].Path = strings.TrimPrefix(notes[i].Path, "attributes.")
	}
	return notes
}

// unspoken are the settings that a kind has without saying so.
var unspoken = map[string]map[string]string{
	"rsa-generated":     {"algorithm": "RS256", "keySize": "2048"},
	"rsa":               {"algorithm": "RS256", "keySize": "2048"},
	"rsa-enc-generated": {"algorithm": "RSA-OAEP", "keySize": "2048"},
	"rsa-enc":           {"algorithm": "RSA-OAEP", "keySize": "2048"},
	"ecdsa-generated":   {"algorithm": "ES256", "ecdsaEllipticCurveKey": "P-256"},
	"eddsa-generated":   {"algorithm": "EdDSA", "eddsaEllipticCurveKey": "Ed25519"},
	"hmac-generated":    {"algorithm": "HS256", "secretSize": "64"},
	"aes-generated":     {"algorithm": "AES", "secretSize": "16"},
}

// privateMembers are the settings that hold private keys, by how kinds begin.
var privateMembers = []struct{ kind, private, public string }{
	{"rsa", "privateKey", ""},
	{"ecdsa", "ecdsaPrivateKey", "ecdsaPublicKey"},
	{"ecdh", "ecdhPrivateKey", "ecdhPublicKey"},
	{"eddsa", "eddsaPrivateKey", "eddsaPublicKey"},
}

// readKey moves the key from a provider's settings to Private.
func readKey(k *keyProvider, settings map[string]string) error {
	if secret := settings["secret"]; secret != "" {
		data, err := base64.RawURLEncoding.DecodeString(strings.TrimRight(secret, "="))
		if err != nil {
			return &fault.Invalid{Field: "config.secret", Message: "Failed to decode secret"}
		}
		k.Private = data
		delete(settings, "secret")
		return nil
	}
	for _, m := range privateMembers {
		text := settings[m.private]
		if !strings.HasPrefix(k.Kind, m.kind) || text == "" {
			continue
		}
		der, err := parsePrivate(text)
		if err != nil {
			return &fault.Invalid{Field: "config." + m.private, Message: "Failed to decode private key"}
		}
		k.Private = der
		delete(settings, m.private)
		delete(settings, m.public)
	}
	return nil
}

// parsePrivate reads a private key, PEM or bare base64, PKCS #1, SEC 1 or PKCS #8, into PKCS #8 DER.
func parsePrivate(text string) ([]byte, error) {
	der, err := armor.Decode(text)
	if err != nil {
		return nil, err
	}
	if key, err := x509.ParsePKCS1PrivateKey(der); err == nil {
		return x509.MarshalPKCS8PrivateKey(key)
	}
	if key, err := x509.ParseECPrivateKey(der); err == nil {
		return x509.MarshalPKCS8PrivateKey(key)
	}
	_, err = x509.ParsePKCS8PrivateKey(der)
	return der, err
}

// FromKeyProvider is the component of a key provider, with its key. Extra has to be loaded.
func FromKeyProvider(k *realm.KeyProvider) Object {
	o := writeFields(componentFields, k, k.Extra)
	base := newKeyProvider(k.Kind)
	kept := Value[map[string]string](Object(k.Extra), "config")
	single := writeAttributes(settingsOf(k.Kind), k, &base, kept)
	for name, value := range unspoken[k.Kind] {
		if _, spelled := kept[name]; !spelled && single[name] == value {
			delete(single, name)
		}
	}
	writeKey(k, single)
	config := map[string][]string{}
	for name, value := range single {
		config[name] = []string{value}
	}
	o.Put("config", config)
	o.Put("subComponents", map[string]any{})
	return o
}

// writeKey puts the key where components of its kind have it, in the encoding that Keycloak reads.
func writeKey(k *keyProvider, settings map[string]string) {
	if len(k.Private) == 0 {
		return
	}
	key, err := x509.ParsePKCS8PrivateKey(k.Private)
	if err != nil {
		settings["secret"] = base64.RawURLEncoding.EncodeToString(k.Private)
		return
	}
	base := base64.StdEncoding
	switch key := key.(type) {
	case *rsa.PrivateKey:
		settings["privateKey"] = base.EncodeToString(x509.MarshalPKCS1PrivateKey(key))
	case *ecdsa.PrivateKey:
		name := "ecdsa"
		if strings.HasPrefix(k.Kind, "ecdh") {
			name = "ecdh"
		}
		settings[name+"PrivateKey"] = base.EncodeToString(k.Private)
		putPublic(settings, name+"PublicKey", key.Public())
	case ed25519.PrivateKey:
		settings["eddsaPrivateKey"] = base.EncodeToString(k.Private)
		putPublic(settings, "eddsaPublicKey", key.Public())
	}
}

func putPublic(settings map[string]string, name string, key any) {
	if der, err := x509.MarshalPKIXPublicKey(key); err == nil {
		settings[name] = base64.StdEncoding.EncodeToString(der)
	}
}

// OtherComponents are the components that are no key providers, by type; KeyProviders are those that
// are.
func OtherComponents(o Object) map[string][]Object {
	all := Value[map[string][]Object](o, "components")
	other := maps.Clone(all)
	delete(other, KeyProviderType)
	return other
}

// KeyProviders are the components of a realm's representation that are key providers.
func KeyProviders(o Object) []Object {
	return Value[map[string][]Object](o, "components")[KeyProviderType]
}

// UnspokenSetting is the value of a setting of key providers of a kind that do not spell it out; empty
// where there is none.
func UnspokenSetting(kind, name string) string { return unspoken[kind][name] }
