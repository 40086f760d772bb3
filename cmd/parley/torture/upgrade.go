package torture

import (
	"context"
	"time"
)

// maxStopTime is how long a Parley that was asked to end may take to finish what it is sending.
const maxStopTime = 30 * time.Second

// rollUpgrade replaces the program of all replicas, the Parley processes of the run, one after the other.
func (in *injector) rollUpgrade(ctx context.Context) error {
	defer close(in.upgraded)
	for _, r := range in.replicas {
		if err := in.restartReplica(ctx, fault{Kind: faultUpgrade, Replica: r.index}, in.upgradeProgram); err != nil {
			return err
		}
	}
	return nil
}

// restartReplica asks a Parley to end, and measures how long its address doesn't answer. Then program is started in its
// place; nil means the same program.
func (in *injector) restartReplica(ctx context.Context, f fault, program []string) error {
	in.restarting.Lock()
	defer in.restarting.Unlock()
	before := in.countDisturbances()
	m := in.endpoints.measureRestart(ctx, f.Replica, func() { in.replicas[f.Replica].replace(program) })
	m.IsValid = m.IsValid && in.countDisturbances() == before
	in.endpoints.recordRestart(m)
	in.recordInjected(f)
	return ctx.Err()
}

// countDisturbances counts the faults that disturb a restart at the same time.
func (in *injector) countDisturbances() int {
	in.mu.Lock()
	defer in.mu.Unlock()
	n := 0
	disturbing := append([]string{faultReset, faultBlackhole, faultFillDisk, faultLoseCommitAnswer, faultReadTables}, killsAndStops()...)
	for _, kind := range disturbing {
		n += in.injected[kind]
	}
	return n
}
