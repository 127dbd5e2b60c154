package assertion

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/tokenhouse/tokenhouse/internal/core/audience"
	"github.com/tokenhouse/tokenhouse/internal/core/exchange"
	"github.com/tokenhouse/tokenhouse/internal/core/explain"
	"github.com/tokenhouse/tokenhouse/internal/core/federation"
	"github.com/tokenhouse/tokenhouse/internal/core/oauth"
)

// Refusal is that of either half of a decision: of Examine, or of Decide.
type Refusal struct {
	Rule   explain.Rule
	Refuse *oauth.Error
}

// Fixes are changes each of which makes a refusal vanish; another rule may refuse then. Where configuration can change it
// there is a command to run. Where the assertion or the request is at fault, a sentence says what to send instead. Of f
// is read what had been found out by then.
func Fixes(q Request, f Found, no Refusal) []explain.Fix {
	fix := fixes[no.Rule]
	if no.Refuse == nil || fix == nil {
		return nil
	}
	return fix(&refused{q, f, no.Refuse.Description})
}

// refused is a request that was refused, and in which words.
type refused struct {
	Request
	Found
	text string
}

var fixes = map[explain.Rule]func(*refused) []explain.Fix{
	explain.AssertionGiven:     fixGiven,
	explain.AssertionClient:    fixClient,
	explain.AssertionClaims:    fixClaims,
	explain.AssertionIdentity:  fixIdentity,
	explain.AssertionProvider:  fixProvider,
	explain.AssertionPermitted: fixPermitted,
	explain.AssertionTime:      fixTime,
	explain.AssertionOnce:      fixOnce,
	explain.AssertionSignature: fixSignature,
	explain.AssertionUser:      fixUser,
	explain.AssertionScope:     fixScope,
	explain.AssertionProof:     fixProof,
	explain.AssertionLineage:   fixLineage,
	explain.AssertionChain:     fixChain,
	explain.AssertionAudience:  fixAudience,
	explain.AssertionConsent:   fixConsent,
}

const (
	attributeEnabled   = "oauth2.jwt.authorization.grant.enabled"
	attributeProviders = "oauth2.jwt.authorization.grant.idp"
)

func fixGiven(*refused) []explain.Fix { return say("send a JWT as parameter assertion") }

func fixClient(f *refused) []explain.Fix {
	if f.Client.Public {
		return do("give "+f.Client.ID+" credentials", f.set(explain.Setting{Field: "publicClient", Value: "false"}))
	}
	return do("switch the JWT authorization grant on for "+f.Client.ID, f.set(explain.Attribute(attributeEnabled, "true")))
}

func fixClaims(*refused) []explain.Fix {
	return say("have an assertion made that names its issuer and its subject")
}

func fixIdentity(f *refused) []explain.Fix {
	switch {
	case f.Assertion.HeaderType != oauth.HeaderIdentity:
		return append(say("have an identity assertion made: a JWT of type %s", oauth.HeaderIdentity),
			f.ofProvider("take other assertions of its issuer too", explain.Config(federation.SettingIdentity, string(federation.AcceptIdentity)))...)
	case f.Scope != nil && f.text == notHad(*f.Scope, f.Assertion):
		return say("ask for scopes that the assertion has: %s", f.Assertion.Claims.Get("scope"))
	}
	return say("have an assertion made for %s, whose client_id says so", f.Client.ID)
}

// fixProvider says what keeps providers with the assertion's issuer from vouching for users.
func fixProvider(f *refused) []explain.Fix {
	var out []explain.Fix
	able := 0
	for _, p := range f.Realm.Providers() {
		s, ok := federation.ReadIssuer(p)
		if !ok || !s.Issued(*f.Assertion) {
			continue
		}
		var settings []explain.Setting
		if !p.Enabled {
			settings = append(settings, explain.Setting{Field: "enabled", Value: "true"})
		}
		if !s.Grants().Enabled {
			settings = append(settings, explain.Config(federation.SettingGrants, "true"))
		}
		if len(settings) == 0 {
			able++
			continue
		}
		out = append(out, f.provider(p.Alias, "take assertions of "+p.Alias, settings...)...)
	}
	switch {
	case able > 1: // nobody knows which of them is meant
		return say("name one of the identity providers with issuer %s, and no other, in %s of %s", f.Assertion.Issuer, attributeProviders, f.Client.ID)
	case len(out) == 0:
		return say("make an identity provider of type %s with issuer %s and its keys", federation.KindGrant, f.Assertion.Issuer)
	}
	return out
}

func fixPermitted(f *refused) []explain.Fix {
	list := append(slices.Clone(f.Client.Assertions.Providers), f.Provider.Alias)
	return do("let "+f.Client.ID+" redeem assertions of "+f.Provider.Alias, f.set(explain.Attribute(attributeProviders, strings.Join(list, "##"))))
}

func fixTime(f *refused) []explain.Fix {
	from := func(at int64) time.Duration { return time.Unix(at, 0).Sub(f.Now) }
	switch a := f.Assertion; federation.Flaw(f.text) {
	case federation.IssuedBefore:
		return f.older(-from(a.IssuedAt))
	case federation.FarExpiry:
		return f.older(from(a.Expires))
	case federation.IssuedLater:
		return f.faster(from(a.IssuedAt))
	case federation.Inactive:
		if a.Expires > f.Now.Unix() && a.NotBefore > f.Now.Unix() {
			return f.faster(from(a.NotBefore))
		}
	}
	return say("have a new assertion made, which says when it was issued and when it expires")
}

// margin is for how long after a fix the assertion at hand is still good by it.
const margin = time.Minute

// older lets assertions be used for so long, where they may be at all.
func (f *refused) older(age time.Duration) []explain.Fix {
	out := say("hand the assertion in soon after it was made")
	if age += margin; age <= federation.MaxAge {
		out = append(out, f.ofProvider("let its assertions be used for longer", explain.Config(federation.SettingGrantAge, seconds(age)))...)
	}
	return out
}

// faster lets the clock of the provider be fast by so much, where it may be at all.
func (f *refused) faster(skew time.Duration) []explain.Fix {
	out := say("set the clock of the issuer right")
	if skew <= federation.MaxSkew {
		out = append(out, f.ofProvider("let its clock be fast", explain.Config(f.Provider.SkewSetting(), seconds(skew)))...)
	}
	return out
}

// seconds are those of a duration, rounded up.
func seconds(d time.Duration) string { return strconv.Itoa(int((d + time.Second - 1) / time.Second)) }

func fixOnce(f *refused) []explain.Fix {
	out := say("have an assertion made with a jti that is new")
	if f.Provider.Grants().Identifies(*f.Assertion) {
		return out
	}
	return append(out, f.ofProvider("let its assertions be used more than once", explain.Config(federation.SettingGrantReuse, "true"))...)
}

func fixSignature(f *refused) []explain.Fix {
	switch alg := f.Assertion.Algorithm; {
	case f.Flaw == federation.NoKeys:
		return say("give identity provider %s the keys of its issuer: jwksUrl with useJwksUrl, or publicKeySignatureVerifier", f.Provider.Alias)
	case f.Flaw == "" && federation.Asymmetric(alg):
		return f.ofProvider("have its assertions signed by "+alg, explain.Config(federation.SettingGrantAlg, alg))
	}
	return say("have the assertion signed by a private key of the issuer")
}

func fixUser(f *refused) []explain.Fix {
	switch u := f.User; {
	case u == nil:
		return []explain.Fix{{Sentence: "link the account of the user, by its id", Command: explain.Command("create",
			"users/USER-ID/federated-identity/"+f.Provider.Alias, f.Realm.Name,
			explain.Setting{Field: "userId", Value: f.Assertion.Subject}, explain.Setting{Field: "userName", Value: f.Assertion.Subject})}}
	case u.ServiceAccount != "":
		return say("link the account of a person")
	case !u.Enabled:
		return do("enable "+u.Username, explain.Command("update", "users/"+u.ID, f.Realm.Name, explain.Setting{Field: "enabled", Value: "true"}))
	case f.Locked:
		return do("unlock "+u.Username, explain.Command("delete", "attack-detection/brute-force/users/"+u.ID, f.Realm.Name))
	}
	return say("let %s sign in by browser, and do what is asked there", f.User.Username)
}

func fixScope(f *refused) []explain.Fix { return audience.ScopeFixes(f.Realm, f.Client, *f.Scope) }

func fixProof(*refused) []explain.Fix {
	return say("hand the assertion in with a DPoP proof by the key, or over TLS with the certificate, that it is bound to")
}

func fixAudience(f *refused) []explain.Fix {
	terms := f.Provider.Grants()
	ours := f.Issuer
	if terms.ForClient {
		ours = f.Provider.ClientID
	}
	out := say("have the assertion made for %s, and nobody else", ours)
	terms.ForClient = !terms.ForClient
	if addressedTo(&f.Request, f.Found, terms) != "" {
		return out
	}
	return append(out, f.ofProvider("take assertions that are made for whom this one is", explain.Config(federation.SettingForClient, strconv.FormatBool(terms.ForClient)))...)
}

func fixLineage(f *refused) []explain.Fix {
	return say("have an assertion made of what is good now: by a user, a session and a client of %s that stand", f.Assertion.Issuer)
}

func fixChain(f *refused) []explain.Fix {
	if exchange.ChainAllows(f.Realm, len(f.Path)) {
		return []explain.Fix{exchange.AllowCycles(f.Realm)}
	}
	return append([]explain.Fix{exchange.LongerChain(f.Realm, len(f.Path))}, say("have an assertion made of a token that has fewer exchanges behind it")...)
}

func fixConsent(f *refused) []explain.Fix {
	return append(
		do("let "+f.Client.ID+" do without consent", f.set(explain.Setting{Field: "consentRequired", Value: "false"})),
		say("let %s sign in at %s and consent to its scopes", f.User.Username, f.Client.ID)...)
}

// set is the command that changes the client.
func (f *refused) set(settings ...explain.Setting) string {
	return explain.Command("update", "clients/"+f.Client.Key, f.Realm.Name, settings...)
}

// ofProvider is a change of the provider whose the assertion is; none where that is not known.
func (f *refused) ofProvider(sentence string, settings ...explain.Setting) []explain.Fix {
	if f.Provider.Alias == "" {
		return nil
	}
	return f.provider(f.Provider.Alias, "change identity provider "+f.Provider.Alias+": "+sentence, settings...)
}

func (f *refused) provider(alias, sentence string, settings ...explain.Setting) []explain.Fix {
	return do(sentence, explain.Command("update", "identity-provider/instances/"+alias, f.Realm.Name, settings...))
}

// do is a fix by a command.
func do(sentence, command string) []explain.Fix {
	return []explain.Fix{{Sentence: sentence, Command: command}}
}

// say is a fix that only who asks can make.
func say(format string, args ...any) []explain.Fix {
	return []explain.Fix{{Sentence: fmt.Sprintf(format, args...)}}
}
