package meta

import (
	"context"
	"errors"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"parley/channels"
)

// vector is a signature that another program made.
const vector = "sha256=aa9e2e3575f5d7098b6caccd790888c36d5fdb63342a73bada2d6a51747a8494"

func TestSignatureVector(t *testing.T) {
	t.Parallel()
	if got := signBody([]byte("secret"), []byte(`{"a":1}`)); got != vector {
		t.Errorf("signed %s", got)
	}
}

func TestVerify(t *testing.T) {
	t.Parallel()
	umlaut := []byte(`{"a":"\u00e4"}`)
	for name, c := range map[string]struct {
		secret, signature, body string
		want                    bool
	}{
		"right":        {"secret", vector, `{"a":1}`, true},
		"upper case":   {"secret", "sha256=" + strings.ToUpper(vector[7:]), `{"a":1}`, true},
		"other body":   {"secret", vector, `{"a":2}`, false},
		"other space":  {"secret", vector, `{"a": 1}`, false},
		"other secret": {"Secret", vector, `{"a":1}`, false},
		"no secret":    {"", signBody(nil, []byte(`{"a":1}`)), `{"a":1}`, false},
		"none":         {"secret", "", `{"a":1}`, false},
		"cut":          {"secret", vector[:40], `{"a":1}`, false},
		"sha1":         {"secret", "sha1=" + vector[7:], `{"a":1}`, false},
		"no prefix":    {"secret", vector[7:], `{"a":1}`, false},
		"no hex":       {"secret", "sha256=zz", `{"a":1}`, false},
		"escapes stay": {"secret", signBody([]byte("secret"), umlaut), string(umlaut), true},
		"re-encoded":   {"secret", signBody([]byte("secret"), umlaut), `{"a":"ä"}`, false},
	} {
		if got := verifySignature([]byte(c.secret), c.signature, []byte(c.body)); got != c.want {
			t.Errorf("%s: %v", name, got)
		}
	}
}

func TestHook(t *testing.T) {
	t.Parallel()
	const body = `{"a":1}`
	signed := http.Header{"X-Hub-Signature-256": {vector}}
	for name, c := range map[string]struct {
		method, target, body string
		header               http.Header
		accept               error
		status               int
		answer               string
		taken                int
	}{
		"challenge":          {method: "GET", target: "/?hub.mode=subscribe&hub.verify_token=word&hub.challenge=1158201444", status: 200, answer: "1158201444"},
		"wrong word":         {method: "GET", target: "/?hub.mode=subscribe&hub.verify_token=other&hub.challenge=1", status: 403},
		"no word":            {method: "GET", target: "/?hub.mode=subscribe&hub.challenge=1", status: 403},
		"other mode":         {method: "GET", target: "/?hub.mode=unsubscribe&hub.verify_token=word&hub.challenge=1", status: 403},
		"plain look":         {method: "GET", target: "/", status: 403},
		"taken":              {method: "POST", target: "/", body: body, header: signed, status: 200, taken: 1},
		"no signature":       {method: "POST", target: "/", body: body, status: 403},
		"another body":       {method: "POST", target: "/", body: body + " ", header: signed, status: 403},
		"too much waiting":   {method: "POST", target: "/", body: body, header: signed, accept: channels.ErrOverloaded, status: 503, taken: 1},
		"no database":        {method: "POST", target: "/", body: body, header: signed, accept: errors.New("no database"), status: 500, taken: 1},
		"too long":           {method: "POST", target: "/", body: strings.Repeat("a", maxHook+1), header: signed, status: 413},
		"something else":     {method: "DELETE", target: "/", status: 405},
		"challenge by POST":  {method: "POST", target: "/?hub.mode=subscribe&hub.verify_token=word&hub.challenge=1", status: 403},
		"signature of a GET": {method: "GET", target: "/", header: signed, status: 403},
	} {
		taken := 0
		h := &webhook{Secret: []byte("secret"), VerifyToken: "word", Now: time.Now, Log: slog.New(slog.DiscardHandler),
			Split:  func(b []byte) []channels.Fact { return []channels.Fact{{ExternalID: string(b)}} },
			Accept: func(context.Context, ...channels.Fact) error { taken++; return c.accept }}

		r := httptest.NewRequestWithContext(t.Context(), c.method, c.target, strings.NewReader(c.body))
		r.Header = c.header.Clone()
		w := httptest.NewRecorder()
		h.ServeHTTP(w, r)
		answer, _ := io.ReadAll(w.Body)

		wantEqual(t, name+": status", w.Code, c.status)
		wantEqual(t, name+": answer", string(answer), c.answer)
		wantEqual(t, name+": times that it was taken", taken, c.taken)
	}
}

// TestHookWithoutSettings checks that a webhook without settings rejects all requests.
func TestHookWithoutSettings(t *testing.T) {
	t.Parallel()
	h := &webhook{Now: time.Now, Log: slog.New(slog.DiscardHandler), Split: func([]byte) []channels.Fact { return nil },
		Accept: func(context.Context, ...channels.Fact) error { t.Error("taken"); return nil }}
	for _, r := range []*http.Request{
		httptest.NewRequestWithContext(t.Context(), "GET", "/?hub.mode=subscribe&hub.verify_token=&hub.challenge=1", nil),
		httptest.NewRequestWithContext(t.Context(), "POST", "/", strings.NewReader("{}")),
	} {
		r.Header.Set("X-Hub-Signature-256", signBody(nil, []byte("{}")))
		w := httptest.NewRecorder()
		h.ServeHTTP(w, r)
		wantEqual(t, "status of "+r.Method, w.Code, http.StatusForbidden)
	}
}
