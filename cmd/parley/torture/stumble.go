package torture

import (
	"bytes"
	"context"
	"fmt"
	"slices"
	"sync"
	"time"

	"github.com/jackc/pgx/v5"
)

const (
	// stumbles is how often applying a hard mail fails before it goes well. With the batch in which
	// it came first that is fewer than the five attempts after which Parley gives an event up.
	stumbles = 3
	// slowFor is how long one attempt at a slow mail takes, if Parley lets it.
	slowFor = 40 * time.Second
)

// hardMails are mails whose applying fails, takes long or ends the process, although there is nothing
// wrong with them. What waits behind one must wait for it, and everybody else must not.
type hardMails struct {
	base   *database // nil until a run begins
	deadly markSet   // those that end the process which applies them

	mu   sync.Mutex
	last map[errand]mark // that were made for each kind of errand
}

// What makes messages hard. A sequence counts attempts also when they are rolled back.
const makeHard = `
	CREATE SCHEMA IF NOT EXISTS torture;
	CREATE TABLE IF NOT EXISTS torture.hard (mark text PRIMARY KEY, seconds int NOT NULL, times int NOT NULL, attempts text NOT NULL);
	CREATE OR REPLACE FUNCTION torture.stumble() RETURNS trigger LANGUAGE plpgsql AS $$
	DECLARE
		hard torture.hard;
	BEGIN
		FOR hard IN SELECT * FROM torture.hard AS h WHERE NEW.direction = 'in' AND NEW.text ~ (h.mark || '\M') LOOP
			IF nextval(hard.attempts::regclass) > hard.times THEN
				CONTINUE;
			END IF;
			PERFORM pg_sleep(hard.seconds);
			RAISE EXCEPTION 'the mail % is hard', hard.mark;
		END LOOP;
		RETURN NEW;
	END $$;
	SET lock_timeout = '2s';
	CREATE OR REPLACE TRIGGER stumble BEFORE INSERT ON messages FOR EACH ROW EXECUTE FUNCTION torture.stumble()`

// make lets the applying of a mail fail, before it is written; it repeats that until the database
// answers.
func (h *hardMails) make(ctx context.Context, what errand, m mark) error {
	h.mu.Lock()
	if h.last == nil {
		h.last = map[errand]mark{}
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
	for deadline := time.Now().Add(time.Minute); ; {
		err := h.base.with(ctx, func(ctx context.Context, c *pgx.Conn) error {
			if _, err := c.Exec(ctx, makeHard); err != nil {
				return err
			}
			if _, err := c.Exec(ctx, "CREATE SEQUENCE IF NOT EXISTS "+attemptsAt(m)); err != nil {
				return err
			}
			_, err := c.Exec(ctx, `INSERT INTO torture.hard VALUES ($1, $2, $3, $4) ON CONFLICT DO NOTHING`, m.String(), seconds, stumbles, attemptsAt(m))
			return err
		})
		if err == nil || time.Now().After(deadline) || !pause(ctx, time.Second) {
			return err
		}
	}
}

// attemptsAt names the sequence that counts the attempts at a mail.
func attemptsAt(m mark) string { return fmt.Sprintf("torture.attempts_%d_%d", m.Conv, m.N) }

// attempts says how often Parley tried to apply the last mail that was made for an errand.
func (h *hardMails) attempts(ctx context.Context, what errand) (n int, err error) {
	h.mu.Lock()
	m := h.last[what]
	h.mu.Unlock()
	err = h.base.with(ctx, func(ctx context.Context, c *pgx.Conn) error {
		return c.QueryRow(ctx, "SELECT CASE WHEN is_called THEN last_value ELSE 0 END FROM "+attemptsAt(m)).Scan(&n)
	})
	return n, err
}

// applying fits what Parley writes when it applies one of the deadly mails; when it accepts them it
// writes their headers, too.
func (h *hardMails) applying(l *link, piece []byte) bool {
	return marked(&h.deadly)(l, piece) && !bytes.Contains(piece, []byte("Subject: "))
}

// stumble lets a customer write a hard mail between two others, and strikes when Parley has stumbled
// over it as often as planned.
func (c *chaos) stumble(ctx context.Context, h harm) {
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
		c.miss(h)
		return
	}
	for deadline := time.Now().Add(c.opt.lurkFor() + stumbles*slowFor); ; {
		n, err := c.driver.hard.attempts(ctx, what) // the database may be down for a moment
		switch {
		case err == nil && n > stumbles:
			c.hit(h)
			return
		case time.Now().After(deadline) || !pause(ctx, 200*time.Millisecond):
			c.miss(h)
			return
		}
	}
}

// strikeDead kills the process that applies a deadly mail, again and again.
func (c *chaos) strikeDead(ctx context.Context, h harm) {
	c.under.Go(func() { c.driver.errands.send(ctx, errandDeadly, c.opt.lurkFor()) })
	for range stumbles {
		landed := false
		tr := &trap{way: wayBase, up: true, match: c.driver.hard.applying, strike: func(l *link) bool {
			for _, r := range c.net.owners(l) {
				landed = r.kill() || landed
			}
			return false
		}}
		if !c.net.traps.wait(ctx, tr, c.opt.lurkFor()) || !landed {
			c.miss(h)
			return
		}
	}
	c.hit(h)
}

// writeHard lets a customer write three mails, of which the second is hard.
func (d *driver) writeHard(ctx context.Context, what errand) error {
	mailers := slices.DeleteFunc(slices.Clone(d.talks), func(t *talk) bool { return t.kind != byMail })
	t := mailers[d.rng.IntN(len(mailers))]
	d.done.Hard++
	d.mails += 3
	for i := range 3 {
		if i == 1 {
			m := mark{said, t.conv, t.n + 1}
			if err := d.hard.make(ctx, what, m); err != nil {
				return err
			}
		}
		if err := d.mail(ctx, t, i == 2); err != nil {
			return err
		}
	}
	return nil
}
