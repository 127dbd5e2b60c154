package mapper

import (
	"crypto/md5"
	"crypto/sha256"
	"fmt"
	"net/url"
	"strings"

	"github.com/tokenhouse/tokenhouse/internal/core/realm"
)

// Settings of mappers of KindPairwise.
const (
	PairwiseSalt   = "pairwiseSubAlgorithmSalt" // what makes subjects impossible to guess
	PairwiseSector = "sectorIdentifierUri"      // whose clients know a user by the same subject (OpenID Connect Core §8.1)
)

// subject writes the user's id.
func subject(w *Work, _ *realm.Mapper) bool {
	if w.User == nil {
		return false
	}
	w.Claims.Subject = w.User.ID
	return true
}

// pairwise writes an identifier of the user that differs from sector to sector (OpenID Connect Core §8.1), made as
// Keycloak makes it. Where the sector is not clear, the client is its own.
func pairwise(w *Work, m *realm.Mapper) bool {
	if w.User == nil {
		return false
	}
	sector := hostOf(m.Config[PairwiseSector])
	if sector == "" {
		sector = sectorOf(w.Client)
	}
	hash := sha256.Sum256([]byte(sector + w.User.ID + m.Config[PairwiseSalt]))
	id := md5.Sum(hash[:]) // a name-based UUID (RFC 9562 §5.3) of the hash
	id[6] = id[6]&0x0f | 0x30
	id[8] = id[8]&0x3f | 0x80
	w.Claims.Subject = fmt.Sprintf("%x-%x-%x-%x-%x", id[:4], id[4:6], id[6:8], id[8:10], id[10:])
	return true
}

// sectorOf is the host of the client's redirect URIs, where it is one for all.
func sectorOf(c *realm.Client) string {
	sector := ""
	for _, uri := range c.RedirectURIs {
		if strings.HasPrefix(uri, "/") {
			uri = c.RootURL
		}
		host := hostOf(uri)
		if host == "" || sector != "" && host != sector {
			return c.Key
		}
		sector = host
	}
	if sector == "" {
		return c.Key
	}
	return sector
}

func hostOf(uri string) string {
	u, err := url.Parse(strings.TrimSuffix(uri, "*"))
	if err != nil {
		return ""
	}
	return u.Hostname()
}
