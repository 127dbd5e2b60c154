package exchange_test

import (
	"testing"

	"github.com/tokenhouse/tokenhouse/internal/core/exchange"
	"github.com/tokenhouse/tokenhouse/internal/keycloak/realmtest"
)

// Every fix with a command, run, makes its refusal vanish.
func TestFixesFix(t *testing.T) {
	for _, tt := range refused {
		t.Run(tt.name, func(t *testing.T) {
			try := func(s *realmtest.Fixture) exchange.Decision { return exchange.Decide(tt.play.request(t, s)) }
			prepared := func() *realmtest.Fixture {
				s := shop(t)
				if tt.setup != "" {
					if err := s.Admin(tt.setup); err != nil {
						t.Fatal(err)
					}
				}
				return s
			}
			s := prepared()
			before := try(s)
			list := exchange.Fixes(tt.play.request(t, s), before)
			if len(list) == 0 {
				t.Fatalf("no fix for %v", before.Refuse)
			}
			for _, fix := range list {
				if fix.Command == "" {
					continue
				}
				s := prepared()
				if err := s.Admin(fix.Command); err != nil {
					t.Fatal(err)
				}
				after := try(s)
				if after.Refuse != nil && after.Refuse.Description == before.Refuse.Description {
					t.Errorf("%s\n%s\nand still: %v", fix.Sentence, fix.Command, after.Refuse)
				}
			}
		})
	}
}

// A resource stands for its client in fixes too: the list that one of them writes has the client in it.
func TestFixesOfAResource(t *testing.T) {
	p := play{Client: "gateway", Subject: ofAlice(), Resource: []string{"urn:client:crm"}}
	q := p.request(t, shop(t))
	list := exchange.Fixes(q, exchange.Decide(q))
	if len(list) == 0 {
		t.Error("no fix")
	}
	for _, fix := range list {
		s := shop(t)
		if fix.Command == "" {
			continue
		}
		if err := s.Admin(fix.Command); err != nil {
			t.Fatal(err)
		}
		if d := exchange.Decide(p.request(t, s)); d.Refuse != nil {
			t.Errorf("%s\n%s\nand then: %v", fix.Sentence, fix.Command, d.Refuse)
		}
	}
}

func TestFixesOfAGrant(t *testing.T) {
	q := play{Client: "gateway", Subject: ofAlice()}.request(t, shop(t))
	if list := exchange.Fixes(q, exchange.Decide(q)); len(list) != 0 {
		t.Errorf("fixes for what is granted: %v", list)
	}
}
