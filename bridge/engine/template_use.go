package engine

import (
	"cmp"
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"strings"

	"github.com/jackc/pgx/v5"

	"parley/bridge"
	"parley/channels"
	"parley/store"
)

// A template is a prepared message with variables: "Hi {{first_name}}, your order {{order}} left today." On
// WhatsApp, templates that Meta has approved are the only messages that can be sent after the reply window (24
// hours after the customer wrote) has closed. An agent opens a form, chooses a template, fills in the values,
// sees a preview, and sends it.

func templateVerb() useCase {
	return useCase{
		Rules:  Rules{Name: bridge.VerbTemplate, Deed: store.DeedChoseTemplate},
		DoInTx: (*work).useTemplate,
	}
}

// useTemplate sends a template as the agent's message. If the agent hasn't seen a preview of it yet, it offers
// the form instead.
func (w *work) useTemplate(ctx context.Context, tx pgx.Tx, r Request) error {
	c, agent := r.Conversation, r.Agent
	if problem := w.Verbs.Authorize(agent, bridge.VerbReply); problem != nil {
		w.Refuse(r, problem.Code, problem.Text, problem.Hint)
		return nil
	}
	if !r.Args.Template.IsPreviewed() {
		return w.offerTemplates(ctx, tx, r)
	}

	rows, err := store.Templates(ctx, tx, r.Args.Template.ID)
	if err != nil {
		return err
	}

	used, problem := w.checkTemplate(c, rows, r.Args.Template)
	if problem != nil {
		w.Refuse(r, problem.Code, problem.Text, problem.Hint)
		return nil
	}
	if !w.TakeBackEarlierSubmission(r) {
		w.Refuse(r, bridge.ReasonHandedIn, "You handed this form in before: its template is on its way, or sent.",
			"Open the form again to send another one.")
		return nil
	}

	body, err := json.Marshal(used)
	if err != nil {
		return fmt.Errorf("template: %w", err)
	}

	r.Text, r.Files = used.Use.Words(), nil
	m := w.Messages.AddOutsideThread(r)
	m.Reason, m.Template = bridge.ReasonTemplate, body
	w.Posts.RememberForm(r, 0, m)
	w.Suggestions.Settle(c, store.SuggestsTemplate, used.Name, store.SuggestionUsed)
	w.Log.Did(r, Detail{Message: m.ID, Text: used.Name})

	if w.MustBeTaken(c) {
		w.AskToTake(c, m)
		return nil
	}

	w.Line(c, bridge.Line{
		Content: &bridge.BegunLine{Template: used.Name, Count: w.ManyTexts(c, m.Text)},
		Verb:    bridge.VerbTemplate,
		By:      w.Dir.Ref(r.Surface, agent.ID),
		Text:    m.Text,
		Verbs:   []bridge.Verb{bridge.VerbUndo},
		Args:    bridge.Args{Conversation: c.ID, Message: m.ID},
	})

	w.SendToCustomer(r, m, w.FormOrder())
	w.settleReplaced(r, m)
	return nil
}

// settleReplaced records on a reply that waits for the reply window that the template m is sent instead.
// Otherwise the reply would be offered again when the window opens.
func (w *work) settleReplaced(r Request, m *Message) {
	replaced := w.Messages.Get(r.Args.Message)
	isOfConversation := replaced != nil && replaced.ConversationID == r.Conversation.ID
	isLeaving := m.Fate == store.FateWaiting
	if isOfConversation && isLeaving && IsWaitingForWindow(replaced) {
		w.NoteDecision(replaced, r.Agent, bridge.OutcomeTemplate)
	}
}

// checkTemplate fills in a template for a conversation, or returns the reason why it may not be sent there.
func (w *work) checkTemplate(
	c *Conversation, rows []store.Template, args *bridge.TemplateArgs,
) (UsedTemplate, *bridge.Problem) {
	if !c.BridgeStatus().Open() {
		return UsedTemplate{}, &bridge.Problem{
			Code: bridge.ReasonNotOpen,
			Text: "This conversation is " + c.Status + ".",
			Hint: w.Conversations.HintAfterEnd(c),
		}
	}
	if c.Account.Mode == store.ModeWatch {
		return UsedTemplate{}, &bridge.Problem{
			Code: bridge.ReasonWatch,
			Text: "This account only watches: nothing is sent.",
			Hint: "An admin can switch it to live.",
		}
	}
	used, problem := TemplateFor(c.AccountID, rows, args)
	if problem == nil && !isForReplies(rows[0]) {
		problem = &bridge.Problem{
			Code: "not_for_replies",
			Text: "The template " + used.Name + " only begins conversations.",
			Hint: "Choose another one.",
		}
	}
	return used, problem
}

// isForReplies reports whether a template may be sent in an existing conversation. Some only start new ones.
func isForReplies(row store.Template) bool {
	return slices.Contains(row.Uses, bridge.TemplateReply) || slices.Contains(row.Uses, bridge.TemplateWindow)
}

// TemplateFor fills in the template that an agent saw in a preview, or returns the reason why the account may
// not send it. rows has the template's row, or is empty if the template was deleted.
func TemplateFor(account store.AccountID, rows []store.Template, args *bridge.TemplateArgs) (UsedTemplate, *bridge.Problem) {
	belongsToAccount := len(rows) > 0 && rows[0].AccountID == account
	if !belongsToAccount || rows[0].Todo == store.TodoDelete {
		return UsedTemplate{}, &bridge.Problem{
			Code: "no_template",
			Text: "There is no such template for this account.",
			Hint: "Choose another one.",
		}
	}
	row := rows[0]
	if row.Version != args.Version {
		return UsedTemplate{}, &bridge.Problem{
			Code: "template_changed",
			Text: "The template " + row.Name + " was changed since you saw it.",
			Hint: "Look at it again, then send it.",
		}
	}
	if row.Status != string(channels.TemplateApproved) {
		return UsedTemplate{}, &bridge.Problem{
			Code: "not_approved",
			Text: NotApproved(row),
			Hint: "Choose another one.",
		}
	}
	return fillTemplate(row, args.Values)
}

// offerTemplates answers a typed command with a button that opens the form. A name in the command preselects
// the template.
func (w *work) offerTemplates(ctx context.Context, tx pgx.Tx, r Request) error {
	facts, err := w.Facts(ctx, tx, r)
	if err != nil {
		return err
	}

	list, err := w.Reading.FittingTemplates(ctx, tx, facts)
	if err != nil {
		return err
	}
	if len(list) == 0 {
		problem := NoTemplate(facts)
		w.Refuse(r, problem.Code, problem.Text, problem.Hint)
		return nil
	}

	if name := strings.TrimSpace(r.Args.Note); name != "" {
		hasOtherName := func(t bridge.Template) bool { return !strings.EqualFold(t.Name, name) }
		found := slices.DeleteFunc(slices.Clone(list), hasOtherName)
		if len(found) == 0 {
			w.Refuse(r, "no_template", fmt.Sprintf("There is no template %q that fits now.", name), "There is: "+joinNames(list))
			return nil
		}
		list = found
	}

	choice := &bridge.ChooseTemplateLine{}
	args := bridge.Args{Conversation: r.Conversation.ID, Message: r.Args.Message}
	if len(list) == 1 {
		choice.Templates = list
		args.Template = &bridge.TemplateArgs{ID: list[0].ID}
	}
	w.Whisper(r, bridge.Line{
		Content: choice,
		Verb:    bridge.VerbTemplate,
		Verbs:   []bridge.Verb{bridge.VerbTemplate},
		Args:    args,
	})
	return nil
}

// joinNames returns the names of templates, separated by commas. Adjacent templates with the same name count as one.
func joinNames(list []bridge.Template) string {
	var names []string
	for _, t := range list {
		names = append(names, t.Name)
	}
	return strings.Join(slices.Compact(names), ", ")
}

// TemplateFailed parks a reply whose template the provider refused: it waits for an agent's click. It also
// schedules a comparison of the account's templates with the provider's list.
func (w *work) TemplateFailed(ctx context.Context, tx pgx.Tx, c *Conversation, m *Message, f Fact) error {
	used := TemplateOf(&m.Message)
	rows, err := store.Templates(ctx, tx, used.ID)
	if err != nil {
		return err
	}

	reason, hint := bridge.ReasonTemplate, "Send another one, or this one when it is approved again."
	verbs := []bridge.Verb{bridge.VerbTemplate, bridge.VerbSend, bridge.VerbDrop}
	isCurrent := len(rows) > 0 && rows[0].Todo != store.TodoDelete && rows[0].Version == used.Version
	if !isCurrent {
		reason, hint = bridge.ReasonTemplateOutdated, "Choose another template: what was read here can't be sent any more."
		verbs = []bridge.Verb{bridge.VerbTemplate, bridge.VerbDrop}
	}

	m.Direction = store.DirectionNote
	m.SetFate(store.FateParked, reason)
	w.Log.ByParley(c, store.DeedParked, Detail{Message: m.ID, Why: bridge.InWords(f.Text)})
	w.Mark(c, m, bridge.MarkWarning)
	w.TellWith(c, m, bridge.Line{Content: &bridge.ParkedLine{Why: bridge.InWords(f.Text), Hint: hint}, Verbs: verbs})
	w.Messages.AwaitAnswerAgain(c)
	return store.ScheduleTemplateComparison(ctx, tx, c.AccountID, 0)
}

// fillTemplate fills in a template's values. It returns a Problem if one is missing.
func fillTemplate(row store.Template, values map[string]string) (UsedTemplate, *bridge.Problem) {
	u := UsedTemplate{
		ID:      row.ID,
		Version: row.Version,
		Name:    row.Name,
		Use:     channels.TemplateUse{Template: bridge.ProviderTemplate(row), Values: map[string]string{}},
	}
	u.Use.Category = cmp.Or(row.ProviderCategory, row.Category) // the provider may have changed it
	for _, name := range u.Use.Variables {
		value := bridge.TemplateValue(values[name])
		if value == "" {
			return u, &bridge.Problem{
				Code: "value_missing",
				Text: "There is nothing for " + strings.ReplaceAll(name, "_", " ") + " ({{" + name + "}}).",
				Hint: "Fill it in.",
			}
		}
		u.Use.Values[name] = value
	}
	return u, nil
}
