package register

import (
	"context"
	"strings"

	"github.com/tokenhouse/tokenhouse/internal/core/registration"
	"github.com/tokenhouse/tokenhouse/internal/flow/hosts"
)

// fromHost tells whether the caller is at one of the hosts that a policy trusts. Names are resolved ahead:
// a transaction must not wait for them.
func (g *Registrar) fromHost(ctx context.Context, c *Call, way registration.Way, policies []registration.Policy) func(hosts []string) bool {
	known := map[string]bool{}
	for i := range policies {
		if list, ask := policies[i].Hosts(); ask && policies[i].Way == way {
			known[strings.Join(list, " ")] = hosts.From(ctx, g.Hosts, c.address(), list)
		}
	}
	return func(list []string) bool { return known[strings.Join(list, " ")] }
}
