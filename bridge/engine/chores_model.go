package engine

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"sync"
	"sync/atomic"

	"github.com/jackc/pgx/v5"

	"parley/bridge"
	"parley/bridge/analysis"
	"parley/store"
)

// An Analyzer uses either a language model, which costs tokens and may be down, or built-in rules. This file
// calls it under the account's terms: a daily token budget, and whether personal data is masked. It also
// keeps an audit record of the requests if the account wants one, counts the outcomes, and tells admins when
// the model fails and when it works again.

// AnalysisCounts holds the outcomes of this process's analyses since it started.
type AnalysisCounts struct {
	Model    int64 // answered by a model
	Offline  int64 // answered by rules, because no model is set up
	Degraded int64 // answered by rules, because the model could not be used
	Failed   int64 // attempts without an answer
	GivenUp  int64 // bursts dropped after their last attempt
}

// tally is AnalysisCounts while it is counted.
type tally struct{ model, offline, degraded, failed, givenUp atomic.Int64 }

// count counts one outcome. usesModel is false if no model is set up.
func (t *tally) count(a analysis.Answer, err error, usesModel bool) {
	if err != nil {
		t.failed.Add(1)
		return
	}
	if a.Degraded {
		t.degraded.Add(1)
		return
	}
	if usesModel {
		t.model.Add(1)
	} else {
		t.offline.Add(1)
	}
}

// Counts returns the counts.
func (as *Analyses) Counts() AnalysisCounts {
	t := &as.tally
	return AnalysisCounts{
		Model:    t.model.Load(),
		Offline:  t.offline.Load(),
		Degraded: t.degraded.Load(),
		Failed:   t.failed.Load(),
		GivenUp:  t.givenUp.Load(),
	}
}

// modelAnalyzer is implemented by Analyzers and Writers that use a model. Condition says whether it works.
type modelAnalyzer interface{ Condition() analysis.Condition }

// lastCondition is the condition of the model that this process reported last.
type lastCondition struct {
	mu    sync.Mutex
	known bool // false until something was reported
	analysis.Condition
}

// ask has the analyzer answer a question about a burst (the messages that a customer wrote in one go), and
// checks the answer. It counts the outcome and reports a change of the model's condition.
// Errors: errSwitchedOff, the analyzer's, the database's.
func (as *Analyses) ask(ctx context.Context, with analysis.Analyzer, b store.Burst, q analysis.Question) (analysis.Answer, error) {
	model, usesModel := with.(modelAnalyzer)
	var record ModelRecord
	var account *store.Account
	if usesModel {
		a, terms, err := as.termsOf(ctx, b.ConversationID)
		if err != nil {
			return analysis.Answer{}, err
		}

		account, q.Terms = a, terms
		q.Terms.Record = func(x analysis.Exchange) { record.Exchanges = append(record.Exchanges, x) }
	}

	answer, err := with.Analyze(ctx, q)
	answer = analysis.Check(q, answer)
	record.Answer = answer
	if len(record.Exchanges) > 0 {
		as.keepRecord(ctx, account, store.AIBurstClaim(b), record)
	}

	as.tally.count(answer, err, usesModel)

	if usesModel {
		modelAnswered := err == nil && !answer.Degraded
		as.watchModel(ctx, model.Condition(), modelAnswered)
	}

	return answer, err
}

// termsOf returns the account of a conversation and the terms under which the model may be asked about it.
// Errors: errSwitchedOff, the database's.
func (as *Analyses) termsOf(ctx context.Context, conversation store.ConversationID) (*store.Account, analysis.Terms, error) {
	id, switched, err := store.AccountAndTrait(ctx, as.pool, conversation, bridge.TraitAnalysis)
	if err != nil {
		return nil, analysis.Terms{}, err
	}

	dir := as.Directory()
	account := dir.Account(id)
	if account == nil {
		return nil, analysis.Terms{}, fmt.Errorf("chores: account %d is not there", id)
	}

	chosen := dir.SettingsOf(account, ofThreads)
	if !chosen.Analyses || switched == bridge.AnalysisOff {
		return nil, analysis.Terms{}, errSwitchedOff
	}

	limit := chosen.AI.TokensADay
	if limit < 0 {
		limit = as.opt.AITokensADay
	}

	return account, analysis.Terms{Budget: budget{as: as, account: id, limit: limit}, Unmasked: chosen.AI.Unmasked}, nil
}

// keepRecord stores the requests to the model and its answers, if the account keeps an audit record. A
// failure is only logged, because the analysis doesn't depend on the record.
func (as *Analyses) keepRecord(ctx context.Context, account *store.Account, c store.AIClaim, r ModelRecord) {
	sealer := as.opt.Sealer
	if sealer == nil || as.Directory().SettingsOf(account, ofThreads).AI.AuditDays == 0 {
		return
	}
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), dbTimeout)
	defer cancel()
	if err := store.KeepAIRecord(ctx, as.pool, sealer, account.ID, c, r); err != nil {
		as.log.Warn("what the model was asked was not kept", "conversation_id", c.Conversation(), "error", err)
	}
}

// errSwitchedOff means that the conversation may no longer be analysed.
var errSwitchedOff = errors.New("chores: analysing was switched off")

// budget is an account's daily token budget.
type budget struct {
	as      *Analyses
	account store.AccountID
	limit   int // tokens per day; 0 means no limit
}

// Reserve implements analysis.Budget.
func (b budget) Reserve(ctx context.Context, tokens int) (settle func(context.Context, int), ok bool, err error) {
	day, ok, err := store.ReserveAITokens(ctx, b.as.pool, b.account, tokens, b.limit)
	return func(ctx context.Context, used int) {
		if err := store.SettleAITokens(ctx, b.as.pool, b.account, day, used-tokens); err != nil {
			b.as.log.Warn("the tokens of a request were not settled: more are counted than were used", "account_id", b.account, "error", err)
		}
	}, ok, err
}

// watchModel journals the model's condition if it differs from the last one reported. Only a real answer
// counts as proof that the model works, because the condition of a process that has just started is a guess.
func (as *Analyses) watchModel(ctx context.Context, c analysis.Condition, answered bool) {
	last := &as.condition
	last.mu.Lock()
	defer last.mu.Unlock()
	isGuess := c.Status == analysis.Working && !answered
	isSame := last.Status == c.Status && last.Text == c.Text
	isReported := last.known && isSame
	if isGuess || isReported {
		return
	}

	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), dbTimeout)
	defer cancel()
	hasChanged := false // compared with what any process reported last
	err := store.InTxWith(ctx, as.pool, func(tx pgx.Tx) (*store.Pipeline, error) {
		var err error
		hasChanged, err = store.ReportAI(ctx, tx, store.AICondition{Status: string(c.Status), Text: c.Text, Hint: c.Hint})
		if err != nil || !hasChanged {
			return nil, err
		}

		var p store.Pipeline
		f := Fact{Kind: Account, Account: store.SystemAccount, Class: string(c.Status), Text: c.Text, Hint: c.Hint}
		p.InsertEvents([]store.NewEvent{f.Event("model:" + rand.Text())})
		return &p, nil
	})
	if err != nil {
		as.log.Warn("the model's condition was not written", "error", err)
		return
	}

	last.known, last.Condition = true, c

	if hasChanged {
		as.wake()
	}
}

// removeOld removes expired token counts, audit records and requests for texts.
func (as *Analyses) removeOld(ctx context.Context) error {
	return errors.Join(store.ForgetAITokens(ctx, as.pool), as.forgetRecords(ctx), store.DropOldRequests(ctx, as.pool))
}

// forgetRecords removes audit records that are older than their account's setting for them (ai_audit).
func (as *Analyses) forgetRecords(ctx context.Context) error {
	dir, days := as.Directory(), map[store.AccountID]int{}
	for i := range dir.Accounts {
		if a := &dir.Accounts[i]; a.Side == store.SideChannel {
			days[a.ID] = dir.SettingsOf(a, ofThreads).AI.AuditDays
		}
	}
	return store.ForgetAIRecords(ctx, as.pool, days)
}
