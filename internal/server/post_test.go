package server

import (
	"runtime"
	"sync"
	"testing"
)

// TestOwnAddress: without a configured hostname letters lead to loopback addresses and nowhere else.
func TestOwnAddress(t *testing.T) {
	for address, want := range map[string]bool{
		"http://localhost:8080/realms/x":     true,
		"http://LOCALHOST/realms/x":          true,
		"http://app.localhost/realms/x":      true,
		"http://127.0.0.1:8080/realms/x":     true,
		"http://127.8.9.1/realms/x":          true,
		"http://[::1]:8080/realms/x":         true,
		"https://evil.example/realms/x":      false,
		"http://localhost.evil.example/":     false,
		"http://127.0.0.1.evil.example/":     false,
		"http://evillocalhost/realms/x":      false,
		"http://192.168.1.2/realms/x":        false,
		"http://localhost@evil.example/":     false,
		"http://evil.example/?localhost":     false,
		"http://evil.example#http://[::1]/x": false,
		"//%":                                false,
	} {
		if got := (&Public{}).own(address); got != want {
			t.Errorf("%s: %v, want %v", address, got, want)
		}
		if !(&Public{Hostname: "id.example"}).own(address) {
			t.Errorf("%s is not taken though a hostname is configured", address)
		}
	}
}

// TestLine: of what is run aside so much runs at once, so much waits, and the rest is refused.
func TestLine(t *testing.T) {
	l := &line{make(chan struct{}, 3), make(chan struct{}, 2)}
	began, end := make(chan struct{}, 3), make(chan struct{})
	var all sync.WaitGroup
	job := func() { began <- struct{}{}; <-end; all.Done() }
	all.Add(3)
	for i := range 4 {
		if took, want := l.run(job), i < 3; took != want {
			t.Errorf("job %d: %v, want %v", i+1, took, want)
		}
	}
	<-began
	<-began
	select {
	case <-began:
		t.Error("three run at once")
	default:
	}
	close(end)
	all.Wait()
	for len(l.places) > 0 { // the last one is on its way out
		runtime.Gosched()
	}
	all.Add(1)
	if !l.run(job) {
		t.Error("there is no place though all are done")
	}
	all.Wait()
}
