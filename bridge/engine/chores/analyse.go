package chores

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"golang.org/x/sync/errgroup"

	"parley/bridge/analysis"
	"parley/bridge/engine/own"
	"parley/store"
)

// Analysing what customers write. A model may take long and cost money; what is found is a help and never a
// condition: whatever fails is left out after a few attempts, and nobody is disturbed by it.
const (
	analyseAtOnce = 16               // bursts that this process has analysed at once
	analyseBusy   = 2                // bursts that it takes at most in each sweep while there is much else to do
	analyseTime   = 45 * time.Second // of one attempt
	analyseLease  = analyseTime + 15*time.Second
	analyseTries  = 5
	analyseSweep  = 500 * time.Millisecond
	analyseGather = 20 * time.Millisecond // results that come within it are journalled together
	analyseQueues = 8                     // among which conversations are shared out, each to one
)

// analyseWaits are the pauses after attempts that failed; the last one repeats.
func analyseWaits() []time.Duration { return []time.Duration{10 * time.Second, time.Minute} }

// run has bursts analysed as they become due, until ctx ends. That cuts off those under way: another
// process takes them when their leases end. While there is much else to do it takes few: analysing may be late,
// and what a customer writes until then is analysed together.
func (as *Analyses) run(ctx context.Context, with analysis.Analyzer) error {
	return every(ctx, as.log, analyseSweep, "analysing", func(ctx context.Context) error {
		for {
			most := analyseAtOnce
			if as.host.Busy() {
				most = analyseBusy
			}
			took, err := as.analyseSome(ctx, with, most)
			if err != nil || took < analyseAtOnce || ctx.Err() != nil {
				return err
			}
		}
	})
}

// analyseSome takes at most so many bursts and has them analysed. It tells how many it took.
func (as *Analyses) analyseSome(ctx context.Context, with analysis.Analyzer, most int) (int, error) {
	limited, cancel := context.WithTimeout(ctx, timeout)
	defer cancel()
	bursts, err := store.ClaimBursts(limited, as.pool, most, analyseLease)
	if err != nil || len(bursts) == 0 {
		return 0, err
	}
	latest, err := as.latestOf(limited, bursts)
	if err != nil {
		return 0, err
	}
	now, err := store.Now(limited, as.pool)
	if err != nil {
		return 0, err
	}
	analysed := make(chan store.AnalysedBurst, len(bursts))
	var group, finishing errgroup.Group
	finishing.Go(func() error { return as.finishBursts(ctx, analysed) })
	for _, b := range bursts {
		group.Go(func() error {
			f, err := as.analyse(ctx, with, b, latest[b.ConversationID], now)
			if err == nil {
				analysed <- store.AnalysedBurst{Burst: b, Fact: f}
				return nil
			}
			if ctx.Err() != nil {
				return nil
			}
			as.log.Warn("what a customer wrote was not analysed", "conversation_id", b.ConversationID, "attempt", b.Attempt, "error", err)
			return as.analyseAgain(ctx, b)
		})
	}
	err = group.Wait()
	close(analysed)
	return len(bursts), errors.Join(err, finishing.Wait())
}

// finishBursts journals what analyses found until the channel is closed: what comes at about the same time
// together.
func (as *Analyses) finishBursts(ctx context.Context, analysed <-chan store.AnalysedBurst) error {
	var errs []error
	for first := range analysed {
		errs = append(errs, as.finishSome(ctx, gather(first, analysed)))
	}
	return errors.Join(errs...)
}

// gather takes what comes within analyseGather.
func gather(first store.AnalysedBurst, analysed <-chan store.AnalysedBurst) []store.AnalysedBurst {
	some := []store.AnalysedBurst{first}
	timer := time.NewTimer(analyseGather)
	defer timer.Stop()
	for {
		select {
		case next, more := <-analysed:
			if !more {
				return some
			}
			some = append(some, next)
		case <-timer.C:
			return some
		}
	}
}

// finishSome ends bursts and journals what was found, in few queues: nothing but analyses waits for these facts. A
// conversation always has the same queue, so that what was found first in it is applied first.
func (as *Analyses) finishSome(ctx context.Context, some []store.AnalysedBurst) error {
	for i := range some {
		some[i].Fact.OrderKey = store.OrderKey(store.SystemAccount, fmt.Sprintf("analysis:%d", some[i].ConversationID%analyseQueues))
	}
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), timeout)
	defer cancel()
	if err := store.FinishBursts(ctx, as.pool, some); err != nil {
		return err
	}
	as.host.Wake()
	return nil
}

// analyse has one burst analysed and gives the fact that tells what was found. rows are the latest messages of
// its conversation.
func (as *Analyses) analyse(ctx context.Context, with analysis.Analyzer, b store.Burst, rows []store.Message, now time.Time) (told store.NewEvent, err error) {
	defer func() {
		if p := recover(); p != nil {
			err = fmt.Errorf("chores: analysing panicked: %v", p)
		}
	}()
	ctx, cancel := context.WithTimeout(ctx, analyseTime)
	defer cancel()
	q, err := as.question(ctx, b, rows, now)
	if err != nil {
		return told, err
	}
	f := own.Fact{Kind: own.Analysed, Conversation: b.ConversationID, AnalysedBurst: own.AnalysedBurst{From: b.FirstEvent, UpTo: b.LastEvent}}
	if len(q.Burst) > 0 {
		switch a, err := as.ask(ctx, with, b.ConversationID, q.Question); {
		case err == nil:
			a.Replies = slices.DeleteFunc(a.Replies, func(r analysis.Reply) bool { return hasBlanks(r) || q.hasOtherIntent(r, a) })
			f.Answer, f.Fits, f.Cited = &a, fitting(a, q.templates), citing(a, q.Desk.Sources)
		case !errors.Is(err, errSwitchedOff):
			return told, err
		}
	}
	return f.Event(fmt.Sprintf("analysis:%d:%d", b.ConversationID, b.LastEvent)), nil
}

// analyseAgain gives a burst back whose analysis failed, or gives it up.
func (as *Analyses) analyseAgain(ctx context.Context, b store.Burst) error {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), timeout)
	defer cancel()
	if b.Attempt >= analyseTries {
		as.tally.givenUp.Add(1)
		return store.DropBurst(ctx, as.pool, b)
	}
	waits := analyseWaits()
	return store.RetryBurst(ctx, as.pool, b, waits[min(b.Attempt, len(waits))-1])
}
