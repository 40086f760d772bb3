package torture

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5"

	"parley/channels/pause"
	"parley/cmd/parley/app"
	"parley/store"
)

// harmNewer lets replicas of two versions work beside each other for a while: first one, later
// all of them are replaced by a newer version, whose events are of a kind that ours doesn't know.
// Ours must leave them alone.
//
// The newer version is this program, told that it knows a higher store.FactVersion. Triggers play
// what would be different about its events: what the newer version accepts gets that higher number,
// and only sessions that are marked as the newer version's can apply it.
const harmNewer = "replicas of two versions"

// NextVersion makes a Parley the newer version of a run: one that knows a version more than ours.
func NextVersion(o app.Options) app.Options {
	o.Relay.Version = store.FactVersion + 1
	return o
}

// nextSession is the setting by which triggers know the sessions of the newer version.
const nextSession = "torture.next"

// Attempts are counted by a sequence, which keeps its value when they are rolled back.
const makeVersions = `
	CREATE SCHEMA IF NOT EXISTS torture;
	CREATE TABLE IF NOT EXISTS torture.newer (event_id bigint PRIMARY KEY);
	CREATE SEQUENCE IF NOT EXISTS torture.touched;
	CREATE OR REPLACE FUNCTION torture.accept_newer() RETURNS trigger LANGUAGE plpgsql AS $$
	BEGIN
		IF current_setting('torture.next', true) = 'on' THEN
			INSERT INTO torture.newer VALUES (NEW.id) ON CONFLICT DO NOTHING;
		END IF;
		RETURN NEW;
	END $$;
	CREATE OR REPLACE FUNCTION torture.queue_newer() RETURNS trigger LANGUAGE plpgsql AS $$
	BEGIN
		IF current_setting('torture.next', true) = 'on' AND (TG_OP = 'INSERT' OR NEW.last_place > OLD.last_place) THEN
			NEW.version := greatest(NEW.version, %[1]d);
		END IF;
		RETURN NEW;
	END $$;
	CREATE OR REPLACE FUNCTION torture.apply_newer() RETURNS trigger LANGUAGE plpgsql AS $$
	BEGIN
		IF current_setting('torture.next', true) = 'on' OR NOT EXISTS (SELECT FROM torture.newer AS n WHERE n.event_id = NEW.event_id) THEN
			RETURN NEW;
		END IF;
		PERFORM nextval('torture.touched');
		RAISE EXCEPTION 'this version does not know the kind of event %%', NEW.event_id;
	END $$;
	SET lock_timeout = '2s';
	CREATE OR REPLACE TRIGGER accept_newer BEFORE INSERT ON events FOR EACH ROW EXECUTE FUNCTION torture.accept_newer();
	CREATE OR REPLACE TRIGGER queue_newer BEFORE INSERT OR UPDATE ON queues FOR EACH ROW EXECUTE FUNCTION torture.queue_newer();
	CREATE OR REPLACE TRIGGER apply_newer BEFORE INSERT ON messages FOR EACH ROW EXECUTE FUNCTION torture.apply_newer();
	CREATE OR REPLACE TRIGGER apply_newer BEFORE INSERT ON log_entries FOR EACH ROW EXECUTE FUNCTION torture.apply_newer()`

const versionsQuery = `
	SELECT (SELECT count(*) FROM torture.newer) AS accepted,
		coalesce((SELECT last_value FROM pg_sequences WHERE schemaname = 'torture' AND sequencename = 'touched'), 0) AS touched`

// versions says what two versions made of each other's events.
type versions struct {
	// Accepted counts the newer version's events that came while an older one ran beside it.
	Accepted int `json:"accepted" db:"accepted"`
	// Touched counts attempts of the older one to apply such an event.
	Touched int `json:"touched" db:"touched"`
}

// ask repeats a question until the database answers, for a minute.
func (d *database) ask(ctx context.Context, f func(context.Context, *pgx.Conn) error) error {
	for deadline := time.Now().Add(time.Minute); ; {
		err := d.with(ctx, f)
		if err == nil || time.Now().After(deadline) || !pause.For(ctx, time.Second) {
			return err
		}
	}
}

// versions counts what the triggers saw.
func (d *database) versions(ctx context.Context) (v versions, err error) {
	err = d.ask(ctx, func(ctx context.Context, c *pgx.Conn) error {
		list, err := rows(ctx, c, pgx.RowToStructByName[versions], versionsQuery)
		if err == nil {
			v = list[0]
		}
		return err
	})
	return v, err
}

// mixVersions replaces one replica by the newer version, and the others when it has worked beside
// them for a while.
func (c *chaos) mixVersions(ctx context.Context, h harm) error {
	if err := c.waitForNew(ctx); err != nil {
		return err
	}
	err := c.database.ask(ctx, func(ctx context.Context, conn *pgx.Conn) error {
		_, err := conn.Exec(ctx, fmt.Sprintf(makeVersions, store.FactVersion+1))
		return err
	})
	if err != nil {
		return err
	}
	newer := append(append([]string{}, c.newer...), "--next-version")
	if err := c.restart(ctx, h, newer, c.nextEnv(h.N)); err != nil {
		return err
	}
	beside, err := c.workBeside(ctx, h.For)
	if err != nil {
		return err
	}
	for i := range c.replicas {
		if i != h.N {
			err = errors.Join(err, c.restart(ctx, harm{Name: harmNewer, N: i}, newer, c.nextEnv(i)))
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
func (c *chaos) workBeside(ctx context.Context, lasting time.Duration) (v versions, err error) {
	defer c.driver.wishes.make(wishReply)()
	began := time.Now()
	for err == nil && v.Accepted < acceptedLeast && time.Since(began) < lasting+c.opt.lurkFor() {
		if !pause.For(ctx, max(lasting-time.Since(began), time.Second)) {
			return v, ctx.Err()
		}
		v, err = c.database.versions(ctx)
	}
	return v, err
}

// nextEnv lets the triggers know a replica's sessions as those of the newer version.
func (c *chaos) nextEnv(replica int) string {
	return "DATABASE_URL=" + c.net.baseURL(replica) + "&" + nextSession + "=on"
}
