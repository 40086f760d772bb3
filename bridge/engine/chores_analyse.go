package engine

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"parley/bridge/analysis"
	"parley/store"
)

const (
	maxAnalyses     = 16                              // concurrent analyses in this process
	maxAnalysesBusy = 2                               // analyses started per interval while the process is busy
	analyseTimeout  = 45 * time.Second                // of one attempt
	analyseLease    = analyseTimeout + 15*time.Second // keeps other processes from claiming the burst during an attempt
	maxAnalyseTries = 5                               // then the burst is dropped
	maxAnalyseEnds  = 20                              // as maxAnalyseTries, if each process ended before it knew a result
	analyseInterval = 500 * time.Millisecond          // between polls for due bursts
	gatherTime      = 20 * time.Millisecond           // results that arrive within this time are journalled together
	analyseQueues   = 8                               // queues that the facts are spread over, by conversation
)

// analyseWaits returns the pauses after the first failed attempt and after each later one.
func analyseWaits() []time.Duration { return []time.Duration{10 * time.Second, time.Minute} }

// run analyses bursts as they become due, until ctx ends. A burst is a run of messages that a customer writes
// in one go, such as "Hello", "my order hasn't arrived" and "it's number 4711". It is analysed as a whole,
// for its language, its subject and possible replies. The result is journalled as a fact, a stored event that
// the engine later applies to the conversation.
//
// A process claims a burst with a lease. If the process stops, run cancels the analyses in flight, and
// another process claims their bursts once the leases expire.
//
// Analyses are optional: one that keeps failing is dropped without telling anybody. While the process is
// busy, run claims few bursts. Messages that arrive in the meantime join the burst that is still waiting.
func (as *Analyses) run(ctx context.Context, analyzer analysis.Analyzer) error {
	results := make(chan store.AnalysedBurst, maxAnalyses)
	journalled := make(chan struct{})
	go func() {
		defer close(journalled)
		as.journalAnalysed(ctx, results)
	}()

	tick := time.NewTicker(analyseInterval)
	defer tick.Stop()
	finished := make(chan struct{}, maxAnalyses)
	running := 0
	isDue := true        // analyseInterval has passed
	mayHaveMore := false // the last claim used up all slots, so more bursts may be due
	for {
		// Wait until half of the slots are free, so that one statement claims several bursts.
		canTakeMore := mayHaveMore && running <= maxAnalyses/2
		if isDue || canTakeMore {
			claimed, err := as.claimBursts(ctx, maxAnalyses-running)
			if err != nil && ctx.Err() == nil {
				as.log.Warn("what customers wrote was not taken to be analysed", "error", err)
			}

			for _, c := range claimed {
				running++
				go func() {
					defer func() { finished <- struct{}{} }()
					as.analyseOne(ctx, analyzer, c, results)
				}()
			}

			isDue, mayHaveMore = false, running == maxAnalyses
		}

		select {
		case <-ctx.Done():
			for ; running > 0; running-- {
				<-finished
			}

			close(results)
			<-journalled
			return nil
		case <-tick.C:
			isDue = true
		case <-finished:
			running--
		}
	}
}

// claimedBurst is a burst that this process has claimed. All bursts of one claim share their BurstMaterial.
type claimedBurst struct {
	store.Burst
	*store.BurstMaterial
}

// claimBursts claims up to room due bursts, fewer while the process is busy, and loads what their analyses need. It drops those
// that were claimed very often without a result: their messages may be why processes end, so that each one would end in turn.
func (as *Analyses) claimBursts(ctx context.Context, room int) ([]claimedBurst, error) {
	if as.relay.Busy() {
		room = min(room, maxAnalysesBusy)
	}
	if room <= 0 {
		return nil, nil
	}

	ctx, cancel := context.WithTimeout(ctx, dbTimeout)
	defer cancel()
	bursts, err := store.ClaimBursts(ctx, as.pool, room, analyseLease)
	if err != nil {
		return nil, err
	}

	isDeadly := func(b store.Burst) bool { return b.Attempt > maxAnalyseEnds }
	for _, b := range bursts {
		if isDeadly(b) {
			as.log.Warn("a customer's messages are not analysed, since no process came to an end with it",
				"conversation_id", b.ConversationID, "attempt", b.Attempt)
			if err := as.putBack(ctx, b); err != nil {
				return nil, err
			}
		}
	}
	bursts = slices.DeleteFunc(bursts, isDeadly)
	if len(bursts) == 0 {
		return nil, nil
	}

	material, err := store.LoadBursts(ctx, as.pool, bursts, maxQuestionMessages)
	if err != nil {
		return nil, err
	}

	claimed := make([]claimedBurst, 0, len(bursts))
	for _, b := range bursts {
		claimed = append(claimed, claimedBurst{b, material})
	}

	return claimed, nil
}

// analyseOne analyses a burst and sends the result to results. If the analysis fails, it schedules a retry.
func (as *Analyses) analyseOne(ctx context.Context, analyzer analysis.Analyzer, c claimedBurst, results chan<- store.AnalysedBurst) {
	fact, err := as.analyseBurst(ctx, analyzer, c)
	if err == nil {
		results <- store.AnalysedBurst{Burst: c.Burst, Fact: fact}
		return
	}
	if ctx.Err() != nil {
		return // this process stops
	}
	as.log.Warn("a customer's messages could not be analysed", "conversation_id", c.ConversationID, "attempt", c.Attempt, "error", err)
	if err := as.putBack(ctx, c.Burst); err != nil {
		as.log.Warn("the burst was not put back: it is taken again when its lease ends", "conversation_id", c.ConversationID, "error", err)
	}
}

// journalAnalysed journals results until the channel is closed. Results that arrive close together share a transaction.
func (as *Analyses) journalAnalysed(ctx context.Context, results <-chan store.AnalysedBurst) {
	for first := range results {
		if err := as.journalResults(ctx, gather(first, results)); err != nil {
			as.log.Warn("what analyses found was not journalled: they are made again when their leases end", "error", err)
		}
	}
}

// gather returns first and the results that arrive within gatherTime after it.
func gather(first store.AnalysedBurst, results <-chan store.AnalysedBurst) []store.AnalysedBurst {
	batch := []store.AnalysedBurst{first}
	timer := time.NewTimer(gatherTime)
	defer timer.Stop()

	for {
		select {
		case next, more := <-results:
			if !more {
				return batch
			}
			batch = append(batch, next)
		case <-timer.C:
			return batch
		}
	}
}

// journalResults journals the facts of a batch and removes its bursts. The facts use separate queues, so that
// customers' messages don't wait for them. A conversation always maps to the same queue, which keeps its
// results in order.
func (as *Analyses) journalResults(ctx context.Context, batch []store.AnalysedBurst) error {
	for i := range batch {
		queue := fmt.Sprintf("analysis:%d", batch[i].ConversationID%analyseQueues)
		batch[i].Fact.OrderKey = store.OrderKey(store.SystemAccount, queue)
	}
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), dbTimeout)
	defer cancel()
	if err := store.FinishBursts(ctx, as.pool, batch); err != nil {
		return err
	}
	as.wake()
	return nil
}

// analyseBurst makes one attempt to analyse a burst, and returns the result as a fact. The fact has no answer
// if the burst's messages are gone or if analysing was switched off.
func (as *Analyses) analyseBurst(ctx context.Context, analyzer analysis.Analyzer, c claimedBurst) (fact store.NewEvent, err error) {
	defer func() {
		if p := recover(); p != nil {
			err = fmt.Errorf("chores: analysing panicked: %v", p)
		}
	}()

	ctx, cancel := context.WithTimeout(ctx, analyseTimeout)
	defer cancel()
	q, err := as.makeQuestion(ctx, c)
	if err != nil {
		return fact, err
	}

	name := fmt.Sprintf("analysis:%d:%d-%d", c.ConversationID, c.FirstEvent, c.LastEvent)
	f := Fact{
		Kind:          Analysed,
		Conversation:  c.ConversationID,
		AnalysedBurst: AnalysedBurst{From: c.FirstEvent, UpTo: c.LastEvent},
	}
	if len(q.Burst) == 0 {
		return f.Event(name), nil // the burst's messages are gone
	}

	answer, err := as.ask(ctx, analyzer, c.Burst, q.Question)
	if errors.Is(err, errSwitchedOff) {
		return f.Event(name), nil // a fact without an answer
	}
	if err != nil {
		return fact, err
	}

	answer.Replies = slices.DeleteFunc(answer.Replies, hasBlanks)
	f.Answer = &answer
	f.Fits = namedTemplates(answer, q.templates)
	f.Cited = citedSources(answer, q.Desk.Sources)
	return f.Event(name), nil
}

// putBack schedules a retry of a burst whose analysis failed, or drops the burst after maxAnalyseTries attempts.
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
