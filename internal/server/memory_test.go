package server

import (
	"context"
	"runtime"
	"runtime/debug"
	"testing"
	"testing/synctest"
	"time"
)

func TestGarbageIsBounded(t *testing.T) {
	for _, test := range []struct {
		live uint64
		want int
	}{
		{0, 400},
		{4 << 20, 400},
		{32 << 20, 300},
		{64 << 20, 200},
		{640 << 20, 110},
		{1 << 40, 100},
	} {
		if got := percent(test.live); got != test.want {
			t.Errorf("with %d bytes in use: %d %%, want %d %%", test.live, got, test.want)
		}
	}
}

func TestPaceFollowsLiveMemory(t *testing.T) {
	t.Setenv("GOGC", "")
	before := debug.SetGCPercent(100)
	defer debug.SetGCPercent(before)
	inUse := make([]byte, 128<<20)
	runtime.GC()
	synctest.Test(t, func(t *testing.T) {
		ctx, cancel := context.WithCancel(t.Context())
		go pace(ctx)
		time.Sleep(2 * paceEvery)
		synctest.Wait()
		if got := debug.SetGCPercent(100); got <= 100 || got > 150 {
			t.Errorf("%d %% with 128 MB in use, want some more than 100", got)
		}
		cancel()
		synctest.Wait()
	})
	runtime.KeepAlive(inUse)
	if got := debug.SetGCPercent(100); got != 100 {
		t.Errorf("%d %% stayed afterwards", got)
	}
}

func TestPaceLeavesTheEnvironmentsChoice(t *testing.T) {
	t.Setenv("GOGC", "80")
	before := debug.SetGCPercent(80)
	defer debug.SetGCPercent(before)
	pace(t.Context()) // returns
	if got := debug.SetGCPercent(80); got != 80 {
		t.Errorf("GOGC is %d", got)
	}
}
