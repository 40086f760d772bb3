package oidcfake

import (
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
	code := r.PostFormValue("code")
	granted, ok := s.codes[code]
	delete(s.codes, code)
	sum := sha256.Sum256([]byte(r.PostFormValue("code_verifier")))
	isVerified := base64.RawURLEncoding.EncodeToString(sum[:]) == granted.challenge
	isSameRedirect := granted.redirect == r.PostFormValue("redirect_uri")
	isExpired := s.opt.Clock().After(granted.expires)
	isByAsker := isVerified && isSameRedirect
	isUsable := ok && !isExpired
	if !isUsable || !isByAsker {
		answer(w, http.StatusBadRequest, map[string]any{"error": "invalid_grant"})
		return
	}

	idToken, err := s.idToken(granted)
	if err != nil {
		answer(w, http.StatusInternalServerError, map[string]any{"error": "server_error"})
		return
	}

	s.tokens++
	access := randomText()
	s.access[access] = granted.user
	tokens := map[string]any{
		"access_token": access,
		"token_type":   "Bearer",
		"expires_in":   int(tokenLife.Seconds()), // Units: seconds
		"id_token":     idToken,
	}
	if s.forge == ForgeNoToken {
		delete(tokens, "id_token")
	}

	answer(w, http.StatusOK, tokens)
}

// userInfo answers the bearer of an access token with the claims about the person who signed in.
func (s *Server) userInfo(w http.ResponseWriter, r *http.Request) {
	bearer, _ := strings.CutPrefix(r.Header.Get("Authorization"), "Bearer ")
	s.mu.Lock()
	user, ok := s.access[bearer]
	forged := s.forge
	s.mu.Unlock()

	if !ok {
		w.Header().Set("WWW-Authenticate", `Bearer error="invalid_token"`)
		answer(w, http.StatusUnauthorized, map[string]any{"error": "invalid_token"})
		return
	}

	said := map[string]any{"sub": user.ID}
	maps.Copy(said, user.Claims)

	if forged == ForgeUserInfo {
		said["sub"] = "somebody else"
	}

	answer(w, http.StatusOK, said)
}

// isFromClient reports whether a request comes from the registered client, by either of the two usual ways.
func (s *Server) isFromClient(r *http.Request) bool {
	id, secret, basic := r.BasicAuth()
	if basic {
		id, _ = url.QueryUnescape(id)
		secret, _ = url.QueryUnescape(secret)
	} else {
		id, secret = r.PostFormValue("client_id"), r.PostFormValue("client_secret")
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
