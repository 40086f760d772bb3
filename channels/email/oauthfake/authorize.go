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

// This file serves the consent page (RFC 6749, section 4.1): GET shows it, POST submits it and redirects the browser to
// the client, Parley, with a code or an error. SignIn and Cancel play the person for tests.

// request is a client's request for consent, as the URL of the consent page contains it.
type request struct {
	params   url.Values
	redirect *url.URL
	scopes   []string
}

const consentPage = `<!DOCTYPE html>
<html lang="en"><head><meta charset="utf-8"><title>Sign in</title></head>
<body><h1>Sign in with {{.Title}} (emulated)</h1>
<form method="post">
<p><label>Your address <input name="login" type="email" value="{{.Hint}}"></label></p>
<p>The program wants to:</p><ul>{{range .Scopes}}<li>{{.}}</li>{{end}}</ul>
<button name="answer" value="allow">Allow</button> <button name="answer" value="cancel">Cancel</button>
</form></body></html>`

// showConsent serves the consent page.
func (s *Server) showConsent(w http.ResponseWriter, r *http.Request) {
	asked, ok := s.parseRequest(w, r)
	if !ok {
		return
	}
	shown := struct {
		Title, Hint string
		Scopes      []string
	}{s.choose("Google", "Microsoft"), asked.params.Get("login_hint"), asked.scopes}
	w.Header().Set("Content-Type", "text/html; charset=utf-8")
	_ = template.Must(template.New("").Parse(consentPage)).Execute(w, shown) // the browser may have disconnected
}

// parseRequest parses and validates a request. If it is invalid, parseRequest responds and returns false. A wrong client
// or redirect URI is shown on a page, because redirecting would not be safe; other errors are sent to the client.
func (s *Server) parseRequest(w http.ResponseWriter, r *http.Request) (request, bool) {
	q := r.URL.Query()
	asked := request{params: q, scopes: strings.Fields(q.Get("scope"))}
	if q.Get("client_id") != s.opts.ClientID {
		if s.opts.Provider == Google {
			http.Error(w, "Error 401: invalid_client. The OAuth client was not found.", http.StatusUnauthorized)
		} else {
			http.Error(w, "AADSTS700016: Application with identifier was not found in the directory.", http.StatusBadRequest)
		}
		return asked, false
	}

	redirect, err := url.Parse(q.Get("redirect_uri"))
	if err != nil || !s.isRedirectAllowed(redirect) {
		http.Error(w, s.choose("Error 400: redirect_uri_mismatch", "AADSTS50011: "+
			"The redirect URI specified in the request does not match the redirect URIs configured for the application."), http.StatusBadRequest)
		return asked, false
	}

	asked.redirect = redirect
	isKnownMethod := slices.Contains([]string{"", "plain", "S256"}, q.Get("code_challenge_method"))
	if q.Get("response_type") != "code" {
		s.sendBack(w, r, asked, "unsupported_response_type", "")
		return asked, false
	}
	if q.Get("code_challenge") != "" && !isKnownMethod {
		s.sendBack(w, r, asked, "invalid_request", "Invalid code_challenge_method.")
		return asked, false
	}
	if !s.areKnown(asked.scopes) {
		s.sendBack(w, r, asked, "invalid_scope", "AADSTS70011: The provided value for the input parameter 'scope' is not valid.")
		return asked, false
	}

	return asked, true
}

// isRedirectAllowed reports whether a browser may be redirected to a URL: it is registered, or on this machine. Both
// providers allow localhost, and Google also allows IP addresses such as 127.0.0.1.
func (s *Server) isRedirectAllowed(to *url.URL) bool {
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

// areKnown reports whether scopes isn't empty and the provider knows all of them.
func (s *Server) areKnown(scopes []string) bool {
	known := append([]string{"openid", "email", "profile", "offline_access"}, s.mailScopes()...)
	return len(scopes) > 0 && containsAll(known, scopes)
}

// sendBack redirects the browser to the client with an error.
func (s *Server) sendBack(w http.ResponseWriter, r *http.Request, asked request, code, text string) {
	s.redirect(w, r, asked, url.Values{"error": {code}, "error_description": {text}})
}

// redirect redirects the browser to the client with more query parameters. Empty ones are left out.
func (s *Server) redirect(w http.ResponseWriter, r *http.Request, asked request, params url.Values) {
	to := *asked.redirect
	q := to.Query()
	for name, values := range params {
		if values[0] != "" {
			q[name] = values
		}
	}
	if state := asked.params.Get("state"); state != "" {
		q.Set("state", state)
	}
	to.RawQuery = q.Encode()
	http.Redirect(w, r, to.String(), http.StatusFound)
}

// submitConsent handles the submitted consent page. The fields "without" name scopes that the person unchecked.
func (s *Server) submitConsent(w http.ResponseWriter, r *http.Request) {
	asked, ok := s.parseRequest(w, r)
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

	isUnchecked := func(scope string) bool { return slices.Contains(r.PostForm["without"], scope) }
	granted := slices.DeleteFunc(slices.Clone(asked.scopes), isUnchecked)
	s.redirect(w, r, asked, url.Values{"code": {s.newCode(asked, who, granted)}, "session_state": {rand.Text()}})
}

// newCode issues a code for a person who granted the scopes.
func (s *Server) newCode(asked request, who string, granted []string) string {
	s.mu.Lock()
	defer s.mu.Unlock()
	refreshable := slices.Contains(granted, "offline_access")
	if s.opts.Provider == Google { // issues a refresh token for the first consent, and if the client asks for a new one
		isNewConsent := !s.known[strings.ToLower(who)] || strings.Contains(asked.params.Get("prompt"), "consent")
		refreshable = isNewConsent && asked.params.Get("access_type") == "offline"
	}

	s.known[strings.ToLower(who)] = true
	text := s.newToken("4/0", "1.A")
	s.codes[text] = &code{
		who:         who,
		redirect:    asked.params.Get("redirect_uri"),
		nonce:       asked.params.Get("nonce"),
		challenge:   asked.params.Get("code_challenge"),
		method:      asked.params.Get("code_challenge_method"),
		scopes:      granted,
		expireAt:    s.clock().Add(codeLifetime),
		refreshable: refreshable,
	}
	return text
}

// SignIn plays a person who opens the consent page at link, signs in as who and allows all scopes except those in
// without. It returns the URL to which the browser is redirected, without requesting it. If the page shows an error
// instead, that is the returned error.
func (s *Server) SignIn(ctx context.Context, link, who string, without ...string) (string, error) {
	return s.submit(ctx, link, url.Values{"login": {who}, "answer": {"allow"}, "without": without})
}

// Cancel is like SignIn, but the person denies the request.
func (s *Server) Cancel(ctx context.Context, link string) (string, error) {
	return s.submit(ctx, link, url.Values{"answer": {"cancel"}})
}

// submit submits the consent page and returns the URL to which the browser is redirected.
func (s *Server) submit(ctx context.Context, link string, form url.Values) (string, error) {
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

	page, err := io.ReadAll(io.LimitReader(resp.Body, 1<<10))
	if err != nil && !errors.Is(err, net.ErrClosed) {
		return "", fmt.Errorf("oauthfake: %w", err)
	}

	return "", fmt.Errorf("oauthfake: %s: %s", resp.Status, page)
}
