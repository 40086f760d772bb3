package rig

import (
	"time"

	proc "parley/cmd/parley/child"
)

// Meter tells who used the cores between two moments. Units of its details: cores, so 1 is
// one core fully used; the emulators and generators of a run share one process.
type Meter struct {
	w     *World
	c     *Child
	begin time.Time
	used  usage
}

type usage struct{ parley, postgres, outside time.Duration }

// StartMeter begins. c may be nil.
func StartMeter(w *World, c *Child) (*Meter, error) {
	m := &Meter{w: w, c: c, begin: time.Now()}
	var err error
	m.used, err = m.read()
	return m, err
}

// Machinery returns what PostgreSQL and this process used since the beginning.
func (m *Meter) Machinery() (time.Duration, error) {
	now, err := m.read()
	return now.postgres - m.used.postgres + now.outside - m.used.outside, err
}

func (m *Meter) read() (u usage, err error) {
	u.outside = proc.Self()
	u.postgres, err = proc.Tree(m.w.Rig.server.PID())
	if err != nil || m.c == nil {
		return u, err
	}
	u.parley, err = m.c.CPU()
	return u, err
}

// Shares returns what was used since the beginning, and the time.
func (m *Meter) Shares() (map[string]float64, time.Duration, error) {
	took := time.Since(m.begin)
	now, err := m.read()
	if err != nil {
		return nil, 0, err
	}
	of := func(after, before time.Duration) float64 { return (after - before).Seconds() / took.Seconds() }
	return map[string]float64{
		"cpu_parley": of(now.parley, m.used.parley), "cpu_postgres": of(now.postgres, m.used.postgres),
		"cpu_generator": of(now.outside, m.used.outside),
	}, took, nil
}
