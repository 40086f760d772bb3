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
func (c *chaos) mixVersions(ctx context.Context, h harm) error {
	if err := c.waitForNew(ctx); err != nil {
		return err
	}
	if err := c.database.TellVersions(ctx); err != nil {
		return err
	}

	newer := append(append([]string{}, c.newer...), "--next-version")
	if err := c.restartReplica(ctx, h, newer, c.nextEnv(h.N)); err != nil {
		return err
	}

	beside, err := c.workBeside(ctx, h.For)
	if err != nil {
		return err
	}

	for i := range c.replicas {
		if i != h.N {
			err = errors.Join(err, c.restartReplica(ctx, harm{Name: harmNewer, N: i}, newer, c.nextEnv(i)))
		}
	}

	c.mu.Lock()
	defer c.mu.Unlock()
	c.accepted += beside.Accepted
	return err
}

// acceptedLeast is how many events the newer version accepts at least before all get it, however
// busy the machine is.
const acceptedLeast = 10

// workBeside lets two versions work for so long, and until the newer one has accepted some events.
func (c *chaos) workBeside(ctx context.Context, lasting time.Duration) (v records.Versions, err error) {
	defer c.driver.wishes.add(wishReply)()
	began := time.Now()
	for v.Accepted < acceptedLeast && time.Since(began) < lasting+c.opt.lurkFor() {
		if !pause.For(ctx, max(lasting-time.Since(began), time.Second)) {
			return v, ctx.Err()
		}
		if v, err = c.database.Versions(ctx); err != nil {
			return v, err
		}
	}
	return v, nil
}

// nextEnv lets the triggers know a replica's sessions as those of the newer version.
func (c *chaos) nextEnv(replica int) string {
	return "DATABASE_URL=" + c.net.baseURL(replica) + "&" + records.NextSession + "=on"
}
