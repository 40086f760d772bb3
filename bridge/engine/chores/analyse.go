package chores

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"parley/bridge/analysis"
	"parley/bridge/engine/own"
	"parley/store"
)

// Analysing what customers write. A model may take long and cost money. What is found is a help, and nothing depends on
// it: an analysis that fails is left out after a few attempts, and nobody is disturbed by it. What a customer writes in
// one go, and what is analysed together, is called a burst.
const (
	maxAnalyses     = 16               // bursts that this process has analysed at the same time
	maxAnalysesBusy = 2                // bursts that it takes in each interval while there is much else to do
	analyseTimeout  = 45 * time.Second // of one attempt
	analyseLease    = analyseTimeout + 15*time.Second
	maxAnalyseTries = 5
	analyseInterval = 500 * time.Millisecond
	gatherTime      = 20 * time.Millisecond // results that come within this time are journalled together
	analyseQueues   = 8                     // queues of the journal among which conversations are shared out, each to one
)

// analyseWaits returns the pauses after attempts that failed. The last one repeats.
func analyseWaits() []time.Duration { return []time.Duration{10 * time.Second, time.Minute} }

// run has bursts analysed as they become due, until ctx ends. Then it cuts off the analyses that are under way: another
// process takes their bursts when the leases end. While there is much else to do it takes few bursts, because analysing
// may be late, and what a customer writes until then is analysed together. A burst whose analysis hangs takes one of
// maxAnalyses places, and no other burst waits for it.
func (as *Analyses) run(ctx context.Context, with analysis.Analyzer) error {
	analysed := make(chan store.AnalysedBurst, maxAnalyses)
	finished := make(chan struct{})
	go func() {
		defer close(finished)
		as.journalAnalysed(ctx, analysed)
	}()

	tick := time.NewTicker(analyseInterval)
	defer tick.Stop()
	done := make(chan struct{}, maxAnalyses)
	running := 0
	isTime, mayHaveMore := true, false // the interval is over; the last claim took as many bursts as there was room for
	for {
		canTakeMore := mayHaveMore && running <= maxAnalyses/2 // not for each place that becomes free: few statements claim many bursts
		if isTime || canTakeMore {
			claimed, err := as.claimBursts(ctx, maxAnalyses-running)
			if err != nil && ctx.Err() == nil {
				as.log.Warn("what customers wrote was not taken to be analysed", "error", err)
			}

			for _, c := range claimed {
				running++
				go func() {
					defer func() { done <- struct{}{} }()
					as.analyseOne(ctx, with, c, analysed)
				}()
			}

			isTime, mayHaveMore = false, running == maxAnalyses
		}

		select {
		case <-ctx.Done():
			for ; running > 0; running-- {
				<-done
			}

			close(analysed)
			<-finished
			return nil
		case <-tick.C:
			isTime = true
		case <-done:
			running--
		}
	}
}

// claimedBurst is a burst that this process works on, with what its analysis reads.
type claimedBurst struct {
	store.Burst
	*store.BurstMaterial
}

// claimBursts takes at most room bursts, and few while there is much else to do.
func (as *Analyses) claimBursts(ctx context.Context, room int) ([]claimedBurst, error) {
	if as.host.Busy() {
		room = min(room, maxAnalysesBusy)
	}
	if room <= 0 {
		return nil, nil
	}

	ctx, cancel := context.WithTimeout(ctx, dbTimeout)
	defer cancel()
	bursts, err := store.ClaimBursts(ctx, as.pool, room, analyseLease)
	if err != nil || len(bursts) == 0 {
		return nil, err
	}

	m, err := store.LoadBursts(ctx, as.pool, bursts, maxQuestionMessages)
	if err != nil {
		return nil, err
	}

	claimed := make([]claimedBurst, 0, len(bursts))
	for _, b := range bursts {
		claimed = append(claimed, claimedBurst{b, m})
	}

	return claimed, nil
}

// analyseOne has one burst analysed. It hands on what was found, or gives the burst back.
func (as *Analyses) analyseOne(ctx context.Context, with analysis.Analyzer, c claimedBurst, analysed chan<- store.AnalysedBurst) {
	f, err := as.analyseBurst(ctx, with, c)
	if err == nil {
		analysed <- store.AnalysedBurst{Burst: c.Burst, Fact: f}
		return
	}
	if ctx.Err() != nil {
		return // this process stops
	}
	as.log.Warn("what a customer wrote was not analysed", "conversation_id", c.ConversationID, "attempt", c.Attempt, "error", err)
	if err := as.putBack(ctx, c.Burst); err != nil {
		as.log.Warn("what was not analysed was not given back: it is taken again when its lease ends", "conversation_id", c.ConversationID, "error", err)
	}
}

// journalAnalysed journals what analyses found, until the channel is closed. Results that come at about the same time
// are journalled together.
func (as *Analyses) journalAnalysed(ctx context.Context, analysed <-chan store.AnalysedBurst) {
	for first := range analysed {
		if err := as.journalResults(ctx, gather(first, analysed)); err != nil {
			as.log.Warn("what analyses found was not journalled: they are made again when their leases end", "error", err)
		}
	}
}

// gather returns first and the results that come within gatherTime.
func gather(first store.AnalysedBurst, analysed <-chan store.AnalysedBurst) []store.AnalysedBurst {
	some := []store.AnalysedBurst{first}
	timer := time.NewTimer(gatherTime)
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

// journalResults ends bursts and journals what was found. The facts go into queues of their own, so that nothing else
// waits for them. A conversation always has the same queue, so that what was found first is applied first.
func (as *Analyses) journalResults(ctx context.Context, some []store.AnalysedBurst) error {
	for i := range some {
		some[i].Fact.OrderKey = store.OrderKey(store.SystemAccount, fmt.Sprintf("analysis:%d", some[i].ConversationID%analyseQueues))
	}
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), dbTimeout)
	defer cancel()
	if err := store.FinishBursts(ctx, as.pool, some); err != nil {
		return err
	}
	as.host.Wake()
	return nil
}

// analyseBurst has one burst analysed and returns the fact that says what was found.
func (as *Analyses) analyseBurst(ctx context.Context, with analysis.Analyzer, b claimedBurst) (fact store.NewEvent, err error) {
	defer func() {
		if p := recover(); p != nil {
			err = fmt.Errorf("chores: analysing panicked: %v", p)
		}
	}()

	ctx, cancel := context.WithTimeout(ctx, analyseTimeout)
	defer cancel()
	q, err := as.makeQuestion(ctx, b)
	if err != nil {
		return fact, err
	}

	f := own.Fact{Kind: own.Analysed, Conversation: b.ConversationID, AnalysedBurst: own.AnalysedBurst{From: b.FirstEvent, UpTo: b.LastEvent}}
	if len(q.Burst) > 0 {
		a, err := as.ask(ctx, with, b.Burst, q.Question)
		if err != nil && !errors.Is(err, errSwitchedOff) {
			return fact, err
		}

		if err == nil { // if the analysis was switched off, the fact says that nothing was found
			a.Replies = slices.DeleteFunc(a.Replies, func(r analysis.Reply) bool { return hasBlanks(r) || q.hasOtherIntent(r, a) })
			f.Answer = &a
			f.Fits, f.Cited = namedTemplates(a, q.templates), citedSources(a, q.Desk.Sources)
		}
	}

	return f.Event(fmt.Sprintf("analysis:%d:%d", b.ConversationID, b.LastEvent)), nil
}

// putBack puts a burst back whose analysis failed, or gives it up.
func (as *Analyses) putBack(ctx context.Context, b store.Burst) error {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), dbTimeout)
	defer cancel()
	if b.Attempt >= maxAnalyseTries {
		as.tally.givenUp.Add(1)
		return store.DropBurst(ctx, as.pool, b)
	}
	waits := analyseWaits()
	return store.RetryBurst(ctx, as.pool, b, waits[min(b.Attempt, len(waits))-1])
}
