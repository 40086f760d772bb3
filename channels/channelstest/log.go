package channelstest

import (
	"bytes"
	"io"
	"strconv"
	"strings"
	"sync"
	"testing"
)

// testLog is what Log gives.
type testLog struct {
	mu sync.Mutex
	t  testing.TB // nil when the test is over
}

// Log returns a writer for slog's text handler that logs to the test. A line with the same key twice fails the test: nobody
// can search for it. Lines that come after the test's end are dropped, since an attempt may outlive the test that made it.
func Log(t testing.TB) io.Writer {
	l := &testLog{t: t}
	t.Cleanup(func() {
		l.mu.Lock()
		defer l.mu.Unlock()
		l.t = nil
	})
	return l
}

// Write implements io.Writer.
func (l *testLog) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.t != nil {
		line := string(bytes.TrimSpace(p))
		l.t.Log(line)
		if key := repeatedKey(line); key != "" {
			l.t.Errorf("the log line gives %s twice: %s", key, line)
		}
	}
	return len(p), nil
}

// repeatedKey returns the first key that stands twice in a line of slog's text handler; "" if none does.
func repeatedKey(line string) string {
	seen := map[string]bool{}
	for {
		key, rest, ok := strings.Cut(line, "=")
		if !ok || strings.Contains(key, " ") { // no line of that handler
			return ""
		}
		if seen[key] {
			return key
		}

		seen[key] = true

		if quoted, err := strconv.QuotedPrefix(rest); err == nil {
			rest = rest[len(quoted):]
		} else {
			rest = rest[min(strings.IndexByte(rest+" ", ' '), len(rest)):]
		}

		line = strings.TrimPrefix(rest, " ")
	}
}
