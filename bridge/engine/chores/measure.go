package chores

import (
	"context"
	"time"

	"parley/bridge/engine/measuring"
)

const (
	measureEvery  = 2 * time.Second
	measureWithin = 30 * time.Second // of one transaction
	measureMost   = 1000             // conversations that are measured in one transaction
	measureBusy   = 100              // the same while there is much else to do
	measureRest   = 40               // then one that took d is followed by a rest of 40 d
)

// measurer brings the figures of the team up to date, and gives way while there is much else to do.
type measurer struct {
	chores *Chores
	rest   time.Time // nothing is measured before this, by the clock of this process
}

func (m *measurer) round(ctx context.Context) error {
	for {
		began := time.Now() //nolint:forbidigo // how long work took is no matter of Parley's clock
		most, busy := measureMost, m.chores.host.Busy()
		if busy {
			most = measureBusy
		}
		if busy && began.Before(m.rest) {
			return nil
		}
		more, err := m.some(ctx, most)
		m.rest = began.Add(measureRest * time.Since(began)) //nolint:forbidigo // as above
		if err != nil || !more || busy {
			return err
		}
	}
}

func (m *measurer) some(ctx context.Context, most int) (more bool, err error) {
	ctx, cancel := context.WithTimeout(ctx, measureWithin)
	defer cancel()
	return measuring.Round(ctx, m.chores.pool, m.chores.host.Directory(), most)
}
