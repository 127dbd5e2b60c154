package keycloak

import (
	"maps"
	"slices"
	"strings"

	coremapper "github.com/tokenhouse/tokenhouse/internal/core/mapper"
	"github.com/tokenhouse/tokenhouse/internal/core/realm"
)

// Subjects says by which subjects a client that registers knows its users (OpenID Connect Core §8).
type Subjects struct {
	Pairwise bool
	Sector   string // sector_identifier_uri; empty: the host of the redirect URIs. The document there is not fetched
}

// SubjectsOf reads them from the client's metadata. ErrMetadata where it asks for others than there are.
func SubjectsOf(m Object) (*Subjects, error) {
	s := &Subjects{Sector: m.Text("sector_identifier_uri")}
	switch strings.ToLower(m.Text("subject_type")) {
	case "", "public":
	case "pairwise":
		s.Pairwise = true
	default:
		return nil, ErrMetadata
	}
	return s, nil
}

// Put gives the representation of a client the mappers that it has now, with one that makes its subjects pairwise, or
// without. One that there is already keeps its salt, and with it the subjects; newSalt makes that of a new one.
func (s *Subjects) Put(o Object, now []realm.Mapper, newSalt func() string) {
	mappers := slices.Clone(now)
	switch have := pairwiseMapper(mappers); {
	case !s.Pairwise:
		mappers = slices.DeleteFunc(mappers, func(m realm.Mapper) bool { return isPairwise(&m) })
	case have != nil:
		have.Config = s.configure(have.Config)
	default:
		mappers = append(mappers, realm.Mapper{Name: "pairwise subject identifier", Protocol: protocolOIDC, Kind: coremapper.KindPairwise,
			Config: s.configure(map[string]string{coremapper.PairwiseSalt: newSalt()})})
	}
	list := []Object{}
	for _, m := range mappers {
		list = append(list, FromMapper(m))
	}
	o.Put("protocolMappers", list)
}

// configure gives the settings of a mapper the sector.
func (s *Subjects) configure(config map[string]string) map[string]string {
	out := maps.Clone(config)
	delete(out, coremapper.PairwiseSector)
	if s.Sector != "" {
		out[coremapper.PairwiseSector] = s.Sector
	}
	return out
}

// pairwiseMapper is the one that gives each sector subjects of its own; nil where there is none.
func pairwiseMapper(mappers []realm.Mapper) *realm.Mapper {
	for i := range mappers {
		if isPairwise(&mappers[i]) {
			return &mappers[i]
		}
	}
	return nil
}

func isPairwise(m *realm.Mapper) bool { return strings.HasSuffix(m.Kind, "-pairwise-sub-mapper") }
