package openai

import (
	"bytes"
	"encoding/json"
	"fmt"
	"log/slog"
	"strings"
	"testing"

	"parley/bridge/analysis/openai/openaifake"
)

// TestKeyHidden: however the key or what holds it is printed, it isn't seen.
func TestKeyHidden(t *testing.T) {
	t.Parallel()
	w := newWorld(t, openaifake.Modern())
	k := NewKey("  " + testKey + "\n")
	var log bytes.Buffer
	for _, l := range []*slog.Logger{slog.New(slog.NewTextHandler(&log, nil)), slog.New(slog.NewJSONHandler(&log, nil))} {
		l.Info("x", "key", k, "options", w.options, "pointer", &w.options, "analyzer", w.Analyzer)
	}
	j, err := json.Marshal(map[string]any{"key": k})
	if err != nil {
		t.Fatal(err)
	}
	printed := log.String() + string(j) + k.String()
	for _, verb := range []string{"%v", "%+v", "%#v", "%s", "%q", "%x", "%d"} {
		for _, what := range []any{k, &k, w.options, &w.options, w.Analyzer, []Key{k}, map[string]Key{"k": k}, &exchange{key: k}} {
			printed += fmt.Sprintf(verb, what)
		}
	}
	if strings.Contains(printed, testKey) || strings.Contains(printed, fmt.Sprintf("%x", testKey)) {
		t.Error("the key was printed")
	}
	if !strings.Contains(printed, redacted) || k.reveal() != testKey {
		t.Error("the key isn't there at all")
	}
}

// TestKeySent: the key goes into one header, and an empty one nowhere.
func TestKeySent(t *testing.T) {
	t.Parallel()
	w := newWorld(t, openaifake.Modern())
	w.asksModel()
	r := w.fake.Requests()[0]
	if r.Header.Get("Authorization") != "Bearer "+testKey || strings.Contains(string(r.Body), testKey) || r.Path != "/v1/chat/completions" {
		t.Errorf("%+v", r.Header)
	}
	w = newWorld(t, openaifake.Modern(), func(o *Options) { o.Key = NewKey(" ") })
	w.degrades(Unauthorized)
	if _, there := w.fake.Requests()[0].Header["Authorization"]; there {
		t.Error("an empty key was sent")
	}
	for _, bad := range []string{"a b", "a\nb", "schlüssel", "a\x00"} {
		if _, err := New(t.Context(), Options{Model: "m", Key: NewKey(bad)}); err == nil || strings.Contains(err.Error(), bad) {
			t.Errorf("%q: %v", bad, err)
		}
	}
}
