package exchange

import (
	"fmt"

	"github.com/tokenhouse/tokenhouse/internal/core/explain"
	"github.com/tokenhouse/tokenhouse/internal/core/realm"
)

// Fixes are changes each of which makes the refusal of d vanish; another rule may refuse then. Where
// configuration can change it there is a command to run. Where the request itself is at fault, a sentence
// says what to send instead.
func Fixes(q Request, d Decision) []explain.Fix {
	fix := fixes[d.Rule]
	if d.Refuse == nil || fix == nil {
		return nil
	}
	s := begin(q)
	s.kind = requestedType(q)
	if s.Subject != nil && s.Subject.Token != nil {
		_ = resourced(s, nil) // makes the resources audiences; where they are at fault, d says so
	}
	return fix(s, d)
}

var fixes = map[explain.Rule]func(*state, Decision) []explain.Fix{
	explain.ExchangeUnsupported:   fixUnsupported,
	explain.ExchangeActor:         fixActor,
	explain.ExchangeDelegation:    fixDelegation,
	explain.ExchangeImpersonation: fixImpersonation,
	explain.ExchangeEnabled:       fixEnabled,
	explain.ExchangeIssuer:        fixIssuer,
	explain.ExchangeLink:          fixLink,
	explain.ExchangeStored:        fixStored,
	explain.ExchangeSubject:       fixSubject,
	explain.PolicyDemand:          fixPolicy,
	explain.ExchangeProof:         fixProof,
	explain.ExchangeType:          fixType,
	explain.ExchangeTarget:        fixTarget,
	explain.ExchangePublic:        fixPublic,
	explain.ExchangeHolder:        fixHolder,
	explain.ExchangeResource:      fixResource,
	explain.ExchangeScope:         fixScope,
	explain.ExchangeSession:       fixSession,
	explain.ExchangeConsent:       fixConsent,
	explain.ExchangePermitted:     fixPermitted,
	explain.ExchangeAccepts:       fixAccepts,
	explain.ExchangeChain:         fixChain,
	explain.ExchangeCycle:         fixCycle,
	explain.AudienceRequested:     fixReachable,
}

const (
	attributeEnabled   = "standard.token.exchange.enabled"
	attributeRefresh   = "standard.token.exchange.enableRefreshRequestedTokenType"
	attributeUse       = "use.refresh.tokens"
	attributeIssuers   = "tokenhouse.exchange.issuers"
	attributeExternal  = "tokenhouse.exchange.external"
	attributePublic    = "tokenhouse.exchange.public"
	attributePermitted = "tokenhouse.exchange.permitted"
	attributeAccepts   = "tokenhouse.exchange.accepts"
	attributeChain     = "tokenhouse.exchange.chain-limit"
	attributeCycles    = "tokenhouse.exchange.refuse-cycles"
	attributeResources = "tokenhouse.resources"
)

// set is the command that changes a client.
func (s *state) set(c *realm.Client, settings ...explain.Setting) string {
	return explain.Command("update", "clients/"+c.Key, s.Realm.Name, settings...)
}

// do is a fix by commands, all of which are needed.
func do(sentence string, commands ...string) []explain.Fix {
	return []explain.Fix{{Sentence: sentence, Command: explain.All(commands...)}}
}

// say is a fix that only who asks can make.
func say(format string, args ...any) []explain.Fix {
	return []explain.Fix{{Sentence: fmt.Sprintf(format, args...)}}
}
