package ledger

import (
	"context"
	"errors"
	"time"

	"github.com/tokenhouse/tokenhouse/internal/core/fault"
	"github.com/tokenhouse/tokenhouse/internal/core/ledger"
)

// end is a chain that this process writes to.
type end struct {
	node   string
	link   ledger.Link
	opened bool      // this process wrote to it
	kept   time.Time // when a head was kept last
	signed time.Time // when one was signed last
}

// write adds entries to this process's chain of a realm, and tries until that is done.
func (l *Log) write(ctx context.Context, realmKey string, entries []entry) {
	var b *ledger.Batch // the same each time, so that one which was written though it seemed to fail is known again
	for wait, told := shortest, false; ; wait = min(2*wait, longest) {
		var err error
		if b == nil {
			b, err = l.batch(ctx, realmKey, entries)
		}
		if err == nil {
			err = l.extend(ctx, b)
		}
		if err == nil {
			return
		}
		if errors.Is(err, fault.ErrStale) {
			if l.reclaim(ctx, b) {
				return
			}
			b = nil
		}
		if !told {
			l.Log.Error("the decision log cannot be written; trying on", "realm", realmKey, "cause", err)
			told = true
		}
		select {
		case <-ctx.Done():
			l.Log.Error("decisions are lost: the server ended before they could be written", "realm", realmKey, "count", len(entries))
			return
		case <-time.After(wait):
		}
	}
}

// batch is what is to be written of entries.
func (l *Log) batch(ctx context.Context, realmKey string, entries []entry) (*ledger.Batch, error) {
	at, err := l.claimed(ctx, realmKey)
	if err != nil {
		return nil, err
	}
	b := &ledger.Batch{Realm: realmKey, Node: at.node, Owner: l.Owner, After: at.link, End: at.link, Keep: l.Now().Sub(at.kept) >= keepEvery}
	if !at.opened {
		err = l.add(b, l.Now(), ledger.Opened, nil)
	}
	for _, e := range entries {
		if err == nil {
			err = l.add(b, e.at, ledger.Decided, e.body)
		}
	}
	if err == nil {
		err = l.sign(b)
	}
	return b, err
}

// release closes this process's chain of a realm.
func (l *Log) release(ctx context.Context, realmKey string) error {
	at := l.ends[realmKey]
	b := &ledger.Batch{Realm: realmKey, Node: at.node, Owner: l.Owner, After: at.link, End: at.link, Keep: true, Release: true}
	if err := l.add(b, l.Now(), ledger.Closed, nil); err != nil {
		return err
	}
	if err := l.sign(b); err != nil {
		return err
	}
	return l.extend(ctx, b)
}

// renew signs the heads anew that were signed a while ago: they tell that this process runs, and that there is nothing
// else up to now. One that cannot be written is signed the next time.
func (l *Log) renew(ctx context.Context) {
	for key, at := range l.ends {
		if !at.opened || l.Now().Sub(at.signed) < ledger.SignEvery {
			continue
		}
		b := &ledger.Batch{Realm: key, Node: at.node, Owner: l.Owner, After: at.link, End: at.link}
		err := l.sign(b)
		if err == nil {
			err = l.extend(ctx, b)
		}
		if errors.Is(err, fault.ErrStale) {
			delete(l.ends, key) // gone with its realm, or not as it was left: what comes next looks for it
		}
		if err != nil {
			l.Log.Error("the head of a chain of the decision log was not signed anew", "realm", key, "cause", err)
		}
	}
}

func (l *Log) add(b *ledger.Batch, at time.Time, kind ledger.Kind, body []byte) error {
	text, next, err := ledger.Next(b.End, ledger.Place{Realm: b.Realm, Node: b.Node, At: at}, kind, body)
	if err != nil {
		return err
	}
	b.Lines = append(b.Lines, ledger.Line{Seq: next.Seq, At: at, Text: text})
	b.End = next
	return nil
}

func (l *Log) sign(b *ledger.Batch) (err error) {
	b.Head, err = ledger.Statement{Says: ledger.Head, Realm: b.Realm, At: l.Now(), Chains: []ledger.Reach{{Node: b.Node, To: b.End}}}.Sign(l.Key)
	return err
}

func (l *Log) extend(ctx context.Context, b *ledger.Batch) error {
	if err := l.Chains.ExtendChain(ctx, *b); err != nil {
		return err
	}
	l.extended(b)
	return nil
}

func (l *Log) extended(b *ledger.Batch) {
	at := l.ends[b.Realm]
	at.link, at.opened, at.signed = b.End, true, l.Now()
	if b.Keep {
		at.kept = l.Now()
	}
}

// claimed is this process's chain of a realm.
func (l *Log) claimed(ctx context.Context, realmKey string) (*end, error) {
	if at := l.ends[realmKey]; at != nil {
		return at, nil
	}
	node, link, err := l.Chains.ClaimChain(ctx, realmKey, l.Node, l.Owner)
	if err != nil {
		return nil, err
	}
	at := &end{node: node, link: link}
	l.ends[realmKey] = at
	return at, nil
}

// reclaim looks at a chain anew that does not end where a batch begins, and tells whether that is because the batch was
// written after all.
func (l *Log) reclaim(ctx context.Context, b *ledger.Batch) (written bool) {
	delete(l.ends, b.Realm)
	at, err := l.claimed(ctx, b.Realm)
	if err != nil {
		return false
	}
	if at.node == b.Node && at.link == b.End {
		l.extended(b)
		return true
	}
	l.Log.Error("this process's chain of the decision log is not as it left it", "realm", b.Realm, "node", b.Node)
	return false
}
