package email

import (
	"context"
	"errors"
	"math/rand/v2"
	"time"

	"github.com/emersion/go-imap/v2"

	"parley/channels"
	"parley/channels/pause"
)

// reportAfter is how many connections in a row may fail before the account counts as
// broken, where the cause may pass by itself.
const reportAfter = 3

// fetcher is the state of Run. Only Run's goroutine touches it.
type fetcher struct {
	c     *Channel
	inbox *folder // the folder that the account names
	sent  *folder // what the team writes in the mailbox itself

	sentRest     time.Duration // how long the folder of sent mail was left alone after its last trouble; 0 = no trouble
	sentRestEnds time.Time

	lookBack *time.Timer
	due      bool          // it is time to look back
	badWait  time.Duration // until the last look back that was hurried; 0 = none was

	lost     int // sessions in a row that brought nothing
	failures int // sessions in a row that ended soon, for the wait
}

// Run fetches mail until ctx ends: it keeps one IMAP connection, waits with IDLE and
// looks every minute besides, because announcements get lost and nothing announces what
// is filed in the folder of sent mail. A mail is passed over only when Accept stored it,
// when it is proven gone, or when it could not be read three times and was stored as
// quarantined.
func (c *Channel) Run(ctx context.Context) error {
	f := &fetcher{
		c: c, inbox: newFolder(c.set.folder, false), sent: newFolder("", true),
		lookBack: time.NewTimer(c.opts.timing.rescan), due: true,
	}
	defer f.lookBack.Stop()
	if err := f.persist(ctx, func() error { return f.load(ctx) }); err != nil {
		return nil // ctx ended
	}
	for ctx.Err() == nil {
		err := f.session(ctx)
		if ctx.Err() != nil {
			break
		}
		pause.For(ctx, f.failed(err))
	}
	return nil
}

// load reads the watermark. One that makes no sense is not replaced: mail would be
// lost or come twice.
func (f *fetcher) load(ctx context.Context) error {
	m, err := f.c.loadMark(ctx)
	if errors.Is(err, errBadMark) {
		f.c.env.Report(channels.Condition{
			Status: channels.Broken, Text: "Parley can't read how far this mailbox has been fetched.",
			Hint: "Was an older version of Parley started? Start the newest one.",
		})
	}
	f.inbox.mark = m
	if m != nil && m.Sent != nil {
		f.sent.mark, f.sent.name = m.Sent, m.Sent.Folder
	}
	return err
}

// session connects and works until something fails or ctx ends.
func (f *fetcher) session(ctx context.Context) error {
	s, err := f.c.openIMAP(ctx)
	if err != nil {
		return err
	}
	defer s.close()
	data, err := s.examine(f.c.set.folder)
	if err != nil {
		return atStage(stageFolder, err)
	}
	if err := f.align(ctx, s, data); err != nil {
		return atStage(stageWork, err)
	}
	idle := s.client.Caps().Has(imap.CapIdle)
	for round := 1; ; round++ {
		select { // what came until now, the search below finds
		case <-s.news:
		default:
		}
		if err := f.look(ctx, s); err != nil {
			return atStage(stageWork, err)
		}
		f.healthy(round)
		if idle, err = f.wait(ctx, s, idle); err != nil {
			return atStage(stageWork, err)
		}
	}
}

// healthy notes that everything there was has been fetched.
func (f *fetcher) healthy(round int) {
	f.lost = 0
	f.c.noteCaughtUp()
	if round == 1 {
		f.c.env.Report(channels.Condition{Status: channels.Active})
		return
	}
	f.failures = 0 // only now: a connection that dies in its first wait is no success
}

// failed reports a lost session and says how long to wait for the next.
func (f *fetcher) failed(err error) time.Duration {
	t := f.c.opts.timing
	f.lost++
	f.failures++
	p := explain(err, f.c.set.imap, f.c.set.folder)
	if p.needsPerson || f.lost >= reportAfter {
		f.c.env.Report(channels.Condition{Status: channels.Broken, Text: p.text, Hint: p.hint})
	}
	f.c.log.Warn("mailbox connection ended", "error", err, "in_a_row", f.lost)
	first, most := t.retryFirst, t.retryMax
	if p.needsPerson {
		first, most = t.loginFirst, t.loginMax
	}
	return spread(min(most, first<<min(f.failures-1, 20)))
}

// spread is for coming back: from half a wait to one and a half, so that the mailboxes
// of a server that was down return one after the other.
func spread(d time.Duration) time.Duration { return d/2 + rand.N(d) }

// jitter spreads waits by a fifth, so that accounts of one server don't march in step.
func jitter(d time.Duration) time.Duration {
	return time.Duration(float64(d) * (0.8 + 0.4*rand.Float64()))
}

// wait sleeps until there may be new mail. It returns false when IDLE is no use here.
func (f *fetcher) wait(ctx context.Context, s *imapSession, idle bool) (bool, error) {
	if idle {
		err := f.idle(ctx, s)
		if err == nil || !refused(err) {
			return true, err
		}
		f.c.log.Info("server refuses IDLE, polling instead", "error", err)
	}
	return false, f.sleep(ctx, s, f.c.opts.timing.pollBlind)
}

// idle waits with IDLE. The library restarts it by itself after 28 minutes; the poll
// ends it long before.
func (f *fetcher) idle(ctx context.Context, s *imapSession) error {
	var stop func() error
	err := s.do(func() error {
		cmd, err := s.client.Idle()
		if err != nil {
			return err
		}
		stop = func() error {
			if err := cmd.Close(); err != nil {
				return err
			}
			return cmd.Wait()
		}
		return nil
	})
	if err != nil {
		return err
	}
	if err := f.sleep(ctx, s, f.c.opts.timing.poll); err != nil {
		return err // the connection is over, and IDLE with it
	}
	return s.do(stop)
}

// sleep ends with news, when it is time to look or to look back, or when the
// connection or ctx ends.
func (f *fetcher) sleep(ctx context.Context, s *imapSession, d time.Duration) error {
	timer := time.NewTimer(jitter(d))
	defer timer.Stop()
	select {
	case <-s.news:
	case <-timer.C:
	case <-f.lookBack.C:
		f.due = true
	case <-s.client.Closed():
		return errHungUp
	case <-ctx.Done():
		return ctx.Err()
	}
	return nil
}
