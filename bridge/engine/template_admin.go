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

// A template is a prepared message with variables: "Hi {{first_name}}, your order {{order}} left today." Agents
// list templates in the chat with "@Parley templates", and admins create, change and delete them there in a
// form. If the account's provider approves templates, as Meta does, a saved template is submitted to it in the
// background; otherwise it is approved at once.

func templatesVerb() useCase {
	return useCase{
		Rules:      Rules{Name: bridge.VerbTemplates, NoConversation: true},
		DoAnywhere: (*work).administer,
	}
}

func templateEditVerb() useCase {
	return useCase{
		Rules:      Rules{Name: bridge.VerbTemplateEdit, AdminsOnly: onlyAdminsChange(), NoConversation: true},
		DoAnywhere: (*work).administer,
	}
}

func templateDeleteVerb() useCase {
	return useCase{
		Rules:      Rules{Name: bridge.VerbTemplateDelete, AdminsOnly: onlyAdminsChange(), NoConversation: true},
		DoAnywhere: (*work).administer,
	}
}

// onlyAdminsChange returns the refusal for agents who aren't admins.
func onlyAdminsChange() *bridge.Problem {
	return &bridge.Problem{Code: "not_allowed", Text: "Only admins change templates.", Hint: "Ask one of them."}
}

// administer applies the three verbs. An edit without a draft and a deletion without a template show the list,
// to choose one from.
func (w *work) administer(ctx context.Context, tx pgx.Tx, r Request) error {
	r.Conversation = nil // templates belong to no conversation, even if the verb was typed in one
	if problem := w.Verbs.Authorize(r.Agent, r.Verb); problem != nil {
		w.Refuse(r, problem.Code, problem.Text, problem.Hint)
		return nil
	}

	named := r.Args.Template
	switch {
	case named != nil && named.Draft != nil && r.Verb == bridge.VerbTemplateEdit:
		return w.saveTemplate(ctx, tx, r)
	case named != nil && r.Verb == bridge.VerbTemplateDelete:
		return w.dropTemplate(ctx, tx, r)
	default:
		return w.showTemplates(ctx, tx, r)
	}
}

// showTemplates whispers the list of templates. For admins it has a button to edit them.
func (w *work) showTemplates(ctx context.Context, tx pgx.Tx, r Request) error {
	list, err := w.Reading.Templates(ctx, tx, w.Reading.As(r.Agent), nil)
	if err != nil {
		return err
	}

	line := bridge.Line{Content: &bridge.TemplatesLine{Templates: list}}
	if r.Agent.IsAdmin() {
		line.Verbs = []bridge.Verb{bridge.VerbTemplateEdit}
	}

	w.Whisper(r, line)
	return nil
}

// saveTemplate creates or changes a template from a submitted form. The form's template id is 0 for a new template.
func (w *work) saveTemplate(ctx context.Context, tx pgx.Tx, r Request) error {
	id, draft := r.Args.Template.ID, *r.Args.Template.Draft
	account := w.Dir.AccountNamed(draft.Account)
	if account == nil {
		w.Refuse(r, "no_account", "There is no account "+draft.Account+".", "Choose another one.")
		return nil
	}
	if err := lockTemplates(ctx, tx); err != nil {
		return err
	}

	rows, err := store.ListTemplates(ctx, tx, account.ID)
	if err != nil {
		return err
	}

	row := bridge.TemplateRow(draft)
	row.AccountID, row.AgentID = account.ID, &r.Agent.ID
	old := templateOf(rows, id)
	wasDeleted := id != 0 && old == nil
	if wasDeleted {
		w.Refuse(r, "no_template", "That template was deleted meanwhile.", "Create it again: @Parley templates")
		return nil
	}

	isTaken := slices.ContainsFunc(rows, func(t store.Template) bool { return isSameTemplate(t, row) })
	switch {
	case old != nil: // keep its name, its language, and what the form doesn't show
		row.ID, row.Name, row.Language = old.ID, old.Name, old.Language
		row.ProviderName = old.ProviderName
		if draft.Buttons == nil {
			row.Buttons = old.Buttons
		}
	case isTaken:
		w.Refuse(r, "template_exists", fmt.Sprintf("%s has a template %s (%s) already.", account.Name, row.Name, row.Language),
			"Edit that one, or take another name.")
		return nil
	}

	if problem := w.contentProblem(account, row); problem != nil {
		w.Refuse(r, problem.Code, problem.Text, problem.Hint)
		return nil
	}
	return w.storeTemplate(ctx, tx, r, account, row, old)
}

// contentProblem returns the reason why an account can't use a template as it is, or nil.
func (w *work) contentProblem(account *store.Account, row store.Template) *bridge.Problem {
	if faults := bridge.TemplateFaults(row); len(faults) > 0 {
		return &bridge.Problem{
			Code: "bad_template",
			Text: "The " + faults[0].Field + " " + faults[0].Text + ".",
			Hint: faults[0].Hint,
		}
	}

	// Some channels have a reply window, the time after a customer's message in which they accept text, but no
	// templates. On these, nothing can be sent after the window has closed.
	caps := w.Caps(account.ID)
	hasOnlyWindow := caps.Window.Free > 0 && !caps.Templates
	if hasOnlyWindow && slices.Equal(row.Uses, []string{bridge.TemplateWindow}) {
		return &bridge.Problem{
			Code: "never_fits",
			Text: "By " + account.Name + " a template can't be sent after the reply window has closed.",
			Hint: "Let it be sent as a reply.",
		}
	}
	return nil
}

// lockTemplates increases the version of the settings. That locks the version's row until the transaction ends,
// so that templates are changed one at a time.
func lockTemplates(ctx context.Context, tx pgx.Tx) error { return store.BumpSettings(ctx, tx) }

// templateOf returns the template with an id, or nil.
func templateOf(rows []store.Template, id store.TemplateID) *store.Template {
	i := slices.IndexFunc(rows, func(t store.Template) bool { return t.ID == id && t.ID != 0 })
	if i < 0 {
		return nil
	}
	return &rows[i]
}

// storeTemplate stores a template and tells its author whether it is approved or waits for the provider. old is
// the version before, or nil for a new template.
func (w *work) storeTemplate(
	ctx context.Context, tx pgx.Tx, r Request, account *store.Account, row store.Template, old *store.Template,
) error {
	mustSubmit := old == nil || needsSubmission(*old, row)
	id, err := store.SaveTemplate(ctx, tx, row, mustSubmit)
	if err != nil {
		return err
	}

	saved := TemplateFacts(row, account.Name)
	isApprovedAtOnce := w.Channel(account.ID) != nil && !w.needsApproval(account.ID)
	switch {
	case isApprovedAtOnce:
		if err := store.ApproveTemplate(ctx, tx, id); err != nil {
			return err
		}
		saved.Status = string(channels.TemplateApproved)
	case mustSubmit:
		saved.Status = string(channels.TemplatePending)
	default:
		saved.Status = old.Status
	}

	w.Whisper(r, bridge.Line{
		Content: &bridge.TemplateChangedLine{Templates: []bridge.Template{saved}},
		Verb:    bridge.VerbTemplateEdit,
	})
	return nil
}

// needsSubmission reports whether a saved template has to be submitted to the provider: its content has
// changed, or the provider rejected it before.
func needsSubmission(old, row store.Template) bool {
	return bridge.TemplateDiffers(old, row) || old.Status == string(channels.TemplateRejected)
}

// isSameTemplate reports whether two templates have the same language and the same name, here or at the
// provider. An account can't have both.
func isSameTemplate(a, b store.Template) bool {
	if a.Language != b.Language {
		return false
	}
	return strings.EqualFold(a.Name, b.Name) || a.ProviderName == b.ProviderName
}

// dropTemplate marks a template as deleted. A background job deletes it at the provider.
func (w *work) dropTemplate(ctx context.Context, tx pgx.Tx, r Request) error {
	rows, err := store.Templates(ctx, tx, r.Args.Template.ID)
	if err != nil {
		return err
	}

	exists := len(rows) > 0 && rows[0].Todo != store.TodoDelete
	if !exists || w.Dir.Account(rows[0].AccountID) == nil {
		w.Refuse(r, "stale", "That template is deleted already.", "")
		return nil
	}
	if err := store.RetireTemplate(ctx, tx, rows[0].ID); err != nil {
		return err
	}

	deleted := TemplateFacts(rows[0], w.Dir.Account(rows[0].AccountID).Name)
	w.Whisper(r, bridge.Line{
		Content: &bridge.TemplateChangedLine{Templates: []bridge.Template{deleted}},
		Verb:    bridge.VerbTemplateDelete,
	})
	return nil
}
