package oidcfake

import (
	"crypto/rand"
	"crypto/rsa"
	"encoding/base64"
	"encoding/json"
	"errors"
	"maps"
	"net/http"
	"sync"
	"time"

	"github.com/go-jose/go-jose/v4"
)

// Forgery is a way in which the next answers are wrong: what a broken provider does, or an attacker.
type Forgery string

// A client must accept tokens that are Honest, ForgeLate or ForgeSoon (clocks may differ that much), and refuse all others.
const (
	Honest           Forgery = ""
	ForgeLate        Forgery = "late"        // the token expired two minutes ago
	ForgeSoon        Forgery = "soon"        // the token is issued in two minutes
	ForgeNonce       Forgery = "nonce"       // the nonce is that of another sign-in
	ForgeNoNonce     Forgery = "no nonce"    // the token has no nonce
	ForgeIssuer      Forgery = "issuer"      // the token names another issuer
	ForgeAudience    Forgery = "audience"    // the token is for another client
	ForgeTwo         Forgery = "two clients" // the token is for us and another client, which is the one that asked
	ForgeExpired     Forgery = "expired"     // the token expired six minutes ago
	ForgeNotYet      Forgery = "not yet"     // the token is issued in an hour
	ForgeOld         Forgery = "old"         // the token was issued an hour ago, and is still valid
	ForgeSignature   Forgery = "signature"   // it is signed by a key that the provider never had, under the id of one that it has
	ForgeUnknownKey  Forgery = "unknown key" // it is signed by a key that is not among the provider's
	ForgeAlgNone     Forgery = "alg none"    // it is not signed
	ForgeHS256       Forgery = "hs256"       // it is signed with the client's secret
	ForgeNoToken     Forgery = "no id_token" // there is no token
	ForgeMixUp       Forgery = "mix-up"      // the browser brings back the name of another issuer
	ForgeAccessToken Forgery = "at_hash"     // the token belongs to another access token
	ForgeUserInfo    Forgery = "userinfo"    // the userinfo endpoint tells of somebody else
)

// Forge makes answers wrong from now on; Honest ends that.
func (s *Server) Forge(f Forgery) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.forge = f
}

// isForging reports whether the next answers are wrong in that way.
func (s *Server) isForging(f Forgery) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.forge == f
}

// key signs tokens.
type key struct {
	id      string
	private *rsa.PrivateKey
}

func newKey(id string) key { return key{id: id, private: generateKey()} }

// firstKey returns the private key that all providers of one process begin with, since making one takes long.
//
//nolint:gochecknoglobals // a cache: whose key it is makes no difference
var firstKey = sync.OnceValue(generateKey)

func generateKey() *rsa.PrivateKey {
	private, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		panic(err) // no randomness: nothing works on this machine
	}
	return private
}

func (s *Server) showKeys(w http.ResponseWriter, _ *http.Request) {
	s.mu.Lock()
	defer s.mu.Unlock()
	var set jose.JSONWebKeySet
	for _, k := range s.keys {
		set.Keys = append(set.Keys, jose.JSONWebKey{Key: k.private.Public(), KeyID: k.id, Algorithm: "RS256", Use: "sig"})
	}
	answer(w, http.StatusOK, set)
}

// idToken says who somebody is. The caller holds the lock.
func (s *Server) idToken(g grant) (string, error) {
	now := s.opt.Clock()
	claims := map[string]any{
		"iss": s.Issuer(), "aud": s.opt.ClientID, "sub": g.user.ID, "nonce": g.nonce,
		"iat": now.Unix(), "exp": now.Add(tokenLife).Unix(),
	}
	maps.Copy(claims, g.user.Claims)
	for _, name := range s.opt.LeftOut {
		delete(claims, name)
	}
	s.spoilClaims(claims, now)
	return s.signClaims(claims)
}

// TabToken is the token that Entra gives Teams for the tab of an app: about the user with an id, for the app with that audience,
// by the client azp. change replaces claims.
func (s *Server) TabToken(id, audience, azp string, change map[string]any) (string, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	user, ok := s.findUser(id)
	if !ok {
		return "", errors.New("oidcfake: no such user")
	}
	now := s.opt.Clock()
	claims := map[string]any{
		"iss": s.Issuer(), "aud": audience, "sub": id, "iat": now.Unix(), "nbf": now.Unix(), "exp": now.Add(tabLife).Unix(),
		"ver": "2.0", "scp": "access_as_user", "azp": azp, "azpacr": "0", "uti": rand.Text(),
	}
	maps.Copy(claims, user.Claims)
	maps.Copy(claims, change)
	s.spoilClaims(claims, now)
	return s.signClaims(claims)
}

// signClaims makes a token of claims, with a signature that a client must refuse if Forge asked for that. The caller holds the lock.
func (s *Server) signClaims(claims map[string]any) (string, error) {
	signer := s.keys[len(s.keys)-1]
	switch s.forge {
	case ForgeSignature:
		signer = newKey(signer.id)
	case ForgeUnknownKey:
		signer = newKey("unknown")
	case ForgeAlgNone:
		return makeUnsigned(claims)
	case ForgeHS256:
		return sign(jose.HS256, []byte(s.opt.ClientSecret), signer.id, claims)
	}
	return sign(jose.RS256, signer.private, signer.id, claims)
}

// spoilClaims makes claims wrong in the way that Forge asked for. The caller holds the lock.
func (s *Server) spoilClaims(claims map[string]any, now time.Time) {
	issued := func(at time.Time, life time.Duration) { claims["iat"], claims["exp"] = at.Unix(), at.Add(life).Unix() }
	switch s.forge {
	case ForgeLate:
		issued(now.Add(-tokenLife-2*time.Minute), tokenLife)
	case ForgeSoon:
		issued(now.Add(2*time.Minute), tokenLife)
	case ForgeNonce:
		claims["nonce"] = rand.Text()
	case ForgeNoNonce:
		delete(claims, "nonce")
	case ForgeIssuer:
		claims["iss"] = "https://elsewhere.example"
	case ForgeAudience:
		claims["aud"] = "another-client"
	case ForgeTwo:
		claims["aud"], claims["azp"] = []string{s.opt.ClientID, "another-client"}, "another-client"
	case ForgeExpired:
		issued(now.Add(-6*time.Minute-tokenLife), tokenLife)
	case ForgeNotYet:
		issued(now.Add(time.Hour), tokenLife)
		claims["nbf"] = now.Add(time.Hour).Unix()
	case ForgeOld:
		issued(now.Add(-time.Hour), 2*time.Hour)
	case ForgeAccessToken:
		claims["at_hash"] = "tUbyWGBHe0V32FJEupkgVQ"
	}
}

// sign makes a token.
func sign(algorithm jose.SignatureAlgorithm, with any, id string, claims map[string]any) (string, error) {
	signer, err := jose.NewSigner(jose.SigningKey{Algorithm: algorithm, Key: jose.JSONWebKey{Key: with, KeyID: id}},
		(&jose.SignerOptions{}).WithType("JWT"))
	if err != nil {
		return "", err
	}
	body, err := json.Marshal(claims)
	if err != nil {
		return "", err
	}
	signed, err := signer.Sign(body)
	if err != nil {
		return "", err
	}
	return signed.CompactSerialize()
}

// makeUnsigned makes a token that says that it needs no signature.
func makeUnsigned(claims map[string]any) (string, error) {
	body, err := json.Marshal(claims)
	encode := base64.RawURLEncoding.EncodeToString
	return encode([]byte(`{"alg":"none","typ":"JWT"}`)) + "." + encode(body) + ".", err
}
