package chores

import (
	"context"
	"crypto/rand"
	"sync"
	"sync/atomic"

	"github.com/jackc/pgx/v5"

	"parley/bridge/analysis"
	"parley/bridge/engine/own"
	"parley/store"
	"parley/store/ai"
)

// AnalysisCounts are how the analyses of this process ended, since its start.
type AnalysisCounts struct {
	Model    int64 // answered by a model
	Offline  int64 // answered by rules, because no model is set up
	Degraded int64 // answered by rules in place of a model
	Failed   int64 // attempts without an answer
	GivenUp  int64 // bursts that were left out after their last attempt
}

// tally counts analyses.
type tally struct{ model, offline, degraded, failed, givenUp atomic.Int64 }

// AnalysisCounts gives the counts.
func (cs *Chores) AnalysisCounts() AnalysisCounts {
	t := &cs.tally
	return AnalysisCounts{Model: t.model.Load(), Offline: t.offline.Load(), Degraded: t.degraded.Load(), Failed: t.failed.Load(), GivenUp: t.givenUp.Load()}
}

// conditioned is an Analyzer that knows whether its model can be used.
type conditioned interface{ Condition() analysis.Condition }

// lastCondition is what this process reported last of its model.
type lastCondition struct {
	mu    sync.Mutex
	known bool
	analysis.Condition
}

// ask asks about a burst, counts how that ended, and reports how the model is.
func (cs *Chores) ask(ctx context.Context, with analysis.Analyzer, q analysis.Question) (analysis.Answer, error) {
	a, err := with.Analyze(ctx, q)
	a = analysis.Check(q, a) // whoever gave it
	model, modelled := with.(conditioned)
	switch {
	case err != nil:
		cs.tally.failed.Add(1)
	case a.Degraded:
		cs.tally.degraded.Add(1)
	case modelled:
		cs.tally.model.Add(1)
	default:
		cs.tally.offline.Add(1)
	}
	if modelled {
		cs.watchModel(ctx, model.Condition(), err == nil && !a.Degraded)
	}
	return a, err
}

// watchModel reports how the model is when that is not what this process reported last. That it works is reported
// only after an answer: a process that has just begun doesn't know.
func (cs *Chores) watchModel(ctx context.Context, c analysis.Condition, answered bool) {
	last := &cs.condition
	last.mu.Lock()
	defer last.mu.Unlock()
	if c.Status == analysis.Working && !answered || last.known && last.Status == c.Status && last.Text == c.Text {
		return
	}
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), timeout)
	defer cancel()
	tell := false
	err := store.InTxWith(ctx, cs.pool, func(tx pgx.Tx) (*store.Pipeline, error) {
		var err error
		if tell, err = ai.Report(ctx, tx, ai.Condition{Status: string(c.Status), Text: c.Text, Hint: c.Hint}); err != nil || !tell {
			return nil, err
		}
		var p store.Pipeline
		f := own.Fact{Kind: own.Account, Account: store.SystemAccount, Class: string(c.Status), Text: c.Text, Hint: c.Hint}
		p.InsertEvents([]store.NewEvent{f.Event("model:" + rand.Text())})
		return &p, nil
	})
	if err != nil {
		cs.log.Warn("the model's condition was not written", "error", err)
		return
	}
	last.known, last.Condition = true, c
	if tell {
		cs.host.Wake()
	}
}
