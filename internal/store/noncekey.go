package store

// NonceKey makes the nonces that DPoP proofs name, the same on every node. It is made of the master key: the database does not
// have it.
func (s *Store) NonceKey() []byte { return s.key.Secret("DPoP nonces") }
