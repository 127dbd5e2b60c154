package bearer

import "testing"

// TestMemoryIsBounded: it never holds more than it may, and keeps what is asked for.
func TestMemoryIsBounded(t *testing.T) {
	m := newMemory[int, int](100)
	for i := range 10_000 {
		m.put(i, i)
		if v, ok := m.get(0); !ok || v != 0 {
			t.Fatalf("after %d others what is asked for all the time is gone", i)
		}
		if n := len(m.young) + len(m.old); n > 100 {
			t.Fatalf("it holds %d", n)
		}
	}
	if _, ok := m.get(1); ok {
		t.Error("what nobody asked for is still there")
	}
	nothing := newMemory[int, int](0)
	nothing.put(1, 1)
	if _, ok := nothing.get(1); ok {
		t.Error("a memory of nothing keeps something")
	}
}
