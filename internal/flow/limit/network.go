package limit

import "net/netip"

// Network is what an address is counted by: itself, or where somebody has whole networks of them, its IPv6 /64.
func Network(address string) string {
	ip, err := netip.ParseAddr(address)
	if err != nil || ip.Unmap().Is4() {
		return address
	}
	p, _ := ip.WithZone("").Prefix(64)
	return p.String()
}
