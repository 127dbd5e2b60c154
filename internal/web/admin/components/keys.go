package components

import (
	"cmp"
	"net/http"
	"slices"

	"github.com/tokenhouse/tokenhouse/internal/core/realm"
	"github.com/tokenhouse/tokenhouse/internal/flow/keyring"
	"github.com/tokenhouse/tokenhouse/internal/web/admin/rest"
)

// key is a key of a realm as administrators see it: what everybody may know of it.
type key struct {
	Provider    string `json:"providerId"`
	Priority    int64  `json:"providerPriority"`
	Kid         string `json:"kid"`
	Status      string `json:"status"`
	Type        string `json:"type"`
	Algorithm   string `json:"algorithm"`
	PublicKey   string `json:"publicKey,omitempty"`
	Certificate string `json:"certificate,omitempty"`
	Use         string `json:"use"`
	ValidTo     int64  `json:"validTo,omitempty"` // of the certificate, in milliseconds since 1970
}

// keys are the realm's keys, the first of an algorithm that is active being the one that signs.
func keys(w http.ResponseWriter, r *rest.Request) error {
	providers := r.Realm.Keys()
	slices.SortStableFunc(providers, func(a, b *realm.KeyProvider) int { return cmp.Compare(b.Priority, a.Priority) })
	list, active := []key{}, map[string]string{}
	for _, p := range providers {
		about, ok := keyring.Describe(p)
		if !ok {
			continue
		}
		k := key{Provider: p.Key, Priority: p.Priority, Kid: p.Kid, Status: status(p), Type: about.Type, Algorithm: p.Algorithm,
			PublicKey: about.Public, Certificate: p.Certificate, Use: about.Use}
		if !about.NotAfter.IsZero() {
			k.ValidTo = about.NotAfter.UnixMilli()
		}
		list = append(list, k)
		if k.Status == "ACTIVE" && active[p.Algorithm] == "" && keyring.Check(p) == nil {
			active[p.Algorithm] = p.Kid
		}
	}
	return rest.JSON(w, map[string]any{"active": active, "keys": list})
}

func status(p *realm.KeyProvider) string {
	switch {
	case !p.Enabled:
		return "DISABLED"
	case !p.Active:
		return "PASSIVE"
	}
	return "ACTIVE"
}
