package forward

// believed are headers that servers, frameworks and the proxies before them take for the truth about who calls, from where, and what for.
// No resource was asked about a path that one of them names.
var believed = []string{
	"Authorization",
	"Cf-Connecting-Ip", "Client-Ip", "Forwarded", "True-Client-Ip", "X-Client-Ip", "X-Cluster-Client-Ip", "X-Originating-Ip", "X-Real-Ip", "X-Remote-Addr", "X-Remote-Ip",
	"Client-Cert", "Client-Cert-Chain", // RFC 9440 §4
	"Remote-User", "X-Client-Cert", "X-Remote-User",
	"X-Host", "X-Http-Host-Override", "X-Original-Host", "X-Original-Uri", "X-Original-Url", "X-Override-Url", "X-Rewrite-Url",
	"Proxy", // which programs that make variables of headers take for where they are to send their own requests
}

// framing are headers that say where a message ends or goes.
var framing = map[string]bool{"Connection": true, "Content-Length": true, "Host": true, "Te": true, "Trailer": true, "Transfer-Encoding": true, "Upgrade": true}
