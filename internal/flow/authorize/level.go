package authorize

import (
	"slices"

	"github.com/tokenhouse/tokenhouse/internal/core/oauth"
	"github.com/tokenhouse/tokenhouse/internal/core/realm"
)

// levels reads the levels of authentication that are asked for: by an essential claim; by acr_values and a claim; or by
// the client's default (OpenID Connect Core §5.5.1.1). A value that nobody knows is one that everybody reaches, but not
// where it is essential: ok is false, as for essential ones below the client's least, which is essential itself.
func levels(r *realm.Realm, c *realm.Client, asked oauth.ACR) (out []int, essential, ok bool) {
	names := r.AssuranceOf(c)
	wanted := names.Wanted(c, asked.Values)
	if asked.Essential && !slices.Equal(wanted, asked.Values) {
		return nil, false, false
	}
	for _, value := range wanted {
		level, known := names.Level(value)
		if !known && asked.Essential {
			return nil, false, false
		}
		out = append(out, level)
	}
	_, least := names.Level(c.SignIn.LeastACR)
	return out, asked.Essential || least, true
}
