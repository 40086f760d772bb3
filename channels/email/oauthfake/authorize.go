package oauthfake

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"html/template"
	"io"
	"net"
	"net/http"
	"net/netip"
	"net/url"
	"slices"
	"strings"

	"parley/channels/emulator"
)

// request is a program's request for a person's consent, as it stands in the address.
type request struct {
	Values   url.Values
	redirect *url.URL
	scopes   []string
}

const page = `<!DOCTYPE html>
<html lang="en"><head><meta charset="utf-8"><title>Sign in</title></head>
<body><h1>Sign in with {{.Title}} (emulated)</h1>
<form method="post">
<p><label>Your address <input name="login" type="email" value="{{.Hint}}"></label></p>
<p>The program wants to:</p><ul>{{range .Scopes}}<li>{{.}}</li>{{end}}</ul>
<button name="answer" value="allow">Allow</button> <button name="answer" value="cancel">Cancel</button>
</form></body></html>`

// showConsent shows the page on which a person consents.
func (s *Server) showConsent(w http.ResponseWriter, r *http.Request) {
	asked, ok := s.readRequest(w, r)
	if !ok {
		return
	}
	shown := struct {
		Title, Hint string
		Scopes      []string
	}{s.choose("Google", "Microsoft"), asked.Values.Get("login_hint"), asked.scopes}
	w.Header().Set("Content-Type", "text/html; charset=utf-8")
	_ = template.Must(template.New("").Parse(page)).Execute(w, shown) // whoever asked may be gone
}

// readRequest reads and checks a request. What is wrong with the program, or with the address to send people back to, is shown
// to the person; all else is told to the program. False says that the request is answered.
func (s *Server) readRequest(w http.ResponseWriter, r *http.Request) (request, bool) {
	q := r.URL.Query()
	asked := request{Values: q, scopes: strings.Fields(q.Get("scope"))}
	if q.Get("client_id") != s.opts.ClientID {
		if s.opts.Provider == Google {
			http.Error(w, "Error 401: invalid_client. The OAuth client was not found.", http.StatusUnauthorized)
		} else {
			http.Error(w, "AADSTS700016: Application with identifier was not found in the directory.", http.StatusBadRequest)
		}
		return asked, false
	}

	redirect, err := url.Parse(q.Get("redirect_uri"))
	if err != nil || !s.mayReturn(redirect) {
		http.Error(w, s.choose("Error 400: redirect_uri_mismatch", "AADSTS50011: "+
			"The redirect URI specified in the request does not match the redirect URIs configured for the application."), http.StatusBadRequest)
		return asked, false
	}

	asked.redirect = redirect
	isMethod := slices.Contains([]string{"", "plain", "S256"}, q.Get("code_challenge_method"))
	if q.Get("response_type") != "code" {
		s.sendBack(w, r, asked, "unsupported_response_type", "")
		return asked, false
	}
	if q.Get("code_challenge") != "" && !isMethod {
		s.sendBack(w, r, asked, "invalid_request", "Invalid code_challenge_method.")
		return asked, false
	}
	if !s.areKnown(asked.scopes) {
		s.sendBack(w, r, asked, "invalid_scope", "AADSTS70011: The provided value for the input parameter 'scope' is not valid.")
		return asked, false
	}

	return asked, true
}

// mayReturn reports whether people may be sent back to an address. Both providers allow localhost. Only Google allows
// addresses such as 127.0.0.1, too.
func (s *Server) mayReturn(to *url.URL) bool {
	if slices.Contains(s.opts.Redirects, to.String()) {
		return true
	}
	if to.Scheme != "http" {
		return false
	}
	if to.Hostname() == "localhost" {
		return true
	}
	ip, err := netip.ParseAddr(to.Hostname())
	isLoopback := err == nil && ip.IsLoopback()
	return isLoopback && s.opts.Provider == Google
}

// areKnown reports whether there are scopes, and the provider has all of them.
func (s *Server) areKnown(scopes []string) bool {
	known := append([]string{"openid", "email", "profile", "offline_access"}, s.mailScopes()...)
	return len(scopes) > 0 && containsAll(known, scopes)
}

// sendBack sends a person back with an error.
func (s *Server) sendBack(w http.ResponseWriter, r *http.Request, asked request, code, text string) {
	s.redirect(w, r, asked, url.Values{"error": {code}, "error_description": {text}})
}

// redirect sends a person back with more parameters in the address.
func (s *Server) redirect(w http.ResponseWriter, r *http.Request, asked request, add url.Values) {
	to := *asked.redirect
	q := to.Query()
	for name, values := range add {
		if values[0] != "" {
			q[name] = values
		}
	}
	if state := asked.Values.Get("state"); state != "" {
		q.Set("state", state)
	}
	to.RawQuery = q.Encode()
	http.Redirect(w, r, to.String(), http.StatusFound)
}

// takeConsent takes a person's answer. A field "without" names scopes that she leaves out.
func (s *Server) takeConsent(w http.ResponseWriter, r *http.Request) {
	asked, ok := s.readRequest(w, r)
	if !ok {
		return
	}
	if r.PostFormValue("answer") != "allow" {
		s.sendBack(w, r, asked, "access_denied", "The user denied the request.")
		return
	}
	who := strings.TrimSpace(r.PostFormValue("login"))
	if !strings.Contains(who, "@") {
		http.Error(w, "Couldn't find your account.", http.StatusBadRequest)
		return
	}

	granted := slices.DeleteFunc(slices.Clone(asked.scopes), func(scope string) bool { return slices.Contains(r.PostForm["without"], scope) })
	s.redirect(w, r, asked, url.Values{"code": {s.newCode(asked, who, granted)}, "session_state": {rand.Text()}})
}

// newCode makes the code that a person brings back who granted these scopes.
func (s *Server) newCode(asked request, who string, granted []string) string {
	s.mu.Lock()
	defer s.mu.Unlock()
	refreshable := slices.Contains(granted, "offline_access")
	if s.opts.Provider == Google { // a refresh token comes with the first consent, or with a new one
		isNewConsent := !s.known[strings.ToLower(who)] || strings.Contains(asked.Values.Get("prompt"), "consent")
		refreshable = isNewConsent && asked.Values.Get("access_type") == "offline"
	}

	s.known[strings.ToLower(who)] = true
	name := s.newToken("4/0", "1.A")
	s.codes[name] = &code{
		who:         who,
		redirect:    asked.Values.Get("redirect_uri"),
		nonce:       asked.Values.Get("nonce"),
		challenge:   asked.Values.Get("code_challenge"),
		method:      asked.Values.Get("code_challenge_method"),
		scopes:      granted,
		until:       s.clock().Add(codeLife),
		refreshable: refreshable,
	}
	return name
}

// SignIn does what a person does in her browser: she opens the link, says who she is and allows what is asked,
// but for the scopes in without. It returns the address to which she is sent back, which nobody opened yet.
// Errors: she is not sent back; the text is what the page says.
func (s *Server) SignIn(ctx context.Context, link, who string, without ...string) (string, error) {
	return s.answerAs(ctx, link, url.Values{"login": {who}, "answer": {"allow"}, "without": without})
}

// Cancel is SignIn of a person who doesn't allow it.
func (s *Server) Cancel(ctx context.Context, link string) (string, error) {
	return s.answerAs(ctx, link, url.Values{"answer": {"cancel"}})
}

func (s *Server) answerAs(ctx context.Context, link string, form url.Values) (string, error) {
	client := emulator.NewClient()
	client.CheckRedirect = func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }
	r, err := http.NewRequestWithContext(ctx, http.MethodPost, link, strings.NewReader(form.Encode()))
	if err != nil {
		return "", fmt.Errorf("oauthfake: %w", err)
	}

	r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	resp, err := client.Do(r)
	if err != nil {
		return "", fmt.Errorf("oauthfake: %w", err)
	}
	defer func() { _ = resp.Body.Close() }()

	if to := resp.Header.Get("Location"); to != "" {
		return to, nil
	}

	said, err := io.ReadAll(io.LimitReader(resp.Body, 1<<10))
	if err != nil && !errors.Is(err, net.ErrClosed) {
		return "", fmt.Errorf("oauthfake: %w", err)
	}

	return "", fmt.Errorf("oauthfake: %s: %s", resp.Status, said)
}
