package openai

import (
	"fmt"
	"strings"
	"testing"

	"parley/bridge/analysis/openai/openaifake"
)

// wantRedacted checks that what was printed has no key, neither in letters nor in hex, but says that one was there.
func wantRedacted(t *testing.T, printed string) {
	t.Helper()
	for _, key := range []string{testKey, fmt.Sprintf("%x", testKey)} {
		if strings.Contains(printed, key) {
			t.Errorf("the key was printed: %s", printed)
		}
	}
	if !strings.Contains(printed, redacted) {
		t.Errorf("printed %s, want %s in it", printed, redacted)
	}
}

// However a key, or what holds one, is printed, it isn't seen.
func TestKeyIsNotPrinted(t *testing.T) {
	t.Parallel()
	w := newWorld(t, openaifake.Modern())
	k := NewKey(testKey)
	printed := k.String()
	for _, verb := range []string{"%v", "%+v", "%#v", "%s", "%q", "%x", "%d"} {
		for _, value := range []any{k, &k, w.options, &w.options, w.Analyzer, []Key{k}, map[string]Key{"k": k}, &exchange{key: k}} {
			printed += fmt.Sprintf(verb, value) + "\n"
		}
	}
	wantRedacted(t, printed)
}

// A key goes into one header of the request.
func TestKeyIsSent(t *testing.T) {
	t.Parallel()
	w := newWorld(t, openaifake.Modern())
	w.wantModel()
	r := w.fake.Requests()[0]
	if got, want := r.Header.Get("Authorization"), "Bearer "+testKey; got != want {
		t.Errorf("got the authorization %q, want %q", got, want)
	}
	if strings.Contains(string(r.Body), testKey) {
		t.Errorf("the body shows the key: %s", r.Body)
	}
	if want := "/v1/chat/completions"; r.Path != want {
		t.Errorf("got the path %q, want %q", r.Path, want)
	}
}

// A key that can't stand in a header is refused, with an error that doesn't show it.
func TestBadKey(t *testing.T) {
	t.Parallel()
	for _, bad := range []string{"a b", "a\nb", "schlüssel", "a\x00"} {
		_, err := New(t.Context(), Options{Model: "m", Key: NewKey(bad)})
		if err == nil {
			t.Errorf("the key %q was taken, want an error", bad)
		} else if strings.Contains(err.Error(), bad) {
			t.Errorf("the error shows the key: %v", err)
		}
	}
}
