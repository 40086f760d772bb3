package template

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/jackc/pgx/v5"

	"parley/bridge"
	"parley/bridge/engine/book"
	"parley/bridge/engine/permission"
	"parley/bridge/engine/reading"
	"parley/channels"
	"parley/store"
)

// Administer lists, edits and deletes templates.
func (ts *UseCases) Administer(ctx context.Context, tx pgx.Tx, r book.Request) error {
	r.Conversation = nil // templates belong to no conversation, wherever they are asked for
	if problem := permission.Authorize(r.Agent, r.Verb); problem != nil {
		ts.Refuse(r, problem.Code, problem.Text, problem.Hint)
		return nil
	}
	switch {
	case r.Verb == bridge.VerbTemplateEdit && r.Args.Template != nil && r.Args.Template.Draft != nil:
		return ts.saveTemplate(ctx, tx, r)
	case r.Verb == bridge.VerbTemplateDelete && r.Args.Template != nil:
		return ts.dropTemplate(ctx, tx, r)
	}
	list, err := ts.Reading.Templates(ctx, tx, nil)
	if err != nil {
		return err
	}
	line := bridge.Line{Content: &bridge.TemplatesLine{Templates: list}}
	if r.Agent.IsAdmin() {
		line.Verbs = []bridge.Verb{bridge.VerbTemplateEdit}
	}
	ts.Whisper(nil, r.Surface, r.Action, line)
	return nil
}

// saveTemplate makes or changes a template as a form says.
func (ts *UseCases) saveTemplate(ctx context.Context, tx pgx.Tx, r book.Request) error {
	surface, a := r.Surface, r.Action
	draft := *a.Args.Template.Draft
	account := ts.Dir.AccountNamed(draft.Account)
	if account == nil {
		ts.Refuse(r, "no_account", "There is no account "+draft.Account+".", "Choose another one.")
		return nil
	}
	if err := store.BumpSettings(ctx, tx); err != nil { // this also locks, so that templates are changed one at a time
		return err
	}
	rows, err := store.ListTemplates(ctx, tx, account.ID)
	if err != nil {
		return err
	}
	row := bridge.TemplateRow(draft)
	row.AccountID, row.AgentID = account.ID, &r.Agent.ID
	i := slices.IndexFunc(rows, func(t store.Template) bool { return t.ID == a.Args.Template.ID && t.ID != 0 })
	if a.Args.Template.ID != 0 && i < 0 {
		ts.Refuse(r, "no_template", "That template was deleted meanwhile.", "Make it anew: @Parley templates")
		return nil
	}
	if i >= 0 {
		old := rows[i] // its name and language stay, and so does what a form doesn't show
		row.Name, row.Language, row.ProviderName = old.Name, old.Language, old.ProviderName
		if draft.Buttons == nil {
			row.Buttons = old.Buttons
		}
	} else if slices.ContainsFunc(rows, func(t store.Template) bool { return conflicts(t, row) }) {
		ts.Refuse(r, "template_exists", fmt.Sprintf("%s has a template %s (%s) already.", account.Name, row.Name, row.Language),
			"Edit that one, or take another name.")
		return nil
	}
	if faults := bridge.TemplateFaults(row); len(faults) > 0 {
		ts.Refuse(r, "bad_template", "The "+faults[0].Field+" "+faults[0].Text+".", faults[0].Hint)
		return nil
	}
	resubmit := i < 0 || bridge.TemplateDiffers(rows[i], row) || rows[i].Status == string(channels.TemplateRejected)
	id, err := store.SaveTemplate(ctx, tx, row, resubmit)
	if err != nil {
		return err
	}
	saved := reading.TemplateFacts(row, account.Name)
	switch {
	case ts.Channel(account.ID) != nil && !ts.needsApproval(account.ID): // the provider doesn't decide about templates
		saved.Status = string(channels.TemplateApproved)
		err = store.ApproveTemplate(ctx, tx, id)
	case resubmit:
		saved.Status = string(channels.TemplatePending)
	default:
		saved.Status = rows[i].Status
	}
	if err != nil {
		return err
	}
	ts.Whisper(nil, surface, a, bridge.Line{Content: &bridge.TemplateChangedLine{Templates: []bridge.Template{saved}},
		Verb: bridge.VerbTemplateEdit})
	return nil
}

// conflicts reports whether an account can't have both templates, because they have the same language and the same name.
func conflicts(a, b store.Template) bool {
	return a.Language == b.Language && (strings.EqualFold(a.Name, b.Name) || a.ProviderName == b.ProviderName)
}

// dropTemplate deletes a template, here and at its provider.
func (ts *UseCases) dropTemplate(ctx context.Context, tx pgx.Tx, r book.Request) error {
	surface, a := r.Surface, r.Action
	rows, err := store.Templates(ctx, tx, a.Args.Template.ID)
	if err != nil {
		return err
	}
	if len(rows) == 0 || rows[0].Todo == store.TodoDelete || ts.Dir.Account(rows[0].AccountID) == nil {
		ts.Refuse(r, "stale", "That template is deleted already.", "")
		return nil
	}
	if err := store.RetireTemplate(ctx, tx, rows[0].ID); err != nil {
		return err
	}
	gone := &bridge.TemplateChangedLine{Templates: []bridge.Template{reading.TemplateFacts(rows[0], ts.Dir.Account(rows[0].AccountID).Name)}}
	ts.Whisper(nil, surface, a, bridge.Line{Content: gone, Verb: bridge.VerbTemplateDelete})
	return nil
}
