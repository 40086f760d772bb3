package entra

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

	"parley/bot/teams/teamsfake/tenant"
)

// A JWT is a signed token: header, claims and signature, each in base64url, with dots between. The keys that the Bot
// Framework signs with are published as a JWKS, a list in JSON. A key's endorsements are the channels ("msteams") for
// which it may sign.

// key is a key that signs tokens.
type key struct {
	id           string
	private      *rsa.PrivateKey
	endorsements []string // nil means the member is absent

	mu          sync.Mutex
	last, token string // what was signed last, and the token that it became
}

// keyring holds the Bot Framework's signing keys.
type keyring struct {
	mu      sync.Mutex
	current *key
	listed  []*key // in the JWKS
	// made on demand, for the spoilt tokens
	unendorsed, otherChannel, unlisted *key
}

// keyBits is the length of the Bot Framework's keys.
const keyBits = 2048

// privateKeys holds the private half of each key by its name: making one takes much longer than all else that an
// emulator does when it starts, and emulators of one process may share them.
var privateKeys sync.Map //nolint:gochecknoglobals // a cache: what it gives differs by name only

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

// publicJWK returns the public half of a key, as it is published.
// Source: Azure Bot Service, "Authentication with the Bot Connector API", read 2026-11.
func (k *key) publicJWK() object {
	enc := base64.RawURLEncoding.EncodeToString
	out := object{
		"kty": "RSA", "use": "sig", "kid": k.id, "x5t": k.id,
		"n": enc(k.private.N.Bytes()), "e": enc(big.NewInt(int64(k.private.E)).Bytes()),
	}
	if k.endorsements != nil {
		out["endorsements"] = k.endorsements
	}
	return out
}

// list returns the keys of the JWKS.
func (r *keyring) list() []object {
	r.mu.Lock()
	defer r.mu.Unlock()
	out := []object{}
	for _, k := range r.listed {
		out = append(out, k.publicJWK())
	}
	return out
}

// get returns the key in a slot. If there is none yet, it makes one. listed means that the key is also to be in the
// JWKS.
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

// rotate makes a new key the current one. The old ones stay in the JWKS only if keepOld is true.
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

// encode returns the part of a JWT that is signed.
func encode(header, claims object) string {
	enc := base64.RawURLEncoding.EncodeToString
	return enc(tenant.MustJSON(header)) + "." + enc(tenant.MustJSON(claims))
}

// signRS256 appends a signature (RFC 7518 §3.3) to head. It remembers the last one: signing takes long.
func (k *key) signRS256(head string) string {
	k.mu.Lock()
	defer k.mu.Unlock()
	if head == k.last {
		return k.token
	}
	sum := sha256.Sum256([]byte(head))
	sig, err := rsa.SignPKCS1v15(nil, k.private, crypto.SHA256, sum[:])
	if err != nil {
		panic(err) // a good key does not fail
	}
	k.last, k.token = head, head+"."+base64.RawURLEncoding.EncodeToString(sig)
	return k.token
}

// signHS256 appends a signature with a shared secret (RFC 7518 §3.2) to head.
func signHS256(head string, secret []byte) string {
	mac := hmac.New(sha256.New, secret)
	mac.Write([]byte(head))
	return head + "." + base64.RawURLEncoding.EncodeToString(mac.Sum(nil))
}

// changeClaim changes a claim of a signed token, whose signature is wrong afterwards.
func changeClaim(token, claim string, v any) string {
	parts := strings.Split(token, ".")
	raw, err := base64.RawURLEncoding.DecodeString(parts[1])
	if err != nil {
		return token
	}
	var claims object
	if json.Unmarshal(raw, &claims) != nil {
		return token
	}
	claims[claim] = v
	return parts[0] + "." + base64.RawURLEncoding.EncodeToString(tenant.MustJSON(claims)) + "." + parts[2]
}
