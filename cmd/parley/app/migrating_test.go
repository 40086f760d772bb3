package app_test

import (
	"bytes"
	"context"
	"io"
	"net/http"
	"strings"
	"sync"
	"testing"
	"time"

	"parley/channels/emulator"
)

// servePatience bounds every wait; only a failing test uses it up.
const servePatience = 2 * time.Minute

// logged keeps what a process logs.
type logged struct {
	mu   sync.Mutex
	text bytes.Buffer
}

func (l *logged) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.text.Write(p)
}

// String returns all that was logged.
func (l *logged) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.text.String()
}

// request asks a process for something. Its connections end with each request.
func request(t *testing.T, method, url string) (status int, body string, header http.Header) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), servePatience)
	defer cancel()
	req := must(http.NewRequestWithContext(ctx, method, url, strings.NewReader("{}")))(t)
	req.Close = true
	res := must(emulator.NewClient().Do(req))(t)
	defer func() { _ = res.Body.Close() }()
	text := must(io.ReadAll(res.Body))(t)
	return res.StatusCode, strings.TrimSpace(string(text)), res.Header
}
