package channelstest

import (
	"context"
	"fmt"
	"testing"
	"time"
)

// patience bounds every wait of this package; only a failing test uses it up.
const patience = 2 * time.Minute

// Receive waits until a channel has a value or is closed. It fails the test after patience; what says what was waited for.
func Receive[T any](t testing.TB, from <-chan T, what string) (got T) {
	t.Helper()
	select {
	case got = <-from:
	case <-time.After(patience):
		t.Fatalf("waited in vain until %s", what)
	}
	return got
}

// NewProvider starts a provider that ends with the test.
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

// Wait returns what customers got as soon as done accepts it. It fails the test after patience; what names the expectation.
func (p *Provider) Wait(t testing.TB, what string, done func([]Sent) bool) []Sent {
	t.Helper()
	ctx, stop := context.WithTimeout(context.WithoutCancel(t.Context()), patience)
	defer stop()
	var sent []Sent
	if p.changed.Wait(ctx, func() bool { sent = p.Sent(); return done(sent) }) != nil {
		t.Fatalf("waited in vain: %s; sent: %+v", what, sent)
	}
	return sent
}

// WaitCalls waits until n messages reached the provider, taken or not.
func (p *Provider) WaitCalls(t testing.TB, n int) {
	t.Helper()
	p.Wait(t, fmt.Sprintf("%d calls", n), func([]Sent) bool { return p.Calls() >= n })
}

// WaitTexts waits until customers got exactly these texts, in this order.
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
