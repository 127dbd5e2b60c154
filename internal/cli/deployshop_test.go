package cli

import (
	"bytes"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"gopkg.in/yaml.v3"
)

const shopExample = "../../examples/shop/"

// shopComposition is what examples/shop uses of the Compose specification.
type shopComposition struct {
	Name     string `yaml:"name"`
	Services map[string]struct {
		Build       shopBuild         `yaml:"build"`
		Image       string            `yaml:"image"`
		Command     []string          `yaml:"command"`
		Environment map[string]string `yaml:"environment"`
		Volumes     []string          `yaml:"volumes"`
		Ports       []string          `yaml:"ports"`
		NetworkMode string            `yaml:"network_mode"`
		DependsOn   map[string]struct {
			Condition string `yaml:"condition"`
			Restart   bool   `yaml:"restart"`
		} `yaml:"depends_on"`
		ReadOnly    bool     `yaml:"read_only"`
		CapDrop     []string `yaml:"cap_drop"`
		SecurityOpt []string `yaml:"security_opt"`
	} `yaml:"services"`
}

// shopBuild is a folder, with the Dockerfile in it where it is that of another.
type shopBuild struct {
	Context    string `yaml:"context"`
	Dockerfile string `yaml:"dockerfile"`
}

func (b *shopBuild) UnmarshalYAML(n *yaml.Node) error {
	if n.Kind == yaml.ScalarNode {
		b.Context, b.Dockerfile = n.Value, "Dockerfile"
		return nil
	}
	type plain shopBuild
	return n.Decode((*plain)(b))
}

// TestShopComposition: what the compose file of the shop names is there, and listens where it is looked for. No container is
// started.
func TestShopComposition(t *testing.T) {
	text, err := os.ReadFile(shopExample + "compose.yaml")
	if err != nil {
		t.Fatal(err)
	}
	var all shopComposition
	d := yaml.NewDecoder(bytes.NewReader(text))
	d.KnownFields(true)
	if err := d.Decode(&all); err != nil {
		t.Fatal(err)
	}
	served := map[string]string{"8080": fallback("http-port")}
	for name, s := range all.Services {
		dockerfile, err := os.ReadFile(filepath.Join(shopExample, s.Build.Context, s.Build.Dockerfile))
		if err != nil {
			t.Fatal(err)
		}
		copied(t, string(dockerfile))
		if name == "tokenhouse" {
			continue
		}
		source, err := os.ReadFile(shopExample + name + "/main.go")
		if err != nil || len(s.Command) != 1 || s.Command[0] != name || !strings.Contains(string(dockerfile), " ./examples/shop/"+name) {
			t.Errorf("%s runs %q, which the image does not have: %v", name, s.Command, err)
		}
		if s.NetworkMode != "service:tokenhouse" || !s.ReadOnly || !slices.Equal(s.CapDrop, []string{"ALL"}) {
			t.Errorf("%s is another network's, or may do more than it needs", name)
		}
		if !s.DependsOn["tokenhouse"].Restart {
			t.Errorf("%s is left without a network when the server is started again", name)
		}
		port := regexp.MustCompile(`"127\.0\.0\.1:(\d+)"`).FindSubmatch(source)
		if listen := s.Environment["LISTEN"]; listen != "" {
			served[strings.TrimPrefix(listen, ":")] = string(port[1])
		}
	}
	server := all.Services["tokenhouse"]
	for _, p := range server.Ports {
		parts := strings.Split(p, ":")
		if len(parts) != 3 || parts[0] != "127.0.0.1" || parts[1] != parts[2] || served[parts[2]] != parts[2] {
			t.Errorf("port %s is open to everybody, nobody's, or another than that of the pages", p)
		}
	}
	if len(server.Ports) != len(served) {
		t.Errorf("ports %q, and served are %v", server.Ports, served)
	}
	page, err := os.ReadFile(shopExample + "README.md")
	if err != nil {
		t.Fatal(err)
	}
	for _, m := range regexp.MustCompile(`http://localhost:(\d+)`).FindAllSubmatch(page, -1) {
		if port := string(m[1]); served[port] != port {
			t.Errorf("README.md asks at port %s, where nobody is", port)
		}
	}
	realm, folder, _ := strings.Cut(server.Volumes[0], ":")
	if _, err := os.Stat(shopExample + realm); err != nil || "--import-realm="+filepath.Dir(folder) != server.Command[1] {
		t.Errorf("%s starts with %q: %v", realm, server.Command, err)
	}
}

// copied looks for what a Dockerfile copies from the project.
func copied(t *testing.T, dockerfile string) {
	t.Helper()
	for _, m := range regexp.MustCompile(`(?m)^COPY ([^-].*) \S+$`).FindAllStringSubmatch(dockerfile, -1) {
		for source := range strings.FieldsSeq(m[1]) {
			if _, err := os.Stat("../../" + source); err != nil {
				t.Error(err)
			}
		}
	}
}
