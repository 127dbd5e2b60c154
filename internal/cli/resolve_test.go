package cli

import (
	"errors"
	"log/slog"
	"net/netip"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
	"github.com/spf13/pflag"

	"github.com/tokenhouse/tokenhouse/internal/core/fault"
)

// read resolves options given as flags, as environment and as configuration file.
func read(t *testing.T, args []string, environ []string, file string) (*settings, error) {
	t.Helper()
	t.Chdir(t.TempDir())
	if file != "" {
		if err := os.Mkdir("conf", 0o700); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(defaultFile, []byte(file), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	flags := pflag.NewFlagSet("serve", pflag.ContinueOnError)
	addFlags(flags, func(option) bool { return true })
	if err := flags.Parse(args); err != nil {
		return nil, err
	}
	return resolve(flags, environ)
}

func TestPrecedence(t *testing.T) {
	flag, own, keycloak, file := []string{"--http-port=1"}, "TOKENHOUSE_HTTP_PORT=2", "KC_HTTP_PORT=3", "http-port: 4"
	tests := map[string]struct {
		args, environ []string
		file          string
		want          int
	}{
		"flag first":             {flag, []string{own, keycloak}, file, 1},
		"then our variable":      {nil, []string{keycloak, own}, file, 2},
		"then Keycloak's":        {nil, []string{keycloak}, file, 3},
		"then the file":          {nil, nil, file, 4},
		"then the default":       {nil, nil, "", 8080},
		"empty variables do not": {nil, []string{"TOKENHOUSE_HTTP_PORT=", "KC_HTTP_PORT="}, file, 4},
		"variables of others":    {nil, []string{"HTTP_PORT=9", "KC_NO_OPTION=9"}, "", 8080},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			s, err := read(t, tt.args, tt.environ, tt.file)
			if err != nil {
				t.Fatal(err)
			}
			if s.Listen.HTTPPort != tt.want {
				t.Errorf("port %d, want %d", s.Listen.HTTPPort, tt.want)
			}
		})
	}
}

// TestEveryOption sets each option each way it can be given, and wants it to arrive.
func TestEveryOption(t *testing.T) {
	for _, o := range options {
		value := sample(o)
		ways := map[string]func(*testing.T) (*settings, error){
			"flag": func(t *testing.T) (*settings, error) { return read(t, []string{"--" + o.name + "=" + value}, nil, "") },
			"own variable": func(t *testing.T) (*settings, error) {
				return read(t, nil, []string{ownPrefix + variable(o.name) + "=" + value}, "")
			},
			"file": func(t *testing.T) (*settings, error) { return read(t, nil, nil, o.name+": \""+value+"\"") },
		}
		if o.keycloak {
			ways["Keycloak's variable"] = func(t *testing.T) (*settings, error) {
				return read(t, nil, []string{keycloakPrefix + variable(o.name) + "=" + value}, "")
			}
		}
		for way, given := range ways {
			t.Run(o.name+" by "+way, func(t *testing.T) {
				without, err := read(t, nil, nil, "")
				if err != nil {
					t.Fatal(err)
				}
				with, err := given(t)
				if err != nil {
					t.Fatal(err)
				}
				if cmp.Equal(without, with, compareSettings) {
					t.Errorf("%s=%s changes nothing", o.name, value)
				}
			})
		}
	}
}

var compareSettings = cmp.Options{
	cmp.AllowUnexported(settings{}, database{}), cmpopts.EquateComparable(netip.Prefix{}), cmpopts.IgnoreTypes(&slog.Logger{}),
	cmp.FilterValues(func(a, b func() time.Time) bool { return true }, cmp.Ignore()),
	cmp.FilterValues(func(a, b func(string) (string, bool)) bool { return true }, cmp.Ignore()),
}

// sample is a value of an option that is not its default.
func sample(o option) string {
	switch {
	case strings.HasSuffix(o.name, "-port"):
		return "4711"
	case o.fallback == "true":
		return "false"
	case o.toggle:
		return "true"
	}
	values := map[string]string{"proxy-trusted-addresses": "10.0.0.0/8,192.0.2.1", "shutdown-delay": "5", "shutdown-timeout": "5", "db": "postgres", "log-level": "warn", "log-console-output": "json"}
	if v, ok := values[o.name]; ok {
		return v
	}
	return "something"
}

func TestValues(t *testing.T) {
	tests := map[string]struct {
		args []string
		env  []string
		file string
		want func(*settings) any
		is   any
	}{
		"a toggle alone is true":            {args: []string{"--health-enabled"}, want: func(s *settings) any { return s.Management.Health }, is: true},
		"a toggle that is off":              {args: []string{"--health-enabled=false"}, env: []string{"KC_HEALTH_ENABLED=true"}, want: func(s *settings) any { return s.Management.Health }, is: false},
		"a truth of YAML":                   {file: "metrics-enabled: true", want: func(s *settings) any { return s.Management.Metrics }, is: true},
		"a list of YAML":                    {file: "proxy-trusted-addresses: [10.0.0.0/8, \"::1\"]", want: func(s *settings) any { return len(s.Proxy.Trusted) }, is: 2},
		"comments alone":                    {file: "# nothing\n", want: func(s *settings) any { return s.Listen.HTTPPort }, is: 8080},
		"a delay":                           {args: []string{"--shutdown-delay=5s"}, want: func(s *settings) any { return s.Listen.Delay }, is: 5 * time.Second},
		"seconds":                           {args: []string{"--shutdown-timeout=90"}, want: func(s *settings) any { return s.Listen.Grace }, is: 90 * time.Second},
		"Keycloak's list of levels":         {env: []string{"KC_LOG_LEVEL=WARN,org.keycloak:debug"}, want: func(s *settings) any { return s.logLevel }, is: slog.LevelWarn},
		"the default database":              {want: func(s *settings) any { return s.Database.URL }, is: "sqlite:data/tokenhouse.db"},
		"a URL of PostgreSQL":               {args: []string{"--db-url=postgres://a:b@c/d"}, want: func(s *settings) any { return s.Database.URL }, is: "postgres://a:b@c/d"},
		"a JDBC URL":                        {env: []string{"KC_DB=postgres", "KC_DB_URL=jdbc:postgresql://db:5433/kc", "KC_DB_USERNAME=u", "KC_DB_PASSWORD=p@ss/"}, want: func(s *settings) any { return s.Database.URL }, is: "postgresql://u:p%40ss%2F@db:5433/kc"},
		"a URL's own user wins":             {env: []string{"KC_DB_URL=postgres://a:b@c/d", "KC_DB_USERNAME=u", "KC_DB_PASSWORD=p"}, want: func(s *settings) any { return s.Database.URL }, is: "postgres://a:b@c/d"},
		"a database from its parts":         {env: []string{"KC_DB=postgres", "KC_DB_URL_HOST=db", "KC_DB_URL_DATABASE=kc", "KC_DB_USERNAME=u", "KC_DB_PASSWORD=p"}, want: func(s *settings) any { return s.Database.URL }, is: "postgres://u:p@db:5432/kc"},
		"a user is nothing to SQLite":       {env: []string{"KC_DB_USERNAME=u", "KC_DB_PASSWORD=p"}, want: func(s *settings) any { return s.Database.URL }, is: "sqlite:data/tokenhouse.db"},
		"in development HTTP is on":         {want: func(s *settings) any { s.Development = true; s.choose(); return s.Listen.HTTP }, is: true},
		"in production it is not":           {want: func(s *settings) any { s.choose(); return s.Listen.HTTP }, is: false},
		"but where a proxy brings TLS":      {args: []string{"--proxy-headers=forwarded"}, want: func(s *settings) any { s.choose(); return s.Listen.HTTP }, is: true},
		"unless there is a certificate":     {args: []string{"--proxy-headers=forwarded", "--https-certificate-file=c"}, want: func(s *settings) any { s.choose(); return s.Listen.HTTP }, is: false},
		"what is said counts":               {args: []string{"--http-enabled=false"}, want: func(s *settings) any { s.Development = true; s.choose(); return s.Listen.HTTP }, is: false},
		"import-realm alone is a directory": {args: []string{"--import-realm"}, want: func(s *settings) any { s.choose(); return s.Import }, is: "data/import"},
		"import-realm with a path":          {args: []string{"--import-realm=shop.json"}, want: func(s *settings) any { s.choose(); return s.Import }, is: "shop.json"},
		"import-realm off":                  {args: []string{"--import-realm=false"}, want: func(s *settings) any { s.choose(); return s.Import }, is: ""},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			s, err := read(t, tt.args, tt.env, tt.file)
			if err != nil {
				t.Fatal(err)
			}
			if got := tt.want(s); got != tt.is {
				t.Errorf("%v, want %v", got, tt.is)
			}
		})
	}
}

func TestMistakesAreNamed(t *testing.T) {
	tests := map[string]struct {
		args, env []string
		file      string
		want      string
	}{
		"unknown flag":              {args: []string{"--htp-port=1"}, want: `unknown flag: --htp-port`},
		"unknown variable":          {env: []string{"TOKENHOUSE_HTTP_PRT=1"}, want: `environment variable TOKENHOUSE_HTTP_PRT is no option; did you mean TOKENHOUSE_HTTP_PORT?`},
		"unlike any":                {env: []string{"TOKENHOUSE_SOMETHING_ELSE=1"}, want: `environment variable TOKENHOUSE_SOMETHING_ELSE is no option`},
		"unknown variable, empty":   {env: []string{"TOKENHOUSE_SOMETHING_ELSE="}, want: `environment variable TOKENHOUSE_SOMETHING_ELSE is no option`},
		"unknown key":               {file: "# a comment\nhtp-port: 1\n", want: `conf/tokenhouse.yaml line 2: "htp-port" is no option; did you mean "http-port"?`},
		"key twice":                 {file: "http-port: 1\nhttp-port: 2\n", want: `conf/tokenhouse.yaml`},
		"no YAML":                   {file: "a: b: c", want: `conf/tokenhouse.yaml: yaml: mapping values are not allowed in this context`},
		"a list of YAML":            {file: "- http-port", want: `conf/tokenhouse.yaml line 1: not a mapping of options to values`},
		"a mapping for a value":     {file: "http-port: {a: 1}", want: `conf/tokenhouse.yaml line 1: http-port holds a mapping where a value is due`},
		"port in the file":          {file: "http-port: eighty", want: `conf/tokenhouse.yaml line 1: "eighty" of http-port is no port: 0 to 65535`},
		"port in a variable":        {env: []string{"KC_HTTP_PORT=99999"}, want: `environment variable KC_HTTP_PORT: "99999" of http-port is no port: 0 to 65535`},
		"port in a flag":            {args: []string{"--http-port=-1"}, want: `flag --http-port: "-1" of http-port is no port: 0 to 65535`},
		"truth":                     {args: []string{"--health-enabled=yes"}, want: `flag --health-enabled: "yes" of health-enabled is neither true nor false`},
		"duration":                  {args: []string{"--shutdown-timeout=soon"}, want: `flag --shutdown-timeout: "soon" of shutdown-timeout is no duration, as 30s or 1m30s`},
		"network":                   {args: []string{"--proxy-trusted-addresses=10.0.0.1,nowhere"}, want: `flag --proxy-trusted-addresses: "10.0.0.1,nowhere" of proxy-trusted-addresses holds "nowhere", which is no address and no network`},
		"kind of database":          {env: []string{"KC_DB=mysql"}, want: `environment variable KC_DB: "mysql" of db is none of sqlite, dev-file, dev-mem, postgres`},
		"level":                     {args: []string{"--log-level=loud"}, want: `flag --log-level: "loud" of log-level is none of debug, info, warn, error`},
		"form of the log":           {args: []string{"--log-console-output=xml"}, want: `flag --log-console-output: "xml" of log-console-output is neither default nor json`},
		"missing file":              {args: []string{"--config-file=nowhere.yaml"}, want: `configuration file: open nowhere.yaml: no such file or directory`},
		"missing file, by variable": {env: []string{"TOKENHOUSE_CONFIG_FILE=nowhere.yaml"}, want: `configuration file: open nowhere.yaml: no such file or directory`},
		"file within the file":      {file: "config-file: other.yaml", want: `conf/tokenhouse.yaml line 1: "config-file" is no option`},
		"a URL with a bad password": {env: []string{"KC_DB_URL=postgres://c/%zz", "KC_DB_USERNAME=u"}, want: `db-url is no URL`},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			_, err := read(t, tt.args, tt.env, tt.file)
			if err == nil {
				t.Fatalf("accepted; want %q", tt.want)
			}
			if got := err.Error(); got != tt.want && !(strings.HasSuffix(tt.want, defaultFile) && strings.HasPrefix(got, tt.want)) {
				t.Errorf("%q, want %q", got, tt.want)
			}
		})
	}
}

func TestSecretsAreNotShown(t *testing.T) {
	for _, o := range options {
		if o.secret && o.set(&settings{}, "hunter2") != nil {
			t.Errorf("%s is checked: make sure that its value is not shown", o.name)
		}
	}
	if _, err := read(t, nil, []string{"KC_DB_URL=postgres://u:hunter2@c/%zz", "KC_DB_USERNAME=u"}, ""); err == nil || strings.Contains(err.Error(), "hunter2") {
		t.Errorf("error %v, want one without the password", err)
	}
}

func TestConfigurationFileByName(t *testing.T) {
	other := filepath.Join(t.TempDir(), "other.yaml")
	if err := os.WriteFile(other, []byte("http-port: 5"), 0o600); err != nil {
		t.Fatal(err)
	}
	for name, given := range map[string][2][]string{
		"by flag":     {{"--config-file=" + other}, nil},
		"by variable": {nil, {"TOKENHOUSE_CONFIG_FILE=" + other}},
	} {
		s, err := read(t, given[0], given[1], "http-port: 4")
		if err != nil {
			t.Fatal(err)
		}
		if s.Listen.HTTPPort != 5 {
			t.Errorf("%s: port %d, want that of the named file", name, s.Listen.HTTPPort)
		}
	}
}

// TestStartDemands walks through what start accepts and what not, of a server that knows its name.
func TestStartDemands(t *testing.T) {
	tests := map[string]struct {
		args  []string
		dev   bool
		fault string // option at fault
	}{
		"nothing":                      {nil, false, "https-certificate-file"},
		"development":                  {nil, true, ""},
		"HTTP on purpose":              {[]string{"--http-enabled=true"}, false, ""},
		"behind a proxy":               {[]string{"--proxy-headers=xforwarded"}, false, ""},
		"a certificate":                {[]string{"--https-certificate-file=c", "--https-certificate-key-file=k"}, false, ""},
		"a certificate without key":    {[]string{"--https-certificate-file=c"}, false, "https-certificate-file"},
		"a key without certificate":    {[]string{"--http-enabled", "--https-certificate-key-file=k"}, false, "https-certificate-file"},
		"no hostname":                  {[]string{"--http-enabled", "--hostname="}, false, "hostname"},
		"no hostname in development":   {[]string{"--hostname="}, true, ""},
		"any hostname on purpose":      {[]string{"--http-enabled", "--hostname=", "--hostname-strict=false"}, false, ""},
		"a hostname with a path":       {[]string{"--http-enabled", "--hostname=id.example/auth"}, false, "hostname"},
		"another scheme":               {[]string{"--http-enabled", "--hostname=ftp://id.example"}, false, "hostname"},
		"a path":                       {[]string{"--http-enabled", "--http-relative-path=/auth"}, false, ""},
		"no path":                      {[]string{"--http-enabled", "--http-relative-path=auth"}, false, "http-relative-path"},
		"headers of no proxy":          {[]string{"--http-enabled", "--proxy-headers=all"}, false, "proxy-headers"},
		"trust without headers":        {[]string{"--http-enabled", "--proxy-trusted-addresses=10.0.0.1"}, false, "proxy-trusted-addresses"},
		"administrator, no password":   {[]string{"--http-enabled", "--bootstrap-admin-username=a"}, false, "bootstrap-admin-username"},
		"administrator, without name":  {[]string{"--http-enabled", "--bootstrap-admin-password=a"}, false, "bootstrap-admin-username"},
		"administrating client, alone": {[]string{"--http-enabled", "--bootstrap-admin-client-id=a"}, false, "bootstrap-admin-client-id"},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			s, err := read(t, append([]string{"--hostname=id.example"}, tt.args...), nil, "")
			if err != nil {
				t.Fatal(err)
			}
			s.Development = tt.dev
			s.choose()
			if got := faulty(t, s.Config.Check()); got != tt.fault {
				t.Errorf("at fault is %q, want %q", got, tt.fault)
			}
		})
	}
}

// faulty is the option that an error is about, "" where there is none.
func faulty(t *testing.T, err error) string {
	t.Helper()
	if err == nil {
		return ""
	}
	invalid, ok := errors.AsType[*fault.Invalid](err)
	if !ok || !isOption(invalid.Field) {
		t.Fatalf("%v does not name an option", err)
	}
	return invalid.Field
}
