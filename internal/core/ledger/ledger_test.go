package ledger_test

import (
	"bytes"
	"crypto/ed25519"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/tokenhouse/tokenhouse/internal/core/ledger"
)

var (
	noon = time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)
	key  = ed25519.NewKeyFromSeed([]byte(strings.Repeat("k", 32)))
	pub  = key.Public().(ed25519.PublicKey)
)

// chain is what a node wrote, and how it is signed.
type chain struct {
	node  string
	lines [][]byte
	ends  []ledger.Link // after each line
}

func write(t testing.TB, node string, bodies ...string) *chain {
	t.Helper()
	c := &chain{node: node}
	for i, body := range bodies {
		kind := ledger.Decided
		switch body {
		case "opened":
			kind, body = ledger.Opened, ""
		case "closed":
			kind, body = ledger.Closed, ""
		}
		line, end, err := ledger.Next(c.end(), ledger.Place{Realm: "shop-key", Node: node, At: noon.Add(time.Duration(i) * time.Second)}, kind, []byte(body))
		if err != nil {
			t.Fatal(err)
		}
		c.lines, c.ends = append(c.lines, line), append(c.ends, end)
	}
	return c
}

func (c *chain) end() ledger.Link {
	if len(c.ends) == 0 {
		return ledger.Link{}
	}
	return c.ends[len(c.ends)-1]
}

// says is a signed statement about the chain up to record seq, read again.
func (c *chain) says(t testing.TB, what ledger.Says, seq int) ledger.Statement {
	t.Helper()
	line, err := ledger.Statement{Says: what, Realm: "shop-key", At: noon, Chains: []ledger.Reach{{Node: c.node, To: c.ends[seq-1]}}}.Sign(key)
	if err != nil {
		t.Fatal(err)
	}
	s, err := ledger.ReadStatement(line, pub)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

var six = []string{"opened", `{"n":1}`, `{"n":2}`, `{"n":3}`, `{"n":4}`, "closed"}

func verify(lines [][]byte, statements ...ledger.Statement) ledger.Report {
	v := ledger.NewVerifier()
	for _, s := range statements {
		v.Witness(s)
	}
	for i, line := range lines {
		v.Line(i+1, line)
	}
	return v.End()
}

// Whatever somebody does to the lines of two chains is found; that nobody did anything, too.
func TestChanges(t *testing.T) {
	a, b := write(t, "a", six...), write(t, "b", six...)
	all := slices.Concat(a.lines, b.lines)
	heads := []ledger.Statement{a.says(t, ledger.Head, 6), b.says(t, ledger.Head, 6)}
	if r := verify(all, heads...); len(r.Faults)+len(r.Notes) > 0 || r.Records != 12 || len(r.Chains) != 2 {
		t.Fatalf("as written: %+v", r)
	}
	mustFind := func(what string, lines [][]byte) {
		t.Helper()
		if r := verify(lines, heads...); len(r.Faults) == 0 {
			t.Errorf("%s: not found", what)
		}
	}
	for i := range all {
		mustFind(fmt.Sprint("line removed: ", i), slices.Delete(slices.Clone(all), i, i+1))
		mustFind(fmt.Sprint("line twice: ", i), slices.Insert(slices.Clone(all), i, all[i]))
		if i+1 < len(all) && i != 5 {
			swapped := slices.Clone(all)
			swapped[i], swapped[i+1] = all[i+1], all[i]
			mustFind(fmt.Sprint("lines swapped: ", i), swapped)
		}
		for at := range all[i] {
			altered := slices.Clone(all)
			altered[i] = slices.Clone(all[i])
			altered[i][at] ^= 1
			mustFind(fmt.Sprintf("line %d, byte %d", i, at), altered)
		}
	}
	for n := range 6 {
		mustFind(fmt.Sprint("tail cut off to ", n), slices.Concat(a.lines[:n], b.lines))
	}
	mustFind("head of a chain removed", slices.Concat(a.lines[2:], b.lines))
	mustFind("a line of the other node in place of one", slices.Concat(a.lines[:3], b.lines[3:4], a.lines[4:], b.lines))
	other := write(t, "a", "opened", `{"n":1}`, `{"n":9}`, `{"n":3}`, `{"n":4}`, "closed")
	mustFind("the chain written anew from record 3 on", slices.Concat(other.lines, b.lines))
	more := write(t, "a", append(slices.Clone(six), `{"n":5}`)...)
	mustFind("a record added behind the head", slices.Concat(more.lines, b.lines))
}

// What is cut off together with its head is found by a head that was kept elsewhere, and by nothing else.
func TestWitness(t *testing.T) {
	c := write(t, "a", six...)
	if r := verify(c.lines[:3], c.says(t, ledger.Head, 3)); len(r.Faults) != 0 {
		t.Errorf("faults %v: nothing here knows of more", r.Faults)
	}
	r := verify(c.lines[:3], c.says(t, ledger.Head, 3), c.says(t, ledger.Head, 5))
	if len(r.Faults) != 1 || !strings.Contains(r.Faults[0].Text, "cut off") || r.Faults[0].Seq != 5 {
		t.Errorf("faults %+v", r.Faults)
	}
	other := write(t, "a", "opened", `{"n":9}`, `{"n":2}`)
	r = verify(other.lines, other.says(t, ledger.Head, 3), c.says(t, ledger.Head, 2))
	if len(r.Faults) != 1 || r.Faults[0].Seq != 2 {
		t.Errorf("written anew: %+v", r.Faults)
	}
	if r := verify(nil, c.says(t, ledger.Head, 2)); len(r.Faults) != 1 {
		t.Errorf("a chain that is gone: %+v", r.Faults)
	}
}

// A checkpoint lets a chain begin after it, and nowhere else.
func TestCheckpoint(t *testing.T) {
	c := write(t, "a", six...)
	head, dropped := c.says(t, ledger.Head, 6), c.says(t, ledger.Checkpoint, 2)
	if r := verify(c.lines[2:], dropped, head); len(r.Faults) > 0 {
		t.Errorf("%+v", r.Faults)
	}
	for what, lines := range map[string][][]byte{"less than is there": c.lines[1:], "more than was dropped": c.lines[3:], "all": nil} {
		if r := verify(lines, dropped, head); len(r.Faults) == 0 {
			t.Errorf("%s: not found", what)
		}
	}
	if r := verify(c.lines[2:], head); len(r.Faults) == 0 {
		t.Error("without its checkpoint: not found")
	}
	if r := verify(nil, c.says(t, ledger.Checkpoint, 6), head); len(r.Faults) > 0 {
		t.Errorf("all dropped: %+v", r.Faults)
	}
}

// A file holds what its last line says, no less and no more.
func TestSpan(t *testing.T) {
	c := write(t, "a", six...)
	line, err := ledger.Statement{Says: ledger.Span, Realm: "shop-key", At: noon, Chains: []ledger.Reach{{Node: "a", From: c.ends[0], To: c.ends[3]}}}.Sign(key)
	if err != nil {
		t.Fatal(err)
	}
	span, err := ledger.ReadStatement(line, pub)
	if err != nil {
		t.Fatal(err)
	}
	if r := verify(c.lines[1:4], span, c.says(t, ledger.Head, 6), c.says(t, ledger.Head, 2)); len(r.Faults) > 0 {
		t.Errorf("%+v", r.Faults)
	}
	b := write(t, "b", six...)
	for what, lines := range map[string][][]byte{"begins later": c.lines[2:4], "ends earlier": c.lines[1:3], "ends later": c.lines[1:5], "begins earlier": c.lines[:4],
		"nothing": nil, "another chain": slices.Concat(c.lines[1:4], b.lines)} {
		if r := verify(lines, span); len(r.Faults) == 0 {
			t.Errorf("%s: not found", what)
		}
	}
}

func TestProcessThatDidNotClose(t *testing.T) {
	c := write(t, "a", "opened", `{"n":1}`, "opened", "closed", "opened")
	r := verify(c.lines, c.says(t, ledger.Head, 5))
	if len(r.Faults) > 0 || len(r.Notes) != 1 || r.Notes[0].Seq != 3 {
		t.Errorf("%+v", r)
	}
}

func TestStatementsCannotBeAltered(t *testing.T) {
	c := write(t, "a", six...)
	line, err := ledger.Statement{Says: ledger.Head, Realm: "shop-key", At: noon, Chains: []ledger.Reach{{Node: "a", To: c.end()}}}.Sign(key)
	if err != nil {
		t.Fatal(err)
	}
	if !ledger.IsStatement(line) || ledger.IsStatement(c.lines[0]) {
		t.Error("a statement is not told from a record")
	}
	for at := range line {
		altered := slices.Clone(line)
		altered[at] ^= 1
		if _, err := ledger.ReadStatement(altered, pub); err == nil {
			t.Errorf("byte %d: %s", at, altered)
		}
	}
	other := ed25519.NewKeyFromSeed([]byte(strings.Repeat("o", 32)))
	if _, err := ledger.ReadStatement(line, other.Public().(ed25519.PublicKey)); err == nil {
		t.Error("another's key is good enough")
	}
}

// What Parse accepts is what Next writes: no second way to write a record has another hash.
func FuzzParse(f *testing.F) {
	for _, line := range write(f, "a", six...).lines {
		f.Add(line)
	}
	f.Add([]byte(`{"v":1,"realm":"r","node":"n","seq":1,"at":"2026-03-01T12:00:00Z","prev":"","kind":"opened"}`))
	f.Add([]byte(`{"v":2}`))
	f.Add([]byte("{\"v\":1,\"v\":1}"))
	f.Fuzz(func(t *testing.T, line []byte) {
		r, err := ledger.Parse(line)
		if err != nil {
			return
		}
		again, _, err := ledger.Next(ledger.Link{Seq: r.Seq - 1, Hash: r.Prev}, ledger.Place{Realm: r.Realm, Node: r.Node, At: r.At}, r.Kind, r.Body)
		if err != nil || !bytes.Equal(again, line) {
			t.Errorf("%q is accepted, and written as %q (%v)", line, again, err)
		}
	})
}

func FuzzReadStatement(f *testing.F) {
	c := write(f, "a", six...)
	line, err := ledger.Statement{Says: ledger.Span, Realm: "r", At: noon, Chains: []ledger.Reach{{Node: "a", From: c.ends[0], To: c.end()}}}.Sign(key)
	if err != nil {
		f.Fatal(err)
	}
	f.Add(line)
	f.Fuzz(func(t *testing.T, given []byte) {
		if s, err := ledger.ReadStatement(given, pub); err == nil && !bytes.Equal(given, line) {
			t.Errorf("accepted: %+v", s)
		}
	})
}
