package server_test

import (
	"context"
	"os/exec"
	"testing"
	"time"

	"github.com/chromedp/chromedp"
)

// chromium is a tab of a browser that was never used before. It closes with the test.
func chromium(t *testing.T, options ...chromedp.ExecAllocatorOption) *tab {
	t.Helper()
	program, err := exec.LookPath("chromium")
	if err != nil {
		t.Skip("chromium is not installed")
	}
	all := append(chromedp.DefaultExecAllocatorOptions[:], chromedp.ExecPath(program), chromedp.NoSandbox,
		chromedp.Flag("ignore-certificate-errors", true))
	ctx, cancel := chromedp.NewExecAllocator(t.Context(), append(all, options...)...)
	t.Cleanup(cancel)
	ctx, cancel = chromedp.NewContext(ctx)
	t.Cleanup(cancel)
	if err := chromedp.Do(ctx); err != nil { // starts it, before time counts
		t.Fatal(err)
	}
	return &tab{t, ctx}
}

// stepTime is how long a step in a browser may take.
const stepTime = 30 * time.Second

// tab is a tab of a browser.
type tab struct {
	*testing.T
	ctx context.Context
}

// another is another tab of the same browser. It closes with the test.
func (b *tab) another() *tab {
	b.Helper()
	ctx, cancel := chromedp.NewContext(b.ctx)
	b.Cleanup(cancel)
	if err := chromedp.Do(ctx); err != nil {
		b.Fatal(err)
	}
	return &tab{b.T, ctx}
}

// do takes steps, one after the other.
func (b *tab) do(steps ...chromedp.Action[chromedp.Void]) {
	b.Helper()
	for i, step := range steps {
		ctx, cancel := context.WithTimeout(b.ctx, stepTime)
		err := chromedp.Do(ctx, step)
		cancel()
		if err != nil {
			page, _ := try[string](b, `location.href + "\n" + document.documentElement.outerHTML`)
			b.Fatalf("step %d: %v at %s", i, err, page)
		}
	}
}

// signIn fills in the form for name and password.
func (b *tab) signIn(name, password string) {
	b.Helper()
	b.do(chromedp.WaitVisible("#kc-form-login"), chromedp.SetValue("#username", name), chromedp.SetValue("#password", password), chromedp.Click("#kc-login"))
}

// evaluate is the value of an expression in the page, once it is settled where it is a promise.
func evaluate[T any](b *tab, expression string) T {
	b.Helper()
	value, err := try[T](b, expression)
	if err != nil {
		b.Fatalf("%s: %v", expression, err)
	}
	return value
}

// settled is evaluate for pages that may leave, and come back, before the expression has its value.
func settled[T any](b *tab, expression string) T {
	b.Helper()
	deadline := time.Now().Add(stepTime)
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

func try[T any](b *tab, expression string) (T, error) {
	ctx, cancel := context.WithTimeout(b.ctx, stepTime)
	defer cancel()
	return chromedp.Run(ctx, chromedp.Evaluate[T](expression, chromedp.EvalAwaitPromise))
}
