package channelstest

import (
	"context"
	"fmt"
	"testing"
	"time"
)

// patience is the timeout of every wait in this package. Only a failing test reaches it.
const patience = 2 * time.Minute

// Receive waits for a value from a channel, or for its end. It fails the test after patience; the failure
// says "waited in vain until " and what.
func Receive[T any](t testing.TB, from <-chan T, what string) (got T) {
	t.Helper()
	select {
	case got = <-from:
	case <-time.After(patience):
		t.Fatalf("waited in vain until %s", what)
	}
	return got
}

// NewProvider starts a provider that is closed when the test ends.
func NewProvider(t testing.TB) *Provider {
	p, err := StartProvider(nil)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := p.Close(); err != nil {
			t.Error(err)
		}
	})
	return p
}

// Wait waits until the accepted messages fulfil done, and returns them. It fails the test after patience,
// with what as the description.
func (p *Provider) Wait(t testing.TB, what string, done func([]Sent) bool) []Sent {
	t.Helper()
	ctx, stop := context.WithTimeout(context.WithoutCancel(t.Context()), patience)
	defer stop()
	var sent []Sent
	isDone := func() bool {
		sent = p.Sent()
		return done(sent)
	}
	if p.changed.Wait(ctx, isDone) != nil {
		t.Fatalf("waited in vain: %s; sent: %+v", what, sent)
	}
	return sent
}

// WaitCalls waits until n messages have reached the provider, accepted or not.
func (p *Provider) WaitCalls(t testing.TB, n int) {
	t.Helper()
	p.Wait(t, fmt.Sprintf("%d calls", n), func([]Sent) bool { return p.Calls() >= n })
}

// WaitTexts waits until customers have received exactly these texts, in this order.
func (p *Provider) WaitTexts(t testing.TB, want ...string) []Sent {
	t.Helper()
	sent := p.Wait(t, fmt.Sprintf("%q", want), func(sent []Sent) bool { return len(sent) >= len(want) })
	for i, m := range sent {
		if i >= len(want) || m.Text != want[i] {
			t.Fatalf("customers got %q, want %q", p.Texts(), want)
		}
	}
	return sent
}
