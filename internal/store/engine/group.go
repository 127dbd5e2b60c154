package engine

import (
	"cmp"
	"context"
	"slices"
	"time"
)

// group is what is committed together.
type group struct {
	writes []*waiting
	queued []Statement
	all    []*Statement // of both, in the order they run
}

func (g *group) reset() {
	clear(g.writes)
	clear(g.queued)
	clear(g.all)
	g.writes, g.queued, g.all = g.writes[:0], g.queued[:0], g.all[:0]
}

// await takes the first write. Queued statements alone wait a little for others: nobody waits for
// them, and a commit costs as much for one as for a hundred. It is false when nothing will come.
func (w *writer) await(g *group, queue <-chan Statement) bool {
	var late <-chan time.Time
	for {
		select {
		case p := <-w.writes:
			g.writes = append(g.writes, p)
			return true
		case s := <-queue:
			g.queued = append(g.queued, s)
			if len(g.queued) == largestLater {
				return true
			}
			if late == nil {
				late = time.After(linger)
			}
		case <-late:
			return true
		case <-w.closing:
			w.fill(g, queue)
			return len(g.writes)+len(g.queued) > 0
		}
	}
}

// gather waits a little until a group that has a write has as many as the last one, whose callers may be about
// to write again: a commit costs as much for one as for all of them. Who writes alone never waits.
func (w *writer) gather(g *group, company int) {
	if len(g.writes) == 0 || len(g.writes) >= company {
		return
	}
	late := time.NewTimer(courtesy)
	defer late.Stop()
	for len(g.writes) < company {
		select {
		case p := <-w.writes:
			g.writes = append(g.writes, p)
		case <-late.C:
			return
		case <-w.closing:
			return
		}
	}
}

// fill takes what else is there, without waiting.
func (w *writer) fill(g *group, queue <-chan Statement) {
	for len(g.writes) < largestGroup {
		select {
		case p := <-w.writes:
			g.writes = append(g.writes, p)
			continue
		default:
		}
		break
	}
	for len(g.queued) < largestLater {
		select {
		case s := <-queue:
			g.queued = append(g.queued, s)
			continue
		default:
		}
		break
	}
}

func (w *writer) commit(g *group) {
	slices.SortStableFunc(g.writes, func(a, b *waiting) int { return cmp.Compare(a.Lock, b.Lock) })
	for i := range g.queued {
		g.all = append(g.all, &g.queued[i])
	}
	for _, p := range g.writes {
		for i := range p.Statements {
			g.all = append(g.all, &p.Statements[i])
		}
	}
	for _, p := range g.writes {
		for i := range p.Last {
			g.all = append(g.all, &p.Last[i])
		}
	}
	err := w.apply(g.all)
	switch {
	case err == nil:
		for _, p := range g.writes {
			p.finish(nil)
		}
	case w.dialect.isRefused(err) && !w.dialect.isTransient(err) && len(g.writes)+len(g.queued) > 1:
		w.each(g) // one of them is at fault: the others must not suffer
	default:
		for _, p := range g.writes {
			p.finish(err)
		}
		w.retry(g.queued, err)
	}
	w.settled.add(len(g.queued))
}

// each commits every member of a group alone.
func (w *writer) each(g *group) {
	for _, p := range g.writes {
		var all []*Statement
		for i := range p.Statements {
			all = append(all, &p.Statements[i])
		}
		for i := range p.Last {
			all = append(all, &p.Last[i])
		}
		p.finish(w.apply(all))
	}
	for i := range g.queued {
		if err := w.apply([]*Statement{&g.queued[i]}); err != nil {
			w.lose(1, err)
		}
	}
}

// retry writes queued statements that failed with the whole group, as when the database restarts.
func (w *writer) retry(queued []Statement, err error) {
	if len(queued) == 0 {
		return
	}
	all := make([]*Statement, len(queued))
	for i := range queued {
		all[i] = &queued[i]
	}
	for attempt := 6; attempt <= 12 && err != nil; attempt++ { // about two seconds
		if pause(context.Background(), attempt) == nil {
			err = w.apply(all)
		}
	}
	if err != nil {
		w.lose(len(queued), err)
	}
}

func (w *writer) lose(n int, err error) {
	w.log.Error("queued statements could not be written and are lost", "count", n, "error", err)
}

// apply runs statements in one transaction, again where the reason for failing passes.
func (w *writer) apply(all []*Statement) error {
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	defer cancel()
	for attempt := 1; ; attempt++ {
		err := w.backend.apply(ctx, all)
		if err == nil || attempt == 5 || !w.dialect.isTransient(err) {
			return err
		}
		if pause(ctx, attempt) != nil {
			return err
		}
	}
}
