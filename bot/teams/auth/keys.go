package auth

import (
	"context"
	"crypto/rsa"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"math/big"
	"net/http"
	"net/url"
	"slices"
	"sync"
	"time"
)

// DefaultOpenIDURL is where the Bot Connector publishes the address of its keys.
const DefaultOpenIDURL = "https://login.botframework.com/v1/.well-known/openidconfiguration"

// Times of keys.
const (
	keysGood    = 24 * time.Hour  // how long keys may be used, as the service asks
	keysPause   = time.Minute     // between two requests for keys, whatever is sent to us
	keysRetry   = 5 * time.Second // the same, after a request that failed
	keysTimeout = 5 * time.Second
)

// Bounds of what the key server says.
const (
	maxKeysBytes = 1 << 20
	maxKeys      = 100
	minKeyBits   = 2048
)

// ErrKeys tells that a token could not be checked, because the keys could not be read. The request is
// refused for now, but it may be genuine and should be sent again.
var ErrKeys = errors.New("teams: the Bot Connector's keys can't be had")

// key is a key that signs tokens, with the channels ("msteams") for which it may sign.
type key struct {
	public       *rsa.PublicKey
	endorsements []string
}

// keySet keeps the service's keys. Safe for concurrent use; one request at a time.
type keySet struct {
	metadata string
	client   *http.Client
	now      func() time.Time
	turn     chan struct{} // held by whoever asks

	mu      sync.Mutex
	keys    map[string]key
	readAt  time.Time // when keys were read
	askedAt time.Time
	failed  error // of the last request
}

func newKeySet(metadata string, client *http.Client, now func() time.Time) *keySet {
	if metadata == "" {
		metadata = DefaultOpenIDURL
	}
	return &keySet{metadata: metadata, client: client, now: now, turn: make(chan struct{}, 1)}
}

// find gives the key that a token names. It reads the keys again when they are older than a day or don't
// have that key, but at most once a minute. While reading fails it tries every 5 s, and the old keys
// stay valid.
// Errors: ErrKeys when the key isn't known and the last request failed.
func (s *keySet) find(ctx context.Context, id string) (key, bool, error) {
	k, known, old, _ := s.look(id)
	if known && !old {
		return k, true, nil
	}
	if known {
		select {
		case s.turn <- struct{}{}:
		default: // somebody else is reading the keys: use the old one
			return k, true, nil
		}
	} else {
		select {
		case s.turn <- struct{}{}:
		case <-ctx.Done():
			return key{}, false, fmt.Errorf("%w: %w", ErrKeys, ctx.Err())
		}
	}
	s.refresh(ctx, id)
	<-s.turn
	k, known, _, failed := s.look(id)
	if known {
		return k, true, nil
	}
	return key{}, false, failed
}

// look reads what is kept.
func (s *keySet) look(id string) (k key, known, old bool, failed error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	k, known = s.keys[id]
	return k, known, s.now().Sub(s.readAt) >= keysGood, s.failed
}

// refresh reads the keys, unless that was tried a moment ago. The caller holds turn. Reading goes on even
// if the request that caused it is given up.
func (s *keySet) refresh(ctx context.Context, id string) {
	now := s.now()
	s.mu.Lock()
	_, known := s.keys[id]
	needed := !known || now.Sub(s.readAt) >= keysGood
	pause := keysPause
	if s.failed != nil {
		pause = keysRetry
	}
	due := s.askedAt.IsZero() || now.Sub(s.askedAt) >= pause
	if needed && due {
		s.askedAt = now
	}
	s.mu.Unlock()
	if !needed || !due {
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
	s.keys, s.readAt, s.failed = keys, now, nil
}

// read reads the metadata, and then the keys whose address they give.
func (s *keySet) read(ctx context.Context) (map[string]key, error) {
	var meta struct {
		KeysURL string `json:"jwks_uri"`
	}
	if err := s.get(ctx, s.metadata, &meta); err != nil {
		return nil, err
	}
	if err := s.allowed(meta.KeysURL); err != nil {
		return nil, err
	}
	var set struct {
		Keys []jwk `json:"keys"`
	}
	if err := s.get(ctx, meta.KeysURL, &set); err != nil {
		return nil, err
	}
	keys := map[string]key{}
	for _, k := range set.Keys[:min(len(set.Keys), maxKeys)] {
		if public := k.public(); public != nil {
			keys[k.ID] = key{public, slices.Clone(k.Endorsements)}
		}
	}
	if len(keys) == 0 {
		return nil, errors.New("no usable key at " + meta.KeysURL)
	}
	return keys, nil
}

// allowed checks the address of the keys: it must have https, or be on the same host as the metadata.
func (s *keySet) allowed(address string) error {
	from, err := url.Parse(s.metadata)
	if err != nil {
		return err
	}
	to, err := url.Parse(address)
	if err != nil || to.Host == "" || to.User != nil || to.Scheme != "https" && (to.Scheme != from.Scheme || to.Host != from.Host) {
		return fmt.Errorf("the metadata name no address of keys: %q", address)
	}
	return nil
}

func (s *keySet) get(ctx context.Context, address string, out any) error {
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

// jwk is a key as the service publishes it. Source: RFC 7517 and 7518 section 6.3.1;
// endorsements are the Bot Connector's own.
type jwk struct {
	Type         string   `json:"kty"`
	Use          string   `json:"use"`
	ID           string   `json:"kid"`
	N            string   `json:"n"`
	E            string   `json:"e"`
	Endorsements []string `json:"endorsements"`
}

// public gives the RSA key; nil if it can't be used for RS256.
func (k jwk) public() *rsa.PublicKey {
	n, errN := base64.RawURLEncoding.DecodeString(k.N)
	e, errE := base64.RawURLEncoding.DecodeString(k.E)
	if errN != nil || errE != nil || k.Type != "RSA" || k.ID == "" || k.Use != "" && k.Use != "sig" {
		return nil
	}
	exponent := new(big.Int).SetBytes(e)
	p := &rsa.PublicKey{N: new(big.Int).SetBytes(n)}
	if p.N.BitLen() < minKeyBits || !exponent.IsInt64() || exponent.Int64() < 3 || exponent.Int64() > 1<<31-1 || exponent.Bit(0) == 0 {
		return nil
	}
	p.E = int(exponent.Int64())
	return p
}
