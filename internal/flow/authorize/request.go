package authorize

import (
	"slices"
	"strconv"
	"strings"

	"github.com/tokenhouse/tokenhouse/internal/core/audience"
	"github.com/tokenhouse/tokenhouse/internal/core/login"
	"github.com/tokenhouse/tokenhouse/internal/core/oauth"
	"github.com/tokenhouse/tokenhouse/internal/core/policy"
	"github.com/tokenhouse/tokenhouse/internal/core/realm"
	"github.com/tokenhouse/tokenhouse/internal/flow/grant"
)

// checking is a request on its way through the rules.
type checking struct {
	realm  *realm.Realm
	base   string
	client *realm.Client
	in     parameters            // as they count, with those of a request object in it
	beside *string               // response_type beside a request object or a request_uri; nil: none
	pushed bool                  // the request was pushed, or is being pushed
	sent   parameters            // as they came, with request and request_uri
	inside parameters            // those of the request object
	object *policy.RequestObject // nil: none came
	q      login.Request
}

// rules are asked in this order, which is Keycloak's; the first that refuses ends it. From redirect on the client
// is told, where it is not said otherwise.
var rules = []func(*checking) *refusal{
	maxAge, redirect, once, byReference, responseType, responseMode, flowOn, sameType, bound, pushedOnly, scope, resource, nonce, challenge, rest,
}

func maxAge(c *checking) *refusal {
	text := c.in.get("max_age")
	if text == nil {
		return nil
	}
	n, err := strconv.ParseInt(*text, 10, 32)
	if err != nil {
		return onPage("invalid_request", "invalidRequestMessage").reasoned(`For input string: "` + *text + `"`)
	}
	if n >= 0 {
		c.q.MaxAge = &n
	}
	return nil
}

// redirect finds where the answer goes. What follows may be told there. The address may be left out only by what is
// no OpenID Connect request (OpenID Connect Core §3.1.2.1).
func redirect(c *checking) *refusal {
	c.q.Scope = c.in.text("scope")
	named := c.in.text("redirect_uri")
	c.q.RedirectURI = c.client.Redirect(c.base, named, !c.q.HasScope(oauth.ScopeOpenID))
	c.q.RedirectSent = named != ""
	c.q.State = c.in.get("state")
	c.q.ResponseType, _ = login.ParseType(c.in.text("response_type"))
	c.q.ResponseMode, _ = login.ModeOf(c.in.text("response_mode"), c.q.ResponseType)
	if c.q.RedirectURI == "" {
		no := onPage("invalid_redirect_uri", "invalidParameterMessage", "redirect_uri")
		no.address = named
		return no
	}
	return nil
}

func once(c *checking) *refusal {
	if c.in.repeated() {
		return invalidRequest("duplicated parameter").inEvent("invalid_request", "")
	}
	return nil
}

// byReference refuses a request object that the server would have to fetch: it fetches nothing that a caller names.
func byReference(c *checking) *refusal {
	if c.in.get("request_uri") != nil {
		return tellClient(requestURINotSupported, "")
	}
	return nil
}

func responseType(c *checking) *refusal {
	text := c.in.get("response_type")
	if text == nil {
		return invalidRequest("Missing parameter: response_type")
	}
	if _, ok := login.ParseType(*text); !ok {
		reason := "Unsupported response_type"
		if slices.Contains(strings.Fields(*text), "none") {
			reason = "'None' not allowed with some other response_type"
		}
		return tellClient(unsupportedResponseType, "").inEvent("invalid_request", reason)
	}
	return nil
}

func responseMode(c *checking) *refusal {
	text := c.in.get("response_mode")
	if text == nil {
		return nil
	}
	mode, ok := login.ModeOf(*text, c.q.ResponseType)
	switch {
	case !ok || *text == "":
		return invalidRequest("Invalid parameter: response_mode")
	case c.q.ResponseType.Tokens() && mode == login.ModeQuery:
		return invalidRequest("Response_mode 'query' not allowed for implicit or hybrid flow")
	case c.q.ResponseType.Tokens() && mode == login.ModeQueryJWT: // not encrypted: it would be in logs
		return invalidRequest("Response_mode 'query.jwt' is allowed only when the authorization response token is encrypted")
	}
	return nil
}

// flowOn asks that the client may have an answer of the type.
func flowOn(c *checking) *refusal {
	off := ""
	switch t := c.q.ResponseType; {
	case (t.Code || !t.Any()) && !c.client.StandardFlow:
		off = "Standard"
	case t.Tokens() && !c.client.ImplicitFlow:
		off = "Implicit"
	default:
		return nil
	}
	text := "Client is not allowed to initiate browser login with given response_type. " + off + " flow is disabled for the client."
	return tellClient(oauth.UnauthorizedClient, text).inEvent("not_allowed", text)
}

// bound refuses access tokens in the answer for a client that wants them bound to a key: nobody can prove one here.
func bound(c *checking) *refusal {
	if c.q.ResponseType.Token && c.client.Tokens.Bound() {
		return tellClient(grant.ErrUnbound.Code, grant.ErrUnbound.Description)
	}
	return nil
}

func pushedOnly(c *checking) *refusal {
	if c.client.SignIn.RequirePushed && !c.pushed {
		return invalidRequest("Pushed Authorization Request is only allowed.")
	}
	return nil
}

func scope(c *checking) *refusal {
	if c.in.get("scope") == nil {
		return nil
	}
	if _, ok := c.realm.ScopesOf(c.client, c.q.Scope); !ok {
		return tellClient(oauth.InvalidScope, "Invalid scopes: "+c.q.Scope)
	}
	return nil
}

// resource reads what the tokens are to be for (RFC 8707 §2.1). Like Keycloak it asks only that it can be a resource: the
// token endpoint asks of which client. Tokens that this endpoint gives out itself are asked about now.
func resource(c *checking) *refusal {
	text := c.in.get(oauth.Resource)
	if text == nil || !audience.ReadsResources(c.realm, []string{*text}) {
		return nil
	}
	err := error(nil)
	if c.q.ResponseType.Token {
		_, err = audience.Targets(c.realm, []string{*text})
	}
	if err != nil || !audience.WellFormed(*text) {
		return &refusal{tell: audience.InvalidTarget(*text)}
	}
	c.q.Resource = *text
	return nil
}

func nonce(c *checking) *refusal {
	c.q.Nonce = c.in.text("nonce")
	if c.q.ResponseType.IDToken && c.q.Nonce == "" {
		return invalidRequest("Missing parameter: nonce")
	}
	return nil
}

// challenge checks PKCE (RFC 7636 §4.3). Without a method it is plain, unless the client wants one.
func challenge(c *checking) *refusal {
	method, text := c.in.get("code_challenge_method"), c.in.get("code_challenge")
	want := c.client.SignIn.PKCE
	switch {
	case !c.q.ResponseType.Code, want == "" && method == nil && text == nil:
		return nil
	case want != "" && method == nil:
		return invalidRequest("Missing parameter: code_challenge_method")
	case want != "" && *method != want:
		return invalidRequest("Invalid parameter: code challenge method is not matching the configured one")
	case method != nil && *method != oauth.ChallengePlain && *method != oauth.ChallengeS256:
		return invalidRequest("Invalid parameter: code_challenge_method")
	case text == nil:
		return invalidRequest("Missing parameter: code_challenge")
	case !oauth.ValidVerifier(*text):
		return invalidRequest("Invalid parameter: code_challenge")
	}
	c.q.Challenge, c.q.ChallengeMethod = *text, oauth.ChallengePlain
	if method != nil {
		c.q.ChallengeMethod = *method
	}
	return nil
}

// knownPrompts are the words of prompt that mean something; others are passed over.
var knownPrompts = []string{login.PromptNone, login.PromptLogin, login.PromptConsent, login.PromptCreate}

// dpopKey is the parameter that binds the code to a key, by its thumbprint (RFC 9449 §10).
const dpopKey = "dpop_jkt"

// rest reads what is never refused here.
func rest(c *checking) *refusal {
	for word := range strings.FieldsSeq(c.in.text("prompt")) {
		if slices.Contains(knownPrompts, word) {
			c.q.Prompt = append(c.q.Prompt, word)
		}
	}
	c.q.LoginHint = c.in.text("login_hint")
	c.q.ProofKey = c.in.text(dpopKey)
	c.q.Locale, c.q.Locales = c.in.text("kc_locale"), strings.Fields(c.in.text("ui_locales"))
	c.q.Provider = c.in.text("kc_idp_hint")
	c.q.Action, c.q.ActionOn, _ = strings.Cut(c.in.text("kc_action"), ":")
	c.q.Claims, c.q.ACRValues = c.in.text("claims"), c.in.text("acr_values")
	return nil
}
