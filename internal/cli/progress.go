package cli

import (
	"fmt"
	"io"
	"os"
	"time"

	"golang.org/x/term"
)

// progress shows on a terminal how far an import is; elsewhere it says nothing.
type progress struct {
	out   io.Writer // nil: nobody watches
	shown time.Time
	begun bool
}

// progress writes to the error stream where that is a terminal.
func (p *program) progress() *progress {
	if f, ok := p.err.(*os.File); ok && term.IsTerminal(int(f.Fd())) {
		return &progress{out: f}
	}
	return &progress{}
}

// progressEvery is how often a line is drawn anew.
const progressEvery = 100 * time.Millisecond

// users draws how many users of a realm went in.
func (g *progress) users(realm string, n, of int) {
	if g.out == nil || n < of && time.Since(g.shown) < progressEvery {
		return
	}
	g.shown, g.begun = time.Now(), true
	fmt.Fprintf(g.out, "\r\x1b[Krealm %s: %d of %s (%d %%)", realm, n, count(of, "user"), n*100/max(of, 1))
}

// end removes the line.
func (g *progress) end() {
	if g.begun {
		fmt.Fprint(g.out, "\r\x1b[K")
	}
}
