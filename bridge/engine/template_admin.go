package engine

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/jackc/pgx/v5"

	"parley/bridge"
	"parley/channels"
	"parley/store"
)

// administer does what is not about a conversation: list, edit and delete templates.
func (w *work) administer(ctx context.Context, tx pgx.Tx, r request) (bool, error) {
	switch r.Verb {
	case bridge.VerbTemplates, bridge.VerbTemplateEdit, bridge.VerbTemplateDelete:
	default:
		return false, nil
	}
	r.conv = nil // templates belong to no conversation, wherever they are asked for
	if problem := Authorize(r.agent, r.Verb, nil); problem != nil {
		w.refuse(r, problem.Code, problem.Text, problem.Hint)
		return true, nil
	}
	switch {
	case r.Verb == bridge.VerbTemplateEdit && r.Args.Template != nil && r.Args.Template.Draft != nil:
		return true, w.saveTemplate(ctx, tx, r)
	case r.Verb == bridge.VerbTemplateDelete && r.Args.Template != nil:
		return true, w.dropTemplate(ctx, tx, r)
	}
	list, err := w.e.templates(ctx, tx, nil)
	if err != nil {
		return true, err
	}
	line := bridge.Line{Content: &bridge.TemplatesLine{Templates: list}}
	if slices.Contains(r.agent.Roles, "admin") {
		line.Verbs = []bridge.Verb{bridge.VerbTemplateEdit}
	}
	w.whisper(nil, r.surface, r.Action, line)
	return true, nil
}

// saveTemplate makes or changes a template as a form says.
func (w *work) saveTemplate(ctx context.Context, tx pgx.Tx, r request) error {
	surface, a := r.surface, r.Action
	draft := *a.Args.Template.Draft
	account := w.dir.AccountNamed(draft.Account)
	if account == nil {
		w.refuse(r, "no_account", "There is no account "+draft.Account+".", "Choose another one.")
		return nil
	}
	if err := store.BumpSettings(ctx, tx); err != nil { // one change of templates at a time
		return err
	}
	rows, err := store.ListTemplates(ctx, tx, account.ID)
	if err != nil {
		return err
	}
	row := bridge.TemplateRow(draft)
	row.AccountID, row.AgentID = account.ID, &r.agent.ID
	i := slices.IndexFunc(rows, func(t store.Template) bool { return t.ID == a.Args.Template.ID && t.ID != 0 })
	if a.Args.Template.ID != 0 && i < 0 {
		w.refuse(r, "no_template", "That template was deleted meanwhile.", "Make it anew: @Parley templates")
		return nil
	}
	if i >= 0 {
		old := rows[i] // its name and language stay, and so does what a form doesn't show
		row.Name, row.Language, row.ProviderName = old.Name, old.Language, old.ProviderName
		if draft.Buttons == nil {
			row.Buttons = old.Buttons
		}
	} else if slices.ContainsFunc(rows, func(t store.Template) bool { return sameTemplate(t, row) }) {
		w.refuse(r, "template_exists", fmt.Sprintf("%s has a template %s (%s) already.", account.Name, row.Name, row.Language), "Edit that one, or take another name.")
		return nil
	}
	if faults := bridge.TemplateFaults(row); len(faults) > 0 {
		w.refuse(r, "bad_template", "The "+faults[0].Field+" "+faults[0].Text+".", faults[0].Hint)
		return nil
	}
	resubmit := i < 0 || bridge.TemplateDiffers(rows[i], row) || rows[i].Status == string(channels.TemplateRejected)
	id, err := store.SaveTemplate(ctx, tx, row, resubmit)
	if err != nil {
		return err
	}
	saved := templateFacts(row, account.Name)
	switch {
	case w.e.Channel(account.ID) != nil && !w.approves(account.ID): // nobody else decides
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
	w.whisper(nil, surface, a, bridge.Line{Content: &bridge.TemplateChangedLine{Templates: []bridge.Template{saved}},
		Verb: bridge.VerbTemplateEdit})
	return nil
}

// sameTemplate says that an account can't have both templates: they have one language and one name.
func sameTemplate(a, b store.Template) bool {
	return a.Language == b.Language && (strings.EqualFold(a.Name, b.Name) || a.ProviderName == b.ProviderName)
}

func (w *work) dropTemplate(ctx context.Context, tx pgx.Tx, r request) error {
	surface, a := r.surface, r.Action
	rows, err := store.Templates(ctx, tx, a.Args.Template.ID)
	if err != nil {
		return err
	}
	if len(rows) == 0 || rows[0].Todo == store.TodoDelete || w.dir.Account(rows[0].AccountID) == nil {
		w.refuse(r, "stale", "That template is deleted already.", "")
		return nil
	}
	if err := store.DropTemplate(ctx, tx, rows[0].ID); err != nil {
		return err
	}
	gone := &bridge.TemplateChangedLine{Templates: []bridge.Template{templateFacts(rows[0], w.dir.Account(rows[0].AccountID).Name)}}
	w.whisper(nil, surface, a, bridge.Line{Content: gone, Verb: bridge.VerbTemplateDelete})
	return nil
}
