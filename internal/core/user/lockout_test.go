package user_test

import (
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/tokenhouse/tokenhouse/internal/core/realm"
	"github.com/tokenhouse/tokenhouse/internal/core/user"
)

// keycloaks is Keycloak's default, but for a lower Factor.
var keycloaks = realm.Lockout{Factor: 3, Increment: time.Minute, MaxWait: 15 * time.Minute, Forget: 12 * time.Hour,
	Quick: time.Second, QuickWait: time.Minute}

func TestFailuresLock(t *testing.T) {
	linear, permanent, twice, capped := keycloaks, keycloaks, keycloaks, keycloaks
	linear.Linear = true
	permanent.Permanent = true
	twice.Permanent, twice.Temporary = true, 2
	capped.MaxWait = 90 * time.Second
	const often = 10 * time.Second
	for _, test := range []struct {
		name string
		rule realm.Lockout
		gaps []time.Duration // before each failure
		want []time.Duration // the wait that each leads to; negative: for good
	}{
		{"too few", keycloaks, repeat(often, 2), []time.Duration{0, 0}},
		{"each failure after a lock locks again", keycloaks, repeat(2*time.Minute, 7), minutes(0, 0, 1, 1, 1, 2, 2)},
		{"linear", linear, repeat(5*time.Minute, 6), minutes(0, 0, 1, 2, 3, 4)},
		{"no longer than the longest", capped, repeat(2*time.Minute, 6), []time.Duration{0, 0, time.Minute, time.Minute, time.Minute, 90 * time.Second}},
		{"two in quick succession", keycloaks, []time.Duration{0, time.Second / 2}, minutes(0, 1)},
		{"none is quick after the first", keycloaks, []time.Duration{0, time.Second}, minutes(0, 0)},
		{"old ones are forgotten", keycloaks, []time.Duration{0, often, 13 * time.Hour}, minutes(0, 0, 0)},
		{"while locked none counts", keycloaks, []time.Duration{0, often, often, often, 2 * time.Minute}, minutes(0, 0, 1, 0, 1)},
		{"for good", permanent, repeat(often, 4), minutes(0, 0, -1, 0)},
		{"for good after two others", twice, repeat(5*time.Minute, 6), minutes(0, 0, 1, 1, -1, 0)},
	} {
		t.Run(test.name, func(t *testing.T) {
			now := time.Unix(1_800_000_000, 0)
			var f user.Failures
			var got []time.Duration
			for _, gap := range test.gaps {
				now = now.Add(gap)
				switch f.Add(test.rule, now, "192.0.2.1") {
				case user.Open:
					got = append(got, 0)
				case user.ForTime:
					got = append(got, f.LockedUntil.Sub(now))
				case user.ForGood:
					got = append(got, -time.Minute)
				}
			}
			if diff := cmp.Diff(test.want, got); diff != "" {
				t.Error(diff)
			}
		})
	}
}

func TestLockEnds(t *testing.T) {
	now := time.Unix(1_800_000_000, 0)
	var f user.Failures
	for range 3 {
		now = now.Add(10 * time.Second)
		f.Add(keycloaks, now, "192.0.2.1")
	}
	if !f.IsLocked(now.Add(59*time.Second)) || f.IsLocked(now.Add(time.Minute)) {
		t.Errorf("a lock of a minute at %v is %+v", now, f)
	}
	f.Locked = true
	if !f.IsLocked(now.Add(1000 * time.Hour)) {
		t.Error("a lock for good ends")
	}
}

func TestLockForGoodDisables(t *testing.T) {
	u := user.User{Enabled: true, Attributes: map[string][]string{"badge": {"A1"}}}
	before := u
	u.LockForGood()
	if u.Enabled || !u.LockedForGood() || before.LockedForGood() || len(before.Attributes) != 1 {
		t.Errorf("%+v became %+v", before, u)
	}
	u.Enabled = true
	if u.LockedForGood() {
		t.Error("who was enabled again is locked")
	}
}

func repeat(gap time.Duration, n int) []time.Duration {
	out := make([]time.Duration, n)
	for i := range out {
		out[i] = gap
	}
	return out
}

func minutes(list ...int) []time.Duration {
	out := make([]time.Duration, len(list))
	for i, n := range list {
		out[i] = time.Duration(n) * time.Minute
	}
	return out
}
