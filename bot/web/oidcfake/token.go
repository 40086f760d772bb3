package oidcfake

import (
	"crypto/rand"
	"crypto/sha256"
	"crypto/subtle"
	"encoding/base64"
	"encoding/json"
	"maps"
	"net/http"
	"strings"

	"parley/channels/emulator"
)

// The token and userinfo endpoints of the fake OpenID provider. A client exchanges the code from authorize.go for an
// access token and an ID token.

// giveTokens handles the token endpoint. It accepts each code once, from the registered client, with the PKCE verifier
// of the authorization request.
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
	if err != nil { // User.Claims can't be encoded as JSON
		answer(w, http.StatusInternalServerError, map[string]any{"error": "server_error"})
		return
	}

	s.issued++
	accessToken := rand.Text()
	s.accessTokens[accessToken] = granted.user
	tokens := map[string]any{
		"access_token": accessToken,
		"token_type":   "Bearer",
		"expires_in":   int(tokenLife.Seconds()),
		"id_token":     idToken,
	}
	if s.forgery == ForgeNoToken {
		delete(tokens, "id_token")
	}

	answer(w, http.StatusOK, tokens)
}

// takeGrant returns the grant of a request's code and deletes the code. It returns false if the code is unknown or has
// expired, or if the redirect URI or the PKCE verifier doesn't match the authorization request. The caller holds s.mu.
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

// userInfo handles the userinfo endpoint: it returns the claims of the user to whom the access token belongs.
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
		claims["sub"] = "somebody else" // a client must refuse a subject other than the ID token's
	}

	answer(w, http.StatusOK, claims)
}

// findBearer returns the user of an access token. It returns false if the token is unknown.
func (s *Server) findBearer(token string) (User, bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	user, ok := s.accessTokens[token]
	return user, ok
}

// isFromClient reports whether a request has the id and secret of the registered client.
func (s *Server) isFromClient(r *http.Request) bool {
	id, secret := emulator.OAuthClient(r)
	return id == s.opt.ClientID && subtle.ConstantTimeCompare([]byte(secret), []byte(s.opt.ClientSecret)) == 1
}

// answer responds with JSON that must not be cached.
func answer(w http.ResponseWriter, status int, body any) {
	w.Header().Set("Content-Type", "application/json")
	w.Header().Set("Cache-Control", "no-store")
	w.WriteHeader(status)
	_ = json.NewEncoder(w).Encode(body)
}
