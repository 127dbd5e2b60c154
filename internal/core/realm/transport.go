package realm

import "net/netip"

// RequiresTLS tells whether a caller at addr must come by TLS. Under "external", as in Keycloak,
// callers on this machine and in private networks need not; an address that is not known does.
func (s *Settings) RequiresTLS(addr netip.Addr) bool {
	switch s.SSLRequired {
	case "none":
		return false
	case "external":
		addr = addr.Unmap()
		return !addr.IsLoopback() && !addr.IsPrivate() && !addr.IsUnspecified()
	}
	return true
}
