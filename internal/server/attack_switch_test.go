package server_test

import "github.com/tokenhouse/tokenhouse/internal/core/realm"

// switches are settings that have nothing to do with whose a token is.
var switches = []struct {
	name string
	set  func(p *pit, on bool)
}{
	{"exchange by public clients", ofEach(func(c *realm.Client, on bool) { c.Exchange.Public = on })},
	{"no tokens of other issuers", ofEach(func(c *realm.Client, on bool) { c.Exchange.External = !on })},
	{"lightweight tokens", ofEach(func(c *realm.Client, on bool) { c.Tokens.Lightweight = on })},
	{"roles by scope mappings alone", ofEach(func(c *realm.Client, on bool) { c.FullScope = !on })},
	{"introspection as a JWT", ofEach(func(c *realm.Client, on bool) { c.Tokens.IntrospectJWT = on })},
	{"listed exchanges alone", ofRealm(func(s *realm.Settings, on bool) { s.Exchange.DenyUnlisted = on })},
	{"downscope enforcement", ofRealm(func(s *realm.Settings, on bool) { s.Exchange.Downscope = on })},
	{"chains and cycles of any length", ofRealm(func(s *realm.Settings, on bool) {
		if s.Exchange.ChainLimit, s.Exchange.RefuseCycles = 5, !on; on {
			s.Exchange.ChainLimit = -1
		}
	})},
	{"lifetimes that are not capped", ofRealm(func(s *realm.Settings, on bool) { s.Exchange.CapLifetime = !on })},
	{"rotation of refresh tokens", ofRealm(func(s *realm.Settings, on bool) { s.Lifespans.RotateRefresh = on })},
}

func ofEach(set func(c *realm.Client, on bool)) func(*pit, bool) {
	return func(p *pit, on bool) { p.each(func(c *realm.Client) { set(c, on) }) }
}

func ofRealm(set func(s *realm.Settings, on bool)) func(*pit, bool) {
	return func(p *pit, on bool) { p.settings(func(s *realm.Settings) { set(s, on) }) }
}

// attackSwitches: what one client holds serves no other under any switch (T10).
func attackSwitches(y *cells, p *pit) {
	for _, s := range switches {
		s.set(p, true)
		otherClients(y, p, byGrant("exchange", "introspection", "refresh"), []string{"secret", "public"}, s.name)
		s.set(p, false)
	}
}
