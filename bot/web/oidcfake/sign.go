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

// Forgery is a way in which the next answers are wrong. Real providers don't do that; attackers, and providers that
// are broken, do.
type Forgery string

// Forgeries that a client must refuse, but for the first and the two that are within what clocks may differ.
const (
	Honest           Forgery = ""
	ForgeLate        Forgery = "late"        // expired two minutes ago
	ForgeSoon        Forgery = "soon"        // issued in two minutes
	ForgeNonce       Forgery = "nonce"       // of another sign-in
	ForgeNoNonce     Forgery = "no nonce"    //
	ForgeIssuer      Forgery = "issuer"      // of somebody else
	ForgeAudience    Forgery = "audience"    // for another client
	ForgeTwo         Forgery = "two clients" // for us and another client, which is the one that asked
	ForgeExpired     Forgery = "expired"     // six minutes ago
	ForgeNotYet      Forgery = "not yet"     // issued in an hour
	ForgeOld         Forgery = "old"         // issued an hour ago, still valid
	ForgeSignature   Forgery = "signature"   // by a key that the provider never had
	ForgeUnknownKey  Forgery = "unknown key" // which is not among its keys
	ForgeAlgNone     Forgery = "alg none"    // nobody signed it
	ForgeHS256       Forgery = "hs256"       // signed with the client's secret
	ForgeNoToken     Forgery = "no id_token" //
	ForgeMixUp       Forgery = "mix-up"      // the answer names another issuer
	ForgeAccessToken Forgery = "at_hash"     // of another access token
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

// firstKey returns the private key that the providers of one process begin with: making one takes much longer than all else
// that a provider does when it starts.
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

// idToken says who somebody is. Caller holds the lock.
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

// TabToken is what Entra gives Teams for the tab of an app, about a user: for the app with that audience, by the client
// azp. change makes its claims others.
func (s *Server) TabToken(id, audience, azp string, change map[string]any) (string, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	user, ok := s.findUser(id)
	if !ok {
		return "", errors.New("oidcfake: no such user")
	}
	now := s.opt.Clock()
	claims := map[string]any{"iss": s.Issuer(), "aud": audience, "sub": id, "iat": now.Unix(), "nbf": now.Unix(), "exp": now.Add(tabLife).Unix(),
		"ver": "2.0", "scp": "access_as_user", "azp": azp, "azpacr": "0", "uti": randomText()}
	maps.Copy(claims, user.Claims)
	maps.Copy(claims, change)
	s.spoilClaims(claims, now)
	return s.signClaims(claims)
}

// signClaims makes a token of claims, with a signature that a client must refuse if Forge asked for that. Caller holds the lock.
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

// spoilClaims makes claims wrong in the way that Forge asked for, on purpose: it is what clients must refuse, but for ForgeLate
// and ForgeSoon, which clocks explain. Caller holds the lock.
func (s *Server) spoilClaims(claims map[string]any, now time.Time) {
	issued := func(at time.Time, life time.Duration) { claims["iat"], claims["exp"] = at.Unix(), at.Add(life).Unix() }
	switch s.forge {
	case ForgeLate:
		issued(now.Add(-tokenLife-2*time.Minute), tokenLife)
	case ForgeSoon:
		issued(now.Add(2*time.Minute), tokenLife)
	case ForgeNonce:
		claims["nonce"] = randomText()
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
	signer, err := jose.NewSigner(jose.SigningKey{Algorithm: algorithm, Key: jose.JSONWebKey{Key: with, KeyID: id}}, (&jose.SignerOptions{}).WithType("JWT"))
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
