package ledger

import (
	"bufio"
	"context"
	"crypto/ed25519"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"time"

	"github.com/tokenhouse/tokenhouse/internal/core/decision"
	"github.com/tokenhouse/tokenhouse/internal/core/ledger"
)

// Lines are the chains of a store, line by line.
type Lines interface {
	LogLines(ctx context.Context, q ledger.Selection, line func([]byte) error) error
	LogChains(ctx context.Context, realmKey string, head, line func([]byte) error) error
}

// Export writes the records of a selection, one a line, and a signed statement of what they are as the last.
func Export(ctx context.Context, from Lines, q ledger.Selection, key ed25519.PrivateKey, now time.Time, w io.Writer) error {
	said := ledger.Statement{Says: ledger.Span, Realm: q.Realm, At: now, Since: q.Since.UTC(), Until: q.Until.UTC()}
	out := bufio.NewWriter(w)
	err := from.LogLines(ctx, q, func(line []byte) error {
		r, err := ledger.Parse(line)
		if err != nil {
			return fmt.Errorf("the log holds what is no record (tokenhouse log verify says where): %w", err)
		}
		if n := len(said.Chains); n == 0 || said.Chains[n-1].Node != r.Node {
			said.Chains = append(said.Chains, ledger.Reach{Node: r.Node, From: ledger.Link{Seq: r.Seq - 1, Hash: r.Prev}})
		}
		said.Chains[len(said.Chains)-1].To = ledger.Link{Seq: r.Seq, Hash: ledger.HashOf(line)}
		return writeLine(out, line)
	})
	if err != nil {
		return err
	}
	last, err := said.Sign(key)
	if err != nil {
		return err
	}
	return errors.Join(writeLine(out, last), out.Flush())
}

func writeLine(w *bufio.Writer, line []byte) error {
	_, err := w.Write(append(line, '\n'))
	return err
}

// VerifyStore looks for changes in the chains of a realm, of all where the key is empty. What was signed has to be signed
// with the key. witnesses are heads that were kept elsewhere, read with ReadWitnesses.
func VerifyStore(ctx context.Context, from Lines, realmKey string, key ed25519.PublicKey, witnesses []ledger.Statement, now time.Time) (ledger.Report, error) {
	v := ledger.NewVerifier()
	for _, s := range witnesses {
		if realmKey == "" || s.Realm == realmKey {
			v.Witness(s)
		}
	}
	var forged []ledger.Fault
	n := 0
	err := from.LogChains(ctx, realmKey, func(head []byte) error {
		s, err := ledger.ReadStatement(head, key)
		if err != nil {
			forged = append(forged, ledger.Fault{Realm: realmKey, Text: fmt.Sprintf("a head or checkpoint of the database: %v", err)})
			return nil
		}
		v.Witness(s)
		return nil
	}, func(line []byte) error {
		n++
		v.Line(n, line)
		return nil
	})
	v.Left(now)
	report := v.End()
	report.Faults = append(report.Faults, forged...)
	return report, err
}

// VerifyFile looks for changes in an export. With an empty key the last line's own is believed: see
// ledger.ReadStatement. signedBy is the key that signed it.
func VerifyFile(r io.Reader, key ed25519.PublicKey, witnesses []ledger.Statement) (report ledger.Report, signedBy string, err error) {
	v := ledger.NewVerifier()
	for _, s := range witnesses {
		if s.Says == ledger.Head {
			v.Witness(s)
		}
	}
	var faults []ledger.Fault
	n := 0
	err = eachLine(r, func(line []byte) error {
		n++
		if !ledger.IsStatement(line) {
			v.Line(n, line)
			return nil
		}
		s, err := ledger.ReadStatement(line, key)
		if err != nil {
			faults = append(faults, ledger.Fault{Text: fmt.Sprintf("line %d: %v", n, err)})
			return nil
		}
		signedBy = s.Key
		v.Witness(s)
		return nil
	})
	report = v.End()
	report.Faults = append(report.Faults, faults...)
	if signedBy == "" && len(faults) == 0 {
		report.Faults = append(report.Faults, ledger.Fault{Text: "the last line is missing, which says what the file holds"})
	}
	return report, signedBy, err
}

// ReadWitnesses reads signed heads, one a line, as tokenhouse log head prints them. One that is not signed with the key is
// an error: it is no witness.
func ReadWitnesses(r io.Reader, key ed25519.PublicKey) (out []ledger.Statement, err error) {
	n := 0
	err = eachLine(r, func(line []byte) error {
		n++
		s, err := ledger.ReadStatement(line, key)
		if err != nil {
			return fmt.Errorf("line %d: %w", n, err)
		}
		out = append(out, s)
		return nil
	})
	return out, err
}

// Decisions calls each for the decisions of an export, in the order of the file. It verifies nothing.
func Decisions(r io.Reader, each func(ledger.Record, decision.Record) error) error {
	n := 0
	return eachLine(r, func(line []byte) error {
		n++
		if ledger.IsStatement(line) {
			return nil
		}
		if err := decide(line, each); err != nil {
			return fmt.Errorf("line %d: %w", n, err)
		}
		return nil
	})
}

// decide reads a record, and passes on the decision in it where there is one.
func decide(line []byte, each func(ledger.Record, decision.Record) error) error {
	r, err := ledger.Parse(line)
	if err != nil || r.Kind != ledger.Decided {
		return err
	}
	var d decision.Record
	if err := json.Unmarshal(r.Body, &d); err != nil {
		return errors.New("its body is no decision")
	}
	return each(r, d)
}

// longestLine is how long a line of a file may be, in bytes: somewhat more than that of a record.
const longestLine = 2 << 20

func eachLine(r io.Reader, each func([]byte) error) error {
	lines := bufio.NewScanner(r)
	lines.Buffer(nil, longestLine)
	for lines.Scan() {
		if len(lines.Bytes()) == 0 {
			continue
		}
		if err := each(lines.Bytes()); err != nil {
			return err
		}
	}
	return lines.Err()
}
