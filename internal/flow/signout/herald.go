package signout

import (
	"context"
	"fmt"
	"log/slog"
	"net/url"
	"sync"
	"time"

	"github.com/tokenhouse/tokenhouse/internal/core/mint"
	"github.com/tokenhouse/tokenhouse/internal/core/realm"
	"github.com/tokenhouse/tokenhouse/internal/core/session"
	"github.com/tokenhouse/tokenhouse/internal/core/token"
	"github.com/tokenhouse/tokenhouse/internal/flow/verify"
)

// Herald tells clients that sessions ended (OpenID Connect Back-Channel Logout 1.0 §2). All fields are required.
// It is safe for concurrent use, and must not be copied.
type Herald struct {
	Sessions Finder
	Keys     Signer
	Post     Poster
	NewID    func() string // unique
	Log      *slog.Logger

	underway sync.WaitGroup
}

// Finder finds sessions.
type Finder interface {
	FindSessions(ctx context.Context, realmKey string, q session.Query, first, max int) ([]session.Session, error)
	Grants(ctx context.Context, realmKey, sessionID string, offline bool) ([]session.Grant, error)
}

// Signer signs with the keys of realms.
type Signer interface {
	Sign(ctx context.Context, r *realm.Realm, alg, typ string, c *token.Claims) (string, error)
}

// Poster sends a form to an address, and gives the status of the answer. It gives up by itself after a while.
type Poster interface {
	PostForm(ctx context.Context, address string, form url.Values) (status int, err error)
}

// Due are the clients to tell when the sessions end that q asks for. It is to be asked before they do: afterwards
// nobody knows.
func (h *Herald) Due(ctx context.Context, r *realm.Realm, q session.Query) ([]session.Notice, error) {
	if q.ID != "" {
		return h.dueOfOne(ctx, r, q)
	}
	var out []session.Notice
	for _, c := range r.Clients() {
		if !listens(c) {
			continue
		}
		q.Client = c.Key
		found, err := h.Sessions.FindSessions(ctx, r.Key, q, 0, -1)
		if err != nil {
			return nil, err
		}
		for _, s := range found {
			out = append(out, session.Notice{Client: c.Key, Session: s})
		}
	}
	return out, nil
}

// dueOfOne is Due of a session by its id: there are fewer clients in it than in the realm.
func (h *Herald) dueOfOne(ctx context.Context, r *realm.Realm, q session.Query) ([]session.Notice, error) {
	found, err := h.Sessions.FindSessions(ctx, r.Key, q, 0, 1)
	if err != nil || len(found) == 0 {
		return nil, err
	}
	grants, err := h.Sessions.Grants(ctx, r.Key, q.ID, q.Offline)
	if err != nil {
		return nil, err
	}
	var out []session.Notice
	for _, g := range grants {
		if c := r.ClientByKey(g.Client); c != nil && listens(c) {
			out = append(out, session.Notice{Client: c.Key, Session: found[0]})
		}
	}
	return out, nil
}

// listens tells whether a client wants to be told.
func listens(c *realm.Client) bool { return c.Logout.BackChannelURL != "" && c.Enabled && c.OIDC() }

const (
	// atOnce is how many clients are told at the same time on behalf of one request.
	atOnce = 16
	// patience is how long a request waits for clients. They are told all the same if that takes longer.
	patience = 3 * time.Second
)

// Tell tells clients that sessions have ended. A client that does not answer, or not well, is noted in the log and
// not told again, as in Keycloak: its tokens end by themselves.
func (h *Herald) Tell(ctx context.Context, at verify.At, due []session.Notice) {
	if len(due) == 0 {
		return
	}
	ctx = context.WithoutCancel(ctx) // the sessions are over though the caller may have gone
	queue := make(chan session.Notice, len(due))
	for _, n := range due {
		queue <- n
	}
	close(queue)
	var all sync.WaitGroup
	for range min(atOnce, len(due)) {
		h.underway.Add(1)
		all.Go(func() {
			defer h.underway.Done()
			for n := range queue {
				h.tell(ctx, at, n)
			}
		})
	}
	done := make(chan struct{})
	go func() { all.Wait(); close(done) }()
	select {
	case <-done:
	case <-time.After(patience):
	}
}

// Wait waits until all clients have been told.
func (h *Herald) Wait() { h.underway.Wait() }

func (h *Herald) tell(ctx context.Context, at verify.At, n session.Notice) {
	c := at.Realm.ClientByKey(n.Client)
	if c == nil {
		return // deleted since
	}
	if err := h.send(ctx, at, c, &n.Session); err != nil {
		h.Log.WarnContext(ctx, "a client could not be told that a session ended", "realm", at.Realm.Name, "client", c.ID, "cause", err)
	}
}

func (h *Herald) send(ctx context.Context, at verify.At, c *realm.Client, s *session.Session) error {
	claims := mint.Logout(h.NewID(), at.Realm.Issuer(at.Base), c, s, at.Now)
	signed, err := h.Keys.Sign(ctx, at.Realm, c.Tokens.IDAlg, mint.HeaderLogout, &claims)
	if err != nil {
		return err
	}
	status, err := h.Post.PostForm(ctx, c.BackChannelURL(at.Base), url.Values{"logout_token": {signed}})
	if err != nil {
		return err
	}
	if status/100 != 2 {
		return fmt.Errorf("answered with status %d", status)
	}
	return nil
}
