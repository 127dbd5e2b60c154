package forward

import (
	"slices"
	"strings"
)

// Believed tells whether a header is one that servers, frameworks and the proxies before them take for the truth about who calls, from
// where, and what for. The gatekeeper says such itself or not at all. The name is in canonical form.
func Believed(name string) bool {
	return slices.ContainsFunc(kinds, func(kind string) bool { return strings.HasPrefix(name, kind) }) || believed[name]
}

var kinds = []string{"X-Auth-", "X-Forwarded-", "X-Ssl-"}

var believed = func() map[string]bool {
	all := map[string]bool{}
	for _, name := range []string{
		"Authorization",
		"Cf-Connecting-Ip", "Client-Ip", "Forwarded", "True-Client-Ip", "X-Client-Ip", "X-Cluster-Client-Ip", "X-Originating-Ip", "X-Real-Ip", "X-Remote-Addr", "X-Remote-Ip",
		"Client-Cert", "Client-Cert-Chain", // RFC 9440 §4
		"Remote-User", "X-Client-Cert", "X-Remote-User",
		"X-Host", "X-Http-Host-Override", "X-Original-Host",
		"X-Original-Uri", "X-Original-Url", "X-Override-Url", "X-Rewrite-Url", // paths that no resource was asked about
		"Proxy", // which programs that make variables of headers take for where they are to send their own requests
	} {
		all[name] = true
	}
	return all
}()

// Frames tells whether a header says where a message ends or goes. The name is in canonical form.
func Frames(name string) bool { return framing[name] }

var framing = map[string]bool{"Connection": true, "Content-Length": true, "Host": true, "Te": true, "Trailer": true, "Transfer-Encoding": true, "Upgrade": true}
