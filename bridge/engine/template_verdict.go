package engine

import (
	"cmp"
	"context"
	"slices"
	"time"

	"github.com/jackc/pgx/v5"

	"parley/bridge"
	"parley/channels"
	"parley/store"
)

// A provider such as Meta decides whether a template (a prepared message with variables) may be sent. Its
// verdict arrives in three ways: as a webhook call, as the answer to a submission, or in the provider's list of
// templates. The three can overtake each other. This file applies the verdicts that aren't outdated, and tells
// the template's author: "order_shipped was rejected: …".

// Submitted is the class of a fact that reports the answer to a submission.
const Submitted = "submitted"

// maxVerdictDelay is how old a verdict in a webhook call may be. Providers repeat undelivered calls for days,
// so a newer verdict may have arrived before an old one.
const maxVerdictDelay = 5 * time.Minute

// ApplyTemplateState applies a verdict from a webhook call. If it is too old, the provider's list is read instead.
func (w *work) ApplyTemplateState(ctx context.Context, tx pgx.Tx, a *store.Account, in channels.Inbound) error {
	if in.Template == nil {
		return nil
	}

	rows, err := store.LockReportedTemplates(ctx, tx, a.ID, in.Template.ExternalID, in.Template.Name, in.Template.Language)
	if err != nil {
		return err
	}

	for _, row := range rows {
		if row.Todo != "" && row.Busy {
			return w.PutAside(time.Minute) // apply the answer to the submission in progress first
		}
	}
	isLate := !in.At.IsZero() && w.Event.ReceivedAt.Sub(in.At) > maxVerdictDelay
	if isLate {
		return w.askProvider(ctx, tx, rows)
	}

	wereTold := false // people were told about another row of the same template
	for _, row := range rows {
		if row.Todo != "" || row.SubmittedAt == nil {
			continue // the verdict is about an older version
		}
		toldNow, err := w.setTemplateState(ctx, tx, row, *in.Template, wereTold)
		if err != nil {
			return err
		}
		wereTold = wereTold || toldNow
	}
	return nil
}

// askProvider schedules an immediate comparison of the templates with the provider's list.
func (w *work) askProvider(ctx context.Context, tx pgx.Tx, rows []store.Template) error {
	for _, row := range rows {
		if err := store.ScheduleTemplateComparison(ctx, tx, row.AccountID, 0); err != nil {
			return err
		}
	}
	return nil
}

// ApplyTemplateReport applies a verdict from the provider's list or from the answer to a submission.
func (w *work) ApplyTemplateReport(ctx context.Context, tx pgx.Tx, f Fact) error {
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
		return nil // the provider's list still has the previous version
	}

	state := *f.State
	isPendingAnswer := answersSubmission && state.Status == channels.TemplatePending
	if isPendingAnswer && row.Status != string(state.Status) {
		state.Status = "" // the verdict arrived before the answer "pending"
	}

	const wereTold = false
	_, err = w.setTemplateState(ctx, tx, row, state, wereTold)
	return err
}

// setTemplateState stores a provider's verdict on a template. It tells people about a new status or category,
// unless they were told already (wereTold), and reports whether it has told them.
func (w *work) setTemplateState(
	ctx context.Context, tx pgx.Tx, row store.Template, s channels.TemplateState, wereTold bool,
) (toldNow bool, err error) {
	before := row
	row.Reason = s.Reason
	row.ExternalID = cmp.Or(s.ExternalID, row.ExternalID)
	row.Quality = cmp.Or(s.Quality, row.Quality)
	row.ProviderCategory = cmp.Or(s.Category, row.ProviderCategory)
	if s.Status == "" { // only the quality or category is reported
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

	account := w.Dir.Account(row.AccountID)
	if account == nil || wereTold || !w.needsApproval(row.AccountID) {
		return false, nil
	}
	if row.Status != before.Status && row.Status != string(channels.TemplatePending) {
		const sameCategory = ""
		w.tellTemplate(account, row, sameCategory)
		toldNow = true
	}

	oldCategory := cmp.Or(before.ProviderCategory, before.Category)
	if row.ProviderCategory != "" && row.ProviderCategory != oldCategory {
		w.tellTemplate(account, row, oldCategory)
		toldNow = true
	}

	return toldNow, nil
}

// hasNewState reports whether two versions of a row differ in a field that the provider sets.
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

// needsApproval reports whether the provider of an account approves templates.
func (w *work) needsApproval(account store.AccountID) bool {
	_, ok := w.Channel(account).(channels.Templater)
	return ok
}

// tellTemplate tells a verdict to the agent who submitted the template, or else posts it in the account's chat
// channel. oldCategory is the former category if the provider has changed it, or "".
func (w *work) tellTemplate(account *store.Account, row store.Template, oldCategory string) {
	line := bridge.Line{
		Content: &bridge.VerdictLine{Templates: []bridge.Template{TemplateFacts(row, account.Name)}, Before: oldCategory},
		Verb:    bridge.VerbTemplates,
		Verbs:   []bridge.Verb{bridge.VerbTemplateEdit},
		Args:    bridge.Args{Template: &bridge.TemplateArgs{ID: row.ID}},
	}
	if row.AgentID != nil && w.isActive(*row.AgentID) {
		if surface := w.SurfaceToTell(*row.AgentID, w.SurfaceForTroubles(account)); surface != 0 {
			w.SendDirect(surface, *row.AgentID, line)
			return
		}
	}
	if surface, channel := w.Dir.Home(account, nil); surface != 0 {
		w.ChannelLine(surface, bridge.Place{Channel: channel}, line)
	}
}

// isActive reports whether an agent exists and hasn't been deactivated.
func (w *work) isActive(id store.AgentID) bool {
	agent := w.Dir.Agent(id)
	return agent != nil && agent.Active
}
