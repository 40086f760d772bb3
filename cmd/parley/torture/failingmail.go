package torture

import (
	"bytes"
	"context"
	"fmt"
	"slices"
	"sync"
	"time"

	"github.com/jackc/pgx/v5"

	"parley/channels/pause"
	"parley/cmd/parley/torture/checker"
	"parley/cmd/parley/torture/emulators"
	"parley/cmd/parley/torture/records"
)

const (
	// failedAttempts is how many attempts of Parley fail before applying a hard mail goes well: fewer than the
	// five after which Parley gives an event up, so that other blows may end some more of them. Parley
	// counts the batch in which the mail came first as one, and each attempt that a blow ended.
	failedAttempts = 3
	// slowFor is how long one attempt at a slow mail takes, if Parley lets it.
	slowFor = 40 * time.Second
)

// failingMails are mails whose applying fails, takes long or ends the process, although there is nothing
// wrong with them. What waits behind one must wait for it, and everybody else must not.
type failingMails struct {
	database *records.Database // nil until a run begins
	crashing markerSet         // those that end the process which applies them

	mu   sync.Mutex
	last map[task]checker.Marker // the last mail that was made for each kind of errand
}

// createRefusalTrigger makes the trigger that refuses hard mails. A mail is hard until Parley has counted enough attempts at it,
// whatever ended them: on a slow machine blows end several. Refusals are counted by a sequence, which
// keeps its value when the refused transaction is rolled back.
const createRefusalTrigger = `
	CREATE SCHEMA IF NOT EXISTS torture;
	CREATE TABLE IF NOT EXISTS torture.hard (mark text PRIMARY KEY, seconds int NOT NULL, times int NOT NULL, refusals text NOT NULL);
	CREATE OR REPLACE FUNCTION torture.stumble() RETURNS trigger LANGUAGE plpgsql AS $$
	DECLARE
		hard torture.hard;
	BEGIN
		FOR hard IN SELECT * FROM torture.hard AS h WHERE NEW.direction = 'in' AND NEW.text ~ (h.mark || '\M') LOOP
			IF EXISTS (SELECT FROM queues AS q WHERE q.first_event = NEW.event_id AND q.tries > hard.times) THEN
				CONTINUE;
			END IF;
			PERFORM nextval(hard.refusals::regclass);
			PERFORM pg_sleep(hard.seconds);
			RAISE EXCEPTION 'the mail % is hard', hard.mark;
		END LOOP;
		RETURN NEW;
	END $$;
	SET lock_timeout = '2s';
	CREATE OR REPLACE TRIGGER stumble BEFORE INSERT ON messages FOR EACH ROW EXECUTE FUNCTION torture.stumble()`

// prepare lets Parley's attempts to apply a mail fail. It is called before the mail is written, and tries
// until the database answers, for at most a minute.
func (f *failingMails) prepare(ctx context.Context, what task, m checker.Marker) error {
	f.mu.Lock()

	if f.last == nil {
		f.last = map[task]checker.Marker{}
	}

	f.last[what] = m
	f.mu.Unlock()

	if what == taskCrashingMail {
		f.crashing.add(m)
		return nil
	}

	seconds := 0
	if what == taskSlowMail {
		seconds = int(slowFor.Seconds())
	}

	return f.database.WithConnRetry(ctx, func(ctx context.Context, c *pgx.Conn) error {
		if _, err := c.Exec(ctx, createRefusalTrigger); err != nil {
			return err
		}
		if _, err := c.Exec(ctx, "CREATE SEQUENCE IF NOT EXISTS "+refusalSequence(m)); err != nil {
			return err
		}

		_, err := c.Exec(ctx, `INSERT INTO torture.hard VALUES ($1, $2, $3, $4) ON CONFLICT DO NOTHING`, m.String(), seconds, failedAttempts, refusalSequence(m))
		return err
	})
}

// refusalSequence names the sequence that counts how often a mail could not be applied.
func refusalSequence(m checker.Marker) string {
	return fmt.Sprintf("torture.refusals_%d_%d", m.Conversation, m.Number)
}

const failingMailQuery = `
	SELECT coalesce((SELECT last_value FROM pg_sequences WHERE format('%s.%s', schemaname, sequencename) = $2), 0) AS refused,
		coalesce((
			SELECT max(q.tries)
			FROM queues AS q
			JOIN events AS e ON e.id = q.first_event
			WHERE position(convert_to($1, 'UTF8') IN e.payload) > 0), 0) AS tries,
		EXISTS (SELECT FROM messages WHERE direction = 'in' AND text ~ ($1 || '\M')) AS applied`

// failingMail is what became of a hard mail so far.
type failingMail struct {
	Refused int  `db:"refused"` // how often the trigger kept it from being applied
	Tries   int  `db:"tries"`   // that Parley counts now; 0 means none, or the event is too large to be found
	Applied bool `db:"applied"`
}

// inspectLast reports what became of the last mail that was made for an errand; nothing yet while there is none.
func (f *failingMails) inspectLast(ctx context.Context, what task) (failingMail, error) {
	f.mu.Lock()
	m, ok := f.last[what]
	f.mu.Unlock()

	if !ok {
		return failingMail{}, nil
	}

	var found failingMail
	err := f.database.WithConn(ctx, func(ctx context.Context, c *pgx.Conn) error {
		list, err := records.Rows(ctx, c, pgx.RowToStructByName[failingMail], failingMailQuery, m.String(), refusalSequence(m))
		if err == nil {
			found = list[0]
		}
		return err
	})

	return found, err
}

// isApplyingCrashing reports whether Parley applies one of the deadly mails by what it writes. What has headers is the
// mail that it accepts, which comes before.
func (f *failingMails) isApplyingCrashing(l *link, piece []byte) bool {
	return containsMarker(&f.crashing)(l, piece) && !bytes.Contains(piece, []byte("Subject: "))
}

// injectFailingMail lets a customer write a hard mail between two others, and strikes when Parley has stumbled
// over it and applied it nevertheless.
func (in *injector) injectFailingMail(ctx context.Context, h fault) {
	if in.waitForUpgrade(ctx) != nil { // an earlier version may give up earlier
		return
	}

	what := taskFailingMail
	switch h.Kind {
	case faultCrashingEvent:
		in.killWhileApplying(ctx, h)
		return
	case faultSlowEvent:
		what = taskSlowMail
	}

	if !in.driver.tasks.runAndWait(ctx, what, in.opt.triggerWait()) {
		in.recordMissed(h)
		return
	}

	for deadline := time.Now().Add(in.opt.triggerWait() + failedAttempts*slowFor); ; {
		mail, err := in.driver.failing.inspectLast(ctx, what) // the database may be down for a moment
		hasStumbled := mail.Applied && mail.Refused > 0
		if err == nil && hasStumbled {
			in.recordInjected(h)
			return
		}
		if time.Now().After(deadline) || !pause.For(ctx, askEvery) {
			in.recordMissed(h)
			return
		}
	}
}

// killWhileApplying kills the process that applies a deadly mail, again and again, until Parley has counted
// as many attempts as may fail, whoever ended them. One mail is deadly at a time: the kills for one would count as attempts at the
// others, too, until Parley gives those up.
func (in *injector) killWhileApplying(ctx context.Context, h fault) {
	in.oneCrashing.Lock()
	defer in.oneCrashing.Unlock()
	defer in.driver.failing.crashing.clear()
	in.running.Go(func() { in.driver.tasks.runAndWait(ctx, taskCrashingMail, in.opt.triggerWait()) })
	kills := 0
	kill := func(l *link) bool {
		landed := false
		for _, r := range in.network.ownersOf(l) {
			landed = r.kill() || landed
		}

		if landed {
			kills++
		}
		return false
	}

	lurk, enough := context.WithTimeout(ctx, in.opt.triggerWait()*failedAttempts)
	defer enough()
	isOver := func() bool {
		mail, err := in.driver.failing.inspectLast(lurk, taskCrashingMail) // the database may be down for a moment
		return err == nil && (mail.Applied || mail.Tries >= failedAttempts)
	}
	in.running.Go(func() { // beside the trap, which must be armed when the mail comes
		for pause.For(lurk, crashPollEvery) {
			if isOver() {
				enough()
			}
		}
	})

	for kills < failedAttempts && lurk.Err() == nil {
		if kills > 0 && isOver() { // other blows have ended attempts, too: one more kill could be one too many
			break
		}
		in.network.triggers.wait(lurk, &trigger{route: routePostgres, upstream: true, match: in.driver.failing.isApplyingCrashing, inject: kill}, in.opt.triggerWait()*failedAttempts)
	}

	if kills == 0 {
		in.recordMissed(h)
		return
	}

	in.recordInjected(h)
}

// crashPollEvery is how long to wait between two questions what became of a deadly mail.
const crashPollEvery = 2 * time.Second

// writeFailingMail lets a customer write three mails, of which the second is hard.
func (d *driver) writeFailingMail(ctx context.Context, what task) error {
	mailers := slices.DeleteFunc(slices.Clone(d.conversations), func(t *conversation) bool { return t.kind != emulators.ByMail })
	t := mailers[d.rng.IntN(len(mailers))]
	d.counts.FailingMails++
	const mails = 3
	d.mailsLeft += mails
	for i := range mails {
		if i == 1 {
			m := checker.Marker{Kind: checker.Inbound, Conversation: t.number, Number: t.markerCount + 1}
			if err := d.failing.prepare(ctx, what, m); err != nil {
				return err
			}
		}

		if err := d.writeAsCustomer(ctx, t, i == mails-1); err != nil {
			return err
		}
	}

	return nil
}
