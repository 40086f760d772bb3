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

// A mail that Parley has accepted is applied afterwards: it becomes a message of a conversation. This file makes
// mails for which that step fails a few times, takes 40 seconds, or is cut short since the process is killed. Parley
// must try again. Nothing is wrong with the mail: a trigger in the database refuses it, or the injector kills the
// process.

const (
	// failedAttempts is how many attempts to apply a failing mail fail before one goes well. After five attempts
	// Parley gives an event up; three leave room for those that other faults end. Parley counts the batch in which
	// the mail came first as an attempt, and each attempt that a fault ended.
	failedAttempts = 3
	// slowAttempts is the same for a slow mail: each attempt lasts so long that other faults end more of them.
	slowAttempts = 2
	// slowFor is how long one attempt at a slow mail takes, if Parley lets it.
	slowFor = 40 * time.Second
	// crashPollEvery is the pause between two questions to the database what became of a mail that ends the process.
	crashPollEvery = 2 * time.Second
)

// failingMails makes mails whose applying fails, takes long or ends the process for a while, although there is
// nothing wrong with them. What waits behind such a mail must wait for it, and everything else must not.
type failingMails struct {
	database *records.Database // nil until a run begins
	crashing markerSet         // of the mails that end the process which applies them

	mu   sync.Mutex
	last map[task]checker.Marker // the last mail that was made for each kind of task
}

// createRefusalTrigger makes the database trigger that refuses to store a failing mail. A mail fails until Parley has
// counted enough attempts at it, whatever ended them: on a slow machine other faults end several. Refusals are
// counted by a sequence, which keeps its value when the refused transaction is rolled back.
const createRefusalTrigger = `
	CREATE SCHEMA IF NOT EXISTS torture;
	CREATE TABLE IF NOT EXISTS torture.failing_mails (
		marker text PRIMARY KEY, seconds int NOT NULL, attempts int NOT NULL, refusals text NOT NULL);
	CREATE OR REPLACE FUNCTION torture.refuse_mail() RETURNS trigger LANGUAGE plpgsql AS $$
	DECLARE
		mail torture.failing_mails;
	BEGIN
		FOR mail IN SELECT * FROM torture.failing_mails AS f WHERE NEW.direction = 'in' AND NEW.text ~ (f.marker || '\M') LOOP
			IF EXISTS (SELECT FROM queues AS q WHERE q.first_event = NEW.event_id AND q.tries > mail.attempts) THEN
				CONTINUE;
			END IF;
			PERFORM nextval(mail.refusals::regclass);
			PERFORM pg_sleep(mail.seconds);
			RAISE EXCEPTION 'the mail % fails', mail.marker;
		END LOOP;
		RETURN NEW;
	END $$;
	SET lock_timeout = '2s';
	CREATE OR REPLACE TRIGGER refuse_mail BEFORE INSERT ON messages FOR EACH ROW EXECUTE FUNCTION torture.refuse_mail()`

const addFailingMail = `
	INSERT INTO torture.failing_mails (marker, seconds, attempts, refusals)
	VALUES ($1, $2, $3, $4)
	ON CONFLICT DO NOTHING`

// prepare lets Parley's attempts to apply a mail fail. It is called before the mail is written. While the database
// doesn't answer it tries again, for at most a minute.
func (f *failingMails) prepare(ctx context.Context, kind task, m checker.Marker) error {
	f.remember(kind, m)
	if kind == taskCrashingMail {
		f.crashing.add(m)
		return nil
	}

	seconds, attempts := 0, failedAttempts
	if kind == taskSlowMail {
		seconds, attempts = int(slowFor.Seconds()), slowAttempts
	}

	return f.database.WithConnRetry(ctx, func(ctx context.Context, c *pgx.Conn) error {
		if _, err := c.Exec(ctx, createRefusalTrigger); err != nil {
			return err
		}
		if _, err := c.Exec(ctx, "CREATE SEQUENCE IF NOT EXISTS "+refusalSequence(m)); err != nil {
			return err
		}

		_, err := c.Exec(ctx, addFailingMail, m.String(), seconds, attempts, refusalSequence(m))
		return err
	})
}

// remember keeps a mail as the last one of its kind.
func (f *failingMails) remember(kind task, m checker.Marker) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.last == nil {
		f.last = map[task]checker.Marker{}
	}
	f.last[kind] = m
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

// failingMail is what became of a failing mail so far.
type failingMail struct {
	Refused int  `db:"refused"` // how often the trigger kept it from being applied
	Tries   int  `db:"tries"`   // the attempts that Parley counts now; 0 means none, or the event is too large to be found
	Applied bool `db:"applied"`
}

// inspectLast reports what became of the last mail of a kind of task. It returns the zero value while there is none.
func (f *failingMails) inspectLast(ctx context.Context, kind task) (failingMail, error) {
	f.mu.Lock()
	m, ok := f.last[kind]
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

// isApplyingCrashing reports whether Parley applies one of the mails that end the process, by what it writes to the
// database. Accepting the mail comes before, and is told from that by the mail's headers.
func (f *failingMails) isApplyingCrashing(l *link, piece []byte) bool {
	return containsMarker(&f.crashing)(l, piece) && !bytes.Contains(piece, []byte("Subject: "))
}

// injectFailingMail lets a customer write a failing mail between two others. The fault counts as injected when an
// attempt to apply the mail has failed, and a later one went well.
func (in *injector) injectFailingMail(ctx context.Context, f fault) {
	if in.waitForUpgrade(ctx) != nil { // an earlier version may give up earlier
		return
	}

	kind := taskFailingMail
	switch f.Kind {
	case faultCrashingEvent:
		in.killWhileApplying(ctx, f)
		return
	case faultSlowEvent:
		kind = taskSlowMail
	}

	if !in.driver.tasks.runAndWait(ctx, kind, in.opt.triggerWait()) {
		in.recordMissed(f)
		return
	}

	for deadline := time.Now().Add(in.opt.triggerWait() + failedAttempts*slowFor); ; {
		mail, err := in.driver.failing.inspectLast(ctx, kind) // the database may be down for a moment
		isAppliedAfterFailure := mail.Applied && mail.Refused > 0
		if err == nil && isAppliedAfterFailure {
			in.recordInjected(f)
			return
		}
		if time.Now().After(deadline) || !pause.For(ctx, askEvery) {
			in.recordMissed(f)
			return
		}
	}
}

// killWhileApplying kills the process that applies a mail, again and again, until Parley has counted as many attempts
// as may fail, whatever ended them. There is one such mail at a time: the kills for one would count as attempts at
// the others, too, until Parley gives those up.
func (in *injector) killWhileApplying(ctx context.Context, f fault) {
	in.oneCrashing.Lock()
	defer in.oneCrashing.Unlock()
	defer in.driver.failing.crashing.clear()
	in.running.Go(func() { in.driver.tasks.runAndWait(ctx, taskCrashingMail, in.opt.triggerWait()) })

	timeout := in.opt.triggerWait() * failedAttempts
	waiting, stop := context.WithTimeout(ctx, timeout)
	defer stop()
	isOver := func() bool {
		mail, err := in.driver.failing.inspectLast(waiting, taskCrashingMail) // the database may be down for a moment
		return err == nil && (mail.Applied || mail.Tries >= failedAttempts)
	}
	in.running.Go(func() { // beside the trigger, which must be armed when the mail comes
		for pause.For(waiting, crashPollEvery) {
			if isOver() {
				stop()
			}
		}
	})

	kills := 0
	kill := func(l *link) effect {
		if in.network.killOwners(l) {
			kills++
		}
		return effect{dropsPiece: true}
	}
	for kills < failedAttempts && waiting.Err() == nil {
		if kills > 0 && isOver() { // other faults have ended attempts, too: one more kill could be one too many
			break
		}
		in.network.triggers.wait(waiting, &trigger{
			route:     routePostgres,
			direction: requests,
			match:     in.driver.failing.isApplyingCrashing,
			inject:    kill,
		}, timeout)
	}

	if kills == 0 {
		in.recordMissed(f)
		return
	}

	in.recordInjected(f)
}

// writeFailingMail lets a customer write three mails, of which the second fails.
func (d *driver) writeFailingMail(ctx context.Context, kind task) error {
	const mails, failing = 3, 1 // how many, and the index of the one that fails
	byMail := slices.DeleteFunc(slices.Clone(d.conversations), func(c *conversation) bool { return c.kind != emulators.ByMail })
	c := byMail[d.rng.IntN(len(byMail))]
	d.counts.FailingMails++
	d.mailsLeft += mails
	for i := range mails {
		if i == failing {
			next := checker.Marker{Kind: checker.Inbound, Conversation: c.number, Number: c.markerCount + 1}
			if err := d.failing.prepare(ctx, kind, next); err != nil {
				return err
			}
		}

		isLast := i == mails-1
		if err := d.writeAsCustomer(ctx, c, isLast); err != nil {
			return err
		}
	}

	return nil
}
