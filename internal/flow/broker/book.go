package broker

import (
	"cmp"
	"context"
	"slices"
	"strconv"

	"github.com/maypok86/otter/v2"

	"github.com/tokenhouse/tokenhouse/internal/core/federation"
	"github.com/tokenhouse/tokenhouse/internal/core/realm"
	"github.com/tokenhouse/tokenhouse/internal/keycloak"
	"github.com/tokenhouse/tokenhouse/internal/keycloak/authflow"
	"github.com/tokenhouse/tokenhouse/internal/keycloak/idp"
)

// Kept is what is kept of realms and providers without being acted on in every request.
type Kept interface {
	Extra(ctx context.Context, realmKey string, kind realm.Kind, key string) (realm.Extra, error)
	Extras(ctx context.Context, realmKey string, kind realm.Kind, keys []string) (map[string]realm.Extra, error)
}

// Book knows how realms use their identity providers. It reads a version of a realm once.
type Book struct {
	kept     Kept
	chapters *otter.Cache[string, *chapter]
}

// maxChapters is of how many realms the book is kept in memory.
const maxChapters = 1000

// NewBook makes a book of the realms in a store.
func NewBook(kept Kept) *Book {
	return &Book{kept, otter.Must(&otter.Options[string, *chapter]{MaximumSize: maxChapters})}
}

// FreshBook makes a book that reads what it is asked each time: also of realms that are only supposed.
func FreshBook(kept Kept) *Book { return &Book{kept: kept} }

// chapter is what one version of a realm says of its identity providers.
type chapter struct {
	version   int64
	providers []*Provider // those that people can sign in by, in the realm's order
	standard  string      // alias of the provider that people are led to unasked; empty: none
}

// Provider is an identity provider that people can sign in by.
type Provider struct {
	federation.Settings
	Name    string // for people
	Mappers []federation.Mapper
	First   FirstLoginRules
	place   int
}

// provider is the provider of an alias that is switched on, or nil.
func (c *chapter) provider(alias string) *Provider {
	if i := slices.IndexFunc(c.providers, func(p *Provider) bool { return p.Alias == alias }); i >= 0 {
		return c.providers[i]
	}
	return nil
}

// of is the chapter of a realm. Realms without providers are not looked up.
func (b *Book) of(ctx context.Context, r *realm.Realm) (*chapter, error) {
	all := r.Providers()
	if len(all) == 0 {
		return &chapter{}, nil
	}
	if b.chapters != nil {
		if c, ok := b.chapters.GetIfPresent(r.Key); ok && c.version == r.Version {
			return c, nil
		}
	}
	kept, err := b.kept.Extra(ctx, r.Key, realm.KindRealm, r.Key)
	if err != nil {
		return nil, err
	}
	keys := make([]string, len(all))
	for i, p := range all {
		keys[i] = p.Key
	}
	extras, err := b.kept.Extras(ctx, r.Key, realm.KindProvider, keys)
	if err != nil {
		return nil, err
	}
	c := write(r, kept, extras)
	if b.chapters != nil {
		b.chapters.Set(r.Key, c)
	}
	return c, nil
}

// write makes the chapter of a realm.
func write(r *realm.Realm, kept realm.Extra, extras map[string]realm.Extra) *chapter {
	flows, named := authflow.Read(r.Key, kept), keycloak.Object(kept)
	c := &chapter{version: r.Version, standard: standardProvider(flows, named.Text("browserFlow"))}
	mappers := idp.Mappers(r.Key, kept)
	for _, p := range r.Providers() {
		settings, ok := federation.Read(p)
		if !ok || !p.Enabled {
			continue
		}
		made := &Provider{Settings: settings, Name: cmp.Or(keycloak.KeptDisplayName(extras[p.Key]), p.Alias), place: placeOf(p),
			First: firstLoginRules(flows, cmp.Or(settings.FirstLoginFlow, named.Text("firstBrokerLoginFlow"), defaultFirstLogin))}
		for _, m := range idp.MappersOf(mappers, p.Alias) {
			made.Mappers = append(made.Mappers, federation.Mapper{Name: m.Name, Kind: m.Kind, Config: m.Config})
		}
		c.providers = append(c.providers, made)
	}
	slices.SortStableFunc(c.providers, func(x, y *Provider) int { return cmp.Compare(x.place, y.place) })
	return c
}

// defaultFirstLogin is the flow of realms that name none.
const defaultFirstLogin = "first broker login"

// placeOf is where the realm wants a provider; those without a place come last.
func placeOf(p *realm.Provider) int {
	if n, err := strconv.Atoi(p.Config["guiOrder"]); err == nil {
		return n
	}
	return unplaced
}

const unplaced = 10_000
