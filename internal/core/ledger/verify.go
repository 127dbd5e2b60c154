package ledger

import (
	"cmp"
	"fmt"
	"maps"
	"slices"
	"time"
)

// Fault is what shows that somebody changed the log.
type Fault struct {
	Realm string `json:"realm,omitempty"`
	Node  string `json:"node,omitempty"`
	Seq   int64  `json:"seq,omitempty"` // of the record; zero where none can be named
	Text  string `json:"text"`
}

// Verifier looks for changes in lines of chains. Each chain's lines come in their order; chains may be mixed.
// What is signed is told beforehand or at the end, as it comes.
type Verifier struct {
	chains  map[chainID]*walk
	witness map[chainID]map[int64]Hash
	signed  map[chainID]time.Time // when a head was last signed
	files   []Statement           // spans
	faults  []Fault
	notes   []Fault
	records int
}

type chainID struct{ realm, node string }

// walk is how far a chain was read.
type walk struct {
	from, to Link // before the first line, and the last one
	last     Kind
	lastAt   time.Time
	anchored bool // from is known not to hide anything
}

// NewVerifier begins.
func NewVerifier() *Verifier {
	return &Verifier{chains: map[chainID]*walk{}, witness: map[chainID]map[int64]Hash{}, signed: map[chainID]time.Time{}}
}

// Witness tells of a statement, whose signature was verified, by which chains are measured: a head or checkpoint before
// the lines that it is about, a span whenever it comes. A checkpoint lets its chains begin after it.
func (v *Verifier) Witness(s Statement) {
	if s.Says == Span {
		v.files = append(v.files, s)
		return
	}
	for _, c := range s.Chains {
		id := chainID{s.Realm, c.Node}
		if v.witness[id] == nil {
			v.witness[id] = map[int64]Hash{}
		}
		if known, ok := v.witness[id][c.To.Seq]; ok && known != c.To.Hash {
			v.blame(id, c.To.Seq, "two signed statements say different things of it: the chain was written anew")
		}
		v.witness[id][c.To.Seq] = c.To.Hash
		if s.Says == Head && s.At.After(v.signed[id]) {
			v.signed[id] = s.At
		}
		if s.Says == Checkpoint {
			if at := v.chains[id]; at == nil || at.to.Seq < c.To.Seq {
				v.chains[id] = &walk{from: c.To, to: c.To, anchored: true}
			}
		}
	}
}

// Line looks at the next line. Its number is for the fault of one that cannot be read.
func (v *Verifier) Line(number int, line []byte) {
	r, err := Parse(line)
	if err != nil {
		v.faults = append(v.faults, Fault{Text: fmt.Sprintf("line %d: %v", number, err)})
		return
	}
	v.records++
	id := chainID{r.Realm, r.Node}
	at := v.chains[id]
	if at == nil {
		at = &walk{from: Link{r.Seq - 1, r.Prev}, to: Link{r.Seq - 1, r.Prev}, anchored: r.Seq == 1 && r.Prev == Hash{}}
		v.chains[id] = at
		if r.Seq == 1 && r.Prev != (Hash{}) {
			v.blame(id, r.Seq, "it names a record before it, and is the first of its chain")
		}
	}
	v.follow(id, at, r)
	at.to = Link{r.Seq, HashOf(line)}
	if signed, ok := v.witness[id][r.Seq]; ok && signed != at.to.Hash {
		v.blame(id, r.Seq, "it is not the record that was signed")
	}
	if r.Kind == Opened && at.last != "" && at.last != Closed {
		v.notes = append(v.notes, Fault{id.realm, id.node, r.Seq, "the process before it ended without closing the chain, after " +
			at.lastAt.Format(time.RFC3339) + ": what it decided in its last moments may be missing"})
	}
	at.last, at.lastAt = r.Kind, r.At
}

// follow asks that a record follows the one before it.
func (v *Verifier) follow(id chainID, at *walk, r Record) {
	switch {
	case r.Seq == at.to.Seq+2:
		v.blame(id, r.Seq-1, "it is missing")
	case r.Seq > at.to.Seq+1:
		v.blame(id, at.to.Seq+1, fmt.Sprintf("it and what follows up to %d are missing", r.Seq-1))
	case r.Seq <= at.to.Seq:
		v.blame(id, r.Seq, fmt.Sprintf("it stands behind record %d: it was moved or inserted", at.to.Seq))
	case r.Prev != at.to.Hash && at.to.Seq == 0:
		v.blame(id, r.Seq, "it names a record before it, and is the first of its chain")
	case r.Prev != at.to.Hash:
		v.blame(id, r.Seq, fmt.Sprintf("it does not follow from record %d as that is here: one of them was altered", at.to.Seq))
	}
}

func (v *Verifier) blame(id chainID, seq int64, text string) {
	f := Fault{id.realm, id.node, seq, text}
	if !slices.Contains(v.faults, f) {
		v.faults = append(v.faults, f)
	}
}

// Report is what was found.
type Report struct {
	Records int     `json:"records"`
	Chains  []Ended `json:"chains"`
	Faults  []Fault `json:"faults"` // changes; none where all is well
	Notes   []Fault `json:"notes"`  // what is no change, and worth knowing
}

// Ended is a chain, as far as it was read.
type Ended struct {
	Realm string `json:"realm"`
	Reach
}

// SignEvery is how often a process signs the head of each chain that it writes to, whether there is something new or not.
const SignEvery = time.Minute

// silence is after how long without a signature a chain is taken for left.
const silence = 3 * SignEvery

// Left notes which chains were not closed, and signed by nobody for a while: the process that wrote to them has crashed. It
// is asked after the last line, of chains that are whole at their end.
func (v *Verifier) Left(now time.Time) {
	for id, at := range v.chains {
		if at.last == "" || at.last == Closed || now.Sub(v.signed[id]) < silence {
			continue
		}
		v.notes = append(v.notes, Fault{id.realm, id.node, at.to.Seq, "the chain is not closed, and nobody signed it after " +
			v.signed[id].Format(time.RFC3339) + ": what its process decided in its last moments may be missing"})
	}
}

// End compares what was read with what was signed.
func (v *Verifier) End() Report {
	sealed := map[chainID]bool{}
	for _, s := range v.files {
		v.span(s, sealed)
	}
	if len(v.files) == 0 { // a file need not reach as far as the heads that are known
		v.reached()
	}
	out := Report{Records: v.records, Chains: []Ended{}, Notes: v.notes}
	for id, at := range v.chains {
		switch {
		case sealed[id]:
		case len(v.files) > 0:
			v.blame(id, at.to.Seq, "its chain is not among those that the file's last line names: it was inserted")
		case !at.anchored:
			v.blame(id, at.from.Seq+1, "the chain begins with it, and nothing signed says that what was before was dropped")
		}
		_, ended := v.witness[id][at.to.Seq]
		if len(v.files) == 0 && !ended {
			v.blame(id, at.to.Seq, "the chain ends with it, and nothing signed says so: what followed may have been cut off")
		}
		out.Chains = append(out.Chains, Ended{id.realm, Reach{id.node, at.from, at.to}})
	}
	out.Faults = v.faults
	slices.SortFunc(out.Chains, func(a, b Ended) int { return cmp.Or(cmp.Compare(a.Realm, b.Realm), cmp.Compare(a.Node, b.Node)) })
	slices.SortFunc(out.Faults, order)
	slices.SortStableFunc(out.Notes, order)
	return out
}

// reached asks that chains reach as far as was signed.
func (v *Verifier) reached() {
	for id, signed := range v.witness {
		at := v.chains[id]
		last := slices.Max(slices.Collect(maps.Keys(signed)))
		switch {
		case at == nil:
			v.blame(id, last, "it was signed, and nothing of its chain is here")
		case at.to.Seq < last:
			v.blame(id, last, fmt.Sprintf("it was signed, and the chain ends with record %d: the rest was cut off", at.to.Seq))
		}
	}
}

// span compares what was read with the statement about the file.
func (v *Verifier) span(s Statement, sealed map[chainID]bool) {
	for _, c := range s.Chains {
		id := chainID{s.Realm, c.Node}
		sealed[id] = true
		at := v.chains[id]
		switch {
		case at == nil:
			v.blame(id, c.To.Seq, "the file's last line names it, and nothing of its chain is here")
		case at.from.Seq > c.From.Seq:
			v.blame(id, c.From.Seq+1, fmt.Sprintf("it and what follows up to %d are missing at the beginning", at.from.Seq))
		case at.from != c.From:
			v.blame(id, at.from.Seq+1, "it does not follow from what was before the file: it was altered or inserted")
		}
		if at == nil {
			continue
		}
		switch {
		case at.to.Seq < c.To.Seq:
			v.blame(id, at.to.Seq+1, fmt.Sprintf("it and what follows up to %d are missing at the end", c.To.Seq))
		case at.to.Seq > c.To.Seq:
			v.blame(id, c.To.Seq+1, "it stands behind what the file's last line names: it was inserted")
		case at.to.Hash != c.To.Hash:
			v.blame(id, c.To.Seq, "it is not the record that was signed")
		}
	}
}

func order(a, b Fault) int {
	return cmp.Or(cmp.Compare(a.Realm, b.Realm), cmp.Compare(a.Node, b.Node), cmp.Compare(a.Seq, b.Seq), cmp.Compare(a.Text, b.Text))
}
