package auth

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

// Microsoft signs its requests with keys that change now and then, and publishes the current ones. One address gives
// the metadata, in which the address of the keys stands. This file reads the keys, remembers them, and bounds how
// often they are read: anybody can send a token that names an unknown key.

// DefaultOpenIDURL is where the Bot Connector publishes the address of its keys.
const DefaultOpenIDURL = "https://login.botframework.com/v1/.well-known/openidconfiguration"

// Times of keys.
const (
	keysLifetime   = 24 * time.Hour  // how long keys may be used, as the service asks
	minKeysPause   = time.Minute     // between two requests for keys, however many tokens name unknown ones
	keysRetryPause = 5 * time.Second // between two requests if the first failed
	keysTimeout    = 5 * time.Second // of one request
)

// Bounds of what the key server says.
const (
	maxKeysBytes = 1 << 20
	maxKeys      = 100
	minKeyBits   = 2048
	minExponent  = 3 // the smallest that RSA has
)

// ErrKeys is returned if a token can't be checked, because the keys can't be read. The request may be genuine, so its
// sender is asked to send it again.
var ErrKeys = errors.New("teams: the Bot Connector's keys can't be had")

// key is one of Microsoft's public keys. Its endorsements are the channels for which it may sign, such as "msteams".
type key struct {
	public       *rsa.PublicKey
	endorsements []string
}

// keySet remembers Microsoft's keys by their ids. Safe for concurrent use.
type keySet struct {
	metadata string
	client   *http.Client
	now      func() time.Time
	asking   chan struct{} // holds one element while somebody reads the keys

	mu      sync.Mutex // guards the fields below it
	keys    map[string]key
	readAt  time.Time // when keys were read; zero before
	askedAt time.Time // when the last request was made, successful or not
	failed  error     // of the last request; nil if it succeeded
}

func newKeySet(metadata string, client *http.Client, now func() time.Time) *keySet {
	metadata = cmp.Or(metadata, DefaultOpenIDURL)
	return &keySet{metadata: metadata, client: client, now: now, asking: make(chan struct{}, 1)}
}

// find returns the key with an id. It reads the keys again if they are older than a day or don't include this one,
// but at most once a minute; after a failure, every 5 s. While reading fails, old keys stay valid.
// Errors: ErrKeys if the key isn't known and the last reading failed.
func (s *keySet) find(ctx context.Context, id string) (k key, known bool, err error) {
	k, known, isOld := s.lookUp(id)
	if known && !isOld {
		return k, true, nil
	}

	if known {
		select {
		case s.asking <- struct{}{}:
		default: // another request is reading the keys: use the old one
			return k, true, nil
		}
	} else {
		select {
		case s.asking <- struct{}{}:
		case <-ctx.Done():
			return key{}, false, fmt.Errorf("%w: %w", ErrKeys, ctx.Err())
		}
	}

	s.refresh(ctx, id)
	<-s.asking
	if k, known, _ = s.lookUp(id); known { // it may be an old one
		return k, true, nil
	}
	return key{}, false, s.lastFailure()
}

// lookUp returns the key with an id, if it is known. isOld means that the keys are to be read again.
func (s *keySet) lookUp(id string) (k key, known, isOld bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	k, known = s.keys[id]
	return k, known, s.now().Sub(s.readAt) >= keysLifetime
}

// lastFailure returns why the last reading failed; nil if it didn't.
func (s *keySet) lastFailure() error {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.failed
}

// refresh reads the keys, unless that isn't needed any more or was tried a moment ago. The caller holds asking.
// Reading goes on even if ctx is cancelled, since other requests need the keys, too.
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

// mayAsk reports whether the keys are to be read now, to find the one with an id. If so, it notes the time.
func (s *keySet) mayAsk(id string, now time.Time) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	_, known := s.keys[id]
	if known && now.Sub(s.readAt) < keysLifetime { // another request has read them meanwhile
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

// read reads the metadata, and then the keys at the address that stands there.
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
	if err == nil && len(body) > maxKeysBytes {
		err = errors.New("too long")
	}
	if err == nil {
		err = json.Unmarshal(body, out)
	}
	if err != nil {
		return fmt.Errorf("%s: %w", address, err)
	}

	return nil
}

// jwk is a key as the service publishes it. Source: RFC 7517 and 7518 section 6.3.1; endorsements are the Bot
// Connector's own.
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
	if k.Use != "" && k.Use != "sig" { // it is for encryption
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
	if !exponent.IsInt64() || exponent.Bit(0) == 0 { // an even exponent is none
		return nil
	}
	if exponent.Int64() < minExponent || exponent.Int64() > math.MaxInt32 {
		return nil
	}

	return &rsa.PublicKey{N: modulus, E: int(exponent.Int64())}
}
