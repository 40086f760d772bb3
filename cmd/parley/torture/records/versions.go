package records

import (
	"context"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5"

	"parley/channels/pause"
	"parley/store"
)

// During an upgrade two versions of Parley share a database. The older version must not touch events that the newer one
// has accepted, since it may not understand them. A newer version doesn't exist yet, so a test run simulates one: it
// starts this program with a setting for its database sessions (NextSession). Database triggers mark the events that
// these sessions accept. They reject, and count, attempts of other sessions to apply such an event.

// NextSession is the session setting by which the triggers recognise the newer version.
const NextSession = "torture.next"

// versionTriggers creates the triggers. A sequence counts the rejected attempts, because a sequence keeps its value when
// the rejected transaction is rolled back.
const versionTriggers = `
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
	SET LOCAL lock_timeout = '2s';
	CREATE OR REPLACE TRIGGER accept_newer BEFORE INSERT ON events FOR EACH ROW EXECUTE FUNCTION torture.accept_newer();
	CREATE OR REPLACE TRIGGER queue_newer BEFORE INSERT OR UPDATE ON queues FOR EACH ROW EXECUTE FUNCTION torture.queue_newer();
	CREATE OR REPLACE TRIGGER apply_newer BEFORE INSERT ON messages FOR EACH ROW EXECUTE FUNCTION torture.apply_newer();
	CREATE OR REPLACE TRIGGER apply_newer BEFORE INSERT ON log_entries FOR EACH ROW EXECUTE FUNCTION torture.apply_newer()`

const versionsQuery = `
	SELECT (SELECT count(*) FROM torture.newer) AS accepted,
		coalesce((SELECT last_value FROM pg_sequences WHERE schemaname = 'torture' AND sequencename = 'touched'), 0) AS touched`

// Versions has the counts of a run with two versions.
type Versions struct {
	// Accepted is the number of events that the newer version accepted while the older one was running.
	Accepted int `json:"accepted" db:"accepted"`
	// Touched is the number of attempts of the older version to apply such an event. Each is a violation.
	Touched int `json:"touched" db:"touched"`
}

// WithConnRetry is WithConn, repeated until the database answers, for at most a minute.
func (d *Database) WithConnRetry(ctx context.Context, f func(context.Context, *pgx.Conn) error) error {
	for deadline := time.Now().Add(time.Minute); ; {
		err := d.WithConn(ctx, f)
		if err == nil || time.Now().After(deadline) {
			return err
		}
		if !pause.For(ctx, time.Second) {
			return err
		}
	}
}

// InstallVersionTriggers installs versionTriggers.
func (d *Database) InstallVersionTriggers(ctx context.Context) error {
	return d.WithConnRetry(ctx, func(ctx context.Context, c *pgx.Conn) error {
		_, err := c.Exec(ctx, fmt.Sprintf(versionTriggers, store.FactVersion+1))
		return err
	})
}

// CountVersions returns the counts of the triggers.
func (d *Database) CountVersions(ctx context.Context) (v Versions, err error) {
	err = d.WithConnRetry(ctx, func(ctx context.Context, c *pgx.Conn) error {
		list, err := Rows(ctx, c, pgx.RowToStructByName[Versions], versionsQuery)
		if err == nil {
			v = list[0]
		}
		return err
	})
	return v, err
}
