package oidcfake

import (
	"crypto/sha256"
	"crypto/subtle"
	"encoding/base64"
	"encoding/json"
	"net/http"
	"net/url"
)

// token gives an ID token for a code: once, to the client that asked for it, by the secret and the verifier.
func (s *Server) token(w http.ResponseWriter, r *http.Request) {
	if !s.authenticates(r) {
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
	verified := base64.RawURLEncoding.EncodeToString(sum[:]) == granted.challenge
	if !ok || !verified || granted.redirect != r.PostFormValue("redirect_uri") || s.opt.Clock().After(granted.expires) {
		answer(w, http.StatusBadRequest, map[string]any{"error": "invalid_grant"})
		return
	}
	idToken, err := s.idToken(granted)
	if err != nil {
		answer(w, http.StatusInternalServerError, map[string]any{"error": "server_error"})
		return
	}
	s.tokens++
	all := map[string]any{"access_token": random(), "token_type": "Bearer", "expires_in": int(tokenLife.Seconds()), "id_token": idToken}
	if s.forge == ForgeNoToken {
		delete(all, "id_token")
	}
	answer(w, http.StatusOK, all)
}

// authenticates says whether a request comes from the registered client, by either of the two usual ways.
func (s *Server) authenticates(r *http.Request) bool {
	id, secret, basic := r.BasicAuth()
	if basic {
		id, _ = url.QueryUnescape(id)
		secret, _ = url.QueryUnescape(secret)
	} else {
		id, secret = r.PostFormValue("client_id"), r.PostFormValue("client_secret")
	}
	return id == s.opt.ClientID && subtle.ConstantTimeCompare([]byte(secret), []byte(s.opt.ClientSecret)) == 1
}

// answer writes JSON that nobody keeps.
func answer(w http.ResponseWriter, status int, body any) {
	w.Header().Set("Content-Type", "application/json")
	w.Header().Set("Cache-Control", "no-store")
	w.WriteHeader(status)
	_ = json.NewEncoder(w).Encode(body)
}
