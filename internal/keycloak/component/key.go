package component

import (
	"slices"
	"strconv"
	"strings"

	"github.com/tokenhouse/tokenhouse/internal/core/fault"
	"github.com/tokenhouse/tokenhouse/internal/core/realm"
	"github.com/tokenhouse/tokenhouse/internal/keycloak"
)

// OfKey is the component of a key provider, with its key. Extra has to be loaded.
func OfKey(realmID string, k *realm.KeyProvider) Component {
	o := keycloak.FromKeyProvider(k)
	return Component{ID: k.Key, Name: k.Name, Provider: k.Kind, Type: keycloak.KeyProviderType, Parent: realmID,
		Config: keycloak.Value[map[string][]string](o, "config")}
}

// Key reads a key provider from its component. What Keycloak would not take is a *fault.Invalid in its
// words.
func (c Component) Key() (*realm.KeyProvider, error) {
	if err := c.Check(); err != nil {
		return nil, err
	}
	if err := c.checkSizes(); err != nil {
		return nil, err
	}
	o := keycloak.Object{}
	o.Put("id", c.ID)
	if c.Name != "" {
		o.Put("name", c.Name)
	}
	o.Put("providerId", c.Provider)
	o.Put("config", c.Config)
	k, notes, err := keycloak.ToKeyProvider(o)
	if err != nil {
		return nil, err
	}
	return k, keycloak.Refused(notes)
}

// checkSizes refuses sizes that are no numbers.
func (c Component) checkSizes() error {
	for _, s := range []struct{ name, text string }{
		{"keySize", "'Key size' should be 1024, 2048, 3072 or 4096"},
		{"secretSize", "'Secret size' should be 16, 24, 32, 64, 128, 256 or 512"},
	} {
		if text := c.setting(s.name); text != "" {
			if _, err := strconv.Atoi(text); err != nil {
				return &fault.Invalid{Field: "config." + s.name, Message: s.text}
			}
		}
	}
	return nil
}

// curves are the settings that generated keys always spell out, with the curve that is meant where they do not.
var curves = map[string]struct{ setting, usual string }{
	"ecdsa-generated": {"ecdsaEllipticCurveKey", "P-256"},
	"ecdh-generated":  {"ecdhEllipticCurveKey", "P-256"},
	"eddsa-generated": {"eddsaEllipticCurveKey", "Ed25519"},
}

// SpellCurve spells out the curve of a key that is to be generated.
func (c *Component) SpellCurve() {
	if curve, ok := curves[c.Provider]; ok && c.setting(curve.setting) == "" {
		c.Config[curve.setting] = []string{curve.usual}
	}
}

// setting is the first value of a setting.
func (c Component) setting(name string) string {
	if values := c.Config[name]; len(values) > 0 {
		return values[0]
	}
	return ""
}

// material are the settings that hold a generated key, or follow from it.
var material = []string{"privateKey", "certificate", "secret", "kid", "ecdsaPrivateKey", "ecdsaPublicKey", "ecdhPrivateKey", "ecdhPublicKey",
	"eddsaPrivateKey", "eddsaPublicKey"}

// shape are the settings that decide what a generated key is like.
var shape = []string{"keySize", "secretSize", "ecdsaEllipticCurveKey", "ecdhEllipticCurveKey", "eddsaEllipticCurveKey"}

// Renew takes the key from a component whose key is generated and should be of another size or curve
// than it is: a new one has to be made.
func (c *Component) Renew(before Component) {
	if !strings.HasSuffix(c.Provider, "-generated") || !slices.ContainsFunc(shape, func(s string) bool {
		return len(c.Config[s]) > 0 && c.setting(s) != before.full(s)
	}) {
		return
	}
	for _, name := range material {
		delete(c.Config, name)
	}
}

// full is a setting, by its default where it is not spelled out.
func (c Component) full(name string) string {
	if text := c.setting(name); text != "" {
		return text
	}
	return keycloak.UnspokenSetting(c.Provider, name)
}
