package browsertest

import (
	"context"
	"errors"
	"fmt"
	"testing"

	"github.com/chromedp/cdproto"
	"github.com/chromedp/chromedp"
)

// TestTake: a step that met a node whose number was given anew is taken again; any other failure is the step's.
func TestTake(t *testing.T) {
	b := Open(t)
	for _, c := range []struct {
		name  string
		err   error
		taken int
	}{
		{"numbered anew", &cdproto.Error{Code: -32000, Message: "Could not find node with given id"}, 2},
		{"wrapped", fmt.Errorf("click: %w", &cdproto.Error{Code: -32000, Message: "No node with given id found"}), 2},
		{"other complaint", &cdproto.Error{Code: -32000, Message: "Could not compute box model."}, 1},
		{"other kind", errors.New("Could not find node with given id"), 1},
	} {
		t.Run(c.name, func(t *testing.T) {
			taken := 0
			err := b.take(func(context.Context, *chromedp.Target) (chromedp.Void, error) {
				if taken++; taken == 1 {
					return chromedp.Void{}, c.err
				}
				return chromedp.Void{}, nil
			})
			if taken != c.taken || (err == nil) != (c.taken == 2) {
				t.Errorf("taken %d times: %v", taken, err)
			}
		})
	}
}
