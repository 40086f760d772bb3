package oauthfake

import (
	"crypto/sha256"
	"crypto/subtle"
	"encoding/base64"
	"encoding/json"
	"net/http"
	"slices"
	"strings"
)

// refusal is the provider's answer instead of tokens.
type refusal struct {
	status     int
	code, text string
}

// handOut hands out tokens.
func (s *Server) handOut(w http.ResponseWriter, r *http.Request) {
	r.Body = http.MaxBytesReader(w, r.Body, 64<<10)
	grant := r.PostFormValue("grant_type")
	after, ok := s.playFault(w, r, grant)
	if !ok {
		return
	}

	body, no := s.grantTokens(r, grant)
	call := Call{Grant: grant, Status: http.StatusOK, PKCE: r.PostFormValue("code_verifier") != ""}
	if no != nil {
		call.Status = no.status
	}

	s.mu.Lock()
	s.calls = append(s.calls, call)
	s.mu.Unlock()

	switch {
	case after != nil:
		panic(http.ErrAbortHandler)
	case no != nil:
		s.refuse(w, no.status, no.code, no.text)
	default:
		answer(w, http.StatusOK, body)
	}
}

func (s *Server) grantTokens(r *http.Request, grant string) (map[string]any, *refusal) {
	id, secret := r.PostFormValue("client_id"), r.PostFormValue("client_secret")
	if user, password, ok := r.BasicAuth(); ok {
		id, secret = user, password
	}

	if id != s.opts.ClientID || subtle.ConstantTimeCompare([]byte(secret), []byte(s.opts.ClientSecret)) != 1 {
		if s.opts.Provider == Microsoft {
			return nil, &refusal{http.StatusUnauthorized, "invalid_client", "AADSTS7000215: Invalid client secret provided."}
		}
		return nil, &refusal{http.StatusUnauthorized, "invalid_client", "Unauthorized"}
	}

	s.mu.Lock()
	defer s.mu.Unlock()

	switch grant {
	case "authorization_code":
		return s.exchangeLocked(r)
	case "refresh_token":
		return s.refreshLocked(r.PostFormValue("refresh_token"))
	}

	return nil, &refusal{http.StatusBadRequest, "unsupported_grant_type", "Invalid grant_type: " + grant}
}

// choose chooses what the provider says.
func (s *Server) choose(google, microsoft string) string {
	if s.opts.Provider == Google {
		return google
	}
	return microsoft
}

func (s *Server) exchangeLocked(r *http.Request) (map[string]any, *refusal) {
	c := s.codes[r.PostFormValue("code")]
	bad := func(google, microsoft string) *refusal {
		return &refusal{http.StatusBadRequest, "invalid_grant", s.choose(google, microsoft)}
	}
	if c == nil {
		return nil, bad("Malformed auth code.", "AADSTS9002313: Invalid request. Request is malformed or invalid.")
	}
	if c.used {
		return nil, bad("Bad Request", "AADSTS54005: OAuth2 Authorization code was already redeemed, please retry with a new valid code.")
	}
	if !s.clock().Before(c.until) {
		return nil, bad("Bad Request", "AADSTS70008: The provided authorization code or refresh token has expired.")
	}

	if c.redirect != r.PostFormValue("redirect_uri") {
		if s.opts.Provider == Google {
			return nil, &refusal{http.StatusBadRequest, "redirect_uri_mismatch", "Bad Request"}
		}
		return nil, bad("", "AADSTS500112: The reply address does not match the reply address provided when requesting the authorization code.")
	}

	if !c.isProven(r.PostFormValue("code_verifier")) {
		return nil, bad("Invalid code verifier.", "AADSTS501481: The Code_Verifier does not match the code_challenge supplied in the authorization request.")
	}

	if s.opts.Native && !slices.Contains(s.opts.Redirects, c.redirect) && r.PostFormValue("client_secret") != "" {
		return nil, &refusal{http.StatusUnauthorized, "invalid_client",
			"AADSTS700025: Client is public so neither 'client_assertion' nor 'client_secret' should be presented."}
	}

	c.used = true
	got := &consent{who: c.who, scopes: c.scopes}
	body := s.handOutLocked(got)
	if c.lasting {
		body["refresh_token"] = s.nextLocked(got)
	}
	if slices.Contains(c.scopes, "openid") {
		body["id_token"] = s.identityToken(c)
	}

	return body, nil
}

// isProven reports whether a verifier is the one of which the challenge was made. Without a challenge none is needed.
func (c *code) isProven(verifier string) bool {
	if c.challenge == "" {
		return true
	}
	if c.method == "S256" {
		return c.challenge == challengeOf(verifier)
	}
	return c.challenge == verifier
}

// challengeOf returns the challenge that the method S256 makes of a verifier.
func challengeOf(verifier string) string {
	sum := sha256.Sum256([]byte(verifier))
	return base64.RawURLEncoding.EncodeToString(sum[:])
}

func (s *Server) refreshLocked(token string) (map[string]any, *refusal) {
	c := s.consents[token]
	over := &refusal{http.StatusBadRequest, "invalid_grant", s.choose("Token has been expired or revoked.",
		"AADSTS50173: The provided grant has expired due to it being revoked, a fresh auth token is needed.")}
	if c == nil || c.ended {
		return nil, over
	}

	at := slices.Index(c.tokens, token)
	if s.opts.SingleUse && at < c.current { // somebody uses a token that was replaced: one of both is a thief
		c.ended = true
		return nil, over
	}

	c.current = max(c.current, at)
	body := s.handOutLocked(c)
	if s.opts.Provider == Microsoft || s.opts.Rotate {
		body["refresh_token"] = s.nextLocked(c)
	}

	return body, nil
}

// handOutLocked makes an access token.
func (s *Server) handOutLocked(c *consent) map[string]any {
	token := s.newToken("ya29.", "EwB")
	s.access[token] = &pass{consent: c, until: s.clock().Add(s.opts.Lifetime)}
	return map[string]any{"access_token": token, "token_type": "Bearer", "expires_in": int(s.opts.Lifetime.Seconds()),
		"scope": strings.Join(c.scopes, " ")}
}

// nextLocked makes a refresh token.
func (s *Server) nextLocked(c *consent) string {
	token := s.newToken("1//0", "M.C")
	c.tokens = append(c.tokens, token)
	s.consents[token] = c
	return token
}

// identityToken says who consented. Its signature is none: whoever gets it from this endpoint needs none.
func (s *Server) identityToken(c *code) string {
	now := s.clock()
	claims := map[string]any{
		"iss": s.choose("https://accounts.google.com", "https://login.microsoftonline.com/9188040d-6c67-4c5b-b112-36a304b66dad/v2.0"),
		"aud": s.opts.ClientID,
		"sub": challengeOf(strings.ToLower(c.who)),
		"iat": now.Unix(),
		"nbf": now.Unix(),
		"exp": now.Add(s.opts.Lifetime).Unix(),
	}
	if c.nonce != "" {
		claims["nonce"] = c.nonce
	}

	if s.opts.Provider == Microsoft && slices.Contains(c.scopes, "profile") {
		claims["preferred_username"] = c.who
	} else if slices.Contains(c.scopes, "email") {
		claims["email"] = c.who
		claims["email_verified"] = true
	}

	if s.opts.Claims != nil {
		s.opts.Claims(claims)
	}

	part := func(v any) string {
		raw, _ := json.Marshal(v) // plain data
		return base64.RawURLEncoding.EncodeToString(raw)
	}

	return part(map[string]string{"alg": "RS256", "typ": "JWT", "kid": "1"}) + "." + part(claims) + "." + base64.RawURLEncoding.EncodeToString([]byte("emulated"))
}

// revoke ends the consent of a token, as Google's endpoint of that name does.
func (s *Server) revoke(w http.ResponseWriter, r *http.Request) {
	token := r.PostFormValue("token")
	s.mu.Lock()
	defer s.mu.Unlock()
	c := s.consents[token]
	if c == nil && s.access[token] != nil {
		c = s.access[token].consent
	}
	if c == nil {
		answer(w, http.StatusBadRequest, map[string]any{"error": "invalid_token", "error_description": "Token expired or revoked"})
		return
	}
	c.ended = true
	answer(w, http.StatusOK, map[string]any{})
}
