package chores

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

	"parley/bridge/engine/clean"
	"parley/bridge/engine/outbound"
	"parley/bridge/engine/own"
	"parley/bridge/engine/template"
	"parley/channels"
	"parley/store"
)

const (
	templateInterval    = time.Second      // how often Parley looks for something to tell providers
	templateTimeout     = 45 * time.Second // of one call
	templateBatch       = 8                // templates that are handled before lists are looked at again
	maxTemplateUnlisted = time.Hour        // how long after it was submitted a template may be missing in the provider's list; then it is gone
)

// workTemplates tells providers of new, changed and deleted templates, and asks for their verdicts.
func (cs *Chores) workTemplates(ctx context.Context) error {
	accounts := cs.connectedAccounts()
	if len(accounts) == 0 {
		return nil
	}

	for range templateBatch { // one by one, because a claim lasts only as long as one call may take
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

// connectedAccounts returns the accounts whose channels work in this process.
func (cs *Chores) connectedAccounts() []store.AccountID {
	dir := cs.host.Directory()
	var list []store.AccountID
	for id := range cs.host.Channels() {
		a := dir.Account(id)
		if a != nil && !a.Paused {
			list = append(list, id)
		}
	}
	slices.Sort(list)
	return list
}

// workTemplate tells a provider of one new, changed or deleted template, and writes what came of it.
func (cs *Chores) workTemplate(ctx context.Context, row store.Template) error {
	state, err := cs.tellOfTemplate(ctx, row)
	switch {
	case err == nil:
		cs.host.Trouble(row.AccountID, "templates", nil)
	case isRefused(err):
		state = channels.TemplateState{Status: channels.TemplateRejected, Reason: wordsOf(err)}
	default:
		return cs.retryTemplate(ctx, row, err)
	}

	if row.Todo == store.TodoDelete {
		return store.RemoveTemplate(ctx, cs.pool, row) // one that the provider refuses to delete is at least not ours any more
	}
	return cs.keepTemplateState(ctx, row, state, err == nil)
}

// retryTemplate has a template told of again after an attempt failed. If only a person can put right why, admins are told.
func (cs *Chores) retryTemplate(ctx context.Context, row store.Template, failed error) error {
	class := channels.ClassOf(failed)
	if needsPerson(failed) {
		if c := outbound.BrokenBy(failed); c != nil {
			cs.host.Trouble(row.AccountID, "templates", c)
		}
	}
	cs.log.Info("template not handed in", "account_id", row.AccountID, "template_id", row.ID, "class", string(class), "tries", row.Tries)
	return store.RetryTemplate(ctx, cs.pool, row, templateWait(row.Tries, failed), wordsOf(failed))
}

// tellOfTemplate submits a template to the provider, or has the provider delete it. If the provider doesn't approve
// templates, the template is approved at once.
func (cs *Chores) tellOfTemplate(ctx context.Context, row store.Template) (state channels.TemplateState, err error) {
	defer cs.recoverChannel("template", &err)
	templater, ok := cs.host.Channel(row.AccountID).(channels.Templater)
	ctx, cancel := context.WithTimeout(ctx, templateTimeout)
	defer cancel()
	approvedAtOnce := channels.TemplateState{Status: channels.TemplateApproved} // nobody else decides
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

// recoverChannel turns a panic of a channel into an error after which the work is tried again. It must be deferred.
func (cs *Chores) recoverChannel(what string, err *error) {
	if p := recover(); p != nil {
		cs.log.Error("a channel panicked", "what", what, "panic", fmt.Sprint(p), "stack", string(debug.Stack()))
		*err = &channels.SendError{Class: channels.Retry, Text: "Internal error.", Cause: fmt.Errorf("panic: %v", p)}
	}
}

// keepTemplateState ends a claim, and journals the provider's verdict as a fact in the same transaction.
// taken means that the provider took the template.
func (cs *Chores) keepTemplateState(ctx context.Context, row store.Template, state channels.TemplateState, taken bool) error {
	err := store.InTxWith(ctx, cs.pool, func(tx pgx.Tx) (*store.Pipeline, error) {
		done, err := store.FinishTemplate(ctx, tx, row, taken)
		if err != nil || !done {
			return nil, err
		}
		var p store.Pipeline
		p.InsertEvents([]store.NewEvent{templateFact(row, template.Submitted, state)})
		return &p, nil
	})
	cs.host.Wake()
	return err
}

// templateFact makes the fact of what a provider says of a template. how is the occasion: template.Submitted, or "listed".
func templateFact(row store.Template, how string, state channels.TemplateState) store.NewEvent {
	f := own.Fact{
		Kind:            own.Template,
		Account:         row.AccountID,
		Class:           how,
		TemplateVerdict: own.TemplateVerdict{Template: row.ID, Version: row.Version, State: &state},
	}
	return f.Event(fmt.Sprintf("template:%d:%s", row.ID, rand.Text()))
}

// compareTemplates asks a provider for its view of an account's templates.
func (cs *Chores) compareTemplates(ctx context.Context, account store.AccountID) error {
	templater, ok := cs.host.Channel(account).(channels.Templater)
	if !ok {
		return store.FinishTemplateList(ctx, cs.pool, account)
	}

	rows, err := store.ListTemplates(ctx, cs.pool, account) // before the provider is asked: what is changed meanwhile has another version
	if err != nil {
		return err
	}

	states, err := cs.listTemplates(ctx, templater)
	if err != nil { // the provider is asked again at the next comparison
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

	cs.host.Wake()
	return err
}

// listTemplates asks a provider for its list of templates.
func (cs *Chores) listTemplates(ctx context.Context, t channels.Templater) (states []channels.TemplateState, err error) {
	defer cs.recoverChannel("list of templates", &err)
	ctx, cancel := context.WithTimeout(ctx, templateTimeout)
	defer cancel()
	return t.ListTemplates(ctx)
}

// now returns the time by this process's clock. It may differ from the database's, which doesn't matter where hours are
// measured.
func (cs *Chores) now() time.Time {
	return time.Now() //nolint:forbidigo // compared with hours
}

// listedState finds a template in its provider's list, and reports whether what the list says of it is news. A template
// that was submitted long ago and isn't in the list counts as disabled.
func listedState(row store.Template, states []channels.TemplateState, now time.Time) (s channels.TemplateState, isNews bool) {
	if row.Todo != "" || row.SubmittedAt == nil {
		return channels.TemplateState{}, false
	}
	i := slices.IndexFunc(states, func(s channels.TemplateState) bool { return s.ExternalID != "" && s.ExternalID == row.ExternalID })
	if i < 0 {
		i = slices.IndexFunc(states, func(s channels.TemplateState) bool { return s.Name == row.ProviderName && s.Language == row.Language })
	}
	if i < 0 {
		gone := channels.TemplateState{Status: channels.TemplateDisabled, Reason: "The provider does not know it any more."}
		return gone, isNewlyGone(row, now)
	}
	return states[i], isNewState(row, states[i])
}

// isNewlyGone reports whether a template that its provider doesn't list is gone, which Parley doesn't know yet.
func isNewlyGone(row store.Template, now time.Time) bool {
	wasListed := row.ExternalID != "" && now.Sub(*row.SubmittedAt) > maxTemplateUnlisted
	if !wasListed {
		return false
	}
	return row.Status != string(channels.TemplateRejected) && row.Status != string(channels.TemplateDisabled)
}

// isNewState reports whether a provider's list says something of a template that Parley doesn't know yet: another status, or
// another reason, category or quality. Of these three, one that the list leaves out stays as it is known.
func isNewState(row store.Template, s channels.TemplateState) bool {
	differs := func(listed, known string) bool { return listed != "" && listed != known }
	if string(s.Status) != row.Status || differs(s.Reason, row.Reason) {
		return true
	}
	return differs(s.Category, row.ProviderCategory) || differs(s.Quality, row.Quality)
}

// templateWait returns how long to wait after a failure: a minute at first, then longer, but never more than an hour.
func templateWait(tries int, err error) time.Duration {
	if se, ok := errors.AsType[*channels.SendError](err); ok && se.Wait > 0 {
		return min(se.Wait, time.Hour)
	}
	return min(time.Minute<<min(max(tries-1, 0), 6), time.Hour)
}

// wordsOf returns an error's words for people.
func wordsOf(err error) string {
	if se, ok := errors.AsType[*channels.SendError](err); ok {
		return clean.Text(se.Text)
	}
	return "The provider could not be reached."
}
