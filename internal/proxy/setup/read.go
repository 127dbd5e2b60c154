package setup

import (
	"bytes"
	"cmp"
	"crypto/rand"
	"errors"
	"fmt"
	"io"
	"maps"
	"os"
	"slices"
	"strings"

	"gopkg.in/yaml.v3"

	"github.com/tokenhouse/tokenhouse/internal/proxy/resource"
)

// given are the values of options, by name. Resources of a file are read already.
type given struct {
	values    map[string][]string
	resources []resource.Resource
}

// Read makes settings of flags, of environment variables PROXY_<NAME>, of a file where it is named, and of defaults: the first that
// has an option counts. Of flags those that were set are given, by name. The file may be named by PROXY_CONFIG_FILE too.
func Read(flags map[string][]string, environ []string, file string) (*Settings, error) {
	s := &Settings{}
	for _, o := range options {
		if o.Default != "" {
			if err := o.set(s, []string{o.Default}); err != nil {
				return nil, fmt.Errorf("default of %s: %w", o.Name, err)
			}
		}
	}
	s.needSecurity = nil
	all := given{values: map[string][]string{}}
	for _, one := range environ {
		if named, ok := strings.CutPrefix(one, "PROXY_CONFIG_FILE="); ok && file == "" {
			file = named
		}
	}
	if file != "" {
		text, err := os.ReadFile(file)
		if err != nil {
			return nil, err
		}
		if err := all.readFile(text); err != nil {
			return nil, fmt.Errorf("%s: %w", file, err)
		}
	}
	s.Warnings = all.readEnvironment(environ)
	for name, values := range flags {
		all.values[name] = values
	}
	if err := s.take(all); err != nil {
		return nil, err
	}
	if err := s.finish(); err != nil {
		return nil, err
	}
	s.warnIdle(all)
	return s, nil
}

// readEnvironment reads variables. Lists are by comma. Other programs have variables of their own, so that unknown ones are no mistake;
// those that look like one are warned of.
func (g *given) readEnvironment(environ []string) (warnings []string) {
	known := map[string]Kind{}
	for _, o := range options {
		known[variable(o.Name)] = o.Kind
	}
	for _, one := range environ {
		name, value, _ := strings.Cut(one, "=")
		name = cmp.Or(former[name], name)
		if !strings.HasPrefix(name, "PROXY_") || value == "" {
			continue
		}
		option := strings.ToLower(strings.ReplaceAll(strings.TrimPrefix(name, "PROXY_"), "_", "-"))
		kind, ours := known[name]
		switch {
		case ours && option == "resources":
			g.values[option], g.resources = strings.Split(value, ";"), nil // a comma is within one
		case ours && (kind == List || kind == Map):
			g.values[option] = strings.Split(value, ",")
		case ours || missing[option] != "" || always[option] != "":
			g.values[option] = []string{value}
		case near(option) != "":
			warnings = append(warnings, name+" is no option, and does nothing; did you mean "+variable(near(option))+"?")
		}
	}
	return warnings
}

// readFile reads a file in YAML, of which JSON is a part.
func (g *given) readFile(text []byte) error {
	var root yaml.Node
	d := yaml.NewDecoder(bytes.NewReader(text))
	if err := d.Decode(&root); errors.Is(err, io.EOF) {
		return nil
	} else if err != nil {
		return err
	}
	if err := d.Decode(&yaml.Node{}); !errors.Is(err, io.EOF) {
		return errors.New("it holds more than one document, of which only the first would count")
	}
	if len(root.Content) != 1 || root.Content[0].Kind != yaml.MappingNode {
		return errors.New("it holds no options, as name: value")
	}
	for pair := range slices.Chunk(root.Content[0].Content, 2) {
		name, value := pair[0].Value, pair[1]
		if _, twice := g.values[name]; twice || name == "resources" && g.resources != nil {
			return fmt.Errorf("line %d: %s is there twice", pair[0].Line, name)
		}
		if err := g.readNode(name, value); err != nil {
			return fmt.Errorf("line %d: %s %w", pair[0].Line, name, err)
		}
	}
	return nil
}

func (g *given) readNode(name string, n *yaml.Node) error {
	if name == "resources" && n.Kind == yaml.SequenceNode && slices.ContainsFunc(n.Content, func(c *yaml.Node) bool { return c.Kind == yaml.MappingNode }) {
		text, err := yaml.Marshal(n)
		if err != nil {
			return err
		}
		d := yaml.NewDecoder(bytes.NewReader(text))
		d.KnownFields(true)
		g.resources = []resource.Resource{}
		return d.Decode(&g.resources)
	}
	values := []string{}
	scalar := func(c *yaml.Node) error {
		if c.Kind == yaml.AliasNode {
			c = c.Alias
		}
		if c.Kind != yaml.ScalarNode {
			return invalid("holds what is no text")
		}
		values = append(values, c.Value)
		return nil
	}
	switch n.Kind {
	case yaml.MappingNode:
		for pair := range slices.Chunk(n.Content, 2) {
			if pair[1].Kind != yaml.ScalarNode {
				return invalid("holds what is no text")
			}
			values = append(values, pair[0].Value+"="+pair[1].Value)
		}
	case yaml.SequenceNode:
		for _, c := range n.Content {
			if err := scalar(c); err != nil {
				return err
			}
		}
	default:
		if n.Tag == "!!null" {
			return nil // a key with nothing behind it, as in the samples of Keycloak Gatekeeper
		}
		if err := scalar(n); err != nil {
			return err
		}
	}
	g.values[name] = values
	return nil
}

// take sets each option that is given, and refuses those that there are not.
func (s *Settings) take(g given) error {
	for _, name := range slices.Sorted(maps.Keys(g.values)) { // so that the same mistake is told each time
		values := g.values[name]
		o, ok := Known(name)
		switch {
		case missing[name] != "" && !(slices.Contains(off, name) && slices.Equal(values, []string{"false"})):
			return fmt.Errorf("%s is not supported: %s", name, missing[name])
		case missing[name] != "":
			continue
		case always[name] != "" && !slices.Equal(values, []string{"true"}):
			return fmt.Errorf("%s can only be true: %s", name, always[name])
		case always[name] != "":
			continue
		case !ok && near(name) != "":
			return fmt.Errorf("unknown option %s; did you mean %s?", name, near(name))
		case !ok:
			return fmt.Errorf("unknown option %s", name)
		case len(values) == 0:
			continue
		case len(values) > 1 && (o.Kind == Text || o.Kind == Toggle):
			return fmt.Errorf("%s has several values", name)
		}
		if err := o.set(s, values); err != nil {
			return fmt.Errorf("%s %w", name, err)
		}
	}
	if g.values["resources"] == nil {
		s.Access.Resources = g.resources
	}
	return nil
}

// finish decides what follows from several options together.
func (s *Settings) finish() error {
	const below = "/.well-known/openid-configuration"
	base := strings.TrimSuffix(s.discovery, below)
	if s.Issuer.URL == "" {
		s.Issuer.URL = base
	}
	if base != s.Issuer.URL {
		s.Issuer.DiscoveryURL = base + below
	}
	s.Issuer.Audience = cmp.Or(s.Issuer.Audience, s.Issuer.ClientID)
	s.Issuer.Scopes = []string{"openid", "email", "profile"}
	for _, scope := range s.scopes {
		if !slices.Contains(s.Issuer.Scopes, scope) {
			s.Issuer.Scopes = append(s.Issuer.Scopes, scope)
		}
	}
	if s.requestID {
		s.Filter.RequestID = s.requestName
	}
	if s.Session.Key == "" && !s.Access.NoRedirects {
		s.Session.Key = rand.Text() + rand.Text()
		s.Warnings = append(s.Warnings, "encryption-key is not set: who is signed in has to sign in again after a restart, and at each other gatekeeper")
	}
	if s.Upstream.SkipVerify && s.Upstream.URL != nil && s.Upstream.URL.Scheme == "https" {
		s.Warnings = append(s.Warnings, "skip-upstream-tls-verify: whoever stands between sees and changes everything")
	}
	t := &s.Listen
	if t.TLS.ClientCA != "" && t.HTTP != "" && !t.ToHTTPS {
		s.Warnings = append(s.Warnings, "listen-http: whoever comes in there shows no certificate, whatever tls-ca-certificate demands; enable-https-redirection only leads them to HTTPS")
	}
	switch {
	case t.Address == "":
		return errors.New("listen is empty: name host and port, or a socket")
	case s.Site.OAuth == "":
		return errors.New("oauth-uri is empty: the gatekeeper's endpoints would hide everything else")
	case len(s.needSecurity) > 0 && !s.securityOn:
		return fmt.Errorf("%s does nothing without enable-security-filter", s.needSecurity[0])
	case (t.TLS.Certificate == "") != (t.TLS.Key == ""):
		return errors.New("tls-cert and tls-private-key are needed together")
	case t.TLS.ClientCA != "" && t.TLS.Certificate == "":
		return errors.New("tls-ca-certificate needs tls-cert: certificates are shown by TLS alone")
	case t.ToHTTPS && (t.HTTP == "" || s.Site.URL == nil || s.Site.URL.Scheme != "https"):
		return errors.New("enable-https-redirection needs listen-http, and a redirection-url of https")
	case s.Upstream.SkipVerify && s.Upstream.CA != "":
		return errors.New("upstream-ca and skip-upstream-tls-verify exclude each other")
	case s.Upstream.MaxIdleHost > s.Upstream.MaxIdle:
		return errors.New("max-idle-connections-per-host is more than max-idle-connections")
	case (s.Issuer.ExplainID == "") != (s.Issuer.ExplainSecret == ""):
		return errors.New("explain-client-id and explain-client-secret are needed together")
	case s.CORS.Credentials && slices.Contains(s.CORS.Origins, "*"):
		return errors.New("cors-credentials: browsers take cookies for named origins alone; name them in cors-origins")
	}
	for i, h := range s.Filter.Hosts {
		s.Filter.Hosts[i] = strings.ToLower(h)
	}
	return nil
}
