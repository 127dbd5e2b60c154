package realm

import (
	"fmt"
	"strconv"
	"strings"
	"time"
)

// Asked is what somebody asks a realm for, as far as limits tell it apart.
type Asked int

// What is limited.
const (
	AskedToken         Asked = iota // every request to the token endpoint, exchanges among them
	AskedExchange                   // token exchanges, beside that
	AskedIntrospection              // what a token says
	askedKinds
)

// Axis is by what requests are counted.
type Axis int

// By what requests are counted.
const (
	ByClient  Axis = iota // that has proven to be the one that asks
	ByUser                // whom the token is for, or speaks of
	ByAddress             // of the caller, whoever that turns out to be
	axes
)

func (a Asked) String() string { return [...]string{"token", "exchange", "introspection"}[a] }
func (a Axis) String() string  { return [...]string{"client", "user", "address"}[a] }

// Limits are how often callers may ask a realm (tokenhouse.limit.*). The zero value limits nothing.
type Limits [askedKinds][axes]Rate

// On tells whether anything is limited.
func (l *Limits) On() bool { return *l != Limits{} }

// LimitName is what a limit is called, as "token.client".
type LimitName struct {
	Asked Asked
	By    Axis
}

func (n LimitName) String() string { return n.Asked.String() + "." + n.By.String() }

// LimitNames are the names of all limits there can be.
func LimitNames() []LimitName {
	var out []LimitName
	for asked := range askedKinds {
		for by := range axes {
			out = append(out, LimitName{asked, by})
		}
	}
	return out
}

// Rate is how many requests there may be in a window of time. Windows follow one another, and begin at the same
// moments on every node: on both sides of such a moment there may be Most each. The zero value is no limit.
type Rate struct {
	Most int           // 1 or more
	Span time.Duration // of the window: whole seconds
}

// Most that a rate may name.
const (
	maxRateMost = 1_000_000_000
	maxRateSpan = 24 * time.Hour
)

// ParseRate reads a rate as "100/10s": a number, and seconds, minutes (m) or hours (h), up to a day. An empty text is no
// limit.
func ParseRate(text string) (Rate, error) {
	if text == "" {
		return Rate{}, nil
	}
	most, span, ok := strings.Cut(text, "/")
	n, err := strconv.Atoi(most)
	if !ok || err != nil || n < 1 || n > maxRateMost || most[0] == '+' || span == "" {
		return Rate{}, errRate
	}
	count, unit := span[:len(span)-1], units[span[len(span)-1]]
	m, err := strconv.Atoi(count)
	if err != nil || m < 1 || unit == 0 || count[0] == '+' || m > int(maxRateSpan/unit) {
		return Rate{}, errRate
	}
	return Rate{n, time.Duration(m) * unit}, nil
}

var units = map[byte]time.Duration{'s': time.Second, 'm': time.Minute, 'h': time.Hour}

// WantRate says what a rate is, for complaints.
const WantRate = "requests in a time, as 100/10s, 60/1m or 1000/1h"

var errRate = fmt.Errorf("not %s", WantRate)

func (r Rate) String() string {
	if r.Most == 0 {
		return ""
	}
	unit, letter := time.Second, "s"
	switch {
	case r.Span%time.Hour == 0:
		unit, letter = time.Hour, "h"
	case r.Span%time.Minute == 0:
		unit, letter = time.Minute, "m"
	}
	return strconv.Itoa(r.Most) + "/" + strconv.Itoa(int(r.Span/unit)) + letter
}

// Window is when the window of a moment began.
func (r Rate) Window(now time.Time) time.Time { return now.Truncate(r.Span) }

// Wait is how long it takes until the next window begins.
func (r Rate) Wait(now time.Time) time.Duration { return r.Window(now).Add(r.Span).Sub(now) }

// Share is a part of a window that a node takes.
type Share struct {
	Who        string    // is counted, and by which limit
	Began      time.Time // the window
	Until      time.Time // it ends
	Want, Most int       // requests: that are to be taken, and that there may be in the window
}

// shares is in how many parts a window's requests are shared out among nodes.
const shares = 10

// Share is how many requests of a window a node takes at a time, where there are several. More at a time means less to ask
// the database, and more that a node has taken and does not use while the others need it.
func (r Rate) Share() int { return max(1, r.Most/shares) }
