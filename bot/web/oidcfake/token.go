package oidcfake

import (
	"crypto/rand"
	"crypto/sha256"
	"crypto/subtle"
	"encoding/base64"
	"encoding/json"
	"maps"
	"net/http"
	"net/url"
	"strings"
)

// giveTokens answers a request for tokens. It gives an access token and an ID token for a code: once, to the registered
// client, which proves with the verifier that it asked for the code.
func (s *Server) giveTokens(w http.ResponseWriter, r *http.Request) {
	if !s.isFromClient(r) {
		answer(w, http.StatusUnauthorized, map[string]any{"error": "invalid_client"})
		return
	}
	if r.PostFormValue("grant_type") != "authorization_code" {
		answer(w, http.StatusBadRequest, map[string]any{"error": "unsupported_grant_type"})
		return
	}

	s.mu.Lock()
	defer s.mu.Unlock()
	granted, ok := s.takeGrant(r)
	if !ok {
		answer(w, http.StatusBadRequest, map[string]any{"error": "invalid_grant"})
		return
	}

	idToken, err := s.idToken(granted)
	if err != nil { // what a test put into User.Claims is no JSON
		answer(w, http.StatusInternalServerError, map[string]any{"error": "server_error"})
		return
	}

	s.tokens++
	access := rand.Text()
	s.access[access] = granted.user
	tokens := map[string]any{
		"access_token": access,
		"token_type":   "Bearer",
		"expires_in":   int(tokenLife.Seconds()),
		"id_token":     idToken,
	}
	if s.forge == ForgeNoToken {
		delete(tokens, "id_token")
	}

	answer(w, http.StatusOK, tokens)
}

// takeGrant returns what the code of a request stands for, and forgets the code. It returns false if there is no such
// code, if the code has expired, or if the request isn't from the client that asked for it. The caller holds the
// lock.
func (s *Server) takeGrant(r *http.Request) (grant, bool) {
	code := r.PostFormValue("code")
	granted, ok := s.codes[code]
	delete(s.codes, code)
	if !ok {
		return grant{}, false
	}
	if s.opt.Clock().After(granted.expires) {
		return grant{}, false
	}
	if r.PostFormValue("redirect_uri") != granted.redirect {
		return grant{}, false
	}

	hash := sha256.Sum256([]byte(r.PostFormValue("code_verifier")))
	return granted, base64.RawURLEncoding.EncodeToString(hash[:]) == granted.challenge
}

// userInfo answers the bearer of an access token with the claims about the person who signed in.
func (s *Server) userInfo(w http.ResponseWriter, r *http.Request) {
	token, isBearer := strings.CutPrefix(r.Header.Get("Authorization"), "Bearer ")
	user, ok := s.findBearer(token)
	if !isBearer || !ok {
		w.Header().Set("WWW-Authenticate", `Bearer error="invalid_token"`)
		answer(w, http.StatusUnauthorized, map[string]any{"error": "invalid_token"})
		return
	}

	claims := map[string]any{"sub": user.ID}
	maps.Copy(claims, user.Claims)
	if s.isForging(ForgeUserInfo) {
		claims["sub"] = "somebody else" // a client must refuse it: the ID token says who signed in
	}

	answer(w, http.StatusOK, claims)
}

// findBearer returns the user whose access token this is. It returns false if it is nobody's.
func (s *Server) findBearer(token string) (User, bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	user, ok := s.access[token]
	return user, ok
}

// isFromClient reports whether a request comes from the registered client. It names itself in a header or in the form.
func (s *Server) isFromClient(r *http.Request) bool {
	id, secret := r.PostFormValue("client_id"), r.PostFormValue("client_secret")
	if escapedID, escapedSecret, ok := r.BasicAuth(); ok { // escaped as in a form: RFC 6749, section 2.3.1
		var idErr, secretErr error
		id, idErr = url.QueryUnescape(escapedID)
		secret, secretErr = url.QueryUnescape(escapedSecret)
		if idErr != nil || secretErr != nil {
			return false
		}
	}
	return id == s.opt.ClientID && subtle.ConstantTimeCompare([]byte(secret), []byte(s.opt.ClientSecret)) == 1
}

// answer writes JSON that no cache may keep.
func answer(w http.ResponseWriter, status int, body any) {
	w.Header().Set("Content-Type", "application/json")
	w.Header().Set("Cache-Control", "no-store")
	w.WriteHeader(status)
	_ = json.NewEncoder(w).Encode(body)
}
