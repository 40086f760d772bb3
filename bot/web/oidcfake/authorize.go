package oidcfake

import (
	"crypto/rand"
	"net/http"
	"net/url"
	"regexp"
	"slices"
	"strings"
)

// The authorization endpoint of the fake OpenID provider. authorize shows a page on which a person chooses a user;
// handleDecision redirects the browser back to the client with a code, which the client exchanges for tokens (token.go).

// challengeForm matches a PKCE challenge of method S256 (RFC 7636).
var challengeForm = regexp.MustCompile(`^[A-Za-z0-9_-]{43}$`)

// authorize checks an authorization request and shows the page. An unknown client or redirect URI is reported on the
// page, since nobody may be redirected to an unregistered URI. Other errors are reported to the client by a redirect.
func (s *Server) authorize(w http.ResponseWriter, r *http.Request) {
	q := r.URL.Query()
	if !s.isRegistered(q.Get("client_id"), q.Get("redirect_uri")) {
		http.Error(w, "unknown client_id, or a redirect_uri that is not registered", http.StatusBadRequest)
		return
	}

	req := request{redirect: q.Get("redirect_uri"), state: q.Get("state"), nonce: q.Get("nonce"), challenge: q.Get("code_challenge")}
	hasChallenge := q.Get("code_challenge_method") == "S256" && challengeForm.MatchString(req.challenge)
	for _, check := range []struct {
		ok          bool
		fault, text string
	}{
		{ok: q.Get("response_type") == "code", fault: "unsupported_response_type", text: "only code"},
		{ok: slices.Contains(strings.Fields(q.Get("scope")), "openid"), fault: "invalid_scope", text: "openid is missing"},
		{ok: req.state != "", fault: "invalid_request", text: "state is missing"},
		{ok: req.nonce != "", fault: "invalid_request", text: "nonce is missing"},
		{ok: hasChallenge, fault: "invalid_request", text: "code_challenge by S256 is missing"},
	} {
		if !check.ok {
			s.sendBack(w, r, req, url.Values{"error": {check.fault}, "error_description": {check.text}})
			return
		}
	}

	w.Header().Set("Content-Type", "text/html; charset=utf-8")
	_ = s.page.Execute(w, map[string]any{
		"Request": s.keepRequest(req),
		"Users":   s.opt.Users,
		"Action":  s.opt.Path + "/decide",
	})
}

// isRegistered reports whether the client is registered with that redirect URI.
func (s *Server) isRegistered(client, redirect string) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return client == s.opt.ClientID && redirect == s.opt.RedirectURI
}

// keepRequest stores a request while its page is shown, and returns an id for takeRequest.
func (s *Server) keepRequest(req request) string {
	s.mu.Lock()
	defer s.mu.Unlock()
	id := rand.Text()
	s.requests[id] = req
	return id
}

// takeRequest returns a stored request and deletes it. It returns false if there is none with that id.
func (s *Server) takeRequest(id string) (request, bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	req, ok := s.requests[id]
	delete(s.requests, id)
	return req, ok
}

// makeCode returns a new authorization code.
func (s *Server) makeCode(req request, user User) string {
	s.mu.Lock()
	defer s.mu.Unlock()
	code := rand.Text()
	s.codes[code] = grant{request: req, user: user, expires: s.opt.Clock().Add(codeLife)}
	return code
}

// page is the page on which a person chooses a user.
const page = `<!doctype html><html lang="en"><meta name="viewport" content="width=device-width, initial-scale=1"><title>Who are you?</title>
<style>:root{color-scheme:light dark}body{font:16px/1.5 system-ui,sans-serif;max-width:24rem;margin:12vh auto;padding:0 1rem}
button{font:inherit;width:100%;padding:.6rem;border-radius:8px;border:1px solid #888;cursor:pointer}</style>
<h1>Who are you?</h1><p>This provider is emulated: choose somebody.</p>` +
	`<form method="post" action="{{.Action}}"><input type="hidden" name="request" value="{{.Request}}">
{{range .Users}}<p><button name="user" value="{{.ID}}">{{.ID}}</button></p>{{end}}
<p><button name="cancel" value="yes">Cancel</button></p></form></html>`

// handleDecision handles the form of the page: it redirects the browser to the client with a code or an error.
func (s *Server) handleDecision(w http.ResponseWriter, r *http.Request) {
	req, ok := s.takeRequest(r.FormValue("request"))
	if !ok {
		http.Error(w, "this page was used already", http.StatusBadRequest)
		return
	}
	if r.FormValue("cancel") != "" {
		s.sendBack(w, r, req, url.Values{"error": {"access_denied"}, "error_description": {"The user cancelled."}})
		return
	}

	user, ok := s.findUser(r.FormValue("user"))
	if !ok {
		http.Error(w, "no such user", http.StatusBadRequest)
		return
	}

	s.sendBack(w, r, req, url.Values{"code": {s.makeCode(req, user)}})
}

// sendBack redirects the browser to the client with these values, the state, and the issuer (RFC 9207).
func (s *Server) sendBack(w http.ResponseWriter, r *http.Request, req request, values url.Values) {
	values.Set("state", req.state)
	values.Set("iss", s.Issuer())
	if s.isForging(ForgeMixUp) {
		values.Set("iss", "https://elsewhere.example") // a client must refuse a response from another issuer
	}
	http.Redirect(w, r, req.redirect+"?"+values.Encode(), http.StatusFound)
}
