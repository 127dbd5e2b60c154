package cli

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/tokenhouse/tokenhouse/examples"
	"github.com/tokenhouse/tokenhouse/internal/core/oauth"
	"github.com/tokenhouse/tokenhouse/internal/core/token"
	"github.com/tokenhouse/tokenhouse/internal/server"
)

func (p *program) demoCommand() *cobra.Command {
	var once, printRealm bool
	var address string
	cmd := &cobra.Command{
		Use:   "demo",
		Short: "Start a small shop, sign in, exchange a token and explain it",
		Long:  "Start a server on a throw-away database with the realm of a small shop, and show with real requests how a\nuser signs in, how a service exchanges the token, and how refusals are explained. The server keeps running.",
		Args:  arguments(),
		RunE: func(cmd *cobra.Command, _ []string) error {
			if printRealm {
				_, err := p.out.Write(examples.Shop)
				return err
			}
			return p.demo(cmd.Context(), address, once)
		},
	}
	cmd.Flags().StringVar(&address, "listen", "127.0.0.1:8080", "address to listen on; another port is taken where this one is taken")
	cmd.Flags().BoolVar(&once, "once", false, "end after the story")
	cmd.Flags().BoolVar(&printRealm, "print-realm", false, "print the shop's realm file, and do nothing else")
	return cmd
}

// demo runs the server in-process and tells the story over HTTP, as any client would see it.
func (p *program) demo(ctx context.Context, address string, once bool) (err error) {
	dir, err := os.MkdirTemp("", "tokenhouse-demo-")
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, os.RemoveAll(dir)) }()
	if err := os.WriteFile(filepath.Join(dir, "shop.json"), examples.Shop, 0o600); err != nil {
		return err
	}
	listener, err := listen(ctx, address)
	if err != nil {
		return err
	}
	quiet := &settings{logLevel: levels["error"]}
	s, err := server.New(ctx, server.Config{Development: true, Import: dir, Log: p.logger(quiet),
		Database:  server.Database{URL: "sqlite:" + filepath.Join(dir, "tokenhouse.db")},
		Bootstrap: server.Bootstrap{Username: "admin", Password: "admin"}})
	if err != nil {
		return errors.Join(err, listener.Close())
	}
	web := &http.Server{Handler: s.Handler(), ReadHeaderTimeout: 10 * time.Second}
	served := make(chan error, 1)
	go func() { served <- web.Serve(listener) }()

	t := &tour{out: p.out, base: "http://" + listener.Addr().String(), explain: p.run}
	err = t.tell(ctx, filepath.Join(dir, "shop.json"))
	if err == nil && !once {
		fmt.Fprintf(p.out, "\nThe server runs at %s until you press Ctrl-C.\n", t.base)
		select {
		case <-ctx.Done():
		case err = <-served:
		}
	}
	grace, cancel := context.WithTimeout(context.WithoutCancel(ctx), 5*time.Second)
	defer cancel()
	return errors.Join(err, web.Shutdown(grace), s.Close())
}

// listen takes the address, or any free port of its host where the port is taken.
func listen(ctx context.Context, address string) (net.Listener, error) {
	host, _, err := net.SplitHostPort(address)
	if err != nil {
		return nil, usagef("flag --listen: %v", err)
	}
	if l, err := new(net.ListenConfig).Listen(ctx, "tcp", address); err == nil {
		return l, nil
	}
	return new(net.ListenConfig).Listen(ctx, "tcp", net.JoinHostPort(host, "0"))
}

// tour tells the story of the shop.
type tour struct {
	out     io.Writer
	base    string
	explain func(ctx context.Context, args []string) int
}

// tell walks through it, step by step.
func (t *tour) tell(ctx context.Context, file string) error {
	t.heading("1. Alice signs in at the storefront")
	signIn := []string{"grant_type=password", "client_id=storefront", "username=alice", "password=alice-password", "scope=openid"}
	t.curl("TOKEN", "", signIn)
	held, err := t.request(ctx, "", signIn)
	if err != nil {
		return err
	}
	if err := t.show(held.AccessToken); err != nil {
		return err
	}

	t.heading("2. The gateway, which the token is for, exchanges it for one that orders accepts")
	exchange := func(audience, subject string) []string {
		return []string{"grant_type=" + string(oauth.TokenExchange), "subject_token=" + subject,
			"subject_token_type=" + string(oauth.TypeAccessToken), "audience=" + audience}
	}
	t.curl("ORDERS_TOKEN", "gateway:gateway-secret", exchange("orders", "$TOKEN"))
	exchanged, err := t.request(ctx, "gateway:gateway-secret", exchange("orders", held.AccessToken))
	if err != nil {
		return err
	}
	if err := t.show(exchanged.AccessToken); err != nil {
		return err
	}

	t.heading("3. Why this came out so")
	if err := t.ask(ctx, "exchange", "--audience=orders", file); err != nil {
		return err
	}

	t.heading("4. The gateway tries to reach payment, which it must not")
	t.curl("", "gateway:gateway-secret", exchange("payment", "$TOKEN"))
	if _, err := t.request(ctx, "gateway:gateway-secret", exchange("payment", held.AccessToken)); err == nil {
		return errors.New("the exchange for payment was granted, and should not have been")
	} else if refused, ok := errors.AsType[*refusal](err); ok {
		fmt.Fprintf(t.out, "%d %s\n", refused.status, refused.body)
	} else {
		return err
	}
	return t.ask(ctx, "exchange", "--audience=payment", file)
}

// ask runs the explain command as anybody would type it.
func (t *tour) ask(ctx context.Context, what, audience, file string) error {
	args := []string{"explain", what, "--client=gateway", "--subject-client=storefront", "--user=alice", audience, "--base=" + t.base}
	fmt.Fprintf(t.out, "$ tokenhouse %s --realm-file=examples/shop.json\n", strings.Join(args, " "))
	if t.explain(ctx, append(args, "--realm-file="+file)) != exitOK {
		return errors.New("the decision could not be explained")
	}
	return nil
}

func (t *tour) heading(text string) {
	fmt.Fprintf(t.out, "\n%s\n%s\n", text, strings.Repeat("-", len(text)))
}

// curl prints the request as a line to try; into keeps its token in a shell variable.
func (t *tour) curl(into, basic string, form []string) {
	var b strings.Builder
	b.WriteString("curl -s " + t.base + "/realms/shop/protocol/openid-connect/token")
	if basic != "" {
		b.WriteString(" \\\n    -u " + basic)
	}
	for _, parameter := range form {
		b.WriteString(" \\\n    -d \"" + parameter + "\"")
	}
	if into == "" {
		fmt.Fprintf(t.out, "$ %s\n", b.String())
		return
	}
	fmt.Fprintf(t.out, "$ %s=$(%s | sed 's/.*\"access_token\":\"\\([^\"]*\\)\".*/\\1/')\n", into, b.String())
}

// answer is what the story needs of the token endpoint's answer.
type answer struct {
	AccessToken string `json:"access_token"`
}

// refusal is an answer that is no success.
type refusal struct {
	status int
	body   string
}

func (r *refusal) Error() string { return fmt.Sprintf("%d %s", r.status, r.body) }

// request sends a form to the token endpoint.
func (t *tour) request(ctx context.Context, basic string, form []string) (answer, error) {
	values := url.Values{}
	for _, parameter := range form {
		name, value, _ := strings.Cut(parameter, "=")
		values.Add(name, value)
	}
	q, err := http.NewRequestWithContext(ctx, http.MethodPost, t.base+"/realms/shop/protocol/openid-connect/token", strings.NewReader(values.Encode()))
	if err != nil {
		return answer{}, err
	}
	q.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	if id, secret, ok := strings.Cut(basic, ":"); ok {
		q.SetBasicAuth(id, secret)
	}
	resp, err := http.DefaultClient.Do(q)
	if err != nil {
		return answer{}, err
	}
	defer resp.Body.Close()
	body, err := io.ReadAll(resp.Body)
	if err != nil {
		return answer{}, err
	}
	if resp.StatusCode != http.StatusOK {
		return answer{}, &refusal{resp.StatusCode, string(body)}
	}
	var a answer
	return a, json.Unmarshal(body, &a)
}

// show prints what a token says, in the claims that the story is about.
func (t *tour) show(compact string) error {
	opened, err := token.Open(compact)
	if err != nil {
		return err
	}
	c, err := token.Parse(opened.Payload)
	if err != nil {
		return err
	}
	scope := ""
	if c.Scope != nil {
		scope = *c.Scope
	}
	for _, line := range [][2]string{
		{"azp", c.Client}, {"aud", strings.Join(c.Audience, " ")}, {"scope", scope}, {"sub", c.Subject},
		{"expires in", (time.Duration(c.Expires-c.IssuedAt) * time.Second).String()},
	} {
		fmt.Fprintf(t.out, "  %-11s%s\n", line[0], cmp.Or(line[1], "(none)"))
	}
	return nil
}
