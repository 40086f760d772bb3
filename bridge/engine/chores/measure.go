package chores

import (
	"context"
	"time"

	"parley/bridge/engine/measuring"
)

const (
	measureEvery  = 2 * time.Second
	measureWithin = 30 * time.Second // of one transaction
	measureRows   = 1000             // changed rows of which the conversations are measured in one transaction
	measureBusy   = 100              // the same while there is much else to do; the rest waits for the next round
)

// measure brings the figures of the team up to date.
func (cs *Chores) measure(ctx context.Context) error {
	for {
		most, busy := measureRows, cs.host.Busy()
		if busy {
			most = measureBusy
		}
		more, err := cs.measureSome(ctx, most)
		if err != nil || !more || busy {
			return err
		}
	}
}

func (cs *Chores) measureSome(ctx context.Context, most int) (more bool, err error) {
	ctx, cancel := context.WithTimeout(ctx, measureWithin)
	defer cancel()
	return measuring.Round(ctx, cs.pool, cs.host.Directory(), most)
}
