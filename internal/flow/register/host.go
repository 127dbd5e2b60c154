package register

import (
	"context"
	"net/netip"
	"slices"
	"strings"
	"time"

	"github.com/tokenhouse/tokenhouse/internal/core/registration"
)

// lookupTime is how long names may take to be resolved.
const lookupTime = 2 * time.Second

// fromHost tells whether the caller is at one of the hosts that a policy trusts. Names are resolved ahead:
// a transaction must not wait for them.
func (g *Registrar) fromHost(ctx context.Context, c *Call, way registration.Way, policies []registration.Policy) func(hosts []string) bool {
	known := map[string]bool{}
	for i := range policies {
		if hosts, ask := policies[i].Hosts(); ask && policies[i].Way == way {
			known[strings.Join(hosts, " ")] = g.at(ctx, c.address(), hosts)
		}
	}
	return func(hosts []string) bool { return known[strings.Join(hosts, " ")] }
}

// at tells whether an address is that of one of the hosts, or has a name that is trusted. A name counts
// that leads back to the address: anybody may call their own address anything.
func (g *Registrar) at(ctx context.Context, text string, hosts []string) bool {
	address, err := netip.ParseAddr(text)
	if err != nil || len(hosts) == 0 {
		return false
	}
	ctx, cancel := context.WithTimeout(ctx, lookupTime)
	defer cancel()
	for _, host := range hosts {
		if !strings.HasPrefix(host, "*.") && g.is(ctx, host, address) {
			return true
		}
	}
	return slices.ContainsFunc(g.names(ctx, address), func(name string) bool { return registration.Trusts(hosts, name) })
}

// is tells whether a name, or an address, leads to an address.
func (g *Registrar) is(ctx context.Context, host string, address netip.Addr) bool {
	if literal, err := netip.ParseAddr(host); err == nil {
		return literal.Unmap() == address.Unmap()
	}
	found, err := g.Hosts.LookupHost(ctx, host)
	return err == nil && slices.ContainsFunc(found, func(text string) bool {
		other, err := netip.ParseAddr(text)
		return err == nil && other.Unmap() == address.Unmap()
	})
}

// names are the names of an address that lead back to it.
func (g *Registrar) names(ctx context.Context, address netip.Addr) []string {
	if address.IsLoopback() {
		return []string{"localhost"}
	}
	found, err := g.Hosts.LookupAddr(ctx, address.String())
	if err != nil {
		return nil
	}
	var out []string
	for _, name := range found {
		if name = strings.TrimSuffix(name, "."); g.is(ctx, name, address) {
			out = append(out, name)
		}
	}
	return out
}
