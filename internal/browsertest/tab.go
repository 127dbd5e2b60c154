// Package browsertest gives tests a headless Chromium. Tests skip where the machine has none, unless TEST_REQUIRE_TOOLS
// is 1: then they fail.
package browsertest

import (
	"context"
	"errors"
	"os"
	"os/exec"
	"strings"
	"testing"
	"time"

	"github.com/chromedp/cdproto"
	"github.com/chromedp/chromedp"
)

// StepTime is how long a step in a browser may take.
const StepTime = 30 * time.Second

// Tab is a tab of a browser.
type Tab struct {
	*testing.T
	ctx context.Context
}

// Open is a tab of a browser that was never used before. It closes with the test.
func Open(t *testing.T, options ...chromedp.ExecAllocatorOption) *Tab {
	t.Helper()
	program, err := exec.LookPath("chromium")
	if err != nil {
		if os.Getenv("TEST_REQUIRE_TOOLS") == "1" {
			t.Fatal(err)
		}
		t.Skip("chromium is not installed")
	}
	all := append(chromedp.DefaultExecAllocatorOptions[:], chromedp.ExecPath(program), chromedp.NoSandbox,
		chromedp.Flag("ignore-certificate-errors", true), chromedp.Flag("hide-scrollbars", true))
	ctx, cancel := chromedp.NewExecAllocator(t.Context(), append(all, options...)...)
	t.Cleanup(cancel)
	return open(t, ctx)
}

// Another is another tab of the same browser. It closes with t, which may be a part of the tab's own test.
func (b *Tab) Another(t *testing.T) *Tab {
	t.Helper()
	return open(t, b.ctx)
}

func open(t *testing.T, parent context.Context) *Tab {
	t.Helper()
	ctx, cancel := chromedp.NewContext(parent)
	t.Cleanup(cancel)
	if err := chromedp.Do(ctx); err != nil { // begins it, before time counts
		t.Fatal(err)
	}
	return &Tab{t, ctx}
}

// In is the same tab for a part of a test.
func (b *Tab) In(t *testing.T) *Tab { return &Tab{t, b.ctx} }

// Do takes steps, one after the other.
func (b *Tab) Do(steps ...chromedp.Action[chromedp.Void]) {
	b.Helper()
	for i, step := range steps {
		if err := b.take(step); err != nil {
			page, _ := try[string](b, `location.href + "\n" + document.documentElement.outerHTML`)
			b.Fatalf("step %d: %v at %s", i, err, page)
		}
	}
}

// take takes a step. A page that has just come may number its nodes anew between the search for a node and its use: the
// step has done nothing then, and is taken again.
func (b *Tab) take(step chromedp.Action[chromedp.Void]) error {
	ctx, cancel := context.WithTimeout(b.ctx, StepTime)
	defer cancel()
	for {
		err := chromedp.Do(ctx, step)
		if !renumbered(err) {
			return err
		}
		select {
		case <-ctx.Done():
			return err
		case <-time.After(50 * time.Millisecond):
		}
	}
}

// renumbered tells whether the browser does not know a node by the number it gave it.
func renumbered(err error) bool {
	var refused *cdproto.Error
	return errors.As(err, &refused) && refused.Code == -32000 &&
		(strings.HasPrefix(refused.Message, "Could not find node with given id") || strings.HasPrefix(refused.Message, "No node with given id"))
}

// SignIn fills in the form for name and password.
func (b *Tab) SignIn(name, password string) {
	b.Helper()
	b.Do(chromedp.WaitVisible("#kc-form-login"), chromedp.SetValue("#username", name), chromedp.SetValue("#password", password), chromedp.Click("#kc-login"))
}

// Picture is a PNG of the whole page.
func (b *Tab) Picture() []byte {
	b.Helper()
	ctx, cancel := context.WithTimeout(b.ctx, StepTime)
	defer cancel()
	picture, err := chromedp.Run(ctx, chromedp.FullScreenshot(100))
	if err != nil {
		b.Fatal(err)
	}
	return picture
}

// Evaluate is the value of an expression in the page, once it is settled where it is a promise.
func Evaluate[T any](b *Tab, expression string) T {
	b.Helper()
	value, err := try[T](b, expression)
	if err != nil {
		b.Fatalf("%s: %v", expression, err)
	}
	return value
}

// Settled is Evaluate for pages that may leave, and come back, before the expression has its value.
func Settled[T any](b *Tab, expression string) T {
	b.Helper()
	deadline := time.Now().Add(StepTime)
	for {
		value, err := try[T](b, expression)
		if err == nil {
			return value
		}
		if time.Now().After(deadline) {
			b.Fatalf("%s: %v", expression, err)
		}
		time.Sleep(50 * time.Millisecond)
	}
}

func try[T any](b *Tab, expression string) (T, error) {
	ctx, cancel := context.WithTimeout(b.ctx, StepTime)
	defer cancel()
	return chromedp.Run(ctx, chromedp.Evaluate[T](expression, chromedp.EvalAwaitPromise))
}
