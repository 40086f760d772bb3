package mailbox

import (
	"context"
	"errors"
	"math/rand/v2"
	"time"

	"github.com/emersion/go-imap/v2"

	"parley/channels"
	"parley/channels/email/wire"
	"parley/channels/pause"
)

// reportAfter is how many connections in a row must fail before the account is reported as broken, if
// the cause may pass by itself.
const reportAfter = 3

// fetcher is the state of Run. Only Run's goroutine uses it.
type fetcher struct {
	c     *Mailbox
	inbox *folder // the folder that the account names
	sent  *folder // the folder of sent mail

	before time.Time // when the newest mail arrived that was known of the mailbox that the account had before; zero = it had none

	sentRest     time.Duration // how long the folder of sent mail is left alone after it failed; 0 = it works
	sentRestEnds time.Time

	lookBack *time.Timer   // fires when it is time for a rescan
	due      bool          // it is time for a rescan
	badWait  time.Duration // the wait until the rescan that follows an unreadable mail; 0 = there was none

	lost     int // sessions in a row that failed before all mail was fetched
	failures int // sessions in a row that failed early: the waits between them grow
}

// Run fetches mail until ctx ends. It keeps one IMAP connection and waits with IDLE. It also looks
// every minute, because announcements get lost, and because IDLE doesn't announce mail in the folder
// of sent mail. The watermark passes a mail only when Accept has stored it, when the mail is proven to
// be gone, or when it could not be read three times and was quarantined.
func (c *Mailbox) Run(ctx context.Context) error {
	f := &fetcher{
		c: c, inbox: newFolder(c.set.Folder, false), sent: newFolder("", true),
		lookBack: time.NewTimer(c.opts.Timing.Rescan), due: true,
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

// load reads the watermark. If it can't be understood it is not replaced, because then mail would be
// lost or fetched twice.
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

// session connects and fetches mail until something fails or ctx ends.
func (f *fetcher) session(ctx context.Context) error {
	s, err := f.c.openIMAP(ctx)
	if err != nil {
		return err
	}
	defer s.close()
	data, err := s.examine(f.c.set.Folder)
	if err != nil {
		return atStage(stageFolder, err)
	}
	if err := f.align(ctx, s, data); err != nil {
		return atStage(stageWork, err)
	}
	idle := s.client.Caps().Has(imap.CapIdle)
	for round := 1; ; round++ {
		select { // drop an old signal: look finds all mail that came until now
		case <-s.news:
		default:
		}
		if err := f.look(ctx, s); err != nil {
			return atStage(stageWork, err)
		}
		if err := f.granted(ctx); err != nil {
			return atStage(stageLogin, err)
		}
		f.healthy(round)
		if idle, err = f.wait(ctx, s, idle); err != nil {
			return atStage(stageWork, err)
		}
	}
}

// granted looks whether the provider still consents to our signing in. A connection may outlive its access
// token by days; without this look nobody would learn of a revoked consent before it breaks.
// Errors: *channels.SendError of class AuthBroken.
func (f *fetcher) granted(ctx context.Context) error {
	_, err := wire.Token(ctx, f.c.set, f.c.env.Grant, "")
	if channels.ClassOf(err) == channels.AuthBroken {
		return err
	}
	return nil // a provider that can't be reached now keeps nobody from fetching
}

// healthy records that all mail has been fetched, for the nth time in a session.
func (f *fetcher) healthy(round int) {
	f.lost = 0
	f.c.noteCaughtUp()
	if round == 1 {
		f.c.env.Report(channels.Condition{Status: channels.Active})
		return
	}
	f.failures = 0 // not in the first round: a connection that breaks in its first wait is no success
}

// failed reports a lost session and returns how long to wait before the next one.
func (f *fetcher) failed(err error) time.Duration {
	t := f.c.opts.Timing
	f.lost++
	f.failures++
	p := f.c.explain(err)
	if p.NeedsPerson || f.lost >= reportAfter {
		f.c.env.Report(channels.Condition{Status: channels.Broken, Text: p.Text, Hint: p.Hint})
	}
	f.c.log.Warn("mailbox connection ended", "error", err, "in_a_row", f.lost)
	first, most := t.RetryFirst, t.RetryMax
	if p.NeedsPerson {
		first, most = t.LoginFirst, t.LoginMax
	}
	return spread(min(most, first<<min(f.failures-1, 20)))
}

// spread returns a random time from 0.5 d to 1.5 d, so that the mailboxes of a server that was down
// come back one after the other.
func spread(d time.Duration) time.Duration { return d/2 + rand.N(d) }

// jitter returns a random time from 0.8 d to 1.2 d, so that the accounts of one server don't all do
// the same at once.
func jitter(d time.Duration) time.Duration {
	return time.Duration(float64(d) * (0.8 + 0.4*rand.Float64()))
}

// wait waits until there may be new mail. It returns whether IDLE works with this server.
func (f *fetcher) wait(ctx context.Context, s *imapSession, idle bool) (bool, error) {
	if idle {
		err := f.idle(ctx, s)
		if err == nil || !refused(err) {
			return true, err
		}
		f.c.log.Info("server refuses IDLE, polling instead", "error", err)
	}
	return false, f.sleep(ctx, s, f.c.opts.Timing.PollBlind)
}

// idle waits with IDLE. The library restarts IDLE after 28 minutes; Timing.Poll ends it much earlier.
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
	if err := f.sleep(ctx, s, f.c.opts.Timing.Poll); err != nil {
		return err // the connection has ended, and IDLE with it
	}
	return s.do(stop)
}

// sleep waits until the server announces mail, d is over, or a rescan is due.
// Errors: the connection or ctx ended.
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
