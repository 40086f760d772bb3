package engine

import (
	"cmp"
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"runtime/debug"
	"slices"
	"time"

	"github.com/jackc/pgx/v5"

	"parley/channels"
	"parley/store"
)

const (
	templateInterval    = time.Second      // between polls for work
	templateTimeout     = 45 * time.Second // of one call
	templateBatch       = 8                // templates that are handled before the lists are compared
	maxTemplateUnlisted = time.Hour        // a template that was submitted this long ago and isn't listed by the provider is gone
)

// workTemplates keeps templates in step with their providers. It submits new and changed templates and deletes
// removed ones; how conflicts between accounts are resolved is in template_provider.go. It also reads the
// providers' lists now and then, because a provider such as Meta may reject a template, or disable an approved
// one, days later. The provider's decision (its verdict) is journalled as a fact, an event that the engine
// applies to the template.
func (cs *Chores) workTemplates(ctx context.Context) error {
	accounts := cs.connectedAccounts()
	if len(accounts) == 0 {
		return nil
	}

	for range templateBatch { // claimed one by one, because a claim lasts only as long as one call
		rows, err := store.ClaimTemplates(ctx, cs.pool, accounts, 1)
		if err != nil {
			return err
		}
		if len(rows) == 0 {
			break
		}
		if err := cs.workTemplate(ctx, rows[0]); err != nil {
			return err
		}
	}

	lists, err := store.ClaimTemplateLists(ctx, cs.pool, accounts)
	if err != nil {
		return err
	}

	for _, account := range lists {
		if err := cs.compareTemplates(ctx, account); err != nil {
			return err
		}
	}

	return nil
}

// connectedAccounts returns the accounts whose channels are connected in this process and not paused.
func (cs *Chores) connectedAccounts() []store.AccountID {
	dir := cs.Directory()
	var list []store.AccountID
	for id := range cs.connectedChannels() {
		a := dir.Account(id)
		if a != nil && !a.Paused {
			list = append(list, id)
		}
	}
	slices.Sort(list)
	return list
}

// workTemplate submits or deletes one claimed template, and stores the result.
func (cs *Chores) workTemplate(ctx context.Context, row store.Template) error {
	state, err := cs.callProvider(ctx, row)
	switch {
	case err == nil:
		cs.Trouble(row.AccountID, "templates", nil)
	case isRefused(err):
		state = channels.TemplateState{Status: channels.TemplateRejected, Reason: wordsOf(err)}
	default:
		return cs.retryTemplate(ctx, row, err)
	}

	if row.Todo == store.TodoDelete {
		return store.RemoveTemplate(ctx, cs.pool, row) // Parley forgets it even if the provider refused to delete it
	}
	return cs.keepTemplateState(ctx, row, state, err == nil)
}

// retryTemplate schedules the next attempt after a failed one. If only a person can fix the cause, the admins are told.
func (cs *Chores) retryTemplate(ctx context.Context, row store.Template, failed error) error {
	class := channels.ClassOf(failed)
	if needsPerson(failed) {
		if c := BrokenBy(failed); c != nil {
			cs.Trouble(row.AccountID, "templates", c)
		}
	}
	cs.log.Info("template not handed in", "account_id", row.AccountID, "template_id", row.ID, "class", string(class), "tries", row.Tries)
	return store.RetryTemplate(ctx, cs.pool, row, templateWait(row.Tries, failed), wordsOf(failed))
}

// callProvider submits a template to its provider or deletes it there, as row.Todo says. A template of a
// channel whose provider doesn't approve templates is approved at once.
func (cs *Chores) callProvider(ctx context.Context, row store.Template) (state channels.TemplateState, err error) {
	defer cs.recoverChannel("template", &err)
	templater, ok := cs.Channel(row.AccountID).(channels.Templater)
	ctx, cancel := context.WithTimeout(ctx, templateTimeout)
	defer cancel()
	approvedAtOnce := channels.TemplateState{Status: channels.TemplateApproved}
	if !ok {
		return approvedAtOnce, nil
	}
	if row.Todo == store.TodoDelete {
		return state, cs.deleteTemplate(ctx, templater, row)
	}

	if row.Todo == store.TodoSubmit {
		state, err = cs.submitTemplate(ctx, templater, row)
		state.Status = cmp.Or(state.Status, channels.TemplatePending)
		return state, err
	}

	return approvedAtOnce, nil
}

// recoverChannel turns a panic of a channel into an error that is retried. It must be deferred.
func (cs *Chores) recoverChannel(what string, err *error) {
	if p := recover(); p != nil {
		cs.log.Error("a channel panicked", "what", what, "panic", fmt.Sprint(p), "stack", string(debug.Stack()))
		*err = &channels.SendError{Class: channels.Retry, Text: "Internal error.", Cause: fmt.Errorf("panic: %v", p)}
	}
}

// keepTemplateState ends a claim and journals the provider's verdict in the same transaction. accepted is false
// if the provider refused the template.
func (cs *Chores) keepTemplateState(ctx context.Context, row store.Template, state channels.TemplateState, accepted bool) error {
	err := store.InTxWith(ctx, cs.pool, func(tx pgx.Tx) (*store.Pipeline, error) {
		wasHeld, err := store.FinishTemplate(ctx, tx, row, accepted)
		if err != nil || !wasHeld {
			return nil, err
		}
		var p store.Pipeline
		p.InsertEvents([]store.NewEvent{templateFact(row, Submitted, state)})
		return &p, nil
	})
	cs.wake()
	return err
}

// templateFact returns the fact for a provider's verdict on a template. how is template.Submitted or "listed".
func templateFact(row store.Template, how string, state channels.TemplateState) store.NewEvent {
	f := Fact{
		Kind:            Template,
		Account:         row.AccountID,
		Class:           how,
		TemplateVerdict: TemplateVerdict{Template: row.ID, Version: row.Version, State: &state},
	}
	return f.Event(fmt.Sprintf("template:%d:%s", row.ID, rand.Text()))
}

// compareTemplates reads a provider's list of an account's templates, and journals each status that Parley
// doesn't know yet.
func (cs *Chores) compareTemplates(ctx context.Context, account store.AccountID) error {
	templater, ok := cs.Channel(account).(channels.Templater)
	if !ok {
		return store.FinishTemplateList(ctx, cs.pool, account)
	}

	// The rows are read first. If one is changed during the call, the verdict names an outdated version and is ignored.
	rows, err := store.ListTemplates(ctx, cs.pool, account)
	if err != nil {
		return err
	}

	states, err := cs.listTemplates(ctx, templater)
	if err != nil { // retried at the next comparison
		cs.log.Info("templates not listed", "account_id", account, "class", string(channels.ClassOf(err)))
		return store.FinishTemplateList(ctx, cs.pool, account)
	}

	var facts []store.NewEvent
	for _, row := range rows {
		if state, isNews := listedState(row, states, cs.now()); isNews {
			facts = append(facts, templateFact(row, "listed", state))
		}
	}

	err = store.InTxWith(ctx, cs.pool, func(tx pgx.Tx) (*store.Pipeline, error) {
		var p store.Pipeline
		p.InsertEvents(facts)
		return &p, store.FinishTemplateList(ctx, tx, account)
	})

	cs.wake()
	return err
}

func (cs *Chores) listTemplates(ctx context.Context, t channels.Templater) (states []channels.TemplateState, err error) {
	defer cs.recoverChannel("list of templates", &err)
	ctx, cancel := context.WithTimeout(ctx, templateTimeout)
	defer cancel()
	return t.ListTemplates(ctx)
}

// now returns the time by this process's clock, which may differ from the database's. Use it only to measure hours.
func (cs *Chores) now() time.Time {
	return time.Now() //nolint:forbidigo // see above
}

// listedState returns a template's state in its provider's list, and reports whether Parley doesn't know it
// yet. A template that was submitted long ago and isn't in the list counts as disabled.
func listedState(row store.Template, states []channels.TemplateState, now time.Time) (s channels.TemplateState, isNews bool) {
	if row.Todo != "" || row.SubmittedAt == nil {
		return channels.TemplateState{}, false
	}
	hasID := func(s channels.TemplateState) bool { return s.ExternalID != "" && s.ExternalID == row.ExternalID }
	hasName := func(s channels.TemplateState) bool { return s.Name == row.ProviderName && s.Language == row.Language }
	i := slices.IndexFunc(states, hasID)
	if i < 0 {
		i = slices.IndexFunc(states, hasName)
	}
	if i < 0 {
		gone := channels.TemplateState{Status: channels.TemplateDisabled, Reason: "The provider does not know it any more."}
		return gone, isNewlyGone(row, now)
	}
	return states[i], isNewState(row, states[i])
}

// isNewlyGone reports whether a template that is missing from its provider's list is gone and Parley doesn't
// know that yet.
func isNewlyGone(row store.Template, now time.Time) bool {
	wasListed := row.ExternalID != "" && now.Sub(*row.SubmittedAt) > maxTemplateUnlisted
	if !wasListed {
		return false
	}
	return row.Status != string(channels.TemplateRejected) && row.Status != string(channels.TemplateDisabled)
}

// isNewState reports whether a listed state differs from what Parley knows of a template: in its status, or in
// a reason, category or quality that the list gives.
func isNewState(row store.Template, s channels.TemplateState) bool {
	differs := func(listed, known string) bool { return listed != "" && listed != known }
	if string(s.Status) != row.Status || differs(s.Reason, row.Reason) {
		return true
	}
	return differs(s.Category, row.ProviderCategory) || differs(s.Quality, row.Quality)
}

// templateWait returns how long to wait after a failed attempt. It uses the wait that the provider asked for,
// or else doubles from one minute with every attempt, up to an hour.
func templateWait(tries int, err error) time.Duration {
	if se, ok := errors.AsType[*channels.SendError](err); ok && se.Wait > 0 {
		return min(se.Wait, time.Hour)
	}
	return min(time.Minute<<min(max(tries-1, 0), 6), time.Hour)
}

// wordsOf returns an error's message as agents see it.
func wordsOf(err error) string {
	if se, ok := errors.AsType[*channels.SendError](err); ok {
		return Text(se.Text)
	}
	return "The provider could not be reached."
}
