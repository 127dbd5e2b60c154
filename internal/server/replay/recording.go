package replay

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io/fs"
	"path"
	"strings"
)

// recordedIssuer is the address at which the foreign issuer answered while the recordings were made.
const recordedIssuer = "http://127.0.0.1:18099"

// Recordings are the recorded conversations below "scenarios", and the realm files that they start
// from: those that were made for them below "golden", those of others below "wild".
type Recordings struct {
	Files  fs.FS
	Realms fs.FS
	Issuer *Issuer // takes the place of the recorded foreign issuer
}

// Scenario is one conversation with a server that starts from freshly imported realms.
type Scenario struct {
	Name   string   `json:"-"` // its path below "scenarios", without the extension
	About  string   `json:"about"`
	Realms []string `json:"realms"` // realm files, in the order of their import
	Steps  []*Step  `json:"steps"`
}

// Step is one request, or one token to sign, and what was answered when it was recorded.
type Step struct {
	Name    string            `json:"name"`
	Note    string            `json:"note"`
	Sleep   float64           `json:"sleep"`   // seconds to wait before
	Sign    *Draft            `json:"jwt"`     // sends nothing: signs a token
	Browser string            `json:"browser"` // whose cookies are sent; none where empty
	Method  string            `json:"method"`  // GET, or POST with a body, where empty
	Path    string            `json:"path"`    // below the server's URL
	Query   []Pair            `json:"query"`
	Header  map[string]string `json:"header"`
	Basic   *Pair             `json:"basic"` // client and secret
	Bearer  string            `json:"bearer"`
	Form    []Pair            `json:"form"`
	JSON    any               `json:"json"`
	Body    string            `json:"body"`
	Save    map[string]string `json:"save"`            // variable → path of its value in the answer
	Ordered bool              `json:"ordered"`         // arrays are in a meaningful order, not sets
	Loose   bool              `json:"loose"`           // members that were not recorded are fine
	Guarded bool              `json:"securityHeaders"` // headers that tell browsers what pages may do are compared too
	Want    *Answer           `json:"want"`
}

// Pair is a name and a value.
type Pair [2]string

// Names are the scenarios of a folder such as "exchange".
func (r Recordings) Names(folder string) ([]string, error) {
	files, err := fs.Glob(r.Files, path.Join("scenarios", folder, "*.json"))
	if err != nil {
		return nil, err
	}
	names := make([]string, len(files))
	for i, file := range files {
		names[i] = strings.TrimSuffix(strings.TrimPrefix(file, "scenarios/"), ".json")
	}
	return names, nil
}

// Scenario reads the scenario of a name. Fields that are not known are an error: what they ask for
// would go unnoticed.
func (r Recordings) Scenario(name string) (*Scenario, error) {
	text, err := r.read(r.Files, path.Join("scenarios", name+".json"))
	if err != nil {
		return nil, err
	}
	s := &Scenario{Name: name}
	d := json.NewDecoder(bytes.NewReader(text))
	d.DisallowUnknownFields()
	if err := d.Decode(s); err != nil {
		return nil, fmt.Errorf("scenario %s: %w", name, err)
	}
	seen := map[string]bool{}
	for i, step := range s.Steps {
		if step.Name == "" || seen[step.Name] {
			return nil, fmt.Errorf("scenario %s: step %d needs a name of its own, has %q", name, i+1, step.Name)
		}
		seen[step.Name] = true
	}
	return s, nil
}

// Realm reads a realm file that a scenario starts from.
func (r Recordings) Realm(file string) ([]byte, error) {
	folder := "golden"
	if path.Dir(file) != "." {
		folder = "wild"
	}
	return r.read(r.Realms, path.Join(folder, path.Base(file)))
}

func (r Recordings) read(files fs.FS, file string) ([]byte, error) {
	text, err := fs.ReadFile(files, file)
	if err != nil {
		return nil, err
	}
	if r.Issuer != nil {
		text = bytes.ReplaceAll(text, []byte(recordedIssuer), []byte(r.Issuer.URL()))
	}
	return text, nil
}

// method is the HTTP method that a step asks with.
func (s *Step) method() string {
	switch {
	case s.Method != "":
		return s.Method
	case s.Form != nil || s.JSON != nil || s.Body != "":
		return "POST"
	}
	return "GET"
}
