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
// and what a customer writes until then is analysed together. A burst whose analysis hangs takes one place of
// analyseAtOnce, and no other burst waits for it.
func (as *Analyses) run(ctx context.Context, with analysis.Analyzer) error {
	analysed := make(chan store.AnalysedBurst, analyseAtOnce)
	finished := make(chan struct{})
	go func() {
		defer close(finished)
		as.finishBursts(ctx, analysed)
	}()
	tick := time.NewTicker(analyseSweep)
	defer tick.Stop()
	done := make(chan struct{}, analyseAtOnce)
	running, look, more := 0, true, false
	for {
		if look || more && running <= analyseAtOnce/2 { // few statements take many bursts
			claimed, err := as.claimBursts(ctx, analyseAtOnce-running)
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
			look, more = false, running == analyseAtOnce
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
			look = true
		case <-done:
			running--
		}
	}
}

// claimedBurst is a burst with what its analysis reads.
type claimedBurst struct {
	store.Burst
	*store.BurstMaterial
}

// claimBursts takes at most so many bursts, and few while there is much else to do.
func (as *Analyses) claimBursts(ctx context.Context, most int) ([]claimedBurst, error) {
	if as.host.Busy() {
		most = min(most, analyseBusy)
	}
	if most <= 0 {
		return nil, nil
	}
	ctx, cancel := context.WithTimeout(ctx, timeout)
	defer cancel()
	bursts, err := store.ClaimBursts(ctx, as.pool, most, analyseLease)
	if err != nil || len(bursts) == 0 {
		return nil, err
	}
	m, err := store.LoadBursts(ctx, as.pool, bursts, analyseLook)
	if err != nil {
		return nil, err
	}
	claimed := make([]claimedBurst, 0, len(bursts))
	for _, b := range bursts {
		claimed = append(claimed, claimedBurst{b, m})
	}
	return claimed, nil
}

// analyseOne has one burst analysed and hands on what was found, or gives the burst back.
func (as *Analyses) analyseOne(ctx context.Context, with analysis.Analyzer, c claimedBurst, analysed chan<- store.AnalysedBurst) {
	f, err := as.analyse(ctx, with, c)
	switch {
	case err == nil:
		analysed <- store.AnalysedBurst{Burst: c.Burst, Fact: f}
	case ctx.Err() == nil:
		as.log.Warn("what a customer wrote was not analysed", "conversation_id", c.ConversationID, "attempt", c.Attempt, "error", err)
		if err := as.analyseAgain(ctx, c.Burst); err != nil {
			as.log.Warn("what was not analysed was not given back: it is taken again when its lease ends", "conversation_id", c.ConversationID, "error", err)
		}
	}
}

// finishBursts journals what analyses found until the channel is closed: what comes at about the same time
// together.
func (as *Analyses) finishBursts(ctx context.Context, analysed <-chan store.AnalysedBurst) {
	for first := range analysed {
		if err := as.finishSome(ctx, gather(first, analysed)); err != nil {
			as.log.Warn("what analyses found was not journalled: they are made again when their leases end", "error", err)
		}
	}
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

// analyse has one burst analysed and gives the fact that tells what was found.
func (as *Analyses) analyse(ctx context.Context, with analysis.Analyzer, b claimedBurst) (told store.NewEvent, err error) {
	defer func() {
		if p := recover(); p != nil {
			err = fmt.Errorf("chores: analysing panicked: %v", p)
		}
	}()
	ctx, cancel := context.WithTimeout(ctx, analyseTime)
	defer cancel()
	q, err := as.question(ctx, b)
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

// analyseAgain puts a burst back whose analysis failed, or gives it up.
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
