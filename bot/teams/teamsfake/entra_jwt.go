package teamsfake

import (
	"crypto"
	"crypto/hmac"
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"math/big"
	"slices"
	"strings"
	"sync"
)

// This file makes the JSON Web Tokens with which the emulated Bot Framework signs its requests to a bot. A token is a header,
// claims and a signature, each in base64url, joined with dots. Bots verify it with the public keys that the Bot Framework
// publishes as a JSON Web Key Set (JWKS). Each key has endorsements: the channels, such as "msteams", for which it may sign.
// Some tokens are invalid on purpose, so that tests can check whether a bot refuses them.

// key is an RSA key that signs tokens.
type key struct {
	id           string
	private      *rsa.PrivateKey
	endorsements []string // nil leaves the property out of the JWKS

	mu sync.Mutex
	// The input and the token of the last call of signRS256.
	lastInput, lastToken string
}

// keyring holds the Bot Framework's signing keys.
type keyring struct {
	mu      sync.Mutex
	current *key
	listed  []*key // the keys in the JWKS
	// Keys for invalid tokens; nil until the first use.
	unendorsed, otherChannel, unlisted *key
}

// keyBits is the length of the Bot Framework's keys.
const keyBits = 2048

// privateKeys caches private keys by the id of the key, across all emulators of the process. Making a key takes far longer
// than everything else that happens when an emulator starts.
var privateKeys sync.Map //nolint:gochecknoglobals // a cache of random keys

func newKey(id string, endorsements ...string) (*key, error) {
	generate, _ := privateKeys.LoadOrStore(id, sync.OnceValues(func() (*rsa.PrivateKey, error) {
		return rsa.GenerateKey(rand.Reader, keyBits)
	}))
	k, err := generate.(func() (*rsa.PrivateKey, error))()
	if err != nil {
		return nil, fmt.Errorf("teamsfake: make a key: %w", err)
	}
	return &key{id: id, private: k, endorsements: endorsements}, nil
}

// publicJWK returns the public key as it appears in the JWKS.
// Source: Azure Bot Service, "Authentication with the Bot Connector API", read 2026-11.
func (k *key) publicJWK() Object {
	enc := base64.RawURLEncoding.EncodeToString
	jwk := Object{
		"kty": "RSA", "use": "sig", "kid": k.id, "x5t": k.id,
		"n": enc(k.private.N.Bytes()), "e": enc(big.NewInt(int64(k.private.E)).Bytes()),
	}
	if k.endorsements != nil {
		jwk["endorsements"] = k.endorsements
	}
	return jwk
}

// list returns the keys of the JWKS.
func (r *keyring) list() []Object {
	r.mu.Lock()
	defer r.mu.Unlock()
	jwks := []Object{}
	for _, k := range r.listed {
		jwks = append(jwks, k.publicJWK())
	}
	return jwks
}

// get returns the key in slot, a field of the keyring, and makes the key if the slot is empty. If listed is true, it also
// adds the key to the JWKS.
func (r *keyring) get(slot **key, listed bool, id string, endorsements ...string) (*key, error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if *slot == nil {
		k, err := newKey(id, endorsements...)
		if err != nil {
			return nil, err
		}
		*slot = k
	}
	if listed && !slices.Contains(r.listed, *slot) {
		r.listed = append(r.listed, *slot)
	}
	return *slot, nil
}

func (r *keyring) currentKey() *key {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.current
}

// rotate makes a new key and uses it from now on. The old keys stay in the JWKS only if keepOld is true.
func (r *keyring) rotate(id string, keepOld bool) error {
	k, err := newKey(id, "msteams", "webchat", "skype")
	if err != nil {
		return err
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	if !keepOld {
		r.listed = nil
	}
	r.current, r.listed = k, append(r.listed, k)
	return nil
}

// encode returns the signing input of a JWT: its header and claims, encoded and joined with a dot.
func encode(header, claims Object) string {
	enc := base64.RawURLEncoding.EncodeToString
	return enc(MustJSON(header)) + "." + enc(MustJSON(claims))
}

// signRS256 returns the token for a signing input (RFC 7518 §3.3). It caches the last token, because signing is slow and many
// requests in a row have the same claims.
func (k *key) signRS256(input string) string {
	k.mu.Lock()
	defer k.mu.Unlock()
	if input == k.lastInput {
		return k.lastToken
	}
	sum := sha256.Sum256([]byte(input))
	signature, err := rsa.SignPKCS1v15(nil, k.private, crypto.SHA256, sum[:])
	if err != nil {
		panic(err) // impossible with a valid key
	}
	k.lastInput, k.lastToken = input, input+"."+base64.RawURLEncoding.EncodeToString(signature)
	return k.lastToken
}

// signHS256 returns the token for a signing input with a shared secret (RFC 7518 §3.2).
func signHS256(input string, secret []byte) string {
	mac := hmac.New(sha256.New, secret)
	mac.Write([]byte(input))
	return input + "." + base64.RawURLEncoding.EncodeToString(mac.Sum(nil))
}

// changeClaim changes a claim of a signed token without signing it again, so that the signature becomes invalid.
func changeClaim(token, claim string, value any) string {
	parts := strings.Split(token, ".")
	raw, err := base64.RawURLEncoding.DecodeString(parts[1])
	if err != nil {
		return token
	}
	var claims Object
	if json.Unmarshal(raw, &claims) != nil {
		return token
	}
	claims[claim] = value
	return parts[0] + "." + base64.RawURLEncoding.EncodeToString(MustJSON(claims)) + "." + parts[2]
}
