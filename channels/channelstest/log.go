package channelstest

import (
	"bytes"
	"io"
	"strconv"
	"strings"
	"sync"
	"testing"
)

// testLog is the writer that Log returns.
type testLog struct {
	mu sync.Mutex
	t  testing.TB // nil after the test has ended
}

// Log returns a writer for slog's text handler that writes to the test's log. A line with the same key twice,
// such as "id=1 id=2", fails the test, because nobody could search such lines. Lines after the end of the
// test are dropped: goroutines may outlive it.
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
	if l.t == nil {
		return len(p), nil
	}

	line := string(bytes.TrimSpace(p))
	l.t.Log(line)
	if key := repeatedKey(line); key != "" {
		l.t.Errorf("the log line gives %s twice: %s", key, line)
	}
	return len(p), nil
}

// repeatedKey returns the first key that occurs twice in a line of slog's text handler, or "".
func repeatedKey(line string) string {
	seen := map[string]bool{}
	for {
		key, rest, ok := strings.Cut(line, "=")
		if !ok || strings.Contains(key, " ") { // not a line of that handler
			return ""
		}
		if seen[key] {
			return key
		}

		seen[key] = true
		line = strings.TrimPrefix(afterValue(rest), " ")
	}
}

// afterValue returns what follows the value, perhaps quoted, with which s begins.
func afterValue(s string) string {
	if quoted, err := strconv.QuotedPrefix(s); err == nil {
		return s[len(quoted):]
	}
	if end := strings.IndexByte(s, ' '); end >= 0 {
		return s[end:]
	}
	return ""
}
