package chores

import (
	"context"
	"time"

	"parley/bridge/engine/measuring"
)

const (
	measureInterval = 2 * time.Second
	measureTimeout  = 30 * time.Second // of one transaction
	maxMeasured     = 1000             // conversations that are measured in one transaction
	maxMeasuredBusy = 100              // the same while there is much else to do
	restFactor      = 40               // how many times longer than a transaction the rest after it is, while there is much to do
)

// measurer brings the figures of the team up to date, and gives way while there is much else to do.
type measurer struct {
	chores *Chores
	rest   time.Time // nothing is measured before this, by the clock of this process
}

// measureChanged measures the conversations that have changed. While there is much else to do, it makes one transaction
// and leaves the others for later.
func (m *measurer) measureChanged(ctx context.Context) error {
	for {
		began := time.Now() //nolint:forbidigo // how long work took is no matter of Parley's clock
		size, busy := maxMeasured, m.chores.host.Busy()
		if busy {
			size = maxMeasuredBusy
		}
		if busy && began.Before(m.rest) {
			return nil
		}

		more, err := m.measureBatch(ctx, size)
		m.rest = began.Add(restFactor * time.Since(began)) //nolint:forbidigo // as above

		if err != nil || busy {
			return err
		}
		if !more {
			return nil
		}
	}
}

// measureBatch measures about size conversations in one transaction. more means that others are left.
func (m *measurer) measureBatch(ctx context.Context, size int) (more bool, err error) {
	ctx, cancel := context.WithTimeout(ctx, measureTimeout)
	defer cancel()
	return measuring.Round(ctx, m.chores.pool, m.chores.host.Directory(), size)
}
