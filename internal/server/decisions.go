package server

import (
	"cmp"
	"os"

	"github.com/google/uuid"

	"github.com/tokenhouse/tokenhouse/internal/flow/ledger"
	"github.com/tokenhouse/tokenhouse/internal/store"
)

// decisionLog is where this node writes what its token endpoint decided.
func decisionLog(st *store.Store, c Config) *ledger.Log {
	host, _ := os.Hostname() // a name for people: chains have names of their own where two nodes have the same
	return ledger.Open(ledger.Config{Chains: st, Key: st.LogKey(), Node: cmp.Or(host, "node"), Owner: uuid.NewString(), Now: c.clock(), Log: c.log()})
}
