package openai

import (
	"context"
	"sync"
	"time"
)

// Meter counts tokens, durably where they shall survive a restart or be shared by several processes.
type Meter interface {
	// Add adds tokens to what an account used on a day ("2026-11-22", of UTC) and gives the sum. The number is
	// negative where less was used than reserved, and 0 to look. It must be atomic, and is called before and after
	// each request.
	Add(ctx context.Context, account, day string, tokens int) (sum int, err error)
}

// dayMeter keeps one account within its day's tokens.
type dayMeter struct {
	meter   Meter
	account string
	limit   int // 0 = none
	now     func() time.Time

	mu   sync.Mutex
	full string // the day that is used up
}

// reservation is tokens of a day that a request may use.
type reservation struct {
	day    string
	tokens int
}

// reserve counts what a request may use at most, before it is sent. So several requests at once, and a process that
// dies within one, don't use more than the limit.
func (m *dayMeter) reserve(ctx context.Context, tokens int) (reservation, *Error) {
	r := reservation{m.now().UTC().Format(time.DateOnly), tokens}
	sum, err := m.meter.Add(ctx, m.account, r.day, tokens)
	if err != nil {
		return r, &Error{Kind: Uncounted, Cause: err}
	}
	if m.limit > 0 && sum > m.limit {
		m.settle(ctx, r, 0)
		m.setFull(r.day)
		return r, &Error{Kind: Budget}
	}
	m.setFull("")
	return r, nil
}

// settle replaces a reservation by what was used. A failure leaves the reservation, which is more.
func (m *dayMeter) settle(ctx context.Context, r reservation, used int) {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), settleTimeout)
	defer cancel()
	_, _ = m.meter.Add(ctx, m.account, r.day, used-r.tokens)
}

const settleTimeout = 5 * time.Second

func (m *dayMeter) setFull(day string) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.full = day
}

// usedUp says whether a request of today was refused for want of tokens.
func (m *dayMeter) usedUp() bool {
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.full != "" && m.full == m.now().UTC().Format(time.DateOnly)
}

// MemoryMeter is a Meter that forgets with the process. It keeps one day.
type MemoryMeter struct {
	mu   sync.Mutex
	day  string
	sums map[string]int
}

// NewMemoryMeter makes a MemoryMeter.
func NewMemoryMeter() *MemoryMeter { return &MemoryMeter{sums: map[string]int{}} }

// Add implements Meter.
func (m *MemoryMeter) Add(_ context.Context, account, day string, tokens int) (int, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if day > m.day { // what is settled for the day before is of no interest any more
		m.day = day
		clear(m.sums)
	}
	if day == m.day {
		m.sums[account] += tokens
	}
	return m.sums[account], nil
}
