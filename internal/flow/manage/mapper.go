package manage

import (
	"reflect"
	"slices"
	"strconv"

	"github.com/tokenhouse/tokenhouse/internal/core/fault"
	"github.com/tokenhouse/tokenhouse/internal/core/mapper"
	"github.com/tokenhouse/tokenhouse/internal/core/realm"
)

// withMapper is the list with one more mapper, whose name no other of its protocol may have.
func withMapper(list []realm.Mapper, m realm.Mapper, newID func() string) ([]realm.Mapper, error) {
	if m.Key == "" {
		m.Key = newID()
	}
	if m.Protocol == "" {
		m.Protocol = "openid-connect"
	}
	for _, other := range list {
		if other.Name == m.Name && other.Protocol == m.Protocol {
			return nil, fault.ErrConflict
		}
	}
	return append(slices.Clone(list), m), nil
}

// checkMappers refuses mappers, new or changed since before, that would write a claim that is not
// theirs to write. Those that an import brought stay, and write nothing.
func checkMappers(before, after []realm.Mapper) error {
	for i, m := range after {
		if !mapper.Reserved(m.Config["claim.name"]) || known(before, m) {
			continue
		}
		return &fault.Invalid{Field: "protocolMappers[" + strconv.Itoa(i) + "].config.claim.name",
			Message: "mapper " + strconv.Quote(m.Name) + " may not write the claim " + strconv.Quote(m.Config["claim.name"])}
	}
	return nil
}

func known(list []realm.Mapper, m realm.Mapper) bool {
	return slices.ContainsFunc(list, func(other realm.Mapper) bool { return reflect.DeepEqual(other, m) })
}
