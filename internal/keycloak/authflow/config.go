package authflow

import (
	"slices"

	"github.com/tokenhouse/tokenhouse/internal/core/fault"
)

var errNoConfig = &fault.NotFound{Message: "Could not find authenticator config"}

// AddConfig keeps settings that no execution has, and gives their id.
func (s *Set) AddConfig(c Config, newID func() string) (string, error) {
	if err := s.checkConfig(c, nil); err != nil {
		return "", err
	}
	c.ID, c.Settings = newID(), unmasked(c.Settings, nil)
	s.Configs = append(s.Configs, c)
	return c.ID, nil
}

// checkConfig refuses an alias that other settings than these have: executions name theirs by it.
func (s *Set) checkConfig(c Config, these *Config) error {
	if c.Alias == "" {
		return &fault.Conflict{Message: "Failed to create authentication execution configuration with empty alias name"}
	}
	if other := s.ConfigOf(c.Alias); other != nil && other != these {
		return &fault.Conflict{Message: "Authentication execution configuration " + c.Alias + " already exists"}
	}
	return checkAlias(c.Alias)
}

// Configure gives an execution settings of its own in place of those that it has, and gives their id. What is masked in
// them stays.
func (s *Set) Configure(execution string, c Config, newID func() string) (string, error) {
	_, e := s.Execution(execution)
	if e == nil {
		return "", errIllegal
	}
	before := *e
	stored := s.ConfigOf(before.Config)
	if err := s.checkConfig(c, stored); err != nil {
		return "", err
	}
	if stored != nil {
		c.Settings = unmasked(c.Settings, stored.Settings)
	}
	e.Config = ""
	s.dropParts(Execution{Config: before.Config})
	id, err := s.AddConfig(c, newID)
	e.Config = c.Alias
	return id, err
}

// UpdateConfig replaces settings. What is masked in them stays.
func (s *Set) UpdateConfig(id string, to Config) error {
	c := s.Config(id)
	if c == nil {
		return errNoConfig
	}
	if to.Alias == "" {
		to.Alias = c.Alias
	}
	if err := s.checkConfig(to, c); err != nil {
		return err
	}
	s.rebind(c.Alias, to.Alias)
	c.Alias, c.Settings = to.Alias, unmasked(to.Settings, c.Settings)
	return nil
}

// DeleteConfig removes settings, from the execution that has them too.
func (s *Set) DeleteConfig(id string) error {
	c := s.Config(id)
	if c == nil {
		return errNoConfig
	}
	s.rebind(c.Alias, "")
	s.Configs = slices.DeleteFunc(s.Configs, func(c Config) bool { return c.ID == id })
	return nil
}

// rebind lets executions name other settings.
func (s *Set) rebind(was, now string) {
	for i := range s.Flows {
		for j := range s.Flows[i].Executions {
			if e := &s.Flows[i].Executions[j]; was != "" && e.Config == was {
				e.Config = now
			}
		}
	}
}
