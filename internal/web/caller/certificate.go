package caller

import (
	"crypto/x509"
	"encoding/base64"
	"encoding/pem"
	"net/http"
	"net/netip"
	"net/url"
	"strings"
)

// certificate is the certificate of who sends r. What peers say in the header counts where they are named as trusted
// proxies; of these, their own certificate says nothing about who called them.
func (v *Resolver) certificate(r *http.Request, peer netip.Addr) *x509.Certificate {
	switch {
	case v.Roots == nil:
		return nil
	case v.believes(peer):
		if v.CertificateHeader == "" || !v.trusts(peer) {
			return nil
		}
		return v.forwardedCertificate(r.Header)
	case r.TLS == nil || len(r.TLS.VerifiedChains) == 0:
		return nil
	}
	return r.TLS.PeerCertificates[0]
}

// headerChain holds what stands between a certificate in Client-Cert and its root (RFC 9440 §2.3).
const headerChain = "Client-Cert-Chain"

// forwardedCertificate is the certificate in the header of a proxy. Proxies may be set up to pass on what nobody has
// verified, so it is verified here; what is not good is none.
func (v *Resolver) forwardedCertificate(h http.Header) *x509.Certificate {
	values := h.Values(v.CertificateHeader)
	if len(values) != 1 {
		return nil
	}
	chain := readCertificates(values[0])
	if strings.EqualFold(v.CertificateHeader, "Client-Cert") {
		for value := range strings.SplitSeq(strings.Join(h.Values(headerChain), ","), ",") {
			chain = append(chain, readCertificates(value)...)
		}
	}
	if len(chain) == 0 {
		return nil
	}
	between := x509.NewCertPool()
	for _, c := range chain[1:] {
		between.AddCert(c)
	}
	_, err := chain[0].Verify(x509.VerifyOptions{Roots: v.Roots, Intermediates: between, KeyUsages: []x509.ExtKeyUsage{x509.ExtKeyUsageClientAuth}})
	if err != nil {
		return nil
	}
	return chain[0]
}

// readCertificates reads certificates as proxies write them: base64 DER between colons (RFC 9440 §2.1) or alone, and PEM
// as a URL has it. It gives those before the first that cannot be read.
func readCertificates(text string) (out []*x509.Certificate) {
	text = strings.TrimSpace(text)
	if decoded, err := url.PathUnescape(text); err == nil && strings.Contains(decoded, "-----BEGIN ") {
		rest := []byte(decoded)
		for {
			block, more := pem.Decode(rest)
			if block == nil {
				return out
			}
			c, err := x509.ParseCertificate(block.Bytes)
			if err != nil {
				return out
			}
			out, rest = append(out, c), more
		}
	}
	if inner, ok := strings.CutPrefix(text, ":"); ok {
		text, ok = strings.CutSuffix(inner, ":")
		if !ok {
			return nil
		}
	}
	der, err := base64.StdEncoding.DecodeString(text)
	if err != nil {
		return nil
	}
	c, err := x509.ParseCertificate(der)
	if err != nil {
		return nil
	}
	return []*x509.Certificate{c}
}
