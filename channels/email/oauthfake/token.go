package oauthfake

import (
	"crypto/sha256"
	"crypto/subtle"
	"encoding/base64"
	"encoding/json"
	"net/http"
	"slices"
	"strings"

	"parley/channels/emulator"
)

// This file serves the token endpoint, at which a client exchanges a code or a refresh token for new tokens (RFC 6749,
// sections 4.1.3 and 6).

// refusal is an error response of the token endpoint.
type refusal struct {
	status     int
	code, text string
}

func (s *Server) serveToken(w http.ResponseWriter, r *http.Request) {
	r.Body = http.MaxBytesReader(w, r.Body, 64<<10)
	grant := r.PostFormValue("grant_type")
	effect := s.injectFault(w, r, grant)
	if effect == wasAnswered {
		return
	}

	body, refused := s.grantTokens(r, grant)
	switch {
	case effect == dropsResponse:
		panic(http.ErrAbortHandler)
	case refused != nil:
		s.refuse(w, *refused)
	default:
		writeJSON(w, http.StatusOK, body)
	}
}

// grantTokens performs a request for tokens and records it in Calls. It returns the response, or the reason to refuse it.
func (s *Server) grantTokens(r *http.Request, grant string) (body map[string]any, refused *refusal) {
	s.mu.Lock()
	defer s.mu.Unlock()
	call := Call{
		Grant: grant, Status: http.StatusOK, PKCE: r.PostFormValue("code_verifier") != "", RefreshToken: r.PostFormValue("refresh_token"),
	}
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

// isFromClient reports whether a request has the right client ID and secret, in the form or as Basic authentication.
func (s *Server) isFromClient(r *http.Request) bool {
	id, secret := emulator.OAuthClient(r)
	return id == s.opts.ClientID && subtle.ConstantTimeCompare([]byte(secret), []byte(s.opts.ClientSecret)) == 1
}

// exchangeLocked exchanges a code for tokens. A code can be used only once.
func (s *Server) exchangeLocked(r *http.Request) (map[string]any, *refusal) {
	c := s.codes[r.PostFormValue("code")]
	if refused := s.checkExchange(c, r); refused != nil {
		return nil, refused
	}

	c.used = true
	granted := &consent{who: c.who, scopes: c.scopes}
	body := s.newAccessLocked(granted)
	if c.refreshable {
		body["refresh_token"] = s.newRefreshTokenLocked(granted)
	}
	if slices.Contains(c.scopes, "openid") {
		body["id_token"] = s.newIDToken(c)
	}

	return body, nil
}

// checkExchange returns the provider's reason to refuse the exchange of a code, or nil. c is nil for an unknown code.
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
	case !s.clock().Before(c.expireAt):
		return invalid("Bad Request", "AADSTS70008: The provided authorization code or refresh token has expired.")
	case c.redirect != r.PostFormValue("redirect_uri") && s.opts.Provider == Google:
		return &refusal{http.StatusBadRequest, "redirect_uri_mismatch", "Bad Request"}
	case c.redirect != r.PostFormValue("redirect_uri"):
		return invalid("", "AADSTS500112: The reply address does not match the reply address provided when requesting "+
			"the authorization code.")
	case !c.matchesVerifier(r.PostFormValue("code_verifier")):
		return invalid("Invalid code verifier.", "AADSTS501481: The Code_Verifier does not match the code_challenge "+
			"supplied in the authorization request.")
	case s.isPublicClient(c) && r.PostFormValue("client_secret") != "":
		return &refusal{http.StatusUnauthorized, "invalid_client",
			"AADSTS700025: Client is public so neither 'client_assertion' nor 'client_secret' should be presented."}
	}
	return nil
}

// isPublicClient reports whether a code was issued to a public client: a desktop program, which can't keep a secret.
func (s *Server) isPublicClient(c *code) bool {
	return s.opts.Native && !slices.Contains(s.opts.Redirects, c.redirect)
}

// matchesVerifier reports whether a PKCE verifier belongs to the code's challenge (RFC 7636). A code without a challenge
// accepts any.
func (c *code) matchesVerifier(verifier string) bool {
	if c.challenge == "" {
		return true
	}
	if c.method == "S256" {
		return c.challenge == challengeOf(verifier)
	}
	return c.challenge == verifier
}

// challengeOf returns the S256 challenge of a verifier.
func challengeOf(verifier string) string {
	sum := sha256.Sum256([]byte(verifier))
	return base64.RawURLEncoding.EncodeToString(sum[:])
}

// refreshLocked exchanges a refresh token for a new access token.
func (s *Server) refreshLocked(token string) (map[string]any, *refusal) {
	c := s.consents[token]
	revoked := &refusal{http.StatusBadRequest, "invalid_grant", s.choose("Token has been expired or revoked.",
		"AADSTS50173: The provided grant has expired due to it being revoked, a fresh auth token is needed.")}
	if c == nil || c.ended {
		return nil, revoked
	}

	index := slices.Index(c.tokens, token)
	isReused := index < c.current
	if s.opts.SingleUse && isReused { // a newer token was used already, so one of the two users is a thief
		c.ended = true
		return nil, revoked
	}

	c.current = max(c.current, index)
	body := s.newAccessLocked(c)
	if s.opts.Provider == Microsoft || s.opts.Rotate {
		body["refresh_token"] = s.newRefreshTokenLocked(c)
	}

	return body, nil
}

// newAccessLocked issues an access token and returns the response that contains it.
func (s *Server) newAccessLocked(c *consent) map[string]any {
	token := s.newToken("ya29.", "EwB")
	s.access[token] = &accessToken{consent: c, expireAt: s.clock().Add(s.opts.Lifetime)}
	return map[string]any{
		"access_token": token,
		"token_type":   "Bearer",
		"expires_in":   int(s.opts.Lifetime.Seconds()),
		"scope":        strings.Join(c.scopes, " "),
	}
}

// newRefreshTokenLocked issues the next refresh token of a consent.
func (s *Server) newRefreshTokenLocked(c *consent) string {
	token := s.newToken("1//0", "M.C")
	c.tokens = append(c.tokens, token)
	s.consents[token] = c
	return token
}

// newIDToken returns an ID token that names the person who consented. Its signature is a dummy: a client that gets the
// token directly from this endpoint needn't check it.
func (s *Server) newIDToken(c *code) string {
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

// encodePart encodes the header or the claims of a JSON Web Token.
func encodePart(v any) string {
	raw, _ := json.Marshal(v) // can't fail: the parts are plain data
	return base64.RawURLEncoding.EncodeToString(raw)
}
