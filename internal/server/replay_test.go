package server_test

import (
	"cmp"
	"encoding/json"
	"flag"
	"fmt"
	"os"
	"path"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/tokenhouse/tokenhouse/internal/server/replay"
)

const allFolders = "exchange,token,endpoints,seeds,admin,realms,browser,advanced,ours"

// folders are those whose scenarios TestReplay plays.
var folders = flag.String("folders", allFolders, "folders of recorded conversations to play")

// TestReplay plays what Keycloak 26.7 was asked and answered against Tokenhouse, on each database.
// Each scenario has a server of its own and each step is a subtest; one that differs only
// where an issue is going to end that is skipped, and names the issue.
//
//	go test ./internal/server -v -run 'TestReplay/sqlite/exchange/standard'
func TestReplay(t *testing.T) {
	issuer := replay.NewIssuer()
	t.Cleanup(issuer.Close)
	recordings := replay.Recordings{Files: os.DirFS("testdata/golden"), Realms: os.DirFS("../keycloak/testdata"), Issuer: issuer}
	var names []string
	for _, folder := range strings.Split(*folders, ",") {
		below, err := recordings.Names(folder)
		if err != nil {
			t.Fatal(err)
		}
		names = append(names, below...)
	}
	for _, db := range databases {
		t.Run(db.name, func(t *testing.T) {
			run := &replayRun{database: db, recordings: recordings, seen: map[replay.Place]bool{}}
			readList(t, "testdata/golden/accepted.json", &run.accepted)
			readList(t, "testdata/golden/pending.json", &run.pending)
			t.Cleanup(func() { run.finish(t, len(names)) })
			for _, name := range names {
				t.Run(name, func(t *testing.T) {
					t.Parallel()
					run.play(t, name)
				})
			}
		})
	}
}

// replayRun is all scenarios on one database.
type replayRun struct {
	database   database
	recordings replay.Recordings
	accepted   []replay.Accepted
	pending    []replay.Pending

	mu      sync.Mutex
	seen    map[replay.Place]bool // which of the accepted and pending differences there were
	tallies []tally
}

// tally counts the answers of a scenario.
type tally struct {
	name                    string
	passed, failed, waiting int
}

func (y tally) String() string {
	return fmt.Sprintf("%s: %d passed, %d failed, %d waiting", y.name, y.passed, y.failed, y.waiting)
}

// play plays one scenario, and reports each of its steps as a subtest.
func (run *replayRun) play(t *testing.T, name string) {
	scenario, err := run.recordings.Scenario(name)
	if err != nil {
		t.Fatal(err)
	}
	realms := map[string][]byte{}
	for _, file := range scenario.Realms {
		if realms[path.Base(file)], err = run.recordings.Realm(file); err != nil {
			t.Fatal(err)
		}
	}
	_, base := start(t, run.database.open(t), realms)
	player := replay.NewPlayer(base, run.recordings.Issuer, replay.Administrator{Username: "admin", Password: "admin"})
	counts := tally{name: name}
	for _, step := range scenario.Steps {
		differences, failure := player.Play(t.Context(), step)
		if failure != nil { // as of a page that an accepted difference keeps from being there
			differences = append(differences, replay.Difference{Path: "request", Want: "an answer", Got: failure.Error()})
		}
		left, waits := run.judge(name, step.Name, differences)
		if step.Want != nil {
			counts.add(waits, len(left) > 0)
		}
		t.Run(step.Name, func(t *testing.T) {
			if waits != "" {
				t.Skip("waits for issue " + waits)
			}
			for _, d := range left {
				t.Error(d)
			}
		})
	}
	run.mu.Lock()
	defer run.mu.Unlock()
	run.tallies = append(run.tallies, counts)
}

func (y *tally) add(waits string, differs bool) {
	switch {
	case waits != "":
		y.waiting++
	case differs:
		y.failed++
	default:
		y.passed++
	}
}

// judge leaves the differences that nobody accepted and no issue is going to end. Where only such are
// left that an issue is going to end, it gives that issue.
func (run *replayRun) judge(scenario, step string, differences []replay.Difference) (left []replay.Difference, waits string) {
	run.mu.Lock()
	defer run.mu.Unlock()
next:
	for _, d := range differences {
		for _, a := range run.accepted {
			if a.Covers(scenario, step, d) {
				run.seen[a.Place] = true
				continue next
			}
		}
		for _, p := range run.pending {
			if p.Covers(scenario, step, d) {
				run.seen[p.Place] = true
				waits = p.Issue
				continue next
			}
		}
		left = append(left, d)
	}
	if len(left) > 0 {
		waits = ""
	}
	return left, waits
}

// finish prints how the run came out. When all scenarios ran, a listed difference that was not seen is a
// failure: the lists must not outlive their reasons.
func (run *replayRun) finish(t *testing.T, scenarios int) {
	slices.SortFunc(run.tallies, func(a, b tally) int { return cmp.Compare(a.name, b.name) })
	total := tally{name: "all"}
	for _, y := range run.tallies {
		fmt.Printf("replay %s %s\n", run.database.name, y)
		total.passed += y.passed
		total.failed += y.failed
		total.waiting += y.waiting
	}
	fmt.Printf("replay %s %s\n", run.database.name, total)
	if len(run.tallies) < scenarios || *folders != allFolders {
		return
	}
	for _, a := range run.accepted {
		if !run.seen[a.Place] {
			t.Errorf("accepted difference is gone: %+v", a.Place)
		}
	}
	for _, p := range run.pending {
		if !run.seen[p.Place] {
			t.Errorf("pending difference is gone: %+v", p.Place)
		}
	}
}

// readList reads a JSON array of a file.
func readList[T any](t *testing.T, file string, into *[]T) {
	t.Helper()
	text, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	if err := json.Unmarshal(text, into); err != nil {
		t.Fatalf("%s: %v", file, err)
	}
}
