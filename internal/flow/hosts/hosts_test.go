package hosts_test

import (
	"context"
	"errors"
	"testing"
	"testing/synctest"
	"time"

	"github.com/tokenhouse/tokenhouse/internal/flow/hosts"
)

// names is a domain name system: addresses by name, and names by address.
type names struct{ addresses, back map[string][]string }

var errUnknown = errors.New("no such host")

func (n names) LookupHost(_ context.Context, host string) ([]string, error) {
	if found, ok := n.addresses[host]; ok {
		return found, nil
	}
	return nil, errUnknown
}

func (n names) LookupAddr(_ context.Context, address string) ([]string, error) {
	if found, ok := n.back[address]; ok {
		return found, nil
	}
	return nil, errUnknown
}

var dns = names{
	addresses: map[string][]string{
		"one.example.org": {"192.0.2.1", "2001:db8::1"},
		"two.example.org": {"not an address", "192.0.2.2"},
		"mapped.example":  {"::ffff:192.0.2.3"},
		"example.org":     {"192.0.2.4"},
	},
	back: map[string][]string{
		"192.0.2.1":   {"one.example.org."},
		"2001:db8::1": {"one.example.org."},
		"192.0.2.4":   {"example.org."},
		"192.0.2.9":   {"one.example.org.", "nobody.example.org."}, // which is what the owner of the address says of it
	},
}

func TestFrom(t *testing.T) {
	for name, c := range map[string]struct {
		address string
		hosts   []string
		want    bool
	}{
		"a name":                               {"192.0.2.1", []string{"one.example.org"}, true},
		"a name, by its other address":         {"2001:db8::1", []string{"one.example.org"}, true},
		"a name of another":                    {"192.0.2.2", []string{"one.example.org"}, false},
		"the last of several":                  {"192.0.2.2", []string{"one.example.org", "two.example.org"}, true},
		"a name beside one that is none":       {"192.0.2.1", []string{"nowhere.example", "one.example.org"}, true},
		"an address":                           {"192.0.2.7", []string{"192.0.2.7"}, true},
		"another address":                      {"192.0.2.7", []string{"192.0.2.70"}, false},
		"an address of IPv4, as one of IPv6":   {"::ffff:192.0.2.7", []string{"192.0.2.7"}, true},
		"a name of an address as one of IPv6":  {"192.0.2.3", []string{"mapped.example"}, true},
		"below a domain":                       {"192.0.2.1", []string{"*.example.org"}, true},
		"the domain itself":                    {"192.0.2.4", []string{"*.example.org"}, true},
		"below another domain":                 {"192.0.2.1", []string{"*.example.com"}, false},
		"part of a name":                       {"192.0.2.1", []string{"*.ample.org"}, false},
		"a name that does not lead back":       {"192.0.2.9", []string{"one.example.org", "*.example.org"}, false},
		"no name":                              {"192.0.2.8", []string{"*.example.org", "one.example.org"}, false},
		"a name that leads to no address":      {"192.0.2.8", []string{"two.example.org"}, false},
		"this machine":                         {"127.0.0.1", []string{"localhost"}, true},
		"this machine, by IPv6":                {"::1", []string{"localhost"}, true},
		"this machine is in no domain":         {"127.0.0.1", []string{"*.example.org"}, false},
		"who says that they are localhost":     {"192.0.2.1", []string{"localhost"}, false},
		"every domain":                         {"192.0.2.1", []string{"*."}, false},
		"an empty name":                        {"192.0.2.1", []string{""}, false},
		"no host is trusted":                   {"192.0.2.1", nil, false},
		"no address":                           {"", []string{"one.example.org", "*.example.org", ""}, false},
		"a name for an address":                {"one.example.org", []string{"one.example.org"}, false},
		"an address with a port":               {"192.0.2.7:80", []string{"192.0.2.7"}, false},
		"an address of IPv6 on an interface":   {"fe80::1%eth0", []string{"fe80::1"}, false},
		"an address written with a blank more": {"192.0.2.7 ", []string{"192.0.2.7"}, false},
	} {
		if got := hosts.From(t.Context(), dns, c.address, c.hosts); got != c.want {
			t.Errorf("%s: %s of %q is %v, want %v", name, c.address, c.hosts, got, c.want)
		}
	}
}

// silent is a domain name system that does not answer.
type silent struct{}

func (silent) LookupHost(ctx context.Context, _ string) ([]string, error) {
	<-ctx.Done()
	return []string{"192.0.2.1"}, ctx.Err()
}

func (silent) LookupAddr(ctx context.Context, _ string) ([]string, error) {
	<-ctx.Done()
	return []string{"one.example.org"}, ctx.Err()
}

// TestFromWaitsNotLong: who asks for many names of a server that does not answer waits for two seconds in all, and is not
// trusted.
func TestFromWaitsNotLong(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		began := time.Now()
		if hosts.From(t.Context(), silent{}, "192.0.2.1", []string{"one.example.org", "two.example.org", "*.example.org"}) {
			t.Error("trusted")
		}
		if took := time.Since(began); took != 2*time.Second {
			t.Errorf("took %s", took)
		}
	})
}
