package upstream

import (
	"net/http"
	"time"

	"github.com/maypok86/otter/v2"
)

// Config says how to fetch. The zero value is strict.
type Config struct {
	AllowPrivate bool             // private, loopback and link-local addresses may be fetched from
	Now          func() time.Time // time.Now where nil
}

// Client fetches and remembers. It is safe for concurrent use.
type Client struct {
	http   *http.Client
	closed *http.Client // follows no redirect
	now    func() time.Time
	sets   *otter.Cache[place, *keySet]
}

// maxSets is how many key sets are remembered.
const maxSets = 1000

// New makes a client.
func New(c Config) *Client {
	if c.Now == nil {
		c.Now = time.Now
	}
	open := guarded(c.AllowPrivate)
	return &Client{
		http:   open,
		closed: steadfast(open),
		now:    c.Now,
		sets:   otter.Must(&otter.Options[place, *keySet]{MaximumSize: maxSets}),
	}
}
