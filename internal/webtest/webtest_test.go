package webtest_test

import (
	"net/http"
	"net/http/httptest"
	"net/http/httptrace"
	"os"
	"testing"

	"github.com/tokenhouse/tokenhouse/internal/webtest"
)

func TestMain(m *testing.M) { os.Exit(webtest.Main{Tests: m}.Run()) }

// A connection outlives the end of another server.
func TestConnectionsAreKept(t *testing.T) {
	ours := httptest.NewServer(http.NotFoundHandler())
	t.Cleanup(ours.Close)
	if ask(t, ours.URL) {
		t.Error("the first request had a connection before")
	}
	httptest.NewServer(http.NotFoundHandler()).Close()
	if !ask(t, ours.URL) {
		t.Error("another server's end closed the connection")
	}
}

// ask sends a request and says whether it went over a connection that was there before.
func ask(t *testing.T, address string) (reused bool) {
	t.Helper()
	ctx := httptrace.WithClientTrace(t.Context(), &httptrace.ClientTrace{GotConn: func(c httptrace.GotConnInfo) { reused = c.Reused }})
	q, err := http.NewRequestWithContext(ctx, http.MethodHead, address, nil)
	if err != nil {
		t.Fatal(err)
	}
	resp, err := http.DefaultClient.Do(q)
	if err != nil {
		t.Fatal(err)
	}
	if err := resp.Body.Close(); err != nil {
		t.Fatal(err)
	}
	return reused
}
