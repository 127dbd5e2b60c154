package limit

import (
	"context"
	"fmt"
	"strings"
	"sync"
	"time"

	"github.com/tokenhouse/tokenhouse/internal/core/oauth"
	"github.com/tokenhouse/tokenhouse/internal/core/realm"
)

// Rates holds callers to the limits of realms. The zero value is for one node; it must not be copied, and is safe for
// concurrent use.
//
// Several nodes share out what there may be in a window: each takes a share from the others, counts it down in its memory,
// and then takes another. So all of them together never let more pass than the limit, and ask each other seldom: about ten
// times a window for each who is counted, and not at all for who has used it up. What a node has taken and
// not used is lost to the others until the window ends.
type Rates struct {
	Shares Shares // nil: there is one node

	mu      sync.Mutex
	rules   map[rule]*window
	cleared time.Time // when windows that were over were last looked for
}

// Shares are what nodes have taken of windows.
type Shares interface {
	// TakeShare takes up to want requests of a window in which there may be most, for what who names, and gives how many it
	// could take. A window that began before another of the same who is over.
	TakeShare(ctx context.Context, realmKey string, s realm.Share) (int, error)
}

// Request is one of those that are counted.
type Request struct {
	Asked realm.Asked
	By    realm.Axis
	Who   string // a key or an address
	Now   time.Time
}

// Allow counts a request, and refuses it where it is one too many. An exchange is counted as a request to the token endpoint
// too, also where the limit of exchanges refuses it.
func (l *Rates) Allow(ctx context.Context, r *realm.Realm, q Request) error {
	if q.By == realm.ByAddress {
		q.Who = Network(q.Who)
	}
	if q.Asked == realm.AskedExchange {
		if err := l.allow(ctx, r, realm.AskedToken, q); err != nil {
			return err
		}
	}
	return l.allow(ctx, r, q.Asked, q)
}

func (l *Rates) allow(ctx context.Context, r *realm.Realm, asked realm.Asked, q Request) error {
	rate := r.Limits[asked][q.By]
	if rate == (realm.Rate{}) {
		return nil
	}
	name := realm.LimitName{Asked: asked, By: q.By}
	c := l.counter(rule{r.Key, name, rate}, q)
	passes, err := c.take(ctx, l.Shares, q.Who)
	if err != nil {
		return fmt.Errorf("count requests by %s: %w", q.By, err)
	}
	if passes {
		return nil
	}
	return refusal(name, rate, q.Now)
}

// tooMany is the status of refused requests (RFC 6585 §4). Their code is the one that is registered for the token endpoint
// and says what to do (RFC 8628 §3.5, where it is answered to devices).
const tooMany = 429

func refusal(name realm.LimitName, rate realm.Rate, now time.Time) error {
	of := map[realm.Axis]string{realm.ByClient: "of this client", realm.ByUser: "for this user", realm.ByAddress: "from this address"}[name.By]
	return oauth.Errorf(oauth.SlowDown, "Too many requests %s", of).WithStatus(tooMany).After(rate.Wait(now)).
		InEvent(name.By.String()+"_rate_limited", "tokenhouse.limit."+name.String()+" is "+rate.String())
}

// rule is a limit of a realm. One that is changed is another one, which on several nodes goes on where the former was.
type rule struct {
	realm string
	name  realm.LimitName
	rate  realm.Rate
}

// window is the current window of a rule.
type window struct {
	began    time.Time
	counters map[string]*counter
}

// maxCounters is how many are counted in a window. With more of them some are forgotten: memory is worth more.
const maxCounters = 100_000

// clearEvery is how often windows are dropped that are over.
const clearEvery = time.Minute

// counter counts somebody's requests by a rule. A clock that was set back does not begin an old window anew.
func (l *Rates) counter(by rule, q Request) *counter {
	began := by.rate.Window(q.Now)
	l.mu.Lock()
	defer l.mu.Unlock()
	w := l.rules[by]
	if w == nil || w.began.Before(began) {
		l.clear(q.Now)
		w = &window{began: began, counters: map[string]*counter{}}
		l.rules[by] = w
	}
	c := w.counters[q.Who]
	if c != nil {
		return c
	}
	if len(w.counters) >= maxCounters {
		for who := range w.counters {
			delete(w.counters, who)
			break
		}
	}
	c = &counter{rule: by, began: w.began}
	w.counters[strings.Clone(q.Who)] = c
	return c
}

// clear drops windows that are over: those of limits that nobody asks by any more.
func (l *Rates) clear(now time.Time) {
	if l.rules == nil {
		l.rules = map[rule]*window{}
	}
	if now.Sub(l.cleared) < clearEvery {
		return
	}
	l.cleared = now
	for by, w := range l.rules {
		if !w.began.Add(by.rate.Span).After(now) {
			delete(l.rules, by)
		}
	}
}

// counter is what is left of a window for somebody.
type counter struct {
	rule  rule
	began time.Time

	mu    sync.Mutex
	left  int  // of what this node took
	spent bool // there is no more to take
}

// take takes one request of what is left. Those who come at the same moment wait for one share, and do not each take one.
func (c *counter) take(ctx context.Context, from Shares, who string) (bool, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.left == 0 && !c.spent {
		if err := c.share(ctx, from, who); err != nil {
			return false, err
		}
	}
	if c.left == 0 {
		return false, nil
	}
	c.left--
	return true, nil
}

// share takes another share.
func (c *counter) share(ctx context.Context, from Shares, who string) (err error) {
	rate := c.rule.rate
	if from == nil {
		c.left, c.spent = rate.Most, true
		return nil
	}
	want := rate.Share()
	c.left, err = from.TakeShare(ctx, c.rule.realm, realm.Share{Who: c.rule.name.String() + " " + who,
		Began: c.began, Until: c.began.Add(rate.Span), Want: want, Most: rate.Most})
	c.spent = err == nil && c.left < want
	return err
}
