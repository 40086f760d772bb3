package bridge

import (
	"cmp"
	"context"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/jackc/pgx/v5"

	"parley/channels"
	"parley/store"
)

// administer does what is not about a conversation: list, edit and delete templates.
func (w *work) administer(ctx context.Context, tx pgx.Tx, agent *store.Agent, surface int64, a Action) (bool, error) {
	switch a.Verb {
	case VerbTemplates, VerbTemplateEdit, VerbTemplateDelete:
	default:
		return false, nil
	}
	if problem := Authorize(agent, a.Verb, nil); problem != nil {
		w.refuse(nil, surface, a, problem.Code, problem.Text, problem.Hint)
		return true, nil
	}
	switch {
	case a.Verb == VerbTemplateEdit && a.Args.Template != nil && a.Args.Template.Draft != nil:
		return true, w.saveTemplate(ctx, tx, agent, surface, a)
	case a.Verb == VerbTemplateDelete && a.Args.Template != nil:
		return true, w.dropTemplate(ctx, tx, surface, a)
	}
	list, err := w.e.templates(ctx, tx, nil)
	if err != nil {
		return true, err
	}
	line := Line{Kind: LineTemplates, Templates: list}
	if slices.Contains(agent.Roles, "admin") {
		line.Verbs = []Verb{VerbTemplateEdit}
	}
	w.whisper(nil, surface, a, line)
	return true, nil
}

// saveTemplate makes or changes a template as a form says.
func (w *work) saveTemplate(ctx context.Context, tx pgx.Tx, agent *store.Agent, surface int64, a Action) error {
	draft := *a.Args.Template.Draft
	account := w.dir.accountNamed(draft.Account)
	if account == nil {
		w.refuse(nil, surface, a, "no_account", "There is no account "+draft.Account+".", "Choose another one.")
		return nil
	}
	if err := store.BumpSettings(ctx, tx); err != nil { // one change of templates at a time
		return err
	}
	rows, err := store.ListTemplates(ctx, tx, account.ID)
	if err != nil {
		return err
	}
	row := TemplateRow(draft)
	row.AccountID, row.AgentID = account.ID, &agent.ID
	i := slices.IndexFunc(rows, func(t store.Template) bool { return t.ID == a.Args.Template.ID && t.ID != 0 })
	if a.Args.Template.ID != 0 && i < 0 {
		w.refuse(nil, surface, a, "no_template", "That template was deleted meanwhile.", "Make it anew: @Parley templates")
		return nil
	}
	if i >= 0 {
		old := rows[i] // what makes it this template stays, and what a form doesn't show
		row.Name, row.Language, row.ProviderName = old.Name, old.Language, old.ProviderName
		if draft.Buttons == nil {
			row.Buttons = old.Buttons
		}
	} else if slices.ContainsFunc(rows, func(t store.Template) bool { return sameTemplate(t, row) }) {
		w.refuse(nil, surface, a, "template_exists", fmt.Sprintf("%s has a template %s (%s) already.", account.Name, row.Name, row.Language), "Edit that one, or take another name.")
		return nil
	}
	if faults := TemplateFaults(row); len(faults) > 0 {
		w.refuse(nil, surface, a, "bad_template", "The "+faults[0].Field+" "+faults[0].Text+".", faults[0].Hint)
		return nil
	}
	resubmit := i < 0 || TemplateDiffers(rows[i], row) || rows[i].Status == string(channels.TemplateRejected)
	id, err := store.SaveTemplate(ctx, tx, row, resubmit)
	if err != nil {
		return err
	}
	saved := templateFacts(row, account.Name)
	switch {
	case w.e.channel(account.ID) != nil && !w.approves(account.ID): // nobody else decides
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
	w.whisper(nil, surface, a, Line{Kind: LineDone, Verb: VerbTemplateEdit, Templates: []Template{saved}})
	return nil
}

// sameTemplate says that two templates of an account can't stand beside each other.
func sameTemplate(a, b store.Template) bool {
	return a.Language == b.Language && (strings.EqualFold(a.Name, b.Name) || a.ProviderName == b.ProviderName)
}

func (w *work) dropTemplate(ctx context.Context, tx pgx.Tx, surface int64, a Action) error {
	rows, err := store.Templates(ctx, tx, a.Args.Template.ID)
	if err != nil {
		return err
	}
	if len(rows) == 0 || rows[0].Todo == store.TodoDelete || w.dir.accounts[rows[0].AccountID] == nil {
		w.refuse(nil, surface, a, "stale", "That template is deleted already.", "")
		return nil
	}
	if err := store.DropTemplate(ctx, tx, rows[0].ID); err != nil {
		return err
	}
	w.whisper(nil, surface, a, Line{Kind: LineDone, Verb: VerbTemplateDelete,
		Templates: []Template{templateFacts(rows[0], w.dir.accounts[rows[0].AccountID].Name)}})
	return nil
}

// TemplateRow makes the row of what people wrote: without an account, ids and a verdict.
// A provider's name is made of the name, examples are added for variables that Parley
// knows, and those of no variable are left out.
func TemplateRow(t Template) store.Template {
	row := store.Template{Name: strings.TrimSpace(t.Name), Language: strings.TrimSpace(t.Language), Category: t.Category, Uses: t.Uses, Labels: t.Labels,
		Header: strings.TrimSpace(t.Header), Body: strings.TrimSpace(t.Body), Footer: strings.TrimSpace(t.Footer), Examples: map[string]string{}}
	row.ProviderName = channels.TemplateName(row.Name)
	for i, b := range t.Buttons {
		row.Buttons = append(row.Buttons, store.TemplateButton{ID: fmt.Sprintf("b%d", i+1), Title: strings.TrimSpace(b.Title), URL: strings.TrimSpace(b.URL)})
	}
	for _, name := range channels.Variables(row.Header, row.Body) {
		plain := map[string]string{name: "{{" + name + "}}"} // without blanks inside
		row.Header, row.Body = channels.Fill(row.Header, plain), channels.Fill(row.Body, plain)
		if value := cmp.Or(TemplateValue(t.Examples[name]), channels.Example(name)); value != "" {
			row.Examples[name] = value
		}
	}
	return row
}

// TemplateFaults says what is wrong with a row, before any provider is asked.
func TemplateFaults(row store.Template) []channels.TemplateFault {
	list := templateOf(row).Faults()
	if row.Name == "" || len([]rune(row.Name)) > 100 {
		list = append([]channels.TemplateFault{{Field: "name", Text: "is missing or too long", Hint: "Write up to 100 characters."}}, list...)
	}
	uses := []string{TemplateStart, TemplateReply, TemplateWindow}
	if len(row.Uses) == 0 || slices.ContainsFunc(row.Uses, func(u string) bool { return !slices.Contains(uses, u) }) {
		list = append(list, channels.TemplateFault{Field: "types", Text: "say nothing that is possible", Hint: "Write any of start, reply and window."})
	}
	return list
}

// TemplateDiffers says that two rows differ in what the provider sees.
func TemplateDiffers(a, b store.Template) bool {
	return a.ProviderName != b.ProviderName || a.Category != b.Category || a.Header != b.Header || a.Body != b.Body || a.Footer != b.Footer ||
		!slices.Equal(a.Buttons, b.Buttons) || !maps.Equal(a.Examples, b.Examples)
}
