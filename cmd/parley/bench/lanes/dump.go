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

// While pg_dump reads the database, its snapshot keeps PostgreSQL from removing deleted rows, so that tables
// with many inserts and deletes grow. This file measures how much slower Parley becomes within ten minutes of
// that. The load is a mill: it sends customers' messages, called lines, through Parley's delivery code in this
// process.

const (
	dumpTarget    = 0.5              // share of the rate before the snapshot, at least
	dumpHeld      = 10 * time.Minute // how long the snapshot is held
	shortDumpHeld = 800 * time.Millisecond
	dumpWindow    = 20 * time.Second       // how long each rate is measured
	shortWindow   = 250 * time.Millisecond // the same in tests, also for the figure aged_tables
	dumpCustomers = 100_000                // each of them writes about six lines during the snapshot
	dumpPace      = 1000                   // lines per second during the snapshot: about what a Parley on two cores can handle
)

// MeasureDump runs a mill while a snapshot is open, as during a pg_dump, so that PostgreSQL can't remove dead
// rows. It measures the mill at full speed before the snapshot and at its end. In between, the mill runs at the
// pace of a busy Parley.
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

	f, err := m.compareUnderSnapshot(ctx, held, window)
	if err := errors.Join(err, m.close(ctx)); err != nil {
		return nil, err
	}

	return map[string]figure.Figure{"dump_snapshot": f.WithNote(fmt.Sprintf("snapshot held for %s; %s", held, laneNote))}, nil
}

// compareUnderSnapshot compares the rate of the mill before a snapshot with its rate at the end of the
// snapshot.
func (m *mill) compareUnderSnapshot(ctx context.Context, held, window time.Duration) (f figure.Figure, err error) {
	pause.For(ctx, window/2) // warm-up
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
	pause.For(ctx, window/2) // warm-up at full speed
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
