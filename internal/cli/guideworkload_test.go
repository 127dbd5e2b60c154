package cli

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"gopkg.in/yaml.v3"
)

const workloadExample = "../../examples/workload-identity/"

// workloadRealm is what the example's realm says of its clients.
type workloadRealm struct {
	Clients []struct {
		ClientID   string            `json:"clientId"`
		Attributes map[string]string `json:"attributes"`
	} `json:"clients"`
}

// subjectOf is whom a client of the example is by the tokens of others.
func subjectOf(t *testing.T, client string) string {
	t.Helper()
	text, err := os.ReadFile(workloadExample + "shop.json")
	if err != nil {
		t.Fatal(err)
	}
	var realm workloadRealm
	if err := json.Unmarshal(text, &realm); err != nil {
		t.Fatal(err)
	}
	for _, c := range realm.Clients {
		if c.ClientID == client {
			return c.Attributes["jwt.credential.sub"]
		}
	}
	t.Fatalf("there is no client %s", client)
	return ""
}

// workload is what the example uses of Kubernetes.
type workload struct {
	Kind     string
	Metadata struct{ Name, Namespace string }
	Spec     struct {
		Template struct {
			Spec struct {
				ServiceAccountName string `yaml:"serviceAccountName"`
				Containers         []struct {
					Env          []struct{ Name, Value string }
					VolumeMounts []struct{ Name string } `yaml:"volumeMounts"`
				}
				Volumes []struct {
					Name      string
					Projected struct {
						Sources []struct {
							ServiceAccountToken struct{ Audience string } `yaml:"serviceAccountToken"`
						}
					}
				}
			}
		}
	}
}

// TestWorkloadManifests: the pods of the example are who the realm takes them for, and their tokens are for it.
func TestWorkloadManifests(t *testing.T) {
	text, err := os.ReadFile(workloadExample + "fulfilment.yaml")
	if err != nil {
		t.Fatal(err)
	}
	all := map[string]workload{}
	documents := yaml.NewDecoder(bytes.NewReader(text))
	for {
		var w workload
		err := documents.Decode(&w)
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			t.Fatal(err)
		}
		all[w.Kind] = w
	}
	account, pod := all["ServiceAccount"].Metadata, all["Deployment"].Spec.Template.Spec
	if pod.ServiceAccountName != account.Name || all["Deployment"].Metadata.Namespace != account.Namespace {
		t.Errorf("the pods are %s, and the account is %s", pod.ServiceAccountName, account)
	}
	if got, want := "system:serviceaccount:"+account.Namespace+":"+account.Name, subjectOf(t, "fulfilment"); got != want {
		t.Errorf("the pods are %s, and the realm knows %s", got, want)
	}
	container, volume := pod.Containers[0], pod.Volumes[0]
	if got := volume.Projected.Sources[0].ServiceAccountToken.Audience; got != container.Env[0].Value || container.VolumeMounts[0].Name != volume.Name {
		t.Errorf("the token is for %s, and the realm is %s", got, container.Env[0].Value)
	}
}

// workflow is what the example uses of GitHub Actions.
type workflow struct {
	Permissions map[string]string
	Jobs        map[string]struct {
		Environment string
		Env         map[string]string
		Defaults    struct{ Run struct{ Shell string } }
		Steps       []struct{ Name, Run string }
	}
}

// TestWorkflowGetsAToken runs the step that gets a token as a runner does, with servers that answer as GitHub and the realm.
func TestWorkflowGetsAToken(t *testing.T) {
	t.Parallel()
	text, err := os.ReadFile(workloadExample + "deploy.yaml")
	if err != nil {
		t.Fatal(err)
	}
	var w workflow
	if err := yaml.Unmarshal(text, &w); err != nil {
		t.Fatal(err)
	}
	job := w.Jobs["deploy"]
	if got, want := "repo:acme/shop:environment:"+job.Environment, subjectOf(t, "deploy"); got != want || w.Permissions["id-token"] != "write" {
		t.Errorf("the job is %s, and the realm knows %s; it may %v", got, want, w.Permissions)
	}
	servers := httptest.NewServer(http.HandlerFunc(asGitHubAndRealm))
	t.Cleanup(servers.Close)
	for _, program := range []string{"bash", "curl", "jq"} {
		if _, err := exec.LookPath(program); err != nil && os.Getenv(toolsRequired) != "1" {
			t.Skipf("%s is not installed", program)
		}
	}
	env := filepath.Join(t.TempDir(), "env")
	shells := map[string][]string{"": {"-e"}, "bash": {"--noprofile", "--norc", "-eo", "pipefail"}} // as a runner calls them
	run := func(issuer string) ([]byte, error) {
		cmd := exec.CommandContext(t.Context(), "bash", append(shells[job.Defaults.Run.Shell], "-c", job.Steps[0].Run)...)
		cmd.Env = append(os.Environ(), "ISSUER="+issuer, "ACTIONS_ID_TOKEN_REQUEST_TOKEN=of the job",
			"ACTIONS_ID_TOKEN_REQUEST_URL="+servers.URL+"/identity?api-version=2.0", "GITHUB_ENV="+env)
		return cmd.CombinedOutput()
	}
	if said, err := run(servers.URL + "/elsewhere"); err == nil {
		t.Errorf("the step goes on without a token:\n%s", said)
	}
	said, err := run(servers.URL)
	if err != nil {
		t.Fatalf("%v\n%s", err, said)
	}
	got, err := os.ReadFile(env)
	if err != nil || string(got) != "TOKEN=an access token\n" || !strings.Contains(string(said), "::add-mask::an access token") {
		t.Errorf("%q, and the log has %s: %v", got, said, err)
	}
}

// asGitHubAndRealm gives the job an identity for whom it asks, and an access token for that.
func asGitHubAndRealm(w http.ResponseWriter, r *http.Request) {
	here := "http://" + r.Host
	switch {
	case r.URL.Path == "/identity" && r.Header.Get("Authorization") == "bearer of the job":
		fmt.Fprintf(w, `{"value": "job for %s"}`, r.URL.Query().Get("audience"))
	case r.URL.Path == "/protocol/openid-connect/token" && r.FormValue("grant_type") == "client_credentials" &&
		r.FormValue("client_assertion_type") == "urn:ietf:params:oauth:client-assertion-type:jwt-bearer" && r.FormValue("client_assertion") == "job for "+here:
		fmt.Fprint(w, `{"access_token": "an access token"}`)
	default:
		http.Error(w, "nobody knows you", http.StatusUnauthorized)
	}
}
