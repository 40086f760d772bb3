package channelstest

import (
	"bytes"
	"io"
	"sync"
	"testing"
)

// testLog is what Log gives.
type testLog struct {
	mu sync.Mutex
	t  testing.TB // nil when the test is over
}

// Log gives where a log is written that shows beside a failing test. What comes after the
// test's end is dropped: an attempt may outlive whoever made it.
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
		l.t.Log(string(bytes.TrimSpace(p)))
	}
	return len(p), nil
}
