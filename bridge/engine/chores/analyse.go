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

const (
	maxAnalyses     = 16                              // at a time in this process
	maxAnalysesBusy = 2                               // begun in each interval while the process is busy
	analyseTimeout  = 45 * time.Second                // of one attempt
	analyseLease    = analyseTimeout + 15*time.Second // so that no other process takes the burst during an attempt
	maxAnalyseTries = 5                               // then the burst is dropped
	analyseInterval = 500 * time.Millisecond          // between two looks for due bursts
	gatherTime      = 20 * time.Millisecond           // results that come within it are journalled together
	analyseQueues   = 8                               // into which the facts are spread, by conversation
)

// analyseWaits returns the pauses after failed attempts: after the first one, and after every further one.
func analyseWaits() []time.Duration { return []time.Duration{10 * time.Second, time.Minute} }

// run has bursts analysed as they become due, until ctx ends. A burst is what a customer writes in one go, which is analysed
// together. When ctx ends, run cuts off the analyses that are under way; another process takes their bursts when their leases
// end.
//
// Nothing depends on what is found: an analysis that fails a few times is given up, and nobody is told. While the process is
// busy, few bursts are taken: what a customer writes meanwhile becomes part of the same burst.
func (as *Analyses) run(ctx context.Context, analyzer analysis.Analyzer) error {
	results := make(chan store.AnalysedBurst, maxAnalyses)
	journalled := make(chan struct{})
	go func() {
		defer close(journalled)
		as.journalAnalysed(ctx, results)
	}()

	tick := time.NewTicker(analyseInterval)
	defer tick.Stop()
	ended := make(chan struct{}, maxAnalyses)
	running := 0
	isDue := true        // the interval is over
	mayHaveMore := false // the last claim filled all places, so that more may be due
	for {
		// It claims again only when half of the places are free, so that one statement claims several bursts.
		canTakeMore := mayHaveMore && running <= maxAnalyses/2
		if isDue || canTakeMore {
			claimed, err := as.claimBursts(ctx, maxAnalyses-running)
			if err != nil && ctx.Err() == nil {
				as.log.Warn("what customers wrote was not taken to be analysed", "error", err)
			}

			for _, c := range claimed {
				running++
				go func() {
					defer func() { ended <- struct{}{} }()
					as.analyseOne(ctx, analyzer, c, results)
				}()
			}

			isDue, mayHaveMore = false, running == maxAnalyses
		}

		select {
		case <-ctx.Done():
			for ; running > 0; running-- {
				<-ended
			}

			close(results)
			<-journalled
			return nil
		case <-tick.C:
			isDue = true
		case <-ended:
			running--
		}
	}
}

// claimedBurst is a burst that this process works on, with what was read for all bursts of its claim.
type claimedBurst struct {
	store.Burst
	*store.BurstMaterial
}

// claimBursts claims at most room bursts that are due, fewer while the process is busy, and reads what their analyses need.
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

// analyseOne analyses a burst. It sends what was found to results, or puts the burst back.
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

// journalAnalysed journals what analyses found, until the channel is closed. Results that come at about the same time
// are journalled together.
func (as *Analyses) journalAnalysed(ctx context.Context, results <-chan store.AnalysedBurst) {
	for first := range results {
		if err := as.journalResults(ctx, gather(first, results)); err != nil {
			as.log.Warn("what analyses found was not journalled: they are made again when their leases end", "error", err)
		}
	}
}

// gather returns first and the results that follow within gatherTime.
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

// journalResults journals what was found, and ends the bursts. The facts have queues of their own, so that nothing else
// waits for them; a conversation always has the same one, so that its results are applied in order.
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
	as.host.Wake()
	return nil
}

// analyseBurst has one burst analysed and returns the fact that says what was found.
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

	name := fmt.Sprintf("analysis:%d:%d", c.ConversationID, c.LastEvent)
	f := own.Fact{
		Kind:          own.Analysed,
		Conversation:  c.ConversationID,
		AnalysedBurst: own.AnalysedBurst{From: c.FirstEvent, UpTo: c.LastEvent},
	}
	if len(q.Burst) == 0 {
		return f.Event(name), nil // no message of the burst is left: there is nothing to be analysed
	}

	answer, err := as.ask(ctx, analyzer, c.Burst, q.Question)
	if errors.Is(err, errSwitchedOff) {
		return f.Event(name), nil // the fact says that nothing was found
	}
	if err != nil {
		return fact, err
	}

	answer.Replies = slices.DeleteFunc(answer.Replies, func(r analysis.Reply) bool { return hasBlanks(r) || q.hasOtherIntent(r, answer) })
	f.Answer = &answer
	f.Fits, f.Cited = namedTemplates(answer, q.templates), citedSources(answer, q.Desk.Sources)
	return f.Event(name), nil
}

// putBack makes a burst due again after its analysis failed. After maxAnalyseTries attempts it drops it.
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
