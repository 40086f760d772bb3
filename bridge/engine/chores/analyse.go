package chores

import (
	"context"
	"fmt"
	"slices"
	"strconv"
	"time"

	"golang.org/x/sync/errgroup"

	"parley/bridge"
	"parley/bridge/analysis"
	"parley/bridge/engine/own"
	"parley/channels"
	"parley/channels/pause"
	"parley/store"
)

// Analysing what customers write. A model may take long and cost money; what is found is a help and never a
// condition: whatever fails is left out after a few attempts, and nobody is disturbed by it.
const (
	analyseAtOnce = 4                // bursts that this process has analysed at once
	analyseTime   = 45 * time.Second // of one attempt
	analyseLease  = analyseTime + 15*time.Second
	analyseTries  = 5
	analyseSweep  = 500 * time.Millisecond
	analyseRests  = 20              // while there is much else to do, a rest is so many times as long as what went before it
	analyseRest   = 5 * time.Second // the longest one
	analyseLook   = 20              // the latest messages of a conversation that an Analyzer gets
)

// analyseWaits are the pauses after attempts that failed; the last one repeats.
func analyseWaits() []time.Duration { return []time.Duration{10 * time.Second, time.Minute} }

// runAnalyses has bursts analysed as they become due, until ctx ends. That cuts off those under way: another
// process takes them when their leases end.
func (cs *Chores) runAnalyses(ctx context.Context, with analysis.Analyzer) error {
	return cs.every(ctx, analyseSweep, "analysing", func(ctx context.Context) error {
		for more := true; more && ctx.Err() == nil; {
			began := time.Now() //nolint:forbidigo // only how long it takes
			took, err := cs.analyseSome(ctx, with)
			if err != nil {
				return err
			}
			if more = took == analyseAtOnce; took > 0 && cs.host.Busy() {
				pause.For(ctx, min(analyseRests*time.Since(began), analyseRest))
			}
		}
		return nil
	})
}

// analyseSome takes some bursts and has them analysed. It tells how many it took.
func (cs *Chores) analyseSome(ctx context.Context, with analysis.Analyzer) (int, error) {
	limited, cancel := context.WithTimeout(ctx, timeout)
	defer cancel()
	bursts, err := store.ClaimBursts(limited, cs.pool, analyseAtOnce, analyseLease)
	if err != nil {
		return 0, err
	}
	var group errgroup.Group
	for _, b := range bursts {
		group.Go(func() error {
			if err := cs.analyse(ctx, with, b); err != nil && ctx.Err() == nil {
				cs.log.Warn("what a customer wrote was not analysed", "conversation_id", b.ConversationID, "attempt", b.Attempt, "error", err)
				return cs.analyseAgain(ctx, b)
			}
			return nil
		})
	}
	return len(bursts), group.Wait()
}

// analyse has one burst analysed and journals what was found.
func (cs *Chores) analyse(ctx context.Context, with analysis.Analyzer, b store.Burst) (err error) {
	defer func() {
		if p := recover(); p != nil {
			err = fmt.Errorf("chores: analysing panicked: %v", p)
		}
	}()
	ctx, cancel := context.WithTimeout(ctx, analyseTime)
	defer cancel()
	q, templates, err := cs.question(ctx, b)
	if err != nil {
		return err
	}
	f := own.Fact{Kind: own.Analysed, Conversation: b.ConversationID, AnalysedBurst: own.AnalysedBurst{From: b.FirstEvent, UpTo: b.LastEvent}}
	if len(q.Burst) > 0 {
		a, err := with.Analyze(ctx, q)
		if err != nil {
			return err
		}
		a = analysis.Check(q, a) // whoever gave it
		f.Answer, f.Fits = &a, fitting(a, templates)
	}
	told := f.Event(fmt.Sprintf("analysis:%d:%d", b.ConversationID, b.LastEvent))
	told.OrderKey = store.OrderKey(store.SystemAccount, fmt.Sprintf("analysis:%d", b.ConversationID)) // nothing else waits for it
	if err := store.FinishBurst(ctx, cs.pool, b, told); err != nil {
		return err
	}
	cs.host.Wake()
	return nil
}

// analyseAgain gives a burst back whose analysis failed, or gives it up.
func (cs *Chores) analyseAgain(ctx context.Context, b store.Burst) error {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), timeout)
	defer cancel()
	if b.Attempt >= analyseTries {
		return store.DropBurst(ctx, cs.pool, b)
	}
	waits := analyseWaits()
	return store.RetryBurst(ctx, cs.pool, b, waits[min(b.Attempt, len(waits))-1])
}

// question makes what an Analyzer is asked about a burst, with the templates that may answer it by the IDs that
// they have in the question. Only what customers wrote and what left for them is in it: nothing internal.
func (cs *Chores) question(ctx context.Context, b store.Burst) (analysis.Question, map[string]store.Template, error) {
	rows, err := store.LatestMessages(ctx, cs.pool, []int64{b.ConversationID}, analyseLook)
	if err != nil {
		return analysis.Question{}, nil, err
	}
	slices.Reverse(rows)
	q := analysis.Question{Desk: analysis.Desk{Actions: []analysis.ActionName{analysis.Template}}}
	for _, t := range cs.host.Directory().Tags {
		q.Desk.Tags = append(q.Desk.Tags, analysis.Tag{Name: t.Name})
	}
	var account int64
	for i := range rows {
		m := &rows[i]
		said, ok := exchanged(m)
		switch {
		case !ok || m.EventID > b.LastEvent:
		case m.Direction == store.DirectionIn && m.EventID >= b.FirstEvent:
			q.Burst, account = append(q.Burst, said), m.AccountID
		default:
			q.Before = append(q.Before, said)
		}
	}
	if account == 0 {
		return q, nil, nil
	}
	q.Desk.Language = cs.language(account)
	list, err := store.ListTemplates(ctx, cs.pool, account)
	templates := map[string]store.Template{}
	for _, t := range list {
		if t.Status == string(channels.TemplateApproved) && slices.Contains(t.Uses, bridge.TemplateReply) {
			id := "template:" + strconv.FormatInt(t.ID, 10)
			templates[id] = t
			q.Desk.Sources = append(q.Desk.Sources, analysis.Source{ID: id, Title: t.Name, Text: t.Body})
		}
	}
	return q, templates, err
}

// language gives the language of the team that reads an account's messages.
func (cs *Chores) language(account int64) string {
	a, ch := cs.host.Directory().Account(account), cs.host.Channel(account)
	if a == nil {
		return analysis.Languages()[0].Code
	}
	return cs.host.Directory().SettingsOf(a, ch != nil && ch.Capabilities().Threads).Language
}

// fitting gives the templates that an answer names, each once.
func fitting(a analysis.Answer, templates map[string]store.Template) (fits []own.FittingText) {
	var named []string
	for _, action := range a.Actions {
		if action.Name == analysis.Template {
			named = append(named, action.Value)
		}
	}
	for _, r := range a.Replies {
		named = append(named, r.Sources...)
	}
	for _, id := range named {
		t, known := templates[id]
		if fit := (own.FittingText{Template: t.ID, Name: t.Name}); known && !slices.Contains(fits, fit) {
			fits = append(fits, fit)
		}
	}
	return fits
}
