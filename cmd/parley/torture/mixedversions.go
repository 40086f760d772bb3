package torture

import (
	"context"
	"errors"
	"time"

	"parley/channels/pause"
	"parley/cmd/parley/app"
	"parley/cmd/parley/torture/records"
	"parley/store"
)

// NextVersion makes a Parley the newer version of a run: one that knows a version more than ours.
func NextVersion(o app.Options) app.Options {
	o.Relay.Version = store.FactVersion + 1
	return o
}

// mixVersions replaces one replica by the newer version, and the others when it has worked beside
// them for a while.
func (in *injector) mixVersions(ctx context.Context, h fault) error {
	if err := in.waitForUpgrade(ctx); err != nil {
		return err
	}
	if err := in.database.InstallVersionTriggers(ctx); err != nil {
		return err
	}

	newer := append(append([]string{}, in.newerProgram...), "--next-version")
	if err := in.restartReplica(ctx, h, newer, in.newerVersionEnv(h.Replica)); err != nil {
		return err
	}

	beside, err := in.letVersionsWork(ctx, h.Duration)
	if err != nil {
		return err
	}

	for i := range in.replicas {
		if i != h.Replica {
			err = errors.Join(err, in.restartReplica(ctx, fault{Kind: faultMixedVersions, Replica: i}, newer, in.newerVersionEnv(i)))
		}
	}

	in.mu.Lock()
	defer in.mu.Unlock()
	in.acceptedByNewer += beside.Accepted
	return err
}

// minAcceptedByNewer is how many events the newer version accepts at least before all get it, however
// busy the machine is.
const minAcceptedByNewer = 10

// letVersionsWork lets two versions work for so long, and until the newer one has accepted some events.
func (in *injector) letVersionsWork(ctx context.Context, lasting time.Duration) (v records.Versions, err error) {
	defer in.driver.stimuli.add(stimulusReply)()
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

// newerVersionEnv lets the triggers know a replica's sessions as those of the newer version.
func (in *injector) newerVersionEnv(replica int) string {
	return "DATABASE_URL=" + in.network.databaseURL(replica) + "&" + records.NextSession + "=on"
}
