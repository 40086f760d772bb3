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

// Forgery is a fault in the provider's responses, as from a broken provider or an attacker. Tests use it to check that a
// client refuses such responses:
//
//	provider.Forge(oidcfake.ForgeAudience)
//	// the next sign-in must fail
type Forgery string

// Forgeries. A client must accept Honest, ForgeLate and ForgeSoon, since clocks may differ by two minutes, and refuse
// all others.
const (
	Honest           Forgery = ""            // no fault
	ForgeLate        Forgery = "late"        // the token expired two minutes ago
	ForgeSoon        Forgery = "soon"        // the token is issued in two minutes
	ForgeNonce       Forgery = "nonce"       // the token has another sign-in's nonce
	ForgeNoNonce     Forgery = "no nonce"    // the token has no nonce
	ForgeIssuer      Forgery = "issuer"      // the token names another issuer
	ForgeAudience    Forgery = "audience"    // the token is for another client
	ForgeTwo         Forgery = "two clients" // the token is for the client and another one, which requested it
	ForgeExpired     Forgery = "expired"     // the token expired six minutes ago
	ForgeNotYet      Forgery = "not yet"     // the token is issued in an hour
	ForgeOld         Forgery = "old"         // the token was issued an hour ago, and is still valid
	ForgeSignature   Forgery = "signature"   // the token has the id of the provider's key, but is signed by another key
	ForgeUnknownKey  Forgery = "unknown key" // the token is signed by a key that the provider doesn't publish
	ForgeAlgNone     Forgery = "alg none"    // the token is not signed
	ForgeHS256       Forgery = "hs256"       // the token is signed with the client's secret
	ForgeNoToken     Forgery = "no id_token" // there is no token
	ForgeMixUp       Forgery = "mix-up"      // the redirect to the client names another issuer
	ForgeAccessToken Forgery = "at_hash"     // the token belongs to another access token
	ForgeUserInfo    Forgery = "userinfo"    // the userinfo endpoint returns another user
)

// Forge sets the fault of all later responses. Honest restores correct responses.
func (s *Server) Forge(f Forgery) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.forgery = f
}

// isForging reports whether responses have that fault now.
func (s *Server) isForging(f Forgery) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.forgery == f
}

// key is a signing key.
type key struct {
	id      string
	private *rsa.PrivateKey
}

func newKey(id string) key { return key{id: id, private: generateKey()} }

// firstKey returns the first key of all providers in this process. They share it because generating a key is slow.
//
//nolint:gochecknoglobals // a cache: providers needn't have different keys
var firstKey = sync.OnceValue(generateKey)

func generateKey() *rsa.PrivateKey {
	private, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		panic(err) // the machine has no source of randomness
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

// idToken returns the signed ID token for a grant. The caller holds s.mu.
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

// TabToken returns a token as Microsoft Entra issues it to Teams for the tab of an app. id is the user's, audience that of
// the app, and azp the client id of Teams. change replaces claims; nil changes none.
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

// signClaims returns a token with these claims. Its signature has the current fault, if that is one of signatures. The
// caller holds s.mu.
func (s *Server) signClaims(claims map[string]any) (string, error) {
	signer := s.keys[len(s.keys)-1]
	switch s.forgery {
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

// spoilClaims changes claims according to the current fault. The caller holds s.mu.
func (s *Server) spoilClaims(claims map[string]any, now time.Time) {
	setIssued := func(at time.Time, life time.Duration) {
		claims["iat"], claims["exp"] = at.Unix(), at.Add(life).Unix()
	}
	switch s.forgery {
	case ForgeLate:
		setIssued(now.Add(-tokenLife-2*time.Minute), tokenLife)
	case ForgeSoon:
		setIssued(now.Add(2*time.Minute), tokenLife)
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
		setIssued(now.Add(-6*time.Minute-tokenLife), tokenLife)
	case ForgeNotYet:
		setIssued(now.Add(time.Hour), tokenLife)
		claims["nbf"] = now.Add(time.Hour).Unix()
	case ForgeOld:
		setIssued(now.Add(-time.Hour), 2*time.Hour)
	case ForgeAccessToken:
		claims["at_hash"] = "tUbyWGBHe0V32FJEupkgVQ"
	}
}

// sign returns a JWT that is signed with a key. keyID is the token's "kid".
func sign(algorithm jose.SignatureAlgorithm, key any, keyID string, claims map[string]any) (string, error) {
	signingKey := jose.SigningKey{Algorithm: algorithm, Key: jose.JSONWebKey{Key: key, KeyID: keyID}}
	signer, err := jose.NewSigner(signingKey, (&jose.SignerOptions{}).WithType("JWT"))
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

// makeUnsigned returns a JWT with the algorithm "none" and no signature.
func makeUnsigned(claims map[string]any) (string, error) {
	body, err := json.Marshal(claims)
	encode := base64.RawURLEncoding.EncodeToString
	return encode([]byte(`{"alg":"none","typ":"JWT"}`)) + "." + encode(body) + ".", err
}
