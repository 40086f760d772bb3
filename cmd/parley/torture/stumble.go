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
	"parley/cmd/parley/torture/judge"
	"parley/cmd/parley/torture/records"
	"parley/cmd/parley/torture/world"
)

const (
	// stumbles is how many attempts of Parley fail before applying a hard mail goes well: fewer than the
	// five after which Parley gives an event up, so that other blows may end some more of them. Parley
	// counts the batch in which the mail came first as one, and each attempt that a blow ended.
	stumbles = 3
	// slowFor is how long one attempt at a slow mail takes, if Parley lets it.
	slowFor = 40 * time.Second
)

// hardMails are mails whose applying fails, takes long or ends the process, although there is nothing
// wrong with them. What waits behind one must wait for it, and everybody else must not.
type hardMails struct {
	base   *records.Database // nil until a run begins
	deadly markSet           // those that end the process which applies them

	mu   sync.Mutex
	last map[errand]judge.Mark // the last mail that was made for each kind of errand
}

// createHardTrigger makes the trigger that refuses hard mails. A mail is hard until Parley has counted enough attempts at it,
// whatever ended them: on a slow machine blows end several. Refusals are counted by a sequence, which
// keeps its value when the refused transaction is rolled back.
const createHardTrigger = `
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

// prepareHardMail lets Parley's attempts to apply a mail fail. It is called before the mail is written, and tries
// until the database answers, for at most a minute.
func (h *hardMails) prepareHardMail(ctx context.Context, what errand, m judge.Mark) error {
	h.mu.Lock()

	if h.last == nil {
		h.last = map[errand]judge.Mark{}
	}

	h.last[what] = m
	h.mu.Unlock()

	if what == errandDeadly {
		h.deadly.add(m)
		return nil
	}

	seconds := 0
	if what == errandSlow {
		seconds = int(slowFor.Seconds())
	}

	return h.base.WithPatience(ctx, func(ctx context.Context, c *pgx.Conn) error {
		if _, err := c.Exec(ctx, createHardTrigger); err != nil {
			return err
		}
		if _, err := c.Exec(ctx, "CREATE SEQUENCE IF NOT EXISTS "+refusalsOf(m)); err != nil {
			return err
		}

		_, err := c.Exec(ctx, `INSERT INTO torture.hard VALUES ($1, $2, $3, $4) ON CONFLICT DO NOTHING`, m.String(), seconds, stumbles, refusalsOf(m))
		return err
	})
}

// refusalsOf names the sequence that counts how often a mail could not be applied.
func refusalsOf(m judge.Mark) string { return fmt.Sprintf("torture.refusals_%d_%d", m.Conv, m.N) }

const hardQuery = `
	SELECT coalesce((SELECT last_value FROM pg_sequences WHERE format('%s.%s', schemaname, sequencename) = $2), 0) AS refused,
		coalesce((
			SELECT max(q.tries)
			FROM queues AS q
			JOIN events AS e ON e.id = q.first_event
			WHERE position(convert_to($1, 'UTF8') IN e.payload) > 0), 0) AS tries,
		EXISTS (SELECT FROM messages WHERE direction = 'in' AND text ~ ($1 || '\M')) AS applied`

// hardMail is what became of a hard mail so far.
type hardMail struct {
	Refused int  `db:"refused"` // how often the trigger kept it from being applied
	Tries   int  `db:"tries"`   // that Parley counts now; 0 means none, or the event is too large to be found
	Applied bool `db:"applied"`
}

// inspectLast reports what became of the last mail that was made for an errand; nothing yet while there is none.
func (h *hardMails) inspectLast(ctx context.Context, what errand) (hardMail, error) {
	h.mu.Lock()
	m, ok := h.last[what]
	h.mu.Unlock()

	if !ok {
		return hardMail{}, nil
	}

	var found hardMail
	err := h.base.With(ctx, func(ctx context.Context, c *pgx.Conn) error {
		list, err := records.Rows(ctx, c, pgx.RowToStructByName[hardMail], hardQuery, m.String(), refusalsOf(m))
		if err == nil {
			found = list[0]
		}
		return err
	})

	return found, err
}

// isApplyingDeadly reports whether Parley applies one of the deadly mails by what it writes. What has headers is the
// mail that it accepts, which comes before.
func (h *hardMails) isApplyingDeadly(l *link, piece []byte) bool {
	return containsMark(&h.deadly)(l, piece) && !bytes.Contains(piece, []byte("Subject: "))
}

// sendHardMail lets a customer write a hard mail between two others, and strikes when Parley has stumbled
// over it and applied it nevertheless.
func (c *chaos) sendHardMail(ctx context.Context, h harm) {
	if c.waitForNew(ctx) != nil { // an earlier version may give up earlier
		return
	}

	what := errandFails
	switch h.Name {
	case harmEnds:
		c.strikeDead(ctx, h)
		return
	case harmSlow:
		what = errandSlow
	}

	if !c.driver.errands.send(ctx, what, c.opt.lurkFor()) {
		c.recordMiss(h)
		return
	}

	for deadline := time.Now().Add(c.opt.lurkFor() + stumbles*slowFor); ; {
		mail, err := c.driver.hard.inspectLast(ctx, what) // the database may be down for a moment
		hasStumbled := mail.Applied && mail.Refused > 0
		if err == nil && hasStumbled {
			c.recordHit(h)
			return
		}
		if time.Now().After(deadline) || !pause.For(ctx, askEvery) {
			c.recordMiss(h)
			return
		}
	}
}

// strikeDead kills the process that applies a deadly mail, again and again, until Parley has counted
// as many attempts as may fail, whoever ended them. One mail is deadly at a time: the kills for one would count as attempts at the
// others, too, until Parley gives those up.
func (c *chaos) strikeDead(ctx context.Context, h harm) {
	c.oneDeadly.Lock()
	defer c.oneDeadly.Unlock()
	defer c.driver.hard.deadly.clear()
	c.running.Go(func() { c.driver.errands.send(ctx, errandDeadly, c.opt.lurkFor()) })
	kills := 0
	kill := func(l *link) bool {
		landed := false
		for _, r := range c.net.ownersOf(l) {
			landed = r.kill() || landed
		}

		if landed {
			kills++
		}
		return false
	}

	lurk, enough := context.WithTimeout(ctx, c.opt.lurkFor()*stumbles)
	defer enough()
	isOver := func() bool {
		mail, err := c.driver.hard.inspectLast(lurk, errandDeadly) // the database may be down for a moment
		return err == nil && (mail.Applied || mail.Tries >= stumbles)
	}
	c.running.Go(func() { // beside the trap, which must be armed when the mail comes
		for pause.For(lurk, deadlyLook) {
			if isOver() {
				enough()
			}
		}
	})

	for kills < stumbles && lurk.Err() == nil {
		if kills > 0 && isOver() { // other blows have ended attempts, too: one more kill could be one too many
			break
		}
		c.net.traps.wait(lurk, &trap{way: wayBase, up: true, match: c.driver.hard.isApplyingDeadly, strike: kill}, c.opt.lurkFor()*stumbles)
	}

	if kills == 0 {
		c.recordMiss(h)
		return
	}

	c.recordHit(h)
}

// deadlyLook is how long to wait between two questions what became of a deadly mail.
const deadlyLook = 2 * time.Second

// writeHard lets a customer write three mails, of which the second is hard.
func (d *driver) writeHard(ctx context.Context, what errand) error {
	mailers := slices.DeleteFunc(slices.Clone(d.talks), func(t *talk) bool { return t.kind != world.ByMail })
	t := mailers[d.rng.IntN(len(mailers))]
	d.counted.Hard++
	const mails = 3
	d.mails += mails
	for i := range mails {
		if i == 1 {
			m := judge.Mark{Kind: judge.Said, Conv: t.conv, N: t.markCount + 1}
			if err := d.hard.prepareHardMail(ctx, what, m); err != nil {
				return err
			}
		}

		if err := d.writeAsCustomer(ctx, t, i == mails-1); err != nil {
			return err
		}
	}

	return nil
}
