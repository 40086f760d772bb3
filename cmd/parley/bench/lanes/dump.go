package lanes

import (
	"context"
	"errors"
	"fmt"
	"time"

	"parley/channels/pause"
	"parley/cmd/parley/bench/figure"
	"parley/cmd/parley/bench/rig"
)

// While pg_dump reads the database, PostgreSQL can't remove rows that were deleted meanwhile, and tables with much
// coming and going grow. This file measures how much slower messages pass after ten minutes of that. A mill makes the
// messages.

const (
	dumpTarget    = 0.5              // of the rate before, at least
	dumpHeld      = 10 * time.Minute // how long the snapshot is held
	shortDumpHeld = 800 * time.Millisecond
	dumpWindow    = 20 * time.Second       // how long the mill is measured
	shortWindow   = 250 * time.Millisecond // the same in tests, of aged_tables too
	dumpCustomers = 100_000                // they write some six lines each meanwhile
	dumpPace      = 1000                   // lines a second meanwhile: about what two cores hold with all that belongs to a message
)

// MeasureDump lets a mill run while somebody holds a snapshot, as a dump does, so that none of the dead rows that the
// mill leaves can be removed. Its lines pass as fast as they can before the snapshot and at its end, where they are
// measured, and at the pace of a busy Parley in between.
func MeasureDump(ctx context.Context, b *rig.Rig) (_ map[string]figure.Figure, err error) {
	if b.LeavesOutLong() {
		f := figure.AtLeast(dumpTarget, "ratio").LeftOutByQuick("holds a snapshot for ten minutes")
		return map[string]figure.Figure{"dump_snapshot": f}, nil
	}

	held, window := dumpHeld, dumpWindow
	if b.Opt.Short {
		held, window = shortDumpHeld, shortWindow
	}

	w, err := rig.StartWorld(ctx, b, rig.WorldOptions{})
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, w.Close()) }()
	m, err := startMill(ctx, w, dumpCustomers)
	if err != nil {
		return nil, err
	}

	f, err := m.underDump(ctx, held, window)
	if err := errors.Join(err, m.close(ctx)); err != nil {
		return nil, err
	}

	return map[string]figure.Figure{"dump_snapshot": f.WithNote(fmt.Sprintf("snapshot held for %s; %s", held, laneNote))}, nil
}

// underDump compares the mill's rate in the last moments of a snapshot with that before it.
func (m *mill) underDump(ctx context.Context, held, window time.Duration) (f figure.Figure, err error) {
	pause.For(ctx, window/2) // until the mill is warm
	before, cpuBefore, err := m.measureRate(ctx, window)
	if err != nil {
		return figure.Figure{}, err
	}

	release, err := takeSnapshot(ctx, m.w)
	if err != nil {
		return figure.Figure{}, err
	}
	defer func() { err = errors.Join(err, release()) }()

	passed := m.h.sent.Load()
	m.setPace(dumpPace)

	if !pause.For(ctx, held-window-window/2) {
		return figure.Figure{}, ctx.Err()
	}

	m.setPace(0)
	pause.For(ctx, window/2) // until it is warm again
	end, cpuEnd, err := m.measureRate(ctx, window)
	if err != nil {
		return figure.Figure{}, err
	}

	passed = m.h.sent.Load() - passed
	return figure.AtLeast(dumpTarget, "ratio", end/before).With(map[string]float64{
		"before_per_second":    before,
		"before_cpu_us":        cpuBefore,
		"end_per_second":       end,
		"end_cpu_us":           cpuEnd,
		"lines_under_snapshot": float64(passed),
	}), nil
}
