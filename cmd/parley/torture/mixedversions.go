package torture

import (
	"context"
	"errors"
	"time"

	"parley/channels/pause"
	"parley/cmd/parley/torture/records"
)

// During an upgrade, two versions of Parley share a database, and the older one must not touch events that it doesn't
// know. This file simulates that in a test run: it restarts one replica (Parley process) as a "newer version", lets both
// versions work for a while, and then restarts the other replicas. See faultMixedVersions.

// mixVersions replaces one replica by the newer version, lets both versions work, and then replaces the others.
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

// minAcceptedByNewer is how many events the newer version must have accepted before the other replicas are replaced, so
// that there is something to observe even on a busy machine.
const minAcceptedByNewer = 10

// letVersionsWork waits for the given time, and until the newer version has accepted enough events.
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

// newerVersionEnv returns an environment variable for a replica of the newer version: a database URL with a setting by
// which the database triggers recognise the sessions.
func (in *injector) newerVersionEnv(replica int) string {
	return "DATABASE_URL=" + in.network.databaseURL(replica) + "&" + records.NextSession + "=on"
}
