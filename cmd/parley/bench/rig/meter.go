package rig

import (
	"time"

	proc "parley/cmd/parley/child"
)

// Meter measures how much processor time Parley, PostgreSQL and this process have used since it was started. This
// process has the emulators and the load generators, which can't be told apart.
type Meter struct {
	w     *World
	c     *Child // nil if no Parley is measured
	begin time.Time
	first cpuTimes
}

// cpuTimes is the processor time that each has used in its life.
type cpuTimes struct{ parley, postgres, generator time.Duration }

// StartMeter begins. c may be nil.
func StartMeter(w *World, c *Child) (*Meter, error) {
	m := &Meter{w: w, c: c, begin: time.Now()}
	var err error
	m.first, err = m.read()
	return m, err
}

// Machinery returns what PostgreSQL and this process used together.
func (m *Meter) Machinery() (time.Duration, error) {
	now, err := m.read()
	return now.postgres - m.first.postgres + now.generator - m.first.generator, err
}

func (m *Meter) read() (t cpuTimes, err error) {
	t.generator = proc.SelfCPU()
	t.postgres, err = proc.TreeCPU(m.w.Rig.server.PID())
	if err != nil || m.c == nil {
		return t, err
	}
	t.parley, err = m.c.CPU()
	return t, err
}

// Shares returns how many cores each used, where 1 is one core all the time, as details of a figure: cpu_parley,
// cpu_postgres and cpu_generator. took is the time since the start.
func (m *Meter) Shares() (details map[string]float64, took time.Duration, err error) {
	took = time.Since(m.begin)
	now, err := m.read()
	if err != nil {
		return nil, 0, err
	}
	cores := func(used time.Duration) float64 { return used.Seconds() / took.Seconds() }
	return map[string]float64{
		"cpu_parley":    cores(now.parley - m.first.parley),
		"cpu_postgres":  cores(now.postgres - m.first.postgres),
		"cpu_generator": cores(now.generator - m.first.generator),
	}, took, nil
}
