package mailbox

import (
	"bytes"
	"context"
	"errors"
	"time"

	"github.com/emersion/go-imap/v2"

	"parley/channels"
	"parley/channels/email/wire"
	"parley/channels/pause"
)

// fetcher is the state of Run. A session is one IMAP connection. The watermark (mark.go) says how far the mailbox was read. A rescan looks
// again at the mails of the last days, because servers may show a mail late. Only Run's goroutine uses a fetcher, except for the
// watermarks: while a batch is being stored, the goroutine that stores it moves them (see fetchAndStore).
type fetcher struct {
	box    *Mailbox
	inbox  *folder // the folder that the account names
	sent   *folder // the folder of sent mail
	stored []byte  // how the watermark was stored when it was last read or saved

	// newestInOldMailbox is the time of arrival of the newest mail that was fetched before the account was
	// given another mailbox. It is zero if it was given none since Run began.
	newestInOldMailbox time.Time

	movedAt time.Time // mark.MovedAt, as the next watermark says it

	sentPause     time.Duration // how long the folder of sent mail is left alone after its last failure; zero if it works
	sentPauseEnds time.Time

	rescanTimer     *time.Timer   // fires when a rescan becomes due
	rescanDue       bool          // the next fetch also rescans the last days; set by rescanTimer, reset by fetchNew
	earlyRescanWait time.Duration // how soon the next rescan comes after an unreadable mail; zero if all mails can be read

	failures failureCount
}

// Run fetches mail until ctx ends, and then returns nil. It keeps one IMAP connection and waits with IDLE, by which the server announces
// new mail. It also looks every minute, because announcements get lost, and because IDLE says nothing of the folder of sent mail. The
// watermark passes a mail only when Accept has stored it, when it is proven to be gone, or when it could not be read maxTries times. Such
// a mail is quarantined: people are told of it, and rescans try it again.
//
// A session ends when the stored watermark is another one than it knows. Then the database has lost its last seconds, as when a standby
// takes over that lagged behind. It has also lost the last mails, which the next session fetches again.
func (c *Mailbox) Run(ctx context.Context) error {
	f := &fetcher{
		box:         c,
		inbox:       newFolder(c.set.Folder, false),
		sent:        newFolder("", true),
		rescanTimer: time.NewTimer(c.opts.Timing.Rescan),
		rescanDue:   true,
	}
	defer f.rescanTimer.Stop()

	for {
		if err := f.retryUntilStored(ctx, func() error { return f.load(ctx) }); err != nil {
			return nil // ctx ended
		}
		err := f.runSession(ctx)
		if ctx.Err() != nil {
			return nil
		}
		pause.For(ctx, f.recordFailure(err))
	}
}

// load reads the watermark. A watermark that can't be understood is not replaced, because a new one would
// lose mail or fetch it twice.
func (f *fetcher) load(ctx context.Context) error {
	m, stored, err := f.box.loadMarkOfAnyFolder(ctx)
	if errors.Is(err, errBadMark) {
		f.box.env.Report(channels.Condition{
			Status: channels.Broken, Text: "Parley can't read how far this mailbox has been fetched.",
			Hint: "Was an older version of Parley started? Start the newest one.",
		})
	}
	if err != nil {
		return err
	}
	if m != nil {
		f.movedAt = f.box.movedAt(m)
	}
	if m != nil && m.Folder != f.box.set.Folder {
		m = nil // another folder was chosen: reading begins anew
	}

	f.stored = stored
	f.inbox.mark, f.sent.mark = m, nil
	if m != nil && m.Sent != nil {
		f.sent.mark, f.sent.name = m.Sent, m.Sent.Folder
	}
	return nil
}

// errMarkInDoubt means that the stored watermark may be another one than this process knows.
var errMarkInDoubt = errors.New("email: the stored watermark may be another one")

// compareMark waits until the database can be asked for the stored watermark.
// Errors: errMarkInDoubt if it is another one than this process knows; ctx ended.
func (f *fetcher) compareMark(ctx context.Context) error {
	var stored []byte
	err := f.retryUntilStored(ctx, func() (err error) {
		stored, err = f.box.env.State.Load(ctx)
		return err
	})
	if err == nil && !bytes.Equal(stored, f.stored) {
		err = errMarkInDoubt
	}
	return err
}

// runSession connects and fetches mail until something fails or ctx ends.
func (f *fetcher) runSession(ctx context.Context) error {
	s, err := f.box.openIMAP(ctx)
	if err != nil {
		return err
	}
	defer s.close()
	data, err := s.open(f.box.set.Folder)
	if err != nil {
		return atStage(stageFolder, err)
	}
	if err := f.alignInbox(ctx, s, data); err != nil {
		return atStage(stageWork, err)
	}

	canIdle := s.client.Caps().Has(imap.CapIdle)
	for fetchesInSession := 1; ; fetchesInSession++ {
		select { // drop an old signal: fetchNew finds all mail that came until now
		case <-s.news:
		default:
		}

		if err := f.fetchNew(ctx, s); err != nil {
			return atStage(stageWork, err)
		}
		if err := f.checkConsent(ctx); err != nil {
			return atStage(stageLogin, err)
		}

		f.recordSuccess(fetchesInSession)
		canIdle, err = f.waitForMail(ctx, s, canIdle)
		if err != nil {
			return atStage(stageWork, err)
		}
		if err := f.compareMark(ctx); err != nil {
			return err
		}
	}
}

// checkConsent asks whether the mailbox's owner still consents to our signing in. A connection may outlive its access
// token by days. Without this question nobody would learn of a revoked consent before the connection breaks.
// Errors: *channels.SendError of class AuthBroken.
func (f *fetcher) checkConsent(ctx context.Context) error {
	_, err := wire.Token(ctx, f.box.set, f.box.env.Grant, "")
	if channels.ClassOf(err) == channels.AuthBroken {
		return err
	}
	return nil // also if the provider can't be asked now: the connection still works
}

// waitForMail waits until there may be new mail, with IDLE if canIdle is true. stillCanIdle is false if the
// server can't do IDLE, or refused it now.
func (f *fetcher) waitForMail(ctx context.Context, s *imapSession, canIdle bool) (stillCanIdle bool, err error) {
	if canIdle {
		err := f.waitIdling(ctx, s)
		if err == nil || !isRefusal(err) {
			return true, err
		}
		f.box.log.Info("server refuses IDLE, polling instead", "error", err)
	}
	return false, f.waitForNews(ctx, s, f.box.opts.Timing.PollBlind)
}

// waitIdling waits with IDLE. The library would restart IDLE after 28 minutes; Timing.Poll ends it much earlier.
func (f *fetcher) waitIdling(ctx context.Context, s *imapSession) error {
	var stop func() error
	err := s.run(func() error {
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
	if err := f.waitForNews(ctx, s, f.box.opts.Timing.Poll); err != nil {
		return err // no need to end IDLE: the connection has ended, or is closed because ctx has
	}

	return s.run(stop)
}

// waitForNews waits until the server announces mail, about d is over, or a rescan is due.
// Errors: the connection ended, or ctx did.
func (f *fetcher) waitForNews(ctx context.Context, s *imapSession, d time.Duration) error {
	timer := time.NewTimer(spreadALittle(d))
	defer timer.Stop()
	select {
	case <-s.news:
	case <-timer.C:
	case <-f.rescanTimer.C:
		f.rescanDue = true
	case <-s.client.Closed():
		return errHungUp
	case <-ctx.Done():
		return ctx.Err()
	}
	return nil
}
