package auth

import (
	"errors"
	"net/http"
	"sync"
	"testing"
	"time"
)

// checkSigned checks a request with a good token of a signer.
func (st *stage) checkSigned(t *testing.T, s signer) error {
	t.Helper()
	return st.Check(t.Context(), bearing("Bearer "+st.token(t, s)), activity())
}

func (st *stage) wantAccepted(t *testing.T, s signer) {
	t.Helper()
	if err := st.checkSigned(t, s); err != nil {
		t.Errorf("a request signed with the key %s is refused: %v", s.id, err)
	}
}

func (st *stage) wantRefused(t *testing.T, s signer) {
	t.Helper()
	if err := st.checkSigned(t, s); !errors.Is(err, ErrRefused) {
		t.Errorf("a request signed with the key %s: got error %v, want ErrRefused", s.id, err)
	}
}

// wantUnknown checks that nobody can tell about a request, so that Teams sends it again.
func (st *stage) wantUnknown(t *testing.T, s signer) {
	t.Helper()
	if err := st.checkSigned(t, s); !errors.Is(err, ErrKeys) {
		t.Errorf("a request signed with the key %s: got error %v, want ErrKeys", s.id, err)
	}
}

// wantRequests checks how often keys were asked for so far.
func (st *stage) wantRequests(t *testing.T, want int) {
	t.Helper()
	if got := st.server.count(); got != want {
		t.Errorf("asked %d times for keys, want %d", got, want)
	}
}

func isDown(w http.ResponseWriter, _ *http.Request) {
	http.Error(w, "down", http.StatusServiceUnavailable)
}

// Keys are read once a day. A new one is found when it is first used, and the old one is good until then.
func TestRotation(t *testing.T) {
	t.Parallel()
	one, two := signers()
	st := newStage(t, one)
	for range 3 {
		st.wantAccepted(t, one)
	}
	st.wantRequests(t, 1)

	// The key is replaced.
	st.server.publish(nil, two)
	st.advance(2 * time.Minute)
	st.wantAccepted(t, two)
	st.wantRequests(t, 2)
	st.wantRefused(t, one)

	// A day later.
	st.advance(25 * time.Hour)
	st.wantAccepted(t, two)
	st.wantRequests(t, 3)
}

// A key that was withdrawn is good for a day at most.
func TestWithdrawn(t *testing.T) {
	t.Parallel()
	one, two := signers()
	st := newStage(t, one)
	st.wantAccepted(t, one)
	st.server.publish(nil, two)
	st.advance(23 * time.Hour)
	st.wantAccepted(t, one)
	st.advance(time.Hour)
	st.wantRefused(t, one)
}

// A flood of requests with unknown keys makes us ask for keys once a minute.
func TestFlood(t *testing.T) {
	t.Parallel()
	one, two := signers()
	st := newStage(t, one)
	var wait sync.WaitGroup
	for range 50 {
		wait.Go(func() { st.wantRefused(t, two) })
	}
	wait.Wait()
	st.wantRequests(t, 1)
	st.advance(time.Minute)
	for range 3 {
		st.wantRefused(t, two)
	}
	st.wantRequests(t, 2)
	st.wantAccepted(t, one)
}

// While the key server is down, known keys stay good, and of others nobody can tell.
func TestKeyServerDown(t *testing.T) {
	t.Parallel()
	one, two := signers()
	st := newStage(t, one)
	st.wantAccepted(t, one)
	st.server.publish(isDown)
	st.advance(49 * time.Hour)
	st.wantAccepted(t, one)
	st.wantRequests(t, 2)
	st.wantUnknown(t, two)
	st.wantRequests(t, 2) // since it was asked a moment ago
	st.server.publish(nil, one, two)
	st.advance(keysRetryPause)
	st.wantAccepted(t, two)
}

// If a key server answers anything but good keys, nobody is let in, and it is asked again.
func TestNoKeys(t *testing.T) {
	t.Parallel()
	one, _ := signers()
	with := func(name, value string) signer {
		s := one
		s.change = func(k map[string]any) { k[name] = value }
		return s
	}
	write := func(s string) http.HandlerFunc {
		return func(w http.ResponseWriter, _ *http.Request) { _, _ = w.Write([]byte(s)) }
	}
	for name, tt := range map[string]struct {
		answer http.HandlerFunc // nil means key
		key    signer
	}{
		"an error":              {answer: isDown},
		"no JSON":               {answer: write("<html>")},
		"no keys":               {answer: write(`{"keys":[]}`)},
		"a redirect":            {answer: http.RedirectHandler("/keys2", http.StatusFound).ServeHTTP},
		"too many bytes":        {answer: write(`{"keys":[{"kid":"` + string(make([]byte, maxKeysBytes)) + `"}]}`)},
		"half an answer":        {answer: func(http.ResponseWriter, *http.Request) { panic(http.ErrAbortHandler) }},
		"a key that is short":   {key: with("n", "AQAB")},
		"a key with exponent 1": {key: with("e", "AQ")},
		"a key for encryption":  {key: with("use", "enc")},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			st := newStage(t, one)
			st.server.publish(tt.answer, tt.key)
			st.wantUnknown(t, one)
			st.server.publish(nil, one)
			st.advance(keysRetryPause)
			st.wantAccepted(t, one)
		})
	}
}

// Keys are read by https, or from the same host as the metadata.
func TestKeysAddress(t *testing.T) {
	t.Parallel()
	s := newKeySet("http://127.0.0.1:9000/meta", nil, nil)
	for address, isGood := range map[string]bool{
		"http://127.0.0.1:9000/keys":                         true,
		"https://login.botframework.com/v1/.well-known/keys": true,
		"http://127.0.0.1:9001/keys":                         false,
		"http://login.botframework.com/keys":                 false,
		"https://a@b/keys":                                   false,
		"file:///etc/passwd":                                 false,
		"":                                                   false,
		"/keys":                                              false,
	} {
		if err := s.checkKeysAddress(address); (err == nil) != isGood {
			t.Errorf("%q: got error %v, want it to be accepted: %v", address, err, isGood)
		}
	}
}
