package replay

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/netip"
	"net/url"
	"strings"
	"time"
)

// Player plays the steps of one scenario, in their order, against a server.
type Player struct {
	base       string
	issuer     *Issuer
	admin      Administrator
	client     http.Client
	variables  map[string]string
	signedIn   time.Time // when the administrator did
	jars       map[string]jar
	consents   consents
	comparison *comparison
}

// Administrator is one of the realm master, by name and password.
type Administrator struct{ Username, Password string }

// NewPlayer makes a player for the server that answers at base, as "http://127.0.0.1:8080/auth".
func NewPlayer(base string, issuer *Issuer, admin Administrator) *Player {
	return &Player{
		base: base, issuer: issuer, admin: admin,
		client: http.Client{
			Timeout:       30 * time.Second,
			CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
		},
		variables:  map[string]string{"base": base},
		jars:       map[string]jar{},
		consents:   consents{},
		comparison: newComparison(base),
	}
}

// Play takes one step and lists where the answer is not as recorded. A step that only signs a token
// has no answer. One whose address no earlier answer gave is not taken, which is the difference "request". An error
// means that the step could not be taken for another reason.
func (p *Player) Play(ctx context.Context, step *Step) ([]Difference, error) {
	if step.Sleep > 0 {
		time.Sleep(time.Duration(step.Sleep * float64(time.Second)))
	}
	if step.Sign != nil {
		signed, err := step.Sign.sign(p.issuer, p.expand)
		p.variables[step.Sign.Save] = signed
		return nil, err
	}
	if err := p.signIn(ctx, step); err != nil {
		return nil, err
	}
	if where := p.expand(step.Path); strings.HasPrefix(step.Path, "${") && variable.MatchString(where) {
		return []Difference{{"request", "an address", where}}, nil
	}
	request, err := p.request(ctx, step)
	if err != nil {
		return nil, err
	}
	resp, body, err := p.send(request)
	if err != nil {
		return nil, err
	}
	if step.Browser != "" {
		p.jar(step.Browser).take(resp.Cookies())
		p.consents.take(body)
	}
	differences := p.comparison.answers(step, answer(resp, body))
	for name, where := range step.Save {
		delete(p.variables, name) // what an answer does not have is no variable: steps send its reference
		if value := saved(resp, body, where); value != "" {
			p.variables[name] = value
		}
	}
	return differences, nil
}

func (p *Player) send(request *http.Request) (*http.Response, []byte, error) {
	resp, err := p.client.Do(request)
	if err != nil {
		return nil, nil, err
	}
	defer resp.Body.Close()
	body, err := io.ReadAll(resp.Body)
	return resp, body, err
}

// fresh is for how long an administrator's token is taken as good; it lasts twice as long.
const fresh = 30 * time.Second

// signIn gets an administrator's token for the steps that name one.
func (p *Player) signIn(ctx context.Context, step *Step) error {
	if !uses(step, "admin") || p.variables["admin"] != "" && time.Since(p.signedIn) < fresh {
		return nil
	}
	form := url.Values{"grant_type": {"password"}, "client_id": {"admin-cli"}, "username": {p.admin.Username}, "password": {p.admin.Password}}
	request, err := http.NewRequestWithContext(ctx, "POST", p.base+"/realms/master/protocol/openid-connect/token", strings.NewReader(form.Encode()))
	if err != nil {
		return err
	}
	request.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	resp, body, err := p.send(request)
	if err != nil {
		return err
	}
	if p.variables["admin"] = find(body, "access_token"); p.variables["admin"] == "" {
		return fmt.Errorf("administrator's sign-in: status %d", resp.StatusCode)
	}
	p.signedIn = time.Now()
	return nil
}

func (p *Player) request(ctx context.Context, step *Step) (*http.Request, error) {
	address, err := p.address(step)
	if err != nil {
		return nil, err
	}
	if len(step.Query) > 0 {
		address += "?" + p.encode(step.Query)
	}
	body, contentType, err := p.body(step)
	if err != nil {
		return nil, err
	}
	request, err := http.NewRequestWithContext(ctx, step.method(), address, strings.NewReader(body))
	if err != nil {
		return nil, err
	}
	if contentType != "" {
		request.Header.Set("Content-Type", contentType)
	}
	if step.Basic != nil { // RFC 6749 §2.3.1: both are form-encoded first
		request.SetBasicAuth(url.QueryEscape(p.expand(step.Basic[0])), url.QueryEscape(p.expand(step.Basic[1])))
	}
	if step.Bearer != "" {
		request.Header.Set("Authorization", "Bearer "+p.expand(step.Bearer))
	}
	for name, value := range step.Header {
		request.Header.Set(name, p.expand(value))
	}
	if step.Browser != "" {
		p.jar(step.Browser).give(request)
	}
	return request, nil
}

// address is where a step asks: below the server's URL, or anywhere on this machine, such as where a
// form of a page goes.
func (p *Player) address(step *Step) (string, error) {
	path := p.expand(step.Path)
	if !strings.HasPrefix(path, "http://") && !strings.HasPrefix(path, "https://") {
		return p.base + path, nil
	}
	u, err := url.Parse(path)
	if err != nil {
		return "", err
	}
	if a, err := netip.ParseAddr(u.Hostname()); u.Hostname() != "localhost" && (err != nil || !a.IsLoopback()) {
		return "", fmt.Errorf("%s is not on this machine", u.Hostname())
	}
	return path, nil
}

// jar is the cookies of the browser of a name.
func (p *Player) jar(browser string) jar {
	if p.jars[browser] == nil {
		p.jars[browser] = jar{}
	}
	return p.jars[browser]
}

func (p *Player) body(step *Step) (body, contentType string, err error) {
	switch {
	case step.Form != nil:
		return p.encode(p.consents.fill(p.expand(step.Path), step.Form)), "application/x-www-form-urlencoded", nil
	case step.JSON != nil:
		text, err := json.Marshal(step.JSON)
		return p.expand(string(text)), "application/json", err
	case step.Body != "":
		return p.expand(step.Body), "application/json", nil
	}
	return "", "", nil
}

func (p *Player) encode(pairs []Pair) string {
	parts := make([]string, len(pairs))
	for i, pair := range pairs {
		parts[i] = url.QueryEscape(p.expand(pair[0])) + "=" + url.QueryEscape(p.expand(pair[1]))
	}
	return strings.Join(parts, "&")
}
