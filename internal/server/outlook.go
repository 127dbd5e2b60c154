package server

import (
	"github.com/google/uuid"

	"github.com/tokenhouse/tokenhouse/internal/flow/broker"
	"github.com/tokenhouse/tokenhouse/internal/flow/limit"
	"github.com/tokenhouse/tokenhouse/internal/flow/people"
	"github.com/tokenhouse/tokenhouse/internal/flow/verify"
	"github.com/tokenhouse/tokenhouse/internal/store"
)

// Onlookers are what explains what would become of tokens of other issuers, and changes nothing.
func Onlookers(st *store.Store, c Config) (broker.Outlook, verify.Obstacles) {
	return broker.Outlook{Realms: st, Kept: st, Users: st, Tokens: st, Now: c.clock(), NewID: uuid.NewString},
		verify.Obstacles{Lockouts: &limit.Lockouts{Failures: st}, Credentials: st, Duties: people.FreshRulebook(st)}
}
