package relay_test

import (
	"errors"
	"log/slog"
	"strings"
	"sync"
	"testing"

	"parley/bridge/relay"
)

// Why an event can't be read may quote what a customer wrote. It is kept with the event, and isn't in the log.
func TestLogQuotesNoCustomer(t *testing.T) {
	t.Parallel()
	var log logText
	h := newHarness(t, func(o *relay.Options) { o.Log = slog.New(slog.NewJSONHandler(&log, nil)) })
	const reason = `strconv.ParseFloat: parsing "+49 30 901820": invalid syntax`
	h.decodePoison(func() error { return errors.New(reason) })
	h.start()
	h.accept(poison("k"), fact("k", "next"))
	h.waitAppliedOf("k", "next")
	h.wantReasons(reason)
	h.stop()
	if got := log.text(); strings.Contains(got, "901820") || !strings.Contains(got, "event quarantined") {
		t.Errorf("the log tells, with the customer's words or not of the quarantine:\n%s", got)
	}
}

// logText keeps what is logged.
type logText struct {
	mu      sync.Mutex
	written strings.Builder
}

func (l *logText) Write(line []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.written.Write(line)
}

func (l *logText) text() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.written.String()
}
