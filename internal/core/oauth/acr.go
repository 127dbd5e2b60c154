package oauth

import (
	"encoding/json"
	"strings"
)

// ACR are the authentication context classes that a request asks for, in its order (OpenID Connect Core §3.1.2.1 and
// §5.5.1.1).
type ACR struct {
	Values    []string
	Essential bool // one of them has to be reached
}

// AskedACR reads the parameters "claims" and "acr_values", which is not looked at beside essential claims. Of the claim
// its values count, or else its value. Claims that are no JSON, or of other types, ask for nothing.
func AskedACR(claims, acrValues string) ACR {
	values, essential := claimedACR(claims)
	if essential && len(values) > 0 {
		return ACR{values, true}
	}
	return ACR{Values: append(strings.Fields(acrValues), values...)}
}

func claimedACR(claims string) (values []string, essential bool) {
	var asked struct {
		IDToken struct {
			ACR struct {
				Essential json.RawMessage `json:"essential"`
				Value     string          `json:"value"`
				Values    []string        `json:"values"`
			} `json:"acr"`
		} `json:"id_token"`
	}
	if claims == "" || json.Unmarshal([]byte(claims), &asked) != nil {
		return nil, false
	}
	acr := asked.IDToken.ACR
	if acr.Values == nil && acr.Value != "" {
		acr.Values = []string{acr.Value}
	}
	return acr.Values, strings.Trim(string(acr.Essential), `"`) == "true" // some write it as a text
}

// ParseACR reads what String wrote; what it did not write asks for nothing.
func ParseACR(text string) (a ACR) {
	if text == "" || json.Unmarshal([]byte(text), &a) != nil {
		return ACR{}
	}
	return a
}

// String is the form in which it is kept; empty where nothing is asked for.
func (a ACR) String() string {
	if len(a.Values) == 0 {
		return ""
	}
	text, _ := json.Marshal(a) // texts can be written
	return string(text)
}
