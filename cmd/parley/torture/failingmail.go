package torture

import (
	"bytes"
	"context"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/jackc/pgx/v5"

	"parley/channels/wire"
)

// Parley stores each mail first and applies it afterwards, that is turns it into a message of a conversation. If that
// fails, Parley must retry. This file tests the retries with mails whose first attempts fail:
//
//   - a failing mail is rejected by a database trigger,
//   - a slow mail is rejected too, but only after 40 seconds,
//   - a crashing mail has its process killed while it is applied.
//
// The mails themselves are fine, so that in the end each must reach its thread.

const (
	// failedAttempts is how many attempts to apply a mail fail before one succeeds. Parley gives up after five
	// attempts; three leave room for attempts that other faults interrupt. Parley also counts the attempt at the batch
	// with which the mail arrived.
	failedAttempts = 3
	// slowAttempts is the same for slow mails, whose longer attempts are interrupted more often.
	slowAttempts = 2
	// slowFor is how long one attempt at a slow mail takes, unless Parley cancels it.
	slowFor = 40 * time.Second
	// crashPollEvery is the interval of the queries about the state of a crashing mail.
	crashPollEvery = 2 * time.Second
)

// failingMails prepares the mails whose first attempts fail, and reports what became of them. Later mails in the same
// queue must wait for such a mail, and all others must not.
type failingMails struct {
	database *Database // nil until a run begins
	crashing markerSet // of the crashing mails

	mu   sync.Mutex
	last map[task]Marker // the latest mail of each kind
}

// createRefusalTrigger creates the database trigger that rejects failing and slow mails. It rejects a mail until Parley
// has counted enough attempts, whatever interrupted them: on a slow machine other faults interrupt several. A sequence
// counts the rejections, because a sequence keeps its value when the rejected transaction is rolled back.
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

// prepare makes Parley's first attempts to apply a mail fail. It must be called before the mail is sent. If the database
// doesn't respond, it retries for at most a minute.
func (f *failingMails) prepare(ctx context.Context, kind task, m Marker) error {
	f.remember(kind, m)
	if kind == taskCrashingMail {
		f.crashing.add(m)
		return nil
	}

	seconds, attempts := 0, failedAttempts
	if kind == taskSlowMail {
		seconds, attempts = int(slowFor.Seconds()), slowAttempts
	}

	return f.refuse(ctx, m.String(), seconds, attempts)
}

// refuse makes the database reject a mail with these words, after some seconds each time, until Parley has counted enough
// attempts.
func (f *failingMails) refuse(ctx context.Context, words string, seconds, attempts int) error {
	return f.database.WithConnRetry(ctx, func(ctx context.Context, c *pgx.Conn) error {
		if _, err := c.Exec(ctx, createRefusalTrigger); err != nil {
			return err
		}
		if _, err := c.Exec(ctx, "CREATE SEQUENCE IF NOT EXISTS "+refusalSequence(words)); err != nil {
			return err
		}

		_, err := c.Exec(ctx, addFailingMail, words, seconds, attempts, refusalSequence(words))
		return err
	})
}

// remember records a mail as the latest one of its kind.
func (f *failingMails) remember(kind task, m Marker) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.last == nil {
		f.last = map[task]Marker{}
	}
	f.last[kind] = m
}

// refusalSequence returns the name of the sequence that counts the rejections of a mail with these words.
func refusalSequence(words string) string {
	return "torture.refusals_" + strings.ReplaceAll(words, "-", "_")
}

const failingMailQuery = `
	SELECT coalesce((SELECT last_value FROM pg_sequences WHERE format('%s.%s', schemaname, sequencename) = $2), 0) AS refused,
		coalesce((
			SELECT max(q.tries)
			FROM queues AS q
			JOIN events AS e ON e.id = q.first_event
			WHERE position(convert_to($1, 'UTF8') IN e.payload) > 0), 0) AS tries,
		EXISTS (SELECT FROM messages WHERE direction = 'in' AND text ~ ($1 || '\M')) AS applied`

// failingMail is the state of a mail whose first attempts fail.
type failingMail struct {
	Refused int  `db:"refused"` // how often the trigger rejected it
	Tries   int  `db:"tries"`   // Parley's count of attempts; 0 also if the event is too large to be searched
	Applied bool `db:"applied"`
}

// inspectLast returns the state of the latest mail of a kind; the zero value if there is none yet.
func (f *failingMails) inspectLast(ctx context.Context, kind task) (failingMail, error) {
	f.mu.Lock()
	m, ok := f.last[kind]
	f.mu.Unlock()

	if !ok {
		return failingMail{}, nil
	}

	var found failingMail
	err := f.database.WithConn(ctx, func(ctx context.Context, c *pgx.Conn) error {
		list, err := Rows(ctx, c, pgx.RowToStructByName[failingMail], failingMailQuery, m.String(), refusalSequence(m.String()))
		if err == nil {
			found = list[0]
		}
		return err
	})

	return found, err
}

// isApplyingCrashing is a trigger condition: it reports whether Parley sends the database a statement that applies a
// crashing mail. The earlier statement that stores the mail is recognised by the mail's headers, and ignored.
func (f *failingMails) isApplyingCrashing(l *link, piece []byte) bool {
	return containsMarker(&f.crashing)(l, piece) && !bytes.Contains(piece, []byte("Subject: "))
}

// injectFailingMail has a customer write a failing mail between two others. The fault counts as injected when an attempt
// to apply the mail has failed and a later one has succeeded.
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
		if time.Now().After(deadline) || !wire.For(ctx, askEvery) {
			in.recordMissed(f)
			return
		}
	}
}

// killWhileApplying kills the process that applies a crashing mail repeatedly, until Parley has counted failedAttempts
// attempts, whatever interrupted them. There is only one crashing mail at a time: each kill would also count as an
// attempt at the others, until Parley gave them up.
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
	in.running.Go(func() { // concurrently, since the trigger must be armed when the mail arrives
		for wire.For(waiting, crashPollEvery) {
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
		if kills > 0 && isOver() { // other faults have interrupted attempts too, and another kill could be one too many
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

// writeFailingMail has a customer write three mails. The second one is of the given kind.
func (d *driver) writeFailingMail(ctx context.Context, kind task) error {
	const mails, failing = 3, 1 // how many, and the index of the one that fails
	byMail := slices.DeleteFunc(slices.Clone(d.conversations), func(c *conversation) bool { return c.kind != ByMail })
	c := byMail[d.rng.IntN(len(byMail))]
	d.counts.FailingMails++
	d.mailsLeft += mails
	for i := range mails {
		if i == failing {
			next := Marker{Kind: Inbound, Conversation: c.number, Number: c.markerCount + 1}
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
