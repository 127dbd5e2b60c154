package cli

import (
	"fmt"

	core "github.com/tokenhouse/tokenhouse/internal/core/ledger"
)

// verified is what tokenhouse log verify prints.
type verified struct {
	core.Report
	Key     string `json:"key,omitempty"` // that signed what was verified
	Trusted bool   `json:"keyGiven"`      // and was known beforehand
}

func (p *program) printVerified(q *verification, v verified) error {
	if v.Faults == nil {
		v.Faults = []core.Fault{}
	}
	if v.Notes == nil {
		v.Notes = []core.Fault{}
	}
	if q.asJSON {
		if err := printJSON(p.out, v); err != nil {
			return err
		}
	} else {
		p.printReport(v)
	}
	if len(v.Faults) > 0 {
		return exitCode(exitFailed)
	}
	return nil
}

func (p *program) printReport(v verified) {
	for _, f := range v.Faults {
		fmt.Fprintf(p.out, "CHANGED  %s%s\n", whereabouts(f), f.Text)
	}
	for _, f := range v.Notes {
		fmt.Fprintf(p.out, "note     %s%s\n", whereabouts(f), f.Text)
	}
	for _, c := range v.Chains {
		fmt.Fprintf(p.out, "realm %s, node %s: records %d to %d\n", c.Realm, c.Node, c.From.Seq+1, c.To.Seq)
	}
	fmt.Fprintf(p.out, "%s, %s, %s\n", count(v.Records, "record"), count(len(v.Chains), "chain"), count(len(v.Faults), "change"))
	if !v.Trusted && v.Key != "" {
		fmt.Fprintf(p.out, "signed with key %s: compare it with the one that tokenhouse log head shows on the server, or give it by --key\n", v.Key)
	}
}

// whereabouts says which record a fault is about.
func whereabouts(f core.Fault) string {
	switch {
	case f.Node == "":
		return ""
	case f.Seq == 0:
		return fmt.Sprintf("realm %s, node %s: ", f.Realm, f.Node)
	}
	return fmt.Sprintf("realm %s, node %s, record %d: ", f.Realm, f.Node, f.Seq)
}
