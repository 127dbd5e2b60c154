package decision_test

import (
	"encoding/json"
	"testing"

	"github.com/tokenhouse/tokenhouse/internal/core/decision"
)

// FuzzAgain takes any record anew, as a log that somebody hands in may hold it: what comes of it is a verdict that says
// why it refuses, and is the same each time.
func FuzzAgain(f *testing.F) {
	for _, d := range []decision.Record{
		decided(f, brought(), "orders"), decided(f, brought(), "nowhere"), decided(f, brought("one", "two"), "orders"), decided(f, nil),
		{Version: 1, Grant: "refresh_token", Client: "app", ClientKey: "app-key", Asked: decision.Asked{Renewed: true}, Outcome: decision.Outcome{Granted: true}},
		{Version: 1, Grant: "password", Client: "app", ClientKey: "app-key", User: &decision.User{ID: "alice-id", Roles: []string{"buyer-key", "name:x"},
			Groups: []decision.Group{{ID: "g"}}}, Outcome: decision.Outcome{Granted: true}},
	} {
		text, err := json.Marshal(d)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(text)
	}
	f.Add([]byte(`{"v":1,"client":"gateway","clientKey":"k","grant":"urn:ietf:params:oauth:grant-type:token-exchange","foreign":{"name":"x"},"subject":{"path":[{}],"kind":"zz"},"outcome":{"granted":true}}`))
	r := shop().Realm()
	f.Fuzz(func(t *testing.T, line []byte) {
		var d decision.Record
		if json.Unmarshal(line, &d) != nil {
			return
		}
		is, ok := decision.Again(d, r)
		if !ok {
			return
		}
		if is.Granted == (is.Rule != "") {
			t.Errorf("granted %t, by rule %q", is.Granted, is.Rule)
		}
		again, _ := decision.Again(d, r)
		if diff := decision.Compare(is.Outcome, again.Outcome); diff != nil {
			t.Errorf("once %+v, then %+v", is, again)
		}
		decision.Compare(d.Outcome, is.Outcome)
	})
}
