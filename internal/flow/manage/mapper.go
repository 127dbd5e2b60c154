package manage

import (
	"maps"
	"net/url"
	"reflect"
	"slices"
	"strconv"

	"github.com/tokenhouse/tokenhouse/internal/core/fault"
	"github.com/tokenhouse/tokenhouse/internal/core/mapper"
	"github.com/tokenhouse/tokenhouse/internal/core/realm"
	"github.com/tokenhouse/tokenhouse/internal/flow/audit"
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
			return nil, &fault.Conflict{Kind: "protocol mapper", Field: "name"}
		}
	}
	return append(slices.Clone(list), m), nil
}

// complete checks the kind and the settings of a mapper, and adds what the kind cannot work without.
// client is the one that has it, nil where a client scope has it.
func complete(m *realm.Mapper, client *realm.Client, author audit.Author) error {
	switch {
	case !offered(m):
		return &fault.NotFound{Message: "ProtocolMapper provider not found"}
	case len([]rune(m.Name)) > longestText:
		return &fault.Invalid{Field: "name", Message: "Protocol mapper name is longer than 255 characters"}
	case m.Kind == mapper.KindPairwise:
		return completePairwise(m, client, author)
	}
	return nil
}

// offered tells whether there is a kind of mapper to make new ones of. Mappers that run scripts are not:
// they are a feature of Keycloak's that is off by default.
func offered(m *realm.Mapper) bool {
	return mapper.KindOf(m) != nil && m.Kind != mapper.KindScript || slices.Contains(otherKinds, m.Kind)
}

// otherKinds are Keycloak's kinds of mappers for other protocols than OpenID Connect, and for groups of organizations.
// They are kept, and not acted on.
var otherKinds = []string{
	"docker-v2-allow-all-mapper",
	"oidc-organization-group-membership-mapper",
	"saml-audience-mapper",
	"saml-audience-resolve-mapper",
	"saml-authn-context-class-ref-mapper",
	"saml-group-membership-mapper",
	"saml-hardcode-attribute-mapper",
	"saml-hardcode-role-mapper",
	"saml-organization-group-membership-mapper",
	"saml-organization-membership-mapper",
	"saml-role-list-mapper",
	"saml-role-name-mapper",
	"saml-user-attribute-mapper",
	"saml-user-attribute-nameid-mapper",
	"saml-user-property-mapper",
	"saml-user-session-note-mapper",
}

// completePairwise sees that a pairwise mapper has a salt, and that it is clear for which sector its
// subjects are.
func completePairwise(m *realm.Mapper, client *realm.Client, author audit.Author) error {
	if client != nil {
		if err := checkSector(m, client); err != nil {
			return err
		}
	}
	if m.Config[mapper.PairwiseSalt] == "" {
		m.Config = maps.Clone(m.Config)
		m.Config[mapper.PairwiseSalt] = author.NewID()
	}
	return nil
}

// checkSector sees that it is clear for which sector the subjects of a pairwise mapper are (OpenID Connect Core
// §8.1). The document behind a sector identifier is not fetched.
func checkSector(m *realm.Mapper, client *realm.Client) error {
	sector := m.Config[mapper.PairwiseSector]
	if sector != "" {
		if u, err := url.Parse(sector); err != nil || u.Host == "" {
			return &fault.Invalid{Field: "config." + mapper.PairwiseSector, Message: "Malformed Sector Identifier URI."}
		}
		return nil
	}
	switch hosts := redirectHosts(client); {
	case len(hosts) == 0:
		return &fault.Invalid{Field: "config." + mapper.PairwiseSector, Message: "Client redirect URIs must contain a valid host component."}
	case len(hosts) > 1:
		return &fault.Invalid{Field: "config." + mapper.PairwiseSector,
			Message: "Without a configured Sector Identifier URI, client redirect URIs must not contain multiple host components."}
	}
	return nil
}

// redirectHosts are the hosts of a client's redirect URIs, each once.
func redirectHosts(c *realm.Client) []string {
	var hosts []string
	for _, origin := range c.RedirectOrigins("") {
		if u, err := url.Parse(origin); err == nil && !slices.Contains(hosts, u.Hostname()) {
			hosts = append(hosts, u.Hostname())
		}
	}
	return hosts
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
