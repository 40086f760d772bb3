package bench

import (
	"time"

	"parley/cmd/parley/lab"
)

// Meter measures the processor time that three parties use from StartMeter on: Parley, PostgreSQL, and this
// process with its load generators and emulators. A benchmark needs it to see whether the generators took too
// much of the machine.
type Meter struct {
	w     *World
	c     *Child // may be nil: then no Parley is measured
	begin time.Time
	first cpuTimes
}

// cpuTimes is the processor time of each party since the start of its processes.
type cpuTimes struct{ parley, postgres, generator time.Duration }

// StartMeter starts a measurement. c may be nil.
func StartMeter(w *World, c *Child) (*Meter, error) {
	m := &Meter{w: w, c: c, begin: time.Now()}
	var err error
	m.first, err = m.read()
	return m, err
}

// Machinery returns the processor time of PostgreSQL and this process together. It is for benchmarks that run
// parts of Parley in this process.
func (m *Meter) Machinery() (time.Duration, error) {
	now, err := m.read()
	return now.postgres - m.first.postgres + now.generator - m.first.generator, err
}

func (m *Meter) read() (t cpuTimes, err error) {
	t.generator = lab.SelfCPU()
	t.postgres, err = lab.TreeCPU(m.w.Rig.server.PID())
	if err != nil || m.c == nil {
		return t, err
	}
	t.parley, err = m.c.CPU()
	return t, err
}

// Shares returns how many cores each party used on average, as details of a figure: cpu_parley, cpu_postgres
// and cpu_generator. A value of 1 means one core all the time. took is the time since StartMeter.
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
