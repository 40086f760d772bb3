package engine

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"strings"

	"github.com/jackc/pgx/v5"

	"parley/bridge"
	"parley/bridge/engine/outbound"
	"parley/channels"
	"parley/store"
)

// templateReason marks a reply that is a template.
const templateReason string = "template"

// useTemplate sends a template as the agent's message. If the agent hasn't seen its preview yet, it
// offers templates instead.
func (w *work) useTemplate(ctx context.Context, tx pgx.Tx, r request) error {
	c, agent, surface := r.conv, r.agent, r.surface
	if problem := Authorize(agent, bridge.VerbReply, c.Conversation); problem != nil {
		w.refuse(r, problem.Code, problem.Text, problem.Hint)
		return nil
	}
	if !r.Args.Template.Ready() {
		return w.offerTemplates(ctx, tx, r)
	}
	rows, err := store.Templates(ctx, tx, r.Args.Template.ID)
	if err != nil {
		return err
	}
	used, problem := checkTemplate(c, rows, r.Args.Template)
	if problem != nil {
		w.refuse(r, problem.Code, problem.Text, problem.Hint)
		return nil
	}
	if !w.takeFormBack(r) {
		w.refuse(r, formReason, "You handed this form in before: its template is on its way, or sent.", "Open the form again to send another one.")
		return nil
	}
	body, err := json.Marshal(used)
	if err != nil {
		return fmt.Errorf("engine: template: %w", err)
	}
	r.Place.Message, r.Files, r.Text = "", nil, used.Use.Words()
	m := w.messages.addByPerson(r)
	m.Reason, m.Template = templateReason, body
	w.posts.rememberForm(r, 0, m)
	w.log.byAgent(c, agent, store.DeedChoseTemplate, detail{Message: m.ID, Text: used.Name})
	if w.mustBeTaken(c) {
		w.askToTake(c, m)
		return nil
	}
	w.line(c, bridge.Line{Content: &bridge.BegunLine{Template: used.Name}, Verb: bridge.VerbTemplate,
		By: w.dir.Ref(surface, agent.ID), Text: m.Text, Verbs: []bridge.Verb{bridge.VerbUndo},
		Args: bridge.Args{Conversation: c.ID, Message: m.ID}})
	w.sendToCustomer(c, agent, surface, m, w.formOrder())
	if parked := w.messages.rows[r.Args.Message]; parked != nil && parked.ConversationID == c.ID && parked.Fate == store.FateParked {
		w.decide(parked, agent, bridge.OutcomeTemplate)
	}
	return nil
}

// checkTemplate says whether a template may be sent in a conversation, and fills it in.
func checkTemplate(c *conv, rows []store.Template, args *bridge.TemplateArgs) (outbound.UsedTemplate, *bridge.Problem) {
	switch {
	case !c.status().Open():
		return outbound.UsedTemplate{}, &bridge.Problem{Code: "not_open", Text: "This conversation is " + c.Status + ".", Hint: c.afterTheEnd()}
	case c.account.Mode == "watch":
		return outbound.UsedTemplate{}, &bridge.Problem{Code: "watch", Text: "This account only watches: nothing is sent.", Hint: "An admin can switch it to live."}
	}
	used, problem := templateFor(c.AccountID, rows, args)
	if problem == nil && !slices.Contains(rows[0].Uses, bridge.TemplateReply) && !slices.Contains(rows[0].Uses, bridge.TemplateWindow) {
		problem = &bridge.Problem{Code: "not_for_replies", Text: "The template " + used.Name + " only begins conversations.", Hint: "Choose another one."}
	}
	return used, problem
}

// templateFor says whether a template that was seen may leave by an account, and fills it in.
func templateFor(account int64, rows []store.Template, args *bridge.TemplateArgs) (outbound.UsedTemplate, *bridge.Problem) {
	if len(rows) == 0 || rows[0].AccountID != account || rows[0].Todo == store.TodoDelete {
		return outbound.UsedTemplate{}, &bridge.Problem{Code: "no_template", Text: "There is no such template for this account.", Hint: "Choose another one."}
	}
	row := rows[0]
	switch {
	case row.Version != args.Version:
		return outbound.UsedTemplate{}, &bridge.Problem{Code: "template_changed", Text: "The template " + row.Name + " was changed since you saw it.", Hint: "Look at it again, then send it."}
	case row.Status != string(channels.TemplateApproved):
		return outbound.UsedTemplate{}, &bridge.Problem{Code: "not_approved", Text: outbound.NotApproved(row), Hint: "Choose another one."}
	}
	return fillTemplate(row, args.Values)
}

// offerTemplates answers a typed verb with the button that opens the form of templates.
func (w *work) offerTemplates(ctx context.Context, tx pgx.Tx, r request) error {
	c, a := r.conv, r.Action
	facts, err := w.facts(ctx, tx, c, r.agent, r.surface)
	if err != nil {
		return err
	}
	list, err := w.e.fitting(ctx, tx, facts)
	if err != nil {
		return err
	}
	if len(list) == 0 {
		w.refuse(r, "no_template", noneFits(facts), "Admins make them with @Parley templates.")
		return nil
	}
	var choice bridge.ChooseTemplateLine
	line := bridge.Line{Content: &choice, Verb: bridge.VerbTemplate, Verbs: []bridge.Verb{bridge.VerbTemplate},
		Args: bridge.Args{Conversation: c.ID, Message: a.Args.Message}}
	if name := strings.TrimSpace(a.Args.Note); name != "" {
		found := slices.DeleteFunc(slices.Clone(list), func(t bridge.Template) bool { return !strings.EqualFold(t.Name, name) })
		if len(found) == 0 {
			var names []string
			for _, t := range list {
				names = append(names, t.Name)
			}
			w.refuse(r, "no_template", fmt.Sprintf("There is no template %q that fits now.", name), "There is: "+strings.Join(slices.Compact(names), ", "))
			return nil
		}
		list = found
	}
	if len(list) == 1 {
		choice.Templates, line.Args.Template = list, &bridge.TemplateArgs{ID: list[0].ID}
	}
	w.whisper(c, r.surface, a, line)
	return nil
}

// templateFailed parks a reply whose template can't be sent any more, and has the
// account's templates looked at.
func (w *work) templateFailed(ctx context.Context, tx pgx.Tx, c *conv, m *message, f ownFact) error {
	m.Direction, m.Fate, m.Reason, m.dirty = store.DirectionNote, store.FateParked, templateReason, true
	w.log.byParley(c, store.DeedParked, detail{Message: m.ID, Reason: f.Text})
	w.mark(c, m, bridge.MarkWarning)
	w.tellWith(c, m, bridge.Line{Content: &bridge.ParkedLine{Reason: f.Text, Hint: "Send another one, or this one when it is approved again."},
		Verbs: []bridge.Verb{bridge.VerbTemplate, bridge.VerbSend, bridge.VerbDrop}})
	w.messages.unanswered(c)
	return store.ListTemplatesSoon(ctx, tx, c.AccountID, 0)
}
