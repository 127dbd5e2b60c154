package proxy_test

import (
	"bufio"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"
)

// echo is an upstream that upgrades connections and gives back what comes, line by line.
func echo(t *testing.T) *httptest.Server {
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.Header.Get("Upgrade") != "websocket" || r.Header.Get("X-Auth-Subject") == "" {
			http.Error(w, "", http.StatusBadRequest)
			return
		}
		c, rw, err := http.NewResponseController(w).Hijack()
		if err != nil {
			t.Error(err)
			return
		}
		defer c.Close()
		_, _ = rw.WriteString("HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n")
		if rw.Flush() != nil {
			return
		}
		for {
			line, err := rw.ReadString('\n')
			if err != nil {
				return
			}
			_, _ = rw.WriteString("echo " + line)
			if rw.Flush() != nil {
				return
			}
		}
	}))
	t.Cleanup(s.Close)
	return s
}

// TestThousandWebSockets holds a thousand connections at once, each of which is spoken on in both directions.
func TestThousandWebSockets(t *testing.T) {
	const sockets = 1000
	p := newProvider(t)
	g := newGate(t, p, flags{"upstream-url": echo(t).URL, "enable-metrics": "true"})
	front := httptest.NewServer(g)
	defer front.Close()
	head := "GET /socket HTTP/1.1\r\nHost: gate.example\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nAuthorization: Bearer " + p.bearer() + "\r\n\r\n"
	var open, done sync.WaitGroup
	speak := make(chan struct{})
	open.Add(sockets)
	begin := make(chan struct{}, 50) // dialled at once
	for i := range sockets {
		done.Go(func() {
			begin <- struct{}{}
			c, r, err := upgrade(front.Listener.Addr().String(), head)
			<-begin
			open.Done()
			if err != nil {
				t.Error(err)
				return
			}
			defer c.Close()
			<-speak // all are open
			want := fmt.Sprintf("line %d\n", i)
			if _, err := io.WriteString(c, want); err != nil {
				t.Error(err)
				return
			}
			if got, err := r.ReadString('\n'); err != nil || got != "echo "+want {
				t.Errorf("%q, %v", got, err)
			}
		})
	}
	open.Wait()
	close(speak)
	done.Wait()
	if n := p.count("/realms/shop/keys"); n != 1 {
		t.Errorf("keys were fetched %d times", n)
	}
}

// upgrade opens a connection and speaks HTTP until it is upgraded.
func upgrade(address, head string) (net.Conn, *bufio.Reader, error) {
	c, err := net.Dial("tcp", address)
	if err != nil {
		return nil, nil, err
	}
	if err := c.SetDeadline(time.Now().Add(patience)); err != nil {
		return nil, nil, err
	}
	if _, err := io.WriteString(c, head); err != nil {
		return nil, nil, err
	}
	r := bufio.NewReader(c)
	status, err := r.ReadString('\n')
	if err != nil || !strings.Contains(status, " 101 ") {
		return nil, nil, fmt.Errorf("%q %w", status, err)
	}
	for line := ""; line != "\r\n"; {
		if line, err = r.ReadString('\n'); err != nil {
			return nil, nil, err
		}
	}
	return c, r, nil
}

// TestWebSocketsNeedAToken: what is not let through is not upgraded.
func TestWebSocketsNeedAToken(t *testing.T) {
	p := newProvider(t)
	g := newGate(t, p, flags{"upstream-url": echo(t).URL})
	front := httptest.NewServer(g)
	defer front.Close()
	for name, header := range map[string]string{"nobody": "", "a bad token": "Authorization: Bearer x\r\n", "a browser": "Accept: text/html\r\nSec-Fetch-Mode: websocket\r\n"} {
		_, _, err := upgrade(front.Listener.Addr().String(), "GET / HTTP/1.1\r\nHost: gate.example\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n"+header+"\r\n")
		if err == nil || !strings.Contains(err.Error(), " 401 ") {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// TestStreams: what the upstream writes arrives before it has written all, and so does what the caller sends.
func TestStreams(t *testing.T) {
	p := newProvider(t)
	got, more := make(chan string), make(chan string)
	up := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		c := http.NewResponseController(w)
		if err := c.EnableFullDuplex(); err != nil {
			t.Error(err)
		}
		w.Header().Set("Content-Type", "text/event-stream")
		_, _ = io.WriteString(w, "data: first\n")
		_ = c.Flush()
		line, err := bufio.NewReader(r.Body).ReadString('\n')
		if err != nil {
			t.Error(err)
		}
		got <- line
		_, _ = io.WriteString(w, "data: "+<-more)
	}))
	defer up.Close()
	g := newGate(t, p, flags{"upstream-url": up.URL, "enable-metrics": "true"})
	front := httptest.NewServer(g)
	defer front.Close()
	body, send := io.Pipe()
	r, err := http.NewRequestWithContext(t.Context(), "POST", front.URL, body)
	if err != nil {
		t.Fatal(err)
	}
	r.Header.Set("Authorization", "Bearer "+p.bearer())
	go func() { _, _ = io.WriteString(send, "hello\n") }()
	resp, err := front.Client().Do(r)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	lines := bufio.NewReader(resp.Body)
	if line, err := lines.ReadString('\n'); err != nil || line != "data: first\n" {
		t.Errorf("%q %v", line, err)
	}
	if line := <-got; line != "hello\n" {
		t.Errorf("the upstream reads %q", line)
	}
	more <- "second\n"
	if line, err := lines.ReadString('\n'); err != nil || line != "data: second\n" {
		t.Errorf("%q %v", line, err)
	}
	if err := send.Close(); err != nil {
		t.Error(err)
	}
}
