package cli

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"maps"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"gopkg.in/yaml.v3"
)

const deployments = "../../deploy/"

// decoded reads the documents of a YAML file, strictly.
func decoded[T any](t *testing.T, path string) (all []T) {
	t.Helper()
	text, err := os.ReadFile(deployments + path)
	if err != nil {
		t.Fatal(err)
	}
	documents := yaml.NewDecoder(bytes.NewReader(text))
	documents.KnownFields(true)
	for {
		var one T
		err := documents.Decode(&one)
		if errors.Is(err, io.EOF) {
			return all
		}
		if err != nil {
			t.Fatalf("%s: %v", path, err)
		}
		all = append(all, one)
	}
}

// cluster is what deploy/kubernetes makes, by kind and name.
type cluster map[string]map[string]manifest

func theCluster(t *testing.T) cluster {
	t.Helper()
	all := cluster{}
	kustomization := decoded[manifest](t, "kubernetes/kustomization.yaml")[0]
	for _, file := range kustomization.Resources {
		for _, m := range decoded[manifest](t, "kubernetes/"+file) {
			if all[m.Kind] == nil {
				all[m.Kind] = map[string]manifest{}
			}
			all[m.Kind][m.Metadata.Name] = m
		}
	}
	files, err := filepath.Glob(deployments + "kubernetes/*")
	if err != nil || len(files) != len(kustomization.Resources)+1 {
		t.Errorf("%d files, and the kustomization names %d others: %v", len(files), len(kustomization.Resources), err)
	}
	return all
}

// pods are what runs: that of the Deployment, and that of the StatefulSet.
func (c cluster) pods() map[string]manifest {
	pods := maps.Clone(c["Deployment"])
	maps.Copy(pods, c["StatefulSet"])
	return pods
}

// TestManifestsFitTogether: what one part of deploy/kubernetes names another one is.
func TestManifestsFitTogether(t *testing.T) {
	c := theCluster(t)
	for name, m := range c.pods() {
		if label := m.Spec.Template.Metadata.Labels["app.kubernetes.io/name"]; m.Spec.Selector.selects() != label {
			t.Errorf("%s selects %q and makes %q", name, m.Spec.Selector.selects(), label)
		}
		fitting(t, name, m)
		confined(t, name, m.Spec.Template.Spec)
	}
	for name, m := range c["Service"] {
		pod, there := c.pods()[m.Spec.Selector.selects()]
		if !there {
			t.Fatalf("service %s selects nobody", name)
		}
		for _, p := range m.Spec.Ports {
			if portOf(pod.Spec.Template.Spec.Containers[0], p.TargetPort) == 0 {
				t.Errorf("service %s leads to port %q, which is none", name, p.TargetPort)
			}
		}
	}
	guarded(t, c)
	for _, rule := range c["Ingress"]["tokenhouse"].Spec.Rules {
		to := rule.HTTP.Paths[0].Backend.Service
		if port := c["Service"][to.Name].Spec.Ports; len(port) != 1 || port[0].Name != to.Port.Name || port[0].TargetPort != "http" {
			t.Errorf("the ingress leads to %v", to)
		}
		if got := c["ConfigMap"]["tokenhouse"].Data["TOKENHOUSE_HOSTNAME"]; got != "https://"+rule.Host {
			t.Errorf("hostname %s, and the ingress is at %s", got, rule.Host)
		}
	}
	disruption, deployment := c["PodDisruptionBudget"]["tokenhouse"].Spec, c["Deployment"]["tokenhouse"].Spec
	if disruption.Selector.selects() != "tokenhouse" || disruption.MinAvailable < 1 || disruption.MinAvailable >= deployment.Replicas {
		t.Errorf("of %d pods %d are to stay", deployment.Replicas, disruption.MinAvailable)
	}
	pod := deployment.Template.Spec
	waits, wrong := time.ParseDuration(c["ConfigMap"]["tokenhouse"].Data["TOKENHOUSE_SHUTDOWN_DELAY"])
	ends, err := time.ParseDuration(c["ConfigMap"]["tokenhouse"].Data["TOKENHOUSE_SHUTDOWN_TIMEOUT"])
	if limit := time.Duration(pod.TerminationGracePeriodSeconds) * time.Second; wrong != nil || err != nil || waits <= 0 || ends+waits >= limit {
		t.Errorf("a pod has %s to end, and takes %s and %s: %v, %v", limit, waits, ends, wrong, err)
	}
	kustomization := decoded[manifest](t, "kubernetes/kustomization.yaml")[0]
	if c["Namespace"]["tokenhouse"].Kind == "" || kustomization.Namespace != "tokenhouse" {
		t.Error("the namespace is another")
	}
	if images := kustomization.Images; len(images) != 1 || images[0].Name != pod.Containers[0].Image || images[0].NewTag == "" || images[0].NewTag == "latest" {
		t.Errorf("images %v: two pods may be of two versions", images)
	}
}

// guarded looks at who may speak to the database: the servers.
func guarded(t *testing.T, c cluster) {
	t.Helper()
	policy := c["NetworkPolicy"]["postgres"].Spec
	database := c["StatefulSet"]["postgres"].Spec.Template
	if policy.PodSelector.selects() != database.Metadata.Labels["app.kubernetes.io/name"] || !slices.Equal(policy.PolicyTypes, []string{"Ingress"}) || len(policy.Ingress) != 1 {
		t.Fatalf("anybody may speak to the database: %+v", policy)
	}
	rule := policy.Ingress[0]
	if len(rule.From) != 1 || rule.From[0].PodSelector.selects() != c["Deployment"]["tokenhouse"].Spec.Template.Metadata.Labels["app.kubernetes.io/name"] ||
		len(rule.Ports) != 1 || portOf(database.Spec.Containers[0], rule.Ports[0].Port) == 0 {
		t.Errorf("others than the servers may speak to the database, or these may not: %+v", rule)
	}
}

// fitting looks at volumes, secrets and ports of a pod.
func fitting(t *testing.T, name string, m manifest) {
	t.Helper()
	var volumes []string
	for _, v := range m.Spec.VolumeClaimTemplates {
		volumes = append(volumes, v.Metadata.Name)
	}
	for _, v := range m.Spec.Template.Spec.Volumes {
		volumes = append(volumes, v.Name)
		for _, item := range v.Secret.Items {
			if v.Secret.SecretName != "tokenhouse" || !slices.Contains(secretKeys(t), item.Key) {
				t.Errorf("%s wants %s of the secret %s, which docs/kubernetes.md does not make", name, item.Key, v.Secret.SecretName)
			}
		}
	}
	c := m.Spec.Template.Spec.Containers[0]
	for _, mount := range c.VolumeMounts {
		if !slices.Contains(volumes, mount.Name) {
			t.Errorf("%s mounts %s, which is no volume", name, mount.Name)
		}
	}
	for _, e := range c.Env {
		if from := e.ValueFrom.SecretKeyRef; e.Value == "" && (from.Name != "tokenhouse" || !slices.Contains(secretKeys(t), from.Key)) {
			t.Errorf("%s wants %s of the secret %s, which docs/kubernetes.md does not make", name, from.Key, from.Name)
		}
	}
	for _, p := range []containerProbe{c.StartupProbe, c.LivenessProbe, c.ReadinessProbe} {
		if p.HTTPGet.Path != "" && portOf(c, p.HTTPGet.Port) == 0 {
			t.Errorf("%s is asked at port %q, which is none", name, p.HTTPGet.Port)
		}
	}
}

// confined looks at what a pod may do: nothing.
func confined(t *testing.T, name string, p pod) {
	t.Helper()
	c, s := p.Containers[0].SecurityContext, p.SecurityContext
	switch {
	case !s.RunAsNonRoot || s.RunAsUser == 0 || s.SeccompProfile.Type != "RuntimeDefault":
		t.Errorf("%s may run as root", name)
	case c.AllowPrivilegeEscalation == nil || *c.AllowPrivilegeEscalation || !slices.Equal(c.Capabilities.Drop, []string{"ALL"}):
		t.Errorf("%s may get rights", name)
	case !c.ReadOnlyRootFilesystem:
		t.Errorf("%s may write its file system", name)
	case p.AutomountServiceAccountToken == nil || *p.AutomountServiceAccountToken:
		t.Errorf("%s may call the cluster", name)
	case p.EnableServiceLinks == nil || *p.EnableServiceLinks:
		t.Errorf("%s is told of services, by variables that the server takes for options", name)
	}
}

func portOf(c container, name string) int {
	for _, p := range c.Ports {
		if p.Name == name {
			return p.ContainerPort
		}
	}
	return 0
}

// secretKeys are those of the secret that docs/kubernetes.md makes.
func secretKeys(t *testing.T) (keys []string) {
	t.Helper()
	page, err := os.ReadFile("../../docs/kubernetes.md")
	if err != nil {
		t.Fatal(err)
	}
	for _, m := range regexp.MustCompile(`--from-literal=([a-z-]+)=`).FindAllStringSubmatch(string(page), -1) {
		keys = append(keys, m[1])
	}
	return keys
}

// TestManifestsStartAServer starts the binary as the Deployment does, on a database as the StatefulSet has it.
func TestManifestsStartAServer(t *testing.T) {
	t.Parallel()
	c := theCluster(t)
	pod := c["Deployment"]["tokenhouse"].Spec.Template.Spec
	server, database := pod.Containers[0], c["StatefulSet"]["postgres"].Spec.Template.Spec.Containers[0]
	environ := maps.Clone(c["ConfigMap"][server.EnvFrom[0].ConfigMapRef.Name].Data)
	for _, e := range server.Env {
		environ[e.Name] = "secret"
	}
	secret := filepath.Join(pod.Containers[0].VolumeMounts[0].MountPath, pod.Volumes[0].Secret.Items[0].Path)
	if environ["TOKENHOUSE_MASTER_KEY_FILE"] != secret {
		t.Errorf("the master key is at %s, and looked for at %s", secret, environ["TOKENHOUSE_MASTER_KEY_FILE"])
	}
	environ["TOKENHOUSE_MASTER_KEY_FILE"] = filepath.Join(t.TempDir(), "master-key")
	if err := os.WriteFile(environ["TOKENHOUSE_MASTER_KEY_FILE"], []byte(masterKey), 0o400); err != nil {
		t.Fatal(err)
	}
	made := map[string]string{}
	for _, e := range database.Env {
		made[e.Name] = e.Value
	}
	where := c["Service"]["postgres"].Metadata.Name + ":" + strconv.Itoa(portOf(database, "postgres"))
	d := deployed(t, server.Args, environ, where, made)

	ports := map[string]string{"http": strconv.Itoa(portOf(server, "http")), "management": strconv.Itoa(portOf(server, "management"))}
	if diff := cmp.Diff(map[string]string{"http": fallback("http-port"), "management": fallback("http-management-port")}, ports); diff != "" {
		t.Errorf("ports of the server (-), and of its container (+):\n%s", diff)
	}
	for _, p := range []containerProbe{server.StartupProbe, server.LivenessProbe, server.ReadinessProbe} {
		if p.HTTPGet.Port != "management" {
			t.Errorf("%s is asked at port %q", p.HTTPGet.Path, p.HTTPGet.Port)
		}
		answers(t, d.management+p.HTTPGet.Path, `"status":"UP"`)
	}
	answers(t, d.http+"/realms/master/.well-known/openid-configuration", `"issuer":"`+environ["TOKENHOUSE_HOSTNAME"]+`/realms/master"`)
	d.alerts(t)
}

// TestServiceLinksAreRefused: why the Deployment switches them off.
func TestServiceLinksAreRefused(t *testing.T) {
	var said bytes.Buffer
	p := &program{in: strings.NewReader(""), out: io.Discard, err: &said, environ: []string{"TOKENHOUSE_PORT=tcp://10.0.0.1:80"}}
	if code := p.run(t.Context(), []string{"start"}); code != exitUsage || !strings.Contains(said.String(), "TOKENHOUSE_PORT") {
		t.Errorf("exit code %d: %s", code, &said)
	}
}

// TestComposeFile starts the binary as deploy/compose does.
func TestComposeFile(t *testing.T) {
	t.Parallel()
	all := decoded[composition](t, "compose/compose.yaml")[0]
	server, database := all.Services["tokenhouse"], all.Services["postgres"]
	page, err := os.ReadFile("../../docs/run-in-production.md")
	if err != nil {
		t.Fatal(err)
	}
	given := regexp.MustCompile(`\$\{([A-Z_]+)(:-([^}]*)|:\?)\}`)
	expand := func(value string) string {
		return given.ReplaceAllStringFunc(value, func(variable string) string {
			m := given.FindStringSubmatch(variable)
			switch {
			case strings.HasPrefix(m[2], ":-"):
				return m[3]
			case !strings.Contains(string(page), m[1]+"=%s"):
				t.Errorf("docs/run-in-production.md does not make %s", m[1])
			case m[1] == "MASTER_KEY":
				return masterKey
			}
			return "secret"
		})
	}
	environ, made := map[string]string{}, map[string]string{}
	for name, value := range server.Environment {
		environ[name] = expand(value)
	}
	for name, value := range database.Environment {
		made[name] = expand(value)
	}
	d := deployed(t, server.Command, environ, "postgres:5432", made)
	answers(t, d.http+"/realms/master", `"realm":"master"`)
	answers(t, d.management+"/health/ready", `"status":"UP"`)
	for _, p := range server.Ports {
		ports := strings.Split(p, ":")
		if inside := ports[len(ports)-1]; inside != fallback("http-port") && inside != fallback("http-management-port") {
			t.Errorf("port %s is nobody's", p)
		}
		if ports[0] != "127.0.0.1" {
			t.Errorf("port %s is open to everybody", p)
		}
	}
	if test := database.Healthcheck.Test; !slices.Contains(test, "-h") {
		t.Errorf("%q holds at the socket too, where PostgreSQL answers before it does to others", test)
	}
	if all.Name != "tokenhouse" {
		t.Errorf("the name is %q: without one the volume is called by the folder, as that of other projects", all.Name)
	}
	if !server.ReadOnly || !slices.Equal(server.CapDrop, []string{"ALL"}) {
		t.Error("the container may do more than it needs")
	}
}

// TestUnitStartsAServer starts the binary as deploy/tokenhouse.service does, with the settings that docs/run-in-production.md
// writes beside it.
func TestUnitStartsAServer(t *testing.T) {
	t.Parallel()
	unit, err := os.ReadFile(deployments + "tokenhouse.service")
	if err != nil {
		t.Fatal(err)
	}
	page, err := os.ReadFile("../../docs/run-in-production.md")
	if err != nil {
		t.Fatal(err)
	}
	settings := regexp.MustCompile(`(?s)/etc/tokenhouse/tokenhouse\.env <<EOF\n(.+?)\nEOF`).FindSubmatch(page)
	command := regexp.MustCompile(`(?m)^ExecStart=/usr/local/bin/tokenhouse (\S+)$`).FindSubmatch(unit)
	if settings == nil || command == nil {
		t.Fatal("no settings, or no command")
	}
	credentials, state := t.TempDir(), t.TempDir()
	if err := os.Mkdir(filepath.Join(state, "tokenhouse"), 0o700); err != nil { // StateDirectory
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(credentials, "master.key"), []byte(masterKey), 0o400); err != nil { // LoadCredential
		t.Fatal(err)
	}
	port := freePorts(t, 1)[0]
	environ := append(strings.Split(string(settings[1]), "\n"), "TOKENHOUSE_HTTP_PORT="+port)
	if !slices.Contains(environ, "TOKENHOUSE_HTTP_HOST=127.0.0.1") {
		t.Fatal("the port without TLS is open to others than the proxy on this machine")
	}
	for _, m := range regexp.MustCompile(`(?m)^Environment=(.*)$`).FindAllStringSubmatch(string(unit), -1) {
		environ = append(environ, strings.NewReplacer("%d", credentials, "%S", state).Replace(m[1]))
	}
	if !strings.Contains(string(unit), fmt.Sprintf("\nRestartPreventExitStatus=%d\n", exitUsage)) {
		t.Error("what cannot be set is tried again for ever")
	}
	pause := regexp.MustCompile(`(?m)^RestartSec=(\S+)$`).FindSubmatch(unit)
	if pause == nil {
		t.Fatal("systemd gives up after five failures in ten seconds, and they take one")
	}
	if d, err := time.ParseDuration(string(pause[1])); err != nil || 5*d <= 10*time.Second {
		t.Errorf("five failures take %s: systemd gives up after that many in ten seconds: %v", 5*d, err)
	}
	lines := started(t, environ, string(command[1]))
	for !strings.Contains(lines.Text(), "listening") && lines.Scan() {
		t.Log(lines.Text())
	}
	go drain(lines)
	answers(t, "http://127.0.0.1:"+port+"/realms/master", "https://id.example/realms/master")
}

const unknown = "no option"

// fallback is the default of an option, by its name or its variable's; unknown where there is none.
func fallback(name string) string {
	for _, o := range options {
		if o.name == name || ownPrefix+variable(o.name) == name {
			return o.fallback
		}
	}
	return unknown
}
