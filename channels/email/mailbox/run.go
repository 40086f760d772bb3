package mailbox

import (
	"bytes"
	"context"
	"errors"
	"time"

	"github.com/emersion/go-imap/v2"

	"parley/channels"
	channelswire "parley/channels/wire"
)

// fetcher is the state of Run. Three words of its fields:
//
//   - A session is one IMAP connection.
//   - The watermark (mark.go) records up to which mail the mailbox was read.
//   - A rescan looks again at the mails of the last days, because servers may show a mail late.
//
// Only Run's goroutine uses a fetcher, with one exception: while a batch is being stored, the goroutine that stores it
// moves the watermarks (see fetchAndStore).
type fetcher struct {
	box    *Mailbox
	inbox  *folder // the folder that is configured for the account
	sent   *folder // the Sent folder
	stored []byte  // the watermark in its stored form, as last read or saved

	// newestInOldMailbox is the time of arrival of the newest mail that was fetched before the account got another
	// mailbox. It is zero if the mailbox hasn't changed since Run began.
	newestInOldMailbox time.Time

	movedAt time.Time // mark.MovedAt of the next watermark

	sentPause     time.Duration // how long the Sent folder is paused after its last failure; zero if it works
	sentPauseEnds time.Time

	rescanTimer     *time.Timer   // fires when a rescan is due
	rescanDue       bool          // set by rescanTimer, reset by fetchNew, which then rescans
	earlyRescanWait time.Duration // the wait before the next rescan if there are unreadable mails; otherwise zero

	failures failureCount
}

// Run fetches mail until ctx ends, and then returns nil. It reconnects after failures. It waits for new mail with IDLE, by
// which the server announces it, and checks every minute, because announcements get lost and don't cover the Sent folder.
//
// No mail is lost: the watermark passes a mail only after Accept has stored it, if it is proven to be gone, or if it could
// not be read in maxTries attempts. Such a mail is quarantined, which means that it is reported and that rescans retry it.
//
// A session ends if the stored watermark isn't the one that was saved last. After a failover to a standby that lagged
// behind, the database lacks the last mails, too, and the next session fetches them again.
func (box *Mailbox) Run(ctx context.Context) error {
	f := &fetcher{
		box:         box,
		inbox:       newFolder(box.set.Folder, false),
		sent:        newFolder("", true),
		rescanTimer: time.NewTimer(box.opts.Timing.Rescan),
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
		channelswire.For(ctx, f.recordFailure(err))
	}
}

// load reads the watermark. It never replaces an invalid one, because that would lose mail or fetch it twice.
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

	f.stored = stored
	f.inbox.mark, f.sent.mark = nil, nil
	if m == nil {
		return nil
	}
	f.movedAt = f.box.movedAt(m)
	if m.Folder != f.box.set.Folder { // the account has got another folder: start over
		return nil
	}
	f.inbox.mark = m
	if m.Sent != nil {
		f.sent.mark, f.sent.name = m.Sent, m.Sent.Folder
	}
	return nil
}

// errMarkInDoubt means that the stored watermark may differ from fetcher.stored.
var errMarkInDoubt = errors.New("email: the stored watermark may be another one")

// compareMark reads the stored watermark, and returns errMarkInDoubt if it differs from f.stored. It retries until the
// database responds or ctx ends.
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
		select { // drop an old signal: fetchNew finds all mail that has arrived by now
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

// checkConsent returns an error if the owner of the mailbox has revoked our access (OAuth). A connection may outlive its
// access token by days, so without this check the revocation would be noticed only when the connection breaks.
func (f *fetcher) checkConsent(ctx context.Context) error {
	_, err := Token(ctx, f.box.set, f.box.env.Grant, "")
	if channels.ClassOf(err) == channels.AuthBroken {
		return err
	}
	return nil // other errors don't matter: the connection still works
}

// waitForMail waits until there may be new mail, with IDLE if canIdle is true. stillCanIdle is false if the server doesn't
// support IDLE or refused it now.
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
		return err // the connection is closed: there is no need to end IDLE
	}

	return s.run(stop)
}

// waitForNews waits until the server announces mail, d has passed (randomly spread), or a rescan is due. It returns an
// error if the connection or ctx ends.
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
