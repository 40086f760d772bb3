package auth

import (
	"errors"
	"net/http"
	"sync"
	"testing"
	"time"
)

func (st *stage) verdict(t *testing.T, s signer) error {
	t.Helper()
	return st.Check(t.Context(), bearing("Bearer "+st.token(t, s)), activity())
}

func (st *stage) asks(t *testing.T, want int) {
	t.Helper()
	if got := st.server.count(); got != want {
		t.Errorf("asked %d times for keys, want %d", got, want)
	}
}

func down(w http.ResponseWriter, _ *http.Request) {
	http.Error(w, "down", http.StatusServiceUnavailable)
}

// Keys are read once a day; a new one is found when it is first used, the old is good until
// then.
func TestRotation(t *testing.T) {
	t.Parallel()
	one, two := signers()
	st := newStage(t, one)
	for range 3 {
		if err := st.verdict(t, one); err != nil {
			t.Fatal(err)
		}
	}
	st.asks(t, 1)
	st.server.publish(nil, two)
	st.pass(2 * time.Minute)
	if err := st.verdict(t, two); err != nil {
		t.Error("the new key isn't found:", err)
	}
	st.asks(t, 2)
	if err := st.verdict(t, one); !errors.Is(err, ErrRefused) {
		t.Error("the withdrawn key is good:", err)
	}
	st.pass(25 * time.Hour)
	if err := st.verdict(t, two); err != nil {
		t.Error(err)
	}
	st.asks(t, 3)
}

// A withdrawn key is good for a day at most.
func TestWithdrawn(t *testing.T) {
	t.Parallel()
	one, two := signers()
	st := newStage(t, one)
	if err := st.verdict(t, one); err != nil {
		t.Fatal(err)
	}
	st.server.publish(nil, two)
	st.pass(23 * time.Hour)
	if err := st.verdict(t, one); err != nil {
		t.Error(err)
	}
	st.pass(time.Hour)
	if err := st.verdict(t, one); !errors.Is(err, ErrRefused) {
		t.Error("a withdrawn key is good after a day:", err)
	}
}

// A flood of unknown keys makes us ask once a minute.
func TestFlood(t *testing.T) {
	t.Parallel()
	one, two := signers()
	st := newStage(t, one)
	var wait sync.WaitGroup
	for range 50 {
		wait.Go(func() {
			if err := st.verdict(t, two); !errors.Is(err, ErrRefused) {
				t.Error(err)
			}
		})
	}
	wait.Wait()
	st.asks(t, 1)
	st.pass(time.Minute)
	for range 3 {
		if err := st.verdict(t, two); !errors.Is(err, ErrRefused) {
			t.Error(err)
		}
	}
	st.asks(t, 2)
	if err := st.verdict(t, one); err != nil {
		t.Error(err)
	}
}

// While the key server is down, known keys stay good, and of others nobody can tell.
func TestKeyServerDown(t *testing.T) {
	t.Parallel()
	one, two := signers()
	st := newStage(t, one)
	if err := st.verdict(t, one); err != nil {
		t.Fatal(err)
	}
	st.server.publish(down)
	st.pass(49 * time.Hour)
	if err := st.verdict(t, one); err != nil {
		t.Error("the old key isn't kept:", err)
	}
	st.asks(t, 2)
	if err := st.verdict(t, two); !errors.Is(err, ErrKeys) {
		t.Error(err)
	}
	st.asks(t, 2) // a moment ago
	st.server.publish(nil, one, two)
	st.pass(keysRetryPause)
	if err := st.verdict(t, two); err != nil {
		t.Error(err)
	}
}

// What a key server can answer instead of keys: nothing is let in, and it is asked again.
func TestNoKeys(t *testing.T) {
	t.Parallel()
	one, _ := signers()
	short, odd, other := one, one, one
	short.change = func(k map[string]any) { k["n"] = "AQAB" }
	odd.change = func(k map[string]any) { k["e"] = "AQ" }
	other.change = func(k map[string]any) { k["use"] = "enc" }
	write := func(s string) http.HandlerFunc {
		return func(w http.ResponseWriter, _ *http.Request) { _, _ = w.Write([]byte(s)) }
	}
	for name, publish := range map[string]func(k *keyServer){
		"down":     func(k *keyServer) { k.publish(down) },
		"no JSON":  func(k *keyServer) { k.publish(write("<html>")) },
		"no keys":  func(k *keyServer) { k.publish(write(`{"keys":[]}`)) },
		"redirect": func(k *keyServer) { k.publish(http.RedirectHandler("/keys2", http.StatusFound).ServeHTTP) },
		"too long": func(k *keyServer) {
			k.publish(write(`{"keys":[{"kid":"` + string(make([]byte, maxKeysBytes)) + `"}]}`))
		},
		"cut": func(k *keyServer) {
			k.publish(func(http.ResponseWriter, *http.Request) { panic(http.ErrAbortHandler) })
		},
		"short key": func(k *keyServer) { k.publish(nil, short) },
		"exponent":  func(k *keyServer) { k.publish(nil, odd) },
		"for other": func(k *keyServer) { k.publish(nil, other) },
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			st := newStage(t, one)
			publish(st.server)
			if err := st.verdict(t, one); !errors.Is(err, ErrKeys) {
				t.Error(err)
			}
			st.server.publish(nil, one)
			st.pass(keysRetryPause)
			if err := st.verdict(t, one); err != nil {
				t.Error("not asked again:", err)
			}
		})
	}
}

// Keys are read by https, or where the metadata are.
func TestKeysAddress(t *testing.T) {
	t.Parallel()
	s := newKeySet("http://127.0.0.1:9000/meta", nil, nil)
	for address, ok := range map[string]bool{
		"http://127.0.0.1:9000/keys": true, "https://login.botframework.com/v1/.well-known/keys": true,
		"http://127.0.0.1:9001/keys": false, "http://login.botframework.com/keys": false, "https://a@b/keys": false,
		"file:///etc/passwd": false, "": false, "/keys": false,
	} {
		if err := s.checkKeysAddress(address); (err == nil) != ok {
			t.Errorf("%q: %v", address, err)
		}
	}
}
