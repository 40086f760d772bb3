package torture

import (
	"context"
	"errors"
	"time"

	"parley/channels/pause"
	"parley/cmd/parley/torture/records"
)

// During an upgrade, Parleys of two versions work on the same database. This file plays that: it restarts one replica
// as a "newer version", lets it work beside the older ones for a while, and then restarts the others. See
// faultMixedVersions.

// mixVersions replaces one replica by the newer version, and the others when it has worked beside them for a while.
func (in *injector) mixVersions(ctx context.Context, f fault) error {
	if err := in.waitForUpgrade(ctx); err != nil {
		return err
	}
	if err := in.database.InstallVersionTriggers(ctx); err != nil {
		return err
	}

	newer := append(append([]string{}, in.newerProgram...), "--next-version")
	if err := in.restartReplica(ctx, f, newer, in.newerVersionEnv(f.Replica)); err != nil {
		return err
	}

	beside, err := in.letVersionsWork(ctx, f.Duration)
	if err != nil {
		return err
	}

	for i := range in.replicas {
		if i != f.Replica {
			err = errors.Join(err, in.restartReplica(ctx, fault{Kind: faultMixedVersions, Replica: i}, newer, in.newerVersionEnv(i)))
		}
	}

	in.mu.Lock()
	defer in.mu.Unlock()
	in.acceptedByNewer += beside.Accepted
	return err
}

// minAcceptedByNewer is how many events the newer version must have accepted before it replaces the other replicas,
// so that there is something to observe on a busy machine, too.
const minAcceptedByNewer = 10

// letVersionsWork lets two versions work beside each other for so long, and until the newer one has accepted some
// events.
func (in *injector) letVersionsWork(ctx context.Context, lasting time.Duration) (v records.Versions, err error) {
	withdraw := in.driver.stimuli.add(stimulusReply)
	defer withdraw()
	began := time.Now()
	for v.Accepted < minAcceptedByNewer && time.Since(began) < lasting+in.opt.triggerWait() {
		if !pause.For(ctx, max(lasting-time.Since(began), time.Second)) {
			return v, ctx.Err()
		}
		if v, err = in.database.CountVersions(ctx); err != nil {
			return v, err
		}
	}
	return v, nil
}

// newerVersionEnv returns the variable by which the database's triggers know the sessions of the newer version.
func (in *injector) newerVersionEnv(replica int) string {
	return "DATABASE_URL=" + in.network.databaseURL(replica) + "&" + records.NextSession + "=on"
}
