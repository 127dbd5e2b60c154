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
	ctx, cancel = context.WithTimeout(ctx, time.Minute)
	t.Cleanup(cancel)
	return &tab{t, ctx}
}

// tab is a tab of a browser.
type tab struct {
	*testing.T
	ctx context.Context
}

// do takes steps, one after the other.
func (b *tab) do(steps ...chromedp.Action[chromedp.Void]) {
	b.Helper()
	if err := chromedp.Do(b.ctx, steps...); err != nil {
		at, _ := chromedp.Run(b.ctx, chromedp.Location())
		page, _ := chromedp.Run(b.ctx, chromedp.Evaluate[string]("document.documentElement.outerHTML"))
		b.Fatalf("%v at %s\n%s", err, at, page)
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
	value, err := chromedp.Run(b.ctx, chromedp.Evaluate[T](expression, chromedp.EvalAwaitPromise))
	if err != nil {
		b.Fatalf("%s: %v", expression, err)
	}
	return value
}
