package torture

import (
	"context"
	"time"
)

// maxStopTime is the longest that a Parley may take to finish its sends and end.
const maxStopTime = 30 * time.Second

// rollUpgrade replaces the program of all replicas, one after the other.
func (in *injector) rollUpgrade(ctx context.Context) error {
	defer close(in.upgraded)
	for _, r := range in.replicas {
		if err := in.restartReplica(ctx, fault{Kind: faultUpgrade, Replica: r.index}, in.upgradeProgram); err != nil {
			return err
		}
	}
	return nil
}

// restartReplica asks a Parley to end, and measures how long nobody answers at its address. What runs next is program, with
// env added to its environment; nil means the same program and environment as before.
func (in *injector) restartReplica(ctx context.Context, f fault, program []string, env ...string) error {
	in.restarting.Lock()
	defer in.restarting.Unlock()
	before := in.countDisturbances()
	m := in.endpoints.measureRestart(ctx, f.Replica, func() { in.replicas[f.Replica].replace(program, env...) })
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
