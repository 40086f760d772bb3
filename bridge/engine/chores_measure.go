package engine

import (
	"context"
	"time"
)

const (
	measureInterval = 2 * time.Second
	measureTimeout  = 30 * time.Second // of one transaction
	maxMeasured     = 1000             // conversations per transaction
	maxMeasuredBusy = 100              // conversations per transaction while the process is busy
	restFactor      = 40               // while the process is busy, a pause is this many times as long as the transaction before it
)

// measurer keeps the team's figures up to date, such as the time until a first answer. Conversations that
// have changed are measured again, in batches. While the process is busy with messages, batches are small and
// far apart: after one that took 50 ms, nothing is measured for two seconds.
type measurer struct {
	chores    *Chores
	restUntil time.Time // observed only while the process is busy
}

// measureChanged measures all conversations that have changed, or one small batch of them while the process is busy.
func (m *measurer) measureChanged(ctx context.Context) error {
	for {
		began := time.Now() //nolint:forbidigo // durations don't depend on Parley's clock
		size, busy := maxMeasured, m.chores.relay.Busy()
		if busy {
			size = maxMeasuredBusy
		}
		if busy && began.Before(m.restUntil) {
			return nil
		}

		more, err := m.measureBatch(ctx, size)
		m.restUntil = began.Add(restFactor * time.Since(began)) //nolint:forbidigo // as above

		if err != nil || busy || !more {
			return err
		}
	}
}

// measureBatch measures about size conversations in one transaction. It reports whether more are waiting.
func (m *measurer) measureBatch(ctx context.Context, size int) (more bool, err error) {
	ctx, cancel := context.WithTimeout(ctx, measureTimeout)
	defer cancel()
	return Round(ctx, m.chores.pool, m.chores.Directory(), size)
}
