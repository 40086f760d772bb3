package teams

import (
	"errors"
	"net/http"
	"sync"
	"testing"
	"time"
)

// checkSigned checks a request with a good token of a signer.
func (w *authWorld) checkSigned(t *testing.T, s signer) error {
	t.Helper()
	return w.Check(t.Context(), bearing("Bearer "+w.token(t, s)), activity())
}

func (w *authWorld) wantAccepted(t *testing.T, s signer) {
	t.Helper()
	if err := w.checkSigned(t, s); err != nil {
		t.Errorf("a request signed with the key %s is refused: %v", s.id, err)
	}
}

func (w *authWorld) wantRefused(t *testing.T, s signer) {
	t.Helper()
	if err := w.checkSigned(t, s); !errors.Is(err, ErrRefused) {
		t.Errorf("a request signed with the key %s: got error %v, want ErrRefused", s.id, err)
	}
}

// wantUnknown checks that nobody can tell about a request, so that Teams sends it again.
func (w *authWorld) wantUnknown(t *testing.T, s signer) {
	t.Helper()
	if err := w.checkSigned(t, s); !errors.Is(err, ErrKeys) {
		t.Errorf("a request signed with the key %s: got error %v, want ErrKeys", s.id, err)
	}
}

// wantRequests checks how often keys were asked for so far.
func (w *authWorld) wantRequests(t *testing.T, want int) {
	t.Helper()
	if got := w.server.count(); got != want {
		t.Errorf("asked %d times for keys, want %d", got, want)
	}
}

func isDown(w http.ResponseWriter, _ *http.Request) {
	http.Error(w, "down", http.StatusServiceUnavailable)
}

// How long keys are kept, and how long after a reading an unknown key makes us read them again.
const (
	keysAge         = 24 * time.Hour
	unknownKeyPause = time.Minute
)

func TestKeysAreReadOnce(t *testing.T) {
	t.Parallel()
	one, _ := signers()
	w := newWorldAuth(t, one)
	for range 3 {
		w.wantAccepted(t, one)
	}
	w.wantRequests(t, 1)
}

// A new key is found when it is first used. The key that it replaced is refused from then on.
func TestReplacedKey(t *testing.T) {
	t.Parallel()
	one, two := signers()
	w := newWorldAuth(t, one)
	w.wantAccepted(t, one)
	w.server.publish(nil, two)
	w.advance(2 * unknownKeyPause)
	w.wantAccepted(t, two)
	w.wantRequests(t, 2)
	w.wantRefused(t, one)
}

// Requests with an unknown key make us read keys once, however many arrive at the same time.
func TestUnknownKeysAtTheSameTime(t *testing.T) {
	t.Parallel()
	one, two := signers()
	w := newWorldAuth(t, one)
	var wait sync.WaitGroup
	for range 50 {
		wait.Go(func() { w.wantRefused(t, two) })
	}
	wait.Wait()
	w.wantRequests(t, 1)
}

// While the key server is down nobody can tell whether an unknown key is good. It isn't asked with each request. As soon as it is back,
// a key that it doesn't have is refused, for which it is asked once a minute as ever, and one that it has is found.
func TestUnknownKeyWhileTheKeyServerIsDown(t *testing.T) {
	t.Parallel()
	one, two := signers()
	w := newWorldAuth(t, one)
	w.wantAccepted(t, one)
	w.server.publish(isDown)
	w.advance(2*keysAge + time.Hour)
	for range 2 {
		w.wantUnknown(t, two)
	}
	w.wantRequests(t, 2)

	w.server.publish(nil, one)
	for range 2 {
		w.advance(keysRetryPause)
		w.wantRefused(t, two)
	}
	w.wantRequests(t, 3)

	w.server.publish(nil, one, two)
	w.advance(unknownKeyPause)
	w.wantAccepted(t, two)
}

// keyWith is a key of which one field is published with another value.
func keyWith(s signer, field, value string) signer {
	s.change = func(key map[string]any) { key[field] = value }
	return s
}

// checkNotTrusted checks that a key server which publishes this lets nobody in, and is asked again once it is well.
func checkNotTrusted(t *testing.T, answer http.HandlerFunc, keys ...signer) {
	t.Helper()
	good, _ := signers()
	w := newWorldAuth(t, good)
	w.server.publish(answer, keys...)
	w.wantUnknown(t, good)

	w.server.publish(nil, good)
	w.advance(keysRetryPause)
	w.wantAccepted(t, good)
}

func TestUnsafeKeys(t *testing.T) {
	t.Parallel()
	good, _ := signers()
	for _, tt := range []struct {
		name string
		key  signer
	}{
		{name: "a short modulus", key: keyWith(good, "n", "AQAB")},
		{name: "exponent 1", key: keyWith(good, "e", "AQ")},
		{name: "exponent 4", key: keyWith(good, "e", "BA")},
		{name: "exponent of 33 bits", key: keyWith(good, "e", "AQAAAAE")},
		{name: "exponent of 65 bits", key: keyWith(good, "e", "AQAAAAAAAQAB")},
		{name: "exponent with another sign behind it", key: keyWith(good, "e", "AQAB*")},
		{name: "of another type", key: keyWith(good, "kty", "EC")},
		{name: "for encryption", key: keyWith(good, "use", "enc")},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			checkNotTrusted(t, nil, tt.key)
		})
	}
}

func TestKeysAddressRefuses(t *testing.T) {
	t.Parallel()
	s := newKeySet("http://127.0.0.1:9000/meta", nil, nil)
	for _, tt := range []struct{ name, address string }{
		{name: "another port without https", address: "http://127.0.0.1:9001/keys"},
		{name: "another host without https", address: "http://login.botframework.com/keys"},
		{name: "a user", address: "https://a@b/keys"},
		{name: "a file", address: "file:///etc/passwd"},
		{name: "nothing", address: ""},
		{name: "no host", address: "/keys"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			if err := s.checkKeysAddress(tt.address); err == nil {
				t.Errorf("%q is accepted, want an error", tt.address)
			}
		})
	}
}
