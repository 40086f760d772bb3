package oidcfake

import (
	"crypto/rand"
	"net/http"
	"net/url"
	"regexp"
	"slices"
	"strings"
)

// challengeForm matches a PKCE challenge by the method S256, as RFC 7636 defines it.
var challengeForm = regexp.MustCompile(`^[A-Za-z0-9_-]{43}$`)

// authorize shows the page on which somebody chooses an account. If the client or its address is unknown, the page says so:
// nobody may be sent to an address that was not registered. All other faults are told to the client.
func (s *Server) authorize(w http.ResponseWriter, r *http.Request) {
	q := r.URL.Query()
	if !s.isRegistered(q.Get("client_id"), q.Get("redirect_uri")) {
		http.Error(w, "unknown client_id, or a redirect_uri that is not registered", http.StatusBadRequest)
		return
	}

	asked := request{redirect: q.Get("redirect_uri"), state: q.Get("state"), nonce: q.Get("nonce"), challenge: q.Get("code_challenge")}
	hasChallenge := q.Get("code_challenge_method") == "S256" && challengeForm.MatchString(asked.challenge)
	for _, check := range []struct {
		ok          bool
		fault, text string
	}{
		{ok: q.Get("response_type") == "code", fault: "unsupported_response_type", text: "only code"},
		{ok: slices.Contains(strings.Fields(q.Get("scope")), "openid"), fault: "invalid_scope", text: "openid is missing"},
		{ok: asked.state != "", fault: "invalid_request", text: "state is missing"},
		{ok: asked.nonce != "", fault: "invalid_request", text: "nonce is missing"},
		{ok: hasChallenge, fault: "invalid_request", text: "code_challenge by S256 is missing"},
	} {
		if !check.ok {
			s.sendBack(w, r, asked, url.Values{"error": {check.fault}, "error_description": {check.text}})
			return
		}
	}

	w.Header().Set("Content-Type", "text/html; charset=utf-8")
	_ = s.page.Execute(w, map[string]any{"Request": s.keepRequest(asked), "Users": s.opt.Users, "Action": s.opt.Path + "/decide"})
}

// isRegistered reports whether a client has that id, and may be answered at that address.
func (s *Server) isRegistered(client, redirect string) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return client == s.opt.ClientID && redirect == s.opt.RedirectURI
}

// keepRequest keeps what a client asked for until takeRequest, and returns its name.
func (s *Server) keepRequest(asked request) string {
	s.mu.Lock()
	defer s.mu.Unlock()
	id := rand.Text()
	s.asked[id] = asked
	return id
}

// takeRequest returns a request that was kept, once; the second value is false if there is none.
func (s *Server) takeRequest(id string) (request, bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	asked, ok := s.asked[id]
	delete(s.asked, id)
	return asked, ok
}

// makeCode returns a code with which the client gets its tokens.
func (s *Server) makeCode(asked request, user User) string {
	s.mu.Lock()
	defer s.mu.Unlock()
	code := rand.Text()
	s.codes[code] = grant{request: asked, user: user, expires: s.opt.Clock().Add(codeLife)}
	return code
}

// page is what somebody sees who is asked.
const page = `<!doctype html><html lang="en"><meta name="viewport" content="width=device-width, initial-scale=1"><title>Who are you?</title>
<style>:root{color-scheme:light dark}body{font:16px/1.5 system-ui,sans-serif;max-width:24rem;margin:12vh auto;padding:0 1rem}
button{font:inherit;width:100%;padding:.6rem;border-radius:8px;border:1px solid #888;cursor:pointer}</style>
<h1>Who are you?</h1><p>This provider is emulated: choose somebody.</p>` +
	`<form method="post" action="{{.Action}}"><input type="hidden" name="request" value="{{.Request}}">
{{range .Users}}<p><button name="user" value="{{.ID}}">{{.ID}}</button></p>{{end}}
<p><button name="cancel" value="yes">Cancel</button></p></form></html>`

// handleDecision takes what somebody chose on the page, and sends the browser back with a code or an error.
func (s *Server) handleDecision(w http.ResponseWriter, r *http.Request) {
	asked, ok := s.takeRequest(r.FormValue("request"))
	if !ok {
		http.Error(w, "this page was used already", http.StatusBadRequest)
		return
	}
	if r.FormValue("cancel") != "" {
		s.sendBack(w, r, asked, url.Values{"error": {"access_denied"}, "error_description": {"The user cancelled."}})
		return
	}

	user, ok := s.findUser(r.FormValue("user"))
	if !ok {
		http.Error(w, "no such user", http.StatusBadRequest)
		return
	}

	s.sendBack(w, r, asked, url.Values{"code": {s.makeCode(asked, user)}})
}

// sendBack sends the browser to the client with these values, the state, and the issuer's name (RFC 9207).
func (s *Server) sendBack(w http.ResponseWriter, r *http.Request, asked request, values url.Values) {
	values.Set("state", asked.state)
	values.Set("iss", s.Issuer())
	if s.isForging(ForgeMixUp) {
		values.Set("iss", "https://elsewhere.example") // a client must refuse it: it asked us
	}
	http.Redirect(w, r, asked.redirect+"?"+values.Encode(), http.StatusFound)
}
