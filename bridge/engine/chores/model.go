package chores

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
	"parley/bridge/engine/own"
	"parley/store"
	"parley/store/ai"
	"parley/store/request"
)

// An analysis may be made by a language model, which costs tokens and may be away, or by rules. This file asks the model under
// the terms that the account's admin chose, keeps a record of the questions where that is wanted, counts how analyses end, and
// tells admins when the model stops working or works again.

// AnalysisCounts says how the analyses of this process ended, since its start.
type AnalysisCounts struct {
	Model    int64 // answered by a model
	Offline  int64 // answered by rules, because no model is set up
	Degraded int64 // answered by rules in place of a model
	Failed   int64 // attempts without an answer
	GivenUp  int64 // bursts that were left out after their last attempt
}

// tally counts how analyses end.
type tally struct{ model, offline, degraded, failed, givenUp atomic.Int64 }

// count counts an analysis that has ended with an answer or an error. usesModel is false if no model is set up.
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

// modelAnalyzer is an Analyzer that asks a model, and knows whether the model can be used.
type modelAnalyzer interface{ Condition() analysis.Condition }

// lastCondition is what this process reported last of its model.
type lastCondition struct {
	mu    sync.Mutex
	known bool // something was reported
	analysis.Condition
}

// ask has a burst, what a customer wrote in one go, analysed. It counts how that ended, and reports how the model is.
func (as *Analyses) ask(ctx context.Context, with analysis.Analyzer, b store.Burst, q analysis.Question) (analysis.Answer, error) {
	model, usesModel := with.(modelAnalyzer)
	var r own.ModelRecord
	var account *store.Account
	if usesModel {
		a, terms, err := as.termsOf(ctx, b.ConversationID)
		if err != nil {
			return analysis.Answer{}, err
		}

		account, q.Terms = a, terms
		q.Terms.Record = func(x analysis.Exchange) { r.Exchanges = append(r.Exchanges, x) }
	}

	a, err := with.Analyze(ctx, q)
	a = analysis.Check(q, a)
	r.Answer = a
	if len(r.Exchanges) > 0 {
		as.keepRecord(ctx, account, ai.BurstClaim(b), r)
	}

	as.tally.count(a, err, usesModel)

	if usesModel {
		as.watchModel(ctx, model.Condition(), err == nil && !a.Degraded)
	}

	return a, err
}

// termsOf returns the terms under which the model may be asked about a conversation, as its account's settings say.
// Errors: errSwitchedOff, the database's.
func (as *Analyses) termsOf(ctx context.Context, conversation store.ConversationID) (*store.Account, analysis.Terms, error) {
	id, switched, err := ai.FindAccountAndTrait(ctx, as.pool, conversation, bridge.TraitAnalysis)
	if err != nil {
		return nil, analysis.Terms{}, err
	}

	dir := as.host.Directory()
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
		limit = as.host.AITokensADay()
	}

	return account, analysis.Terms{Budget: budget{as: as, account: id, limit: limit}, Unmasked: chosen.AI.Unmasked}, nil
}

// keepRecord keeps what the model was asked and what it answered, if the account wants that. A failure is only logged,
// because the analysis doesn't depend on the record.
func (as *Analyses) keepRecord(ctx context.Context, account *store.Account, c ai.Claim, r own.ModelRecord) {
	sealer := as.host.Sealer()
	if sealer == nil || as.host.Directory().SettingsOf(account, ofThreads).AI.AuditDays == 0 {
		return
	}
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), dbTimeout)
	defer cancel()
	if err := ai.KeepRecord(ctx, as.pool, sealer, account.ID, c, r); err != nil {
		as.log.Warn("what the model was asked was not kept", "conversation_id", c.Conversation(), "error", err)
	}
}

// errSwitchedOff means that nothing of the conversation may be analysed any more.
var errSwitchedOff = errors.New("chores: analysing was switched off")

// budget is what the model may cost an account in a day.
type budget struct {
	as      *Analyses
	account store.AccountID
	limit   int // tokens in a day; 0 means that there is no limit
}

// Reserve implements analysis.Budget.
func (b budget) Reserve(ctx context.Context, tokens int) (settle func(context.Context, int), ok bool, err error) {
	day, ok, err := ai.ReserveTokens(ctx, b.as.pool, b.account, tokens, b.limit)
	return func(ctx context.Context, used int) {
		if err := ai.SettleTokens(ctx, b.as.pool, b.account, day, used-tokens); err != nil {
			b.as.log.Warn("the tokens of a request were not settled: more are counted than were used", "account_id", b.account, "error", err)
		}
	}, ok, err
}

// watchModel reports how the model is, if that differs from what this process has reported last. That the model works is
// reported only after an answer of it, because a process that has just started doesn't know.
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
	hasChanged := false // for all processes together
	err := store.InTxWith(ctx, as.pool, func(tx pgx.Tx) (*store.Pipeline, error) {
		var err error
		hasChanged, err = ai.Report(ctx, tx, ai.Condition{Status: string(c.Status), Text: c.Text, Hint: c.Hint})
		if err != nil || !hasChanged {
			return nil, err
		}

		var p store.Pipeline
		f := own.Fact{Kind: own.Account, Account: store.SystemAccount, Class: string(c.Status), Text: c.Text, Hint: c.Hint}
		p.InsertEvents([]store.NewEvent{f.Event("model:" + rand.Text())})
		return &p, nil
	})
	if err != nil {
		as.log.Warn("the model's condition was not written", "error", err)
		return
	}

	last.known, last.Condition = true, c

	if hasChanged {
		as.host.Wake()
	}
}

// removeOld removes counts of tokens, records of questions and requests for texts that are no longer needed.
func (as *Analyses) removeOld(ctx context.Context) error {
	return errors.Join(ai.ForgetTokens(ctx, as.pool), as.forgetRecords(ctx), request.DropOld(ctx, as.pool))
}

// forgetRecords removes records of questions to the model that are older than each account wants them to be kept.
func (as *Analyses) forgetRecords(ctx context.Context) error {
	dir, days := as.host.Directory(), map[store.AccountID]int{}
	for i := range dir.Accounts {
		if a := &dir.Accounts[i]; a.Side == store.SideChannel {
			days[a.ID] = dir.SettingsOf(a, ofThreads).AI.AuditDays
		}
	}
	return ai.ForgetRecords(ctx, as.pool, days)
}
