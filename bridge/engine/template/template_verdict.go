package template

import (
	"cmp"
	"context"
	"slices"
	"time"

	"github.com/jackc/pgx/v5"

	"parley/bridge"
	"parley/bridge/engine/own"
	"parley/bridge/engine/reading"
	"parley/channels"
	"parley/store"
)

// A provider such as Meta decides whether a template (a prepared message) may be sent. This file applies its verdicts, which come
// unasked, as the answer when a template is submitted, or from the provider's list, and tells people of them.

// Submitted marks a provider's answer to the submission of a template.
const Submitted = "submitted"

// maxVerdictDelay is how late a verdict that comes unasked may be. A provider repeats for days what it couldn't deliver: a newer
// verdict may have come before.
const maxVerdictDelay = 5 * time.Minute

// ApplyTemplateState applies what a provider says of a template without being asked. If that comes late, it has the provider's list
// read instead.
func (ts *UseCases) ApplyTemplateState(ctx context.Context, tx pgx.Tx, a *store.Account, in channels.Inbound) error {
	if in.Template == nil {
		return nil
	}

	rows, err := store.LockReportedTemplates(ctx, tx, a.ID, in.Template.ExternalID, in.Template.Name, in.Template.Language)
	if err != nil {
		return err
	}

	for _, row := range rows {
		if row.Todo != "" && row.Busy {
			return ts.PutAside(time.Minute) // it is just being submitted, and the answer to that is about to be written
		}
	}
	if isLate := !in.At.IsZero() && ts.Event.ReceivedAt.Sub(in.At) > maxVerdictDelay; isLate {
		return ts.askProvider(ctx, tx, rows)
	}

	wereTold := false // people were told of another row of the same template
	for _, row := range rows {
		if row.Todo != "" || row.SubmittedAt == nil {
			continue // what the provider says is about an older version
		}
		isTold, err := ts.setTemplateState(ctx, tx, row, *in.Template, wereTold)
		if err != nil {
			return err
		}
		wereTold = wereTold || isTold
	}
	return nil
}

// askProvider has the provider's list of these templates read at once.
func (ts *UseCases) askProvider(ctx context.Context, tx pgx.Tx, rows []store.Template) error {
	for _, row := range rows {
		if err := store.ScheduleTemplateComparison(ctx, tx, row.AccountID, 0); err != nil {
			return err
		}
	}
	return nil
}

// ApplyTemplateReport applies what a provider's list, or its answer to a submission, says of a template.
func (ts *UseCases) ApplyTemplateReport(ctx context.Context, tx pgx.Tx, f own.Fact) error {
	rows, err := store.LockTemplates(ctx, tx, f.Template)
	if err != nil || len(rows) == 0 {
		return err
	}
	if f.State == nil {
		return nil
	}

	row := rows[0]
	wasChanged := row.Version != f.Version || row.Todo != ""
	if wasChanged {
		return nil // the newer version will have its own verdict
	}

	answersSubmission := f.Class == Submitted
	if !answersSubmission && row.SubmittedAt == nil {
		return nil // the provider's list still has the version before
	}

	state := *f.State
	isNoVerdict := answersSubmission && state.Status == channels.TemplatePending
	if isNoVerdict && row.Status != string(state.Status) {
		state.Status = "" // the verdict has come before this answer
	}

	_, err = ts.setTemplateState(ctx, tx, row, state, false)
	return err
}

// setTemplateState writes what a provider says of a template, and tells people of it unless they were told already (wereTold).
// isTold reports whether it told them.
func (ts *UseCases) setTemplateState(
	ctx context.Context, tx pgx.Tx, row store.Template, s channels.TemplateState, wereTold bool,
) (isTold bool, err error) {
	before := row
	row.Reason = s.Reason
	row.ExternalID = cmp.Or(s.ExternalID, row.ExternalID)
	row.Quality = cmp.Or(s.Quality, row.Quality)
	row.ProviderCategory = cmp.Or(s.Category, row.ProviderCategory)
	if s.Status == "" { // it is a notice about quality or category alone
		row.Reason = before.Reason
	} else if isKnownStatus(s.Status) {
		row.Status = string(s.Status)
	}

	if !hasNewState(before, row) {
		return false, nil
	}
	if err := store.SetTemplateState(ctx, tx, row); err != nil {
		return false, err
	}

	if row.Status == string(channels.TemplatePending) {
		if err := store.ScheduleTemplateComparison(ctx, tx, row.AccountID, store.TemplatePendingWait); err != nil {
			return false, err
		}
	}

	account := ts.Dir.Account(row.AccountID)
	if account == nil || wereTold || !ts.needsApproval(row.AccountID) {
		return false, nil
	}
	if row.Status != before.Status && row.Status != string(channels.TemplatePending) {
		ts.tellTemplate(account, row, "")
		isTold = true
	}

	was := cmp.Or(before.ProviderCategory, before.Category)
	if row.ProviderCategory != "" && row.ProviderCategory != was {
		ts.tellTemplate(account, row, was)
		isTold = true
	}

	return isTold, nil
}

// hasNewState reports whether a provider has said something new of a template.
func hasNewState(before, now store.Template) bool {
	if now.Status != before.Status || now.Reason != before.Reason {
		return true
	}
	if now.Quality != before.Quality || now.ProviderCategory != before.ProviderCategory {
		return true
	}
	return now.ExternalID != before.ExternalID
}

func isKnownStatus(s channels.TemplateStatus) bool {
	return slices.Contains([]channels.TemplateStatus{channels.TemplateDraft, channels.TemplatePending, channels.TemplateApproved,
		channels.TemplateRejected, channels.TemplatePaused, channels.TemplateDisabled}, s)
}

// needsApproval reports whether the provider of an account decides about templates. Only then people are told of verdicts.
func (ts *UseCases) needsApproval(account store.AccountID) bool {
	_, ok := ts.Channel(account).(channels.Templater)
	return ok
}

// tellTemplate tells a verdict to the agent who submitted the template, or else in the account's channel. was is the former
// category if the provider has changed it, and "" otherwise.
func (ts *UseCases) tellTemplate(account *store.Account, row store.Template, was string) {
	line := bridge.Line{
		Content: &bridge.VerdictLine{Templates: []bridge.Template{reading.TemplateFacts(row, account.Name)}, Before: was},
		Verb:    bridge.VerbTemplates,
		Verbs:   []bridge.Verb{bridge.VerbTemplateEdit},
		Args:    bridge.Args{Template: &bridge.TemplateArgs{ID: row.ID}},
	}
	if row.AgentID != nil && ts.isActive(*row.AgentID) {
		if surface := ts.SurfaceToTell(*row.AgentID, ts.SurfaceForTroubles(account)); surface != 0 {
			ts.SendDirect(surface, *row.AgentID, line)
			return
		}
	}
	if surface, channel := ts.Dir.Home(account, nil); surface != 0 {
		ts.ChannelLine(surface, bridge.Place{Channel: channel}, line)
	}
}

// isActive reports whether an agent still works here.
func (ts *UseCases) isActive(id store.AgentID) bool {
	agent := ts.Dir.Agent(id)
	return agent != nil && agent.Active
}
