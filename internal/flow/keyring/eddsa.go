package keyring

import "crypto/ed25519"

// eddsaPair signs by Ed25519 (RFC 8037 §3.1).
type eddsaPair struct {
	private ed25519.PrivateKey
	public  ed25519.PublicKey
}

func newEdDSA(private ed25519.PrivateKey) pair {
	return &eddsaPair{private, private.Public().(ed25519.PublicKey)}
}

func (p *eddsaPair) sign(dst, message []byte) ([]byte, error) {
	return append(dst, ed25519.Sign(p.private, message)...), nil
}

func (p *eddsaPair) verify(message, signature []byte) bool {
	return ed25519.Verify(p.public, message, signature)
}
