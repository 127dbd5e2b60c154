package admin

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"strings"
)

// Remote is a server as the session that is kept for it sees it.
type Remote struct{ session *session }

// RemoteOptions say which server and as whom. What is empty is that of the session begun last.
type RemoteOptions struct {
	Server string
	Token  string // instead of a session
	Config string // file that sessions are kept in
}

// Remote finds the session, and refreshes its token where that has expired.
func (p *Program) Remote(ctx context.Context, o RemoteOptions) (*Remote, error) {
	c := &call{ctx: ctx, program: p, command: named("get"), values: map[string][]string{}}
	for option, value := range map[string]string{"--server": o.Server, "--token": o.Token, "--config": o.Config} {
		if value != "" {
			c.values[option] = []string{value}
		}
	}
	s, err := c.connect()
	if err != nil {
		return nil, err
	}
	if s.token == "" {
		return nil, fmt.Errorf("nobody is signed in at %s. Use '%s config credentials', or --token", s.server, p.Name)
	}
	return &Remote{s}, nil
}

// Server is the server's address.
func (r *Remote) Server() string { return r.session.server }

// Call sends in, where it is not nil, to an address below /admin and reads the answer into out. A refusal is a
// *kcadm.Refused.
func (r *Remote) Call(ctx context.Context, method, path string, in, out any) error {
	body, err := r.ask(ctx, method, path, in)
	if err != nil {
		return err
	}
	return json.Unmarshal(body, out)
}

// Download writes what is at an address below /admin as it comes. A refusal is a *kcadm.Refused.
func (r *Remote) Download(ctx context.Context, path string, w io.Writer) error {
	body, err := r.ask(ctx, http.MethodGet, path, nil)
	if err != nil {
		return err
	}
	_, err = w.Write(body)
	return err
}

func (r *Remote) ask(ctx context.Context, method, path string, in any) ([]byte, error) {
	h := r.session.headers()
	h.Set("Accept", "application/json")
	var body []byte
	if in != nil {
		var err error
		if body, err = json.Marshal(in); err != nil {
			return nil, err
		}
		h.Set("Content-Type", "application/json")
	}
	address := strings.TrimSuffix(r.session.root, "/") + "/" + path
	a, err := r.session.client.Do(ctx, method, address, h, body)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", r.session.server, err)
	}
	if err := a.Refusal(); err != nil {
		return nil, err
	}
	return a.Body, nil
}
