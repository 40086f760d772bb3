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

// giveTokens answers a request for tokens.
func (s *Server) giveTokens(w http.ResponseWriter, r *http.Request) {
	r.Body = http.MaxBytesReader(w, r.Body, 64<<10)
	grant := r.PostFormValue("grant_type")
	losesAnswer, ok := s.playFault(w, r, grant)
	if !ok {
		return
	}

	body, refused := s.grantTokens(r, grant)
	switch {
	case losesAnswer:
		panic(http.ErrAbortHandler)
	case refused != nil:
		s.refuse(w, *refused)
	default:
		answer(w, http.StatusOK, body)
	}
}

// grantTokens does what a request for tokens asks, and records the call.
func (s *Server) grantTokens(r *http.Request, grant string) (body map[string]any, refused *refusal) {
	s.mu.Lock()
	defer s.mu.Unlock()
	call := Call{Grant: grant, Status: http.StatusOK, PKCE: r.PostFormValue("code_verifier") != ""}
	switch {
	case !s.isFromClient(r):
		text := s.choose("Unauthorized", "AADSTS7000215: Invalid client secret provided.")
		refused = &refusal{http.StatusUnauthorized, "invalid_client", text}
	case grant == "authorization_code":
		body, refused = s.exchangeLocked(r)
	case grant == "refresh_token":
		body, refused = s.refreshLocked(r.PostFormValue("refresh_token"))
	default:
		refused = &refusal{http.StatusBadRequest, "unsupported_grant_type", "Invalid grant_type: " + grant}
	}
	if refused != nil {
		call.Status = refused.status
	}
	s.calls = append(s.calls, call)
	return body, refused
}

// isFromClient reports whether a request has the client's id and secret, in the form or as Basic authentication.
func (s *Server) isFromClient(r *http.Request) bool {
	id, secret := r.PostFormValue("client_id"), r.PostFormValue("client_secret")
	if user, password, ok := r.BasicAuth(); ok {
		id, secret = user, password
	}
	return id == s.opts.ClientID && subtle.ConstantTimeCompare([]byte(secret), []byte(s.opts.ClientSecret)) == 1
}

// exchangeLocked gives tokens for a code.
func (s *Server) exchangeLocked(r *http.Request) (map[string]any, *refusal) {
	c := s.codes[r.PostFormValue("code")]
	if refused := s.checkExchange(c, r); refused != nil {
		return nil, refused
	}

	c.used = true
	given := &consent{who: c.who, scopes: c.scopes}
	body := s.newAccessLocked(given)
	if c.refreshable {
		body["refresh_token"] = s.newRefreshTokenLocked(given)
	}
	if slices.Contains(c.scopes, "openid") {
		body["id_token"] = s.identityToken(c)
	}

	return body, nil
}

// checkExchange returns why the provider gives no tokens for a code, in its own words, or nil. c is nil if there is no such code.
func (s *Server) checkExchange(c *code, r *http.Request) *refusal {
	invalid := func(google, microsoft string) *refusal {
		return &refusal{http.StatusBadRequest, "invalid_grant", s.choose(google, microsoft)}
	}
	switch {
	case c == nil:
		return invalid("Malformed auth code.", "AADSTS9002313: Invalid request. Request is malformed or invalid.")
	case c.used:
		return invalid("Bad Request",
			"AADSTS54005: OAuth2 Authorization code was already redeemed, please retry with a new valid code.")
	case !s.clock().Before(c.until):
		return invalid("Bad Request", "AADSTS70008: The provided authorization code or refresh token has expired.")
	case c.redirect != r.PostFormValue("redirect_uri") && s.opts.Provider == Google:
		return &refusal{http.StatusBadRequest, "redirect_uri_mismatch", "Bad Request"}
	case c.redirect != r.PostFormValue("redirect_uri"):
		return invalid("", "AADSTS500112: The reply address does not match the reply address provided when requesting "+
			"the authorization code.")
	case !c.isProven(r.PostFormValue("code_verifier")):
		return invalid("Invalid code verifier.", "AADSTS501481: The Code_Verifier does not match the code_challenge "+
			"supplied in the authorization request.")
	case s.isPublic(c) && r.PostFormValue("client_secret") != "":
		return &refusal{http.StatusUnauthorized, "invalid_client",
			"AADSTS700025: Client is public so neither 'client_assertion' nor 'client_secret' should be presented."}
	}
	return nil
}

// isPublic reports whether a code went to a program on somebody's machine, which can keep no secret, rather than to a site.
func (s *Server) isPublic(c *code) bool {
	return s.opts.Native && !slices.Contains(s.opts.Redirects, c.redirect)
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

// refreshLocked gives an access token for a refresh token.
func (s *Server) refreshLocked(token string) (map[string]any, *refusal) {
	c := s.consents[token]
	revoked := &refusal{http.StatusBadRequest, "invalid_grant", s.choose("Token has been expired or revoked.",
		"AADSTS50173: The provided grant has expired due to it being revoked, a fresh auth token is needed.")}
	if c == nil || c.ended {
		return nil, revoked
	}

	at := slices.Index(c.tokens, token)
	if s.opts.SingleUse && at < c.current { // two use this consent, one of whom is a thief: a newer token was used already
		c.ended = true
		return nil, revoked
	}

	c.current = max(c.current, at)
	body := s.newAccessLocked(c)
	if s.opts.Provider == Microsoft || s.opts.Rotate {
		body["refresh_token"] = s.newRefreshTokenLocked(c)
	}

	return body, nil
}

// newAccessLocked makes an access token, and returns the answer that has it.
func (s *Server) newAccessLocked(c *consent) map[string]any {
	token := s.newToken("ya29.", "EwB")
	s.access[token] = &pass{consent: c, until: s.clock().Add(s.opts.Lifetime)}
	return map[string]any{
		"access_token": token,
		"token_type":   "Bearer",
		"expires_in":   int(s.opts.Lifetime.Seconds()),
		"scope":        strings.Join(c.scopes, " "),
	}
}

// newRefreshTokenLocked makes the next refresh token of a consent.
func (s *Server) newRefreshTokenLocked(c *consent) string {
	token := s.newToken("1//0", "M.C")
	c.tokens = append(c.tokens, token)
	s.consents[token] = c
	return token
}

// identityToken says who consented. Its signature is no real one: a client that has the token from this endpoint needs none.
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

	header := map[string]string{"alg": "RS256", "typ": "JWT", "kid": "1"}
	signature := base64.RawURLEncoding.EncodeToString([]byte("emulated"))
	return encodePart(header) + "." + encodePart(claims) + "." + signature
}

// encodePart writes a part of a JSON web token.
func encodePart(v any) string {
	raw, _ := json.Marshal(v) // can't fail: the parts are plain data
	return base64.RawURLEncoding.EncodeToString(raw)
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
