package twilio

import (
	"context"
	"slices"
	"strconv"
	"strings"

	"parley/channels"
)

// A message template is a text that WhatsApp approves before it may be sent, with variables such as {{name}}. At Twilio, a template is a
// "content", and its variables have numbers: {{1}}, {{2}}. A content's text is fixed once it was submitted, so a changed template
// becomes a new content.

// variablesOf returns a template's variables in the order of their numbers at Twilio.
func variablesOf(t channels.Template) []string {
	if len(t.Variables) > 0 {
		return t.Variables
	}
	return channels.Variables(t.Header, t.Body)
}

// numberVariables replaces the names of variables by their numbers: {{name}} becomes {{1}}.
func numberVariables(text string, t channels.Template) string {
	numbers := map[string]string{}
	for i, name := range variablesOf(t) {
		numbers[name] = "{{" + strconv.Itoa(i+1) + "}}"
	}
	return channels.Fill(text, numbers)
}

// variableValue collapses white space in a value, because WhatsApp refuses line breaks, tabs and repeated spaces.
func variableValue(s string) string { return strings.Join(strings.Fields(s), " ") }

// SubmitTemplate implements channels.Templater. It creates a content and requests WhatsApp's approval for it. Then it deletes the
// content of the template's previous version, if there is one.
func (w *WhatsApp) SubmitTemplate(ctx context.Context, t channels.Template) (channels.TemplateState, error) {
	examples := map[string]string{}
	for i, name := range variablesOf(t) {
		examples[strconv.Itoa(i+1)] = t.Examples[name]
	}

	made, err := w.catalogue.create(ctx, map[string]any{
		"friendly_name": t.Name, "language": t.Language, "variables": examples, "types": templateTypes(t)})
	if err != nil {
		return channels.TemplateState{}, sendError(err)
	}

	name := t.Name
	if t.ExternalID != "" { // a changed template needs a new name, because WhatsApp keeps the old one for 30 days
		const base = 36 // letters and digits, so that the time takes six characters
		name = clipName(t.Name) + "_" + strconv.FormatInt(w.env.Now().Unix(), base)
	}

	a, err := w.catalogue.requestApproval(ctx, made.SID, name, t.Category)
	if err != nil {
		// The content is useless without approval. If it can't be removed, it appears in the list of templates.
		failed := *sendError(err)
		if w.catalogue.remove(context.WithoutCancel(ctx), made.SID) != nil {
			failed.Class = channels.Ambiguous
		}
		return channels.TemplateState{}, &failed
	}

	if t.ExternalID != "" {
		if err := w.catalogue.remove(ctx, t.ExternalID); err != nil {
			w.log.Warn("old template not deleted", "error", err)
		}
	}

	made.Approval = a
	state := made.describeState()
	state.Language, state.Name = t.Language, t.Name
	if state.Status == channels.TemplateDraft { // it was just submitted, even if Twilio doesn't say so yet
		state.Status = channels.TemplatePending
	}

	return state, nil
}

// clipName shortens a template's name to leave room for a suffix. Names are ASCII and have at most 512 characters.
func clipName(name string) string {
	const maxBeforeSuffix = 480
	return name[:min(len(name), maxBeforeSuffix)]
}

// templateTypes returns the "types" of a template's content, as the Content API expects them: plain text, text with quick replies, or
// WhatsApp's card for a template with a header, a footer or links. For example:
//
//	{"twilio/text": {"body": "Hello {{1}}"}}
func templateTypes(t channels.Template) map[string]any {
	body := numberVariables(t.Body, t)
	actions := buttonActions(t.Buttons)
	isLink := func(b channels.Button) bool { return b.URL != "" }
	needsCard := t.Header != "" || t.Footer != "" || slices.ContainsFunc(t.Buttons, isLink)
	switch {
	case !needsCard && len(actions) == 0:
		return map[string]any{"twilio/text": map[string]any{"body": body}}
	case !needsCard:
		return map[string]any{"twilio/quick-reply": map[string]any{"body": body, "actions": actions}}
	}

	card := map[string]any{"body": body, "header_text": numberVariables(t.Header, t), "footer": t.Footer}
	for _, optional := range []string{"header_text", "footer"} {
		if card[optional] == "" {
			delete(card, optional)
		}
	}

	if len(actions) > 0 {
		card["actions"] = actions
	}

	return map[string]any{"whatsapp/card": card}
}

// DeleteTemplate implements channels.Templater. A template that was never submitted needs no deletion.
func (w *WhatsApp) DeleteTemplate(ctx context.Context, t channels.Template) error {
	if t.ExternalID == "" {
		return nil
	}
	return w.catalogue.remove(ctx, t.ExternalID)
}

// ListTemplates implements channels.Templater. It leaves out contents that were made for single messages.
func (w *WhatsApp) ListTemplates(ctx context.Context) ([]channels.TemplateState, error) {
	list, err := w.catalogue.list(ctx)
	if err != nil {
		return nil, asNotSent(err)
	}
	states := []channels.TemplateState{}
	for _, t := range list {
		if t.Name != onceName {
			states = append(states, t.describeState())
		}
	}
	return states, nil
}
