package bearer

import (
	"context"
	"encoding/json"
	"errors"
	"log/slog"
	"net/http"
	"net/url"
	"strings"
)

// Require makes middleware that lets requests pass whose access token is for an audience and has each of the scopes. The
// handler behind finds the claims by FromContext. Others are answered as RFC 6750 §3 has it, by Refuse.
//
// It panics where the audience is empty, or a scope is none. The audience is the service itself: a client id, or the
// URL of a resource. What is for another service is not for this one, whoever signed it.
func (v *Verifier) Require(audience string, scopes ...string) func(http.Handler) http.Handler {
	demand(audience, scopes)
	return func(next http.Handler) http.Handler {
		return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			c, err := v.VerifyRequest(r, audience, scopes...)
			if err != nil {
				v.Refuse(w, r, err, scopes...)
				return
			}
			v.giveNonce(w)
			token, _ := credentialsOf(r) // it is proven
			next.ServeHTTP(w, r.WithContext(NewContext(r.Context(), c, token.token)))
		})
	}
}

// Refuse answers a request that VerifyRequest refused with err, and logs why. The challenge names the scopes, which are those
// that the request has to have. The log has what "aud" holds and what was expected; neither has the token.
func (v *Verifier) Refuse(w http.ResponseWriter, r *http.Request, err error, scopes ...string) {
	e, ok := errors.AsType[*Error](err)
	if !ok { // the request's context has ended
		e = refuse(ErrUnavailable, err)
	}
	v.note(r.Context(), r, e)
	h := w.Header()
	h.Set("Cache-Control", "no-store")
	v.giveNonce(w)
	status := e.Code.Status()
	if e.Code == Unavailable {
		h.Set("Retry-After", "5")
	} else {
		for _, challenge := range v.challenges(r, e, scopes) {
			h.Add("WWW-Authenticate", challenge)
		}
	}
	if e.Code == "" {
		w.WriteHeader(status)
		return
	}
	h.Set("Content-Type", "application/json")
	w.WriteHeader(status)
	_ = json.NewEncoder(w).Encode(struct { // the caller may have gone
		Error       Code   `json:"error"`
		Description string `json:"error_description"`
	}{e.Code, e.Description})
}

// giveNonce tells the nonce that the next proof has to name.
func (v *Verifier) giveNonce(w http.ResponseWriter) {
	if d := &v.config.DPoP; d.NonceKey != nil {
		w.Header().Set("DPoP-Nonce", d.nonce(window(v.config.Now())))
	}
}

// challenges are the values of WWW-Authenticate: the scheme that was tried, with what went wrong, or each that may be.
func (v *Verifier) challenges(r *http.Request, e *Error, scopes []string) []string {
	given, _ := credentialsOf(r)
	var common []string
	if e.Code != "" {
		common = append(common, "error="+quoted(string(e.Code)), "error_description="+quoted(e.Description))
	}
	if len(scopes) > 0 {
		common = append(common, "scope="+quoted(strings.Join(scopes, " ")))
	}
	if at := v.config.Resource.address(); at != "" {
		common = append(common, "resource_metadata="+quoted(at))
	}
	bearer := strings.TrimSpace("Bearer " + strings.Join(common, ", "))
	dpop := "DPoP " + strings.Join(append([]string{"algs=" + quoted(strings.Join(algorithms, " "))}, common...), ", ")
	switch {
	case given.dpop || v.config.DPoP.Require || e.Reason == ErrBound && e.Claims.boundToKey():
		return []string{dpop}
	case given.token != "":
		return []string{bearer}
	}
	return []string{bearer, dpop}
}

// maxNoted is how many audiences of a token are logged.
const maxNoted = 20

// note logs a refusal. That a request came without a token is nothing to note.
func (v *Verifier) note(ctx context.Context, r *http.Request, e *Error) {
	level := slog.LevelInfo
	switch e.Code {
	case "":
		level = slog.LevelDebug
	case Unavailable:
		level = slog.LevelWarn
	}
	if !v.config.Log.Enabled(ctx, level) {
		return
	}
	attrs := []slog.Attr{slog.String("error", string(e.Code)), slog.String("reason", e.Description),
		slog.String("method", r.Method), slog.String("path", r.URL.Path)}
	if c := e.Claims; c != nil {
		attrs = append(attrs, slog.String("client", c.Client), slog.String("sub", c.Subject), slog.String("jti", c.ID),
			slog.Any("aud", c.Audience[:min(len(c.Audience), maxNoted)]))
	}
	if e.WantAudience != "" {
		attrs = append(attrs, slog.String("expected", e.WantAudience))
	}
	if len(e.WantScopes) > 0 && e.Claims != nil {
		attrs = append(attrs, slog.Any("scope", e.Claims.Scopes), slog.Any("expected", e.WantScopes))
	}
	if e.Cause != nil {
		attrs = append(attrs, slog.String("cause", e.Cause.Error()))
	}
	v.config.Log.LogAttrs(ctx, level, "access token refused", attrs...)
}

// quoted is a quoted-string (RFC 9110 §5.6.4) of text that is visible.
func quoted(s string) string {
	return `"` + strings.NewReplacer(`\`, `\\`, `"`, `\"`).Replace(s) + `"`
}

// wellKnown is where documents about protected resources are (RFC 9728 §3).
const wellKnown = "/.well-known/oauth-protected-resource"

// address is where the document about the resource is: between host and path of its URL (RFC 9728 §3.1). It is empty where the
// resource has no URL.
func (r *Resource) address() string {
	u, err := url.Parse(r.URL)
	if err != nil || r.URL == "" {
		return ""
	}
	out := u.Scheme + "://" + u.Host + wellKnown + strings.TrimSuffix(u.EscapedPath(), "/")
	if u.RawQuery != "" {
		out += "?" + u.RawQuery
	}
	return out
}
