package twilio

import (
	"cmp"
	"context"
	"strconv"
	"strings"

	"parley/channels"
)

// variablesOf returns a template's variables in the order of their numbers at Twilio.
func variablesOf(t channels.Template) []string {
	if len(t.Variables) > 0 {
		return t.Variables
	}
	return channels.Variables(t.Header, t.Body)
}

// numberVariables replaces names of variables by numbers: {{name}} becomes {{1}}.
func numberVariables(text string, t channels.Template) string {
	numbers := map[string]string{}
	for i, name := range variablesOf(t) {
		numbers[name] = "{{" + strconv.Itoa(i+1) + "}}"
	}
	return channels.Fill(text, numbers)
}

// variableValue collapses white space in a value: WhatsApp refuses line ends, tabs and repeated spaces.
func variableValue(s string) string { return strings.Join(strings.Fields(s), " ") }

// SubmitTemplate implements channels.Templater. A template is a "content" at Twilio, for which WhatsApp's approval is then requested.
// Twilio can't change a submitted content, so a changed template becomes a new one, and the old one is deleted.
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
	if t.ExternalID != "" { // WhatsApp keeps the old name for 30 days
		const base = 36 // letters and digits, so that the seconds take six characters
		name = clipName(t.Name) + "_" + strconv.FormatInt(w.env.Now().Unix(), base)
	}

	a, err := w.catalogue.requestApproval(ctx, made.SID, name, t.Category)
	if err != nil {
		// Without a request for approval, the content is of no use. If it can't be removed, it shows up in the list of templates.
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
	if state.Status == channels.TemplateDraft { // it has just been submitted, whatever Twilio calls it
		state.Status = channels.TemplatePending
	}

	return state, nil
}

// clipName shortens a template's name to leave room for a suffix. Names are ASCII, of at most 512 characters.
func clipName(name string) string {
	const maxBeforeSuffix = 480
	return name[:min(len(name), maxBeforeSuffix)]
}

// templateTypes returns a template in the form of the Content API: as plain text, as text with quick replies, or
// as WhatsApp's card if it has more.
func templateTypes(t channels.Template) map[string]any {
	body := numberVariables(t.Body, t)
	actions := []map[string]string{}
	hasLinks := false
	for _, b := range t.Buttons {
		if b.URL != "" {
			hasLinks = true
			actions = append(actions, map[string]string{"type": "URL", "title": b.Title, "url": b.URL})
			continue
		}

		actions = append(actions, map[string]string{"type": "QUICK_REPLY", "title": b.Title, "id": cmp.Or(b.ID, b.Title)})
	}

	if t.Header == "" && t.Footer == "" {
		if len(actions) == 0 {
			return map[string]any{"twilio/text": map[string]any{"body": body}}
		}
		if !hasLinks {
			return map[string]any{"twilio/quick-reply": map[string]any{"body": body, "actions": actions}}
		}
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

// DeleteTemplate implements channels.Templater.
func (w *WhatsApp) DeleteTemplate(ctx context.Context, t channels.Template) error {
	if t.ExternalID == "" {
		return nil
	}
	return w.catalogue.remove(ctx, t.ExternalID)
}

// ListTemplates implements channels.Templater.
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
