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

// This file says what follows when a session of Run works or fails: what admins are told, and how long Run waits before the next session.

// reportAfter is how many connections in a row must fail before the account is reported as broken, if
// the cause may pass by itself.
const reportAfter = 3

// failureCount counts sessions that failed.
type failureCount struct {
	sinceFetch  int // since all mail was last fetched: decides when admins hear of it
	sinceStable int // since one lasted for two fetches: the more, the longer the next wait
}

// recordSuccess records that all mail has been fetched. fetchesInSession counts the fetches of this session.
// Only the second one shows that the connection is stable: some servers let us in and hang up at the first wait.
func (f *fetcher) recordSuccess(fetchesInSession int) {
	f.failures.sinceFetch = 0
	f.inbox.forgetRefusals()
	hasReadSent := f.sentPause == 0 // otherwise that folder is left alone, because it was refused
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

// recordFailure counts and reports a session that failed, and returns how long to wait before the next one.
func (f *fetcher) recordFailure(err error) time.Duration {
	f.failures.sinceStable++
	if errors.Is(err, errMarkInDoubt) { // it says nothing of the mailbox
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

// waitBeforeNext returns how long to wait after a session that failed by err, of which people are told as problem. failures is how many
// sessions have failed since the connection was last stable, with this one.
func (t Timing) waitBeforeNext(failures int, err error, problem wire.Problem) time.Duration {
	var at *stageError
	isLetIn := errors.As(err, &at) && at.stage == stageFolder
	if problem.NeedsPerson && !isLetIn { // frequent logins that are refused could lock the account
		return spreadWidely(waitAfterFailures(t.LoginFirst, t.LoginMax, failures))
	}

	longest := t.RetryLost
	if _, hasRefused := errors.AsType[*imap.Error](err); hasRefused {
		longest = t.RetryMax
	}
	suggested := min(suggestedWait(err), t.LoginMax) // a server could suggest a day
	return max(suggested, spreadWidely(waitAfterFailures(t.RetryFirst, longest, failures)))
}

// waitAfterFailures returns the wait after a number of failures in a row, which is at least 1. It begins with first
// and doubles with each failure, up to longest.
func waitAfterFailures(first, longest time.Duration, failures int) time.Duration {
	const maxDoublings = 20 // more would overflow; longest is reached before
	return min(longest, first<<min(failures-1, maxDoublings))
}

// spreadWidely returns a random time from 0.5 d to 1.5 d, so that the mailboxes of a server that was down
// come back one after the other.
func spreadWidely(d time.Duration) time.Duration { return d/2 + rand.N(d) }

// spreadALittle returns a random time from 0.8 d to 1.2 d, so that the accounts of one server don't act at
// the same moments for ever, and yet not much later than their settings say.
func spreadALittle(d time.Duration) time.Duration {
	return time.Duration(float64(d) * (0.8 + 0.4*rand.Float64()))
}

// retryUntilStored calls do, which needs the database, until it works.
// Errors: ctx ended.
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

		pause.For(ctx, spreadALittle(wait))
		wait = min(2*wait, f.box.opts.Timing.StoreMax)
	}
}
