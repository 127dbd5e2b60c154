package grant_test

import (
	"encoding/json"
	"errors"

	"github.com/google/uuid"

	"github.com/tokenhouse/tokenhouse/internal/core/fault"
	"github.com/tokenhouse/tokenhouse/internal/flow/broker"
	"github.com/tokenhouse/tokenhouse/internal/flow/police"
	"github.com/tokenhouse/tokenhouse/internal/flow/rehearse"
	"github.com/tokenhouse/tokenhouse/internal/flow/verify"
)

// explained is what explains says of an assertion of gateway's with these claims: "" where it would be taken, or why it would be refused.
func (w *world) explained(claims map[string]any, typ, scope string) string {
	w.t.Helper()
	r, err := w.store.Realm(w.t.Context(), "shop")
	if err != nil {
		w.t.Fatal(err)
	}
	text, err := json.Marshal(claims)
	if err != nil {
		w.t.Fatal(err)
	}
	q := rehearse.Question{Client: "gateway", Claims: text, Header: rehearse.Header{Type: typ, Algorithm: "EdDSA"}}
	if scope != "" {
		q.Scope = &scope
	}
	stage := rehearse.Stage{Realm: r, People: w.store, Policies: police.Judge{Kept: w.store}, Base: base, Now: w.clock(),
		Abroad:    broker.Outlook{Realms: w.store, Kept: w.store, Users: w.store, Tokens: w.store, Now: w.clock, NewID: uuid.NewString},
		Obstacles: verify.Obstacles{Lockouts: w.Lockouts, Credentials: w.store, Duties: w.Duties}}
	a, err := stage.AnswerAssertion(w.t.Context(), q)
	if _, invalid := errors.AsType[*fault.Invalid](err); invalid {
		return unreadable
	}
	if err != nil {
		w.t.Fatal(err)
	}
	if !a.Granted && len(a.Fixes) == 0 {
		w.t.Errorf("no fix for %q", a.Description)
	}
	return a.Description
}
