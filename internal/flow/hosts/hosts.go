// Package hosts tells whether somebody calls from a host that is trusted by name.
package hosts

import (
	"context"
	"net/netip"
	"slices"
	"strings"
	"time"

	"github.com/tokenhouse/tokenhouse/internal/core/registration"
)

// Resolver tells names and addresses apart: the domain name system.
type Resolver interface {
	LookupHost(ctx context.Context, host string) (addresses []string, err error)
	LookupAddr(ctx context.Context, address string) (names []string, err error)
}

// lookupTime is how long names may take to be resolved.
const lookupTime = 2 * time.Second

// From tells whether an address is that of one of the hosts, or has a name that is trusted, as that of one below
// "*.example.org". A name counts that leads back to the address: anybody may call their own address anything.
func From(ctx context.Context, r Resolver, text string, hosts []string) bool {
	address, err := netip.ParseAddr(text)
	if err != nil || len(hosts) == 0 {
		return false
	}
	ctx, cancel := context.WithTimeout(ctx, lookupTime)
	defer cancel()
	for _, host := range hosts {
		if !strings.HasPrefix(host, "*.") && is(ctx, r, host, address) {
			return true
		}
	}
	return slices.ContainsFunc(names(ctx, r, address), func(name string) bool { return registration.Trusts(hosts, name) })
}

// is tells whether a name, or an address, leads to an address.
func is(ctx context.Context, r Resolver, host string, address netip.Addr) bool {
	if literal, err := netip.ParseAddr(host); err == nil {
		return literal.Unmap() == address.Unmap()
	}
	found, err := r.LookupHost(ctx, host)
	return err == nil && slices.ContainsFunc(found, func(text string) bool {
		other, err := netip.ParseAddr(text)
		return err == nil && other.Unmap() == address.Unmap()
	})
}

// names are the names of an address that lead back to it.
func names(ctx context.Context, r Resolver, address netip.Addr) []string {
	if address.IsLoopback() {
		return []string{"localhost"}
	}
	found, err := r.LookupAddr(ctx, address.String())
	if err != nil {
		return nil
	}
	var out []string
	for _, name := range found {
		if name = strings.TrimSuffix(name, "."); is(ctx, r, name, address) {
			out = append(out, name)
		}
	}
	return out
}
