package teams

import (
	"cmp"
	"context"
	"crypto/rsa"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"math"
	"math/big"
	"net/http"
	"net/url"
	"slices"
	"sync"
	"time"
)

// Microsoft signs the requests that Teams sends to bots. The signing keys change now and then; the current ones are
// published as a JSON Web Key Set, whose address is in an OpenID metadata document. This file fetches the keys and
// caches them. It limits how often they are fetched, because anybody can send a token that names an unknown key.

// DefaultOpenIDURL is where the Bot Connector, Teams' API for bots, publishes the address of its keys.
const DefaultOpenIDURL = "https://login.botframework.com/v1/.well-known/openidconfiguration"

// Timing of key requests.
const (
	keysLifetime   = 24 * time.Hour  // how long keys may be cached, as Microsoft asks
	minKeysPause   = time.Minute     // between two requests for keys, however many tokens name unknown ones
	keysRetryPause = 5 * time.Second // between two requests if the first failed
	keysTimeout    = 5 * time.Second // of one request
)

// Bounds of the key server's answer.
const (
	maxKeysBytes = 1 << 20
	maxKeys      = 100
	minKeyBits   = 2048
	minExponent  = 3 // the smallest valid RSA exponent
)

// ErrKeys means that a token can't be checked because the keys can't be read. The request may be genuine, so its
// sender is asked to send it again.
var ErrKeys = errors.New("teams: the Bot Connector's keys can't be had")

// key is one of Microsoft's public keys. Its endorsements are the channels for which it may sign, such as "msteams".
type key struct {
	public       *rsa.PublicKey
	endorsements []string
}

// keySet caches Microsoft's keys by their ids. Safe for concurrent use.
type keySet struct {
	metadata   string // URL of the OpenID metadata
	client     *http.Client
	now        func() time.Time
	refreshing chan struct{} // holds one element while a goroutine reads the keys

	mu      sync.Mutex // guards the fields below it
	keys    map[string]key
	readAt  time.Time // when the keys were read; zero if they never were
	askedAt time.Time // when the last request was made, successful or not
	failed  error     // error of the last request; nil if it succeeded
}

func newKeySet(metadata string, client *http.Client, now func() time.Time) *keySet {
	metadata = cmp.Or(metadata, DefaultOpenIDURL)
	return &keySet{metadata: metadata, client: client, now: now, refreshing: make(chan struct{}, 1)}
}

// find returns the key with an id. It reads the keys again if they are older than a day or don't include this one,
// but at most once a minute; after a failure, every 5 s. While reading fails, cached keys stay valid.
// Errors: ErrKeys if the key isn't known and the last reading failed.
func (s *keySet) find(ctx context.Context, id string) (k key, known bool, err error) {
	k, known, isStale := s.lookUp(id)
	if known && !isStale {
		return k, true, nil
	}
	select {
	case s.refreshing <- struct{}{}:
	default: // another goroutine is reading the keys
		if known {
			return k, true, nil // the stale one
		}
		select {
		case s.refreshing <- struct{}{}:
		case <-ctx.Done():
			return key{}, false, fmt.Errorf("%w: %w", ErrKeys, ctx.Err())
		}
	}
	s.refresh(ctx, id)
	<-s.refreshing
	if k, known, _ = s.lookUp(id); known { // it may still be stale
		return k, true, nil
	}
	return key{}, false, s.lastFailure()
}

// lookUp returns the cached key with an id. isStale means that the keys should be read again.
func (s *keySet) lookUp(id string) (k key, known, isStale bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	k, known = s.keys[id]
	return k, known, s.now().Sub(s.readAt) >= keysLifetime
}

// lastFailure returns the error of the last request for keys; nil if it succeeded.
func (s *keySet) lastFailure() error {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.failed
}

// refresh reads the keys, unless that is no longer needed or was tried a moment ago. The caller has filled s.refreshing.
// Reading continues if ctx is cancelled, because other requests need the keys, too.
func (s *keySet) refresh(ctx context.Context, id string) {
	now := s.now()
	if !s.mayAsk(id, now) {
		return
	}

	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), keysTimeout)
	defer cancel()
	keys, err := s.read(ctx)
	s.mu.Lock()
	defer s.mu.Unlock()

	if err != nil {
		s.failed = fmt.Errorf("%w: %w", ErrKeys, err)
		return
	}

	s.keys = keys
	s.readAt = now
	s.failed = nil
}

// mayAsk reports whether the keys may be read now to find the one with an id. If so, it records the time.
func (s *keySet) mayAsk(id string, now time.Time) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	_, known := s.keys[id]
	if known && now.Sub(s.readAt) < keysLifetime { // another goroutine has just read them
		return false
	}

	pause := minKeysPause
	if s.failed != nil {
		pause = keysRetryPause
	}
	if !s.askedAt.IsZero() && now.Sub(s.askedAt) < pause {
		return false
	}

	s.askedAt = now
	return true
}

// read fetches the metadata, and then the keys from the address in it. It skips keys that can't be used for RS256.
func (s *keySet) read(ctx context.Context) (map[string]key, error) {
	var meta struct {
		KeysURL string `json:"jwks_uri"`
	}
	if err := s.getJSON(ctx, s.metadata, &meta); err != nil {
		return nil, err
	}
	if err := s.checkKeysAddress(meta.KeysURL); err != nil {
		return nil, err
	}

	var set struct {
		Keys []jwk `json:"keys"`
	}
	if err := s.getJSON(ctx, meta.KeysURL, &set); err != nil {
		return nil, err
	}

	keys := map[string]key{}
	for _, k := range set.Keys[:min(len(set.Keys), maxKeys)] {
		if public := k.publicKey(); public != nil {
			keys[k.ID] = key{public: public, endorsements: slices.Clone(k.Endorsements)}
		}
	}

	if len(keys) == 0 {
		return nil, errors.New("no usable key at " + meta.KeysURL)
	}

	return keys, nil
}

// checkKeysAddress checks the address of the keys: it must have https, or be on the same host as the metadata and
// have the same scheme.
func (s *keySet) checkKeysAddress(address string) error {
	from, err := url.Parse(s.metadata)
	if err != nil {
		return err
	}

	unusable := fmt.Errorf("the metadata name no address of keys: %q", address)
	to, err := url.Parse(address)
	if err != nil {
		return unusable
	}
	if to.Host == "" || to.User != nil {
		return unusable
	}

	isBesideMetadata := to.Scheme == from.Scheme && to.Host == from.Host
	if to.Scheme != "https" && !isBesideMetadata {
		return unusable
	}

	return nil
}

// getJSON reads the JSON at an address, of at most maxKeysBytes, into out.
func (s *keySet) getJSON(ctx context.Context, address string, out any) error {
	r, err := http.NewRequestWithContext(ctx, http.MethodGet, address, nil)
	if err != nil {
		return err
	}

	resp, err := s.client.Do(r)
	if err != nil {
		return err
	}
	defer resp.Body.Close()

	if resp.StatusCode != http.StatusOK {
		return fmt.Errorf("%s answers status %d", address, resp.StatusCode)
	}

	body, err := io.ReadAll(io.LimitReader(resp.Body, maxKeysBytes+1))
	if err != nil {
		return fmt.Errorf("%s: %w", address, err)
	}
	if len(body) > maxKeysBytes {
		return fmt.Errorf("%s: too long", address)
	}
	if err := json.Unmarshal(body, out); err != nil {
		return fmt.Errorf("%s: %w", address, err)
	}

	return nil
}

// jwk is a JSON Web Key. Source: RFC 7517 and 7518 section 6.3.1; endorsements are the Bot Connector's extension.
type jwk struct {
	Type         string   `json:"kty"`
	Use          string   `json:"use"`
	ID           string   `json:"kid"`
	N            string   `json:"n"`
	E            string   `json:"e"`
	Endorsements []string `json:"endorsements"`
}

// publicKey returns the RSA key; nil if it can't be used for RS256.
func (k jwk) publicKey() *rsa.PublicKey {
	if k.Type != "RSA" || k.ID == "" {
		return nil
	}
	if k.Use != "" && k.Use != "sig" { // the key is for encryption
		return nil
	}

	n, errN := base64.RawURLEncoding.DecodeString(k.N)
	e, errE := base64.RawURLEncoding.DecodeString(k.E)
	if errN != nil || errE != nil {
		return nil
	}

	modulus := new(big.Int).SetBytes(n)
	if modulus.BitLen() < minKeyBits {
		return nil
	}

	exponent := new(big.Int).SetBytes(e)
	if !exponent.IsInt64() || exponent.Bit(0) == 0 { // RSA exponents are odd
		return nil
	}
	if exponent.Int64() < minExponent || exponent.Int64() > math.MaxInt32 {
		return nil
	}

	return &rsa.PublicKey{N: modulus, E: int(exponent.Int64())}
}
