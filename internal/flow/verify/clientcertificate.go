package verify

import (
	"crypto/x509"

	"github.com/tokenhouse/tokenhouse/internal/core/proof"
	"github.com/tokenhouse/tokenhouse/internal/core/realm"
	"github.com/tokenhouse/tokenhouse/internal/core/subject"
)

// certified tells whether a certificate proves a client (RFC 8705 §2.1): its subject is the one that the client is set up
// with. That somebody who is trusted issued it, and that the caller has its key, was asked when it was presented. Only the
// caller's own counts, and none of those who issued it.
func certified(c *realm.Client, at At, certificate *x509.Certificate) bool {
	switch {
	case proof.Thumbprint(certificate, at.Now) == "", c.SubjectDN == "":
		return false
	case c.SubjectExact:
		return subject.Is(certificate, c.SubjectDN)
	}
	return subject.Matches(certificate, c.SubjectDN)
}
