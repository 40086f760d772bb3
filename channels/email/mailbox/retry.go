package mailbox

import (
	"context"
	"errors"
	"math/rand/v2"
	"time"

	"github.com/emersion/go-imap/v2"

	"parley/channels"
	channelswire "parley/channels/wire"
)

// This file decides what follows when a session succeeds or fails: whether administrators are told, and how long Run
// waits before the next session. A session is one IMAP connection. Failures that may pass are retried soon and reported
// only if they persist; refused logins are reported immediately and retried rarely, so that the account isn't locked.

// reportAfter is how many sessions in a row must fail before the account is reported as broken, if the cause may pass.
const reportAfter = 3

// failureCount counts failed sessions.
type failureCount struct {
	sinceFetch  int // since all mail was last fetched; decides when to report
	sinceStable int // since the last stable session; decides how long to wait
}

// recordSuccess records that all mail has been fetched. fetchesInSession counts the fetches of this session. Only the
// second one shows that the connection is stable: some servers accept the login and hang up when we wait for mail.
func (f *fetcher) recordSuccess(fetchesInSession int) {
	f.failures.sinceFetch = 0
	f.inbox.forgetRefusals()
	hasReadSent := f.sentPause == 0
	if hasReadSent {
		f.sent.forgetRefusals()
	}
	f.box.noteCaughtUp()
	if fetchesInSession == 1 {
		f.box.env.Report(channels.Condition{Status: channels.Active})
		return
	}
	f.failures.sinceStable = 0
}

// recordFailure counts and reports a failed session, and returns how long to wait before the next one.
func (f *fetcher) recordFailure(err error) time.Duration {
	f.failures.sinceStable++
	if errors.Is(err, errMarkInDoubt) { // the fault of the database, not of the mailbox
		timing := f.box.opts.Timing
		f.box.log.Error("mailbox begins again with the stored watermark", "error", err)
		return spreadALittle(waitAfterFailures(timing.StoreFirst, timing.StoreMax, f.failures.sinceStable))
	}

	f.failures.sinceFetch++
	problem := f.box.explain(err)
	if problem.NeedsPerson || f.failures.sinceFetch >= reportAfter {
		f.box.env.Report(channels.Condition{Status: channels.Broken, Text: problem.Text, Hint: problem.Hint})
	}
	f.box.log.Warn("mailbox connection ended", "error", err, "in_a_row", f.failures.sinceFetch)
	return f.box.opts.Timing.waitBeforeNext(f.failures.sinceStable, err, problem)
}

// waitBeforeNext returns how long to wait after a session that failed with err, which is explained as problem. failures is
// how many sessions have failed since the connection was last stable, including this one.
func (t Timing) waitBeforeNext(failures int, err error, problem Problem) time.Duration {
	var failed *stageError
	isLoggedIn := errors.As(err, &failed) && failed.stage == stageFolder
	if problem.NeedsPerson && !isLoggedIn { // frequent failed logins could lock the account
		return spreadWidely(waitAfterFailures(t.LoginFirst, t.LoginMax, failures))
	}

	longest := t.RetryLost
	if _, hasRefused := errors.AsType[*imap.Error](err); hasRefused {
		longest = t.RetryMax
	}
	suggested := min(suggestedWait(err), t.LoginMax) // a server could suggest a day
	return max(suggested, spreadWidely(waitAfterFailures(t.RetryFirst, longest, failures)))
}

// waitAfterFailures returns the wait after a number of failures in a row, which must be at least 1. The wait is first
// after one failure and doubles with each further one, up to longest.
func waitAfterFailures(first, longest time.Duration, failures int) time.Duration {
	const maxDoublings = 20 // avoids an overflow; longest is reached earlier
	return min(longest, first<<min(failures-1, maxDoublings))
}

// spreadWidely returns a random duration from 0.5 d to 1.5 d, so that the mailboxes of a server that was down reconnect
// one after the other.
func spreadWidely(d time.Duration) time.Duration { return d/2 + rand.N(d) }

// spreadALittle returns a random duration from 0.8 d to 1.2 d, so that the accounts of one server don't all act at the
// same moments.
func spreadALittle(d time.Duration) time.Duration {
	return time.Duration(float64(d) * (0.8 + 0.4*rand.Float64()))
}

// retryUntilStored calls do, which uses the database, until it succeeds or ctx ends.
func (f *fetcher) retryUntilStored(ctx context.Context, do func() error) error {
	wait := f.box.opts.Timing.StoreFirst
	for {
		err := do()
		if err == nil {
			return nil
		}
		if ctx.Err() != nil {
			return ctx.Err()
		}
		if !errors.Is(err, channels.ErrOverloaded) {
			f.box.log.Error("mailbox waits for the database", "error", err)
		}

		channelswire.For(ctx, spreadALittle(wait))
		wait = min(2*wait, f.box.opts.Timing.StoreMax)
	}
}
