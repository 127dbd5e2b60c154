package server

import (
	"context"
	"os"
	"runtime/debug"
	runtimemetrics "runtime/metrics"
	"time"
)

// Go collects garbage when there is as much of it as there is live memory. Of that most servers have few
// megabytes, which requests fill many times a second: collecting was a sixth of all CPU time. So some
// more garbage may pile up first: about headroom bytes, and no more than rarest times the live memory.
const (
	headroom  = 64 << 20
	rarest    = 4
	paceEvery = time.Second // live memory may grow meanwhile, which is what rarest is for
)

// pace spends memory on fewer collections until ctx ends, unless the environment sets GOGC. A limit by
// GOMEMLIMIT holds all the same.
func pace(ctx context.Context) {
	if os.Getenv("GOGC") != "" {
		return
	}
	defer debug.SetGCPercent(100) // Go's own
	tick := time.NewTicker(paceEvery)
	defer tick.Stop()
	for now := 0; ; {
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
		}
		if now == 0 {
			debug.FreeOSMemory() // what the start left: hashes of passwords take 7 MB each
		}
		if next := percent(liveMemory()); next != now {
			debug.SetGCPercent(next)
			now = next
		}
	}
}

// percent is how much garbage there may be, in percent of live memory.
func percent(live uint64) int {
	return int(min(100+100*headroom/max(live, 1), rarest*100))
}

// liveMemory is what the last collection found in use, in bytes.
func liveMemory() uint64 {
	sample := []runtimemetrics.Sample{{Name: "/gc/heap/live:bytes"}}
	runtimemetrics.Read(sample)
	return sample[0].Value.Uint64()
}
