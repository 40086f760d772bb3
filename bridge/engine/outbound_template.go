package engine

import (
	"context"
	"encoding/json"
	"fmt"
	"strings"

	"parley/channels"
	"parley/store"
)

// Some providers let a business write to a customer only with a template that they have approved. A message that
// was made from one keeps the template's id, its version and the values filled in (UsedTemplate).

// readTemplates adds the current rows of the templates that its messages use to the material.
func (e *Sender) readTemplates(ctx context.Context, m *material) error {
	var ids []store.TemplateID
	for _, message := range m.messages {
		if used := TemplateOf(message); used != nil {
			ids = append(ids, used.ID)
		}
	}
	rows, err := store.Templates(ctx, e.Pool, outboundSortedUnique(ids)...)
	if err != nil {
		return Retry(err)
	}
	m.templates = map[store.TemplateID]store.Template{}
	for _, row := range rows {
		m.templates[row.ID] = row
	}
	return nil
}

// checkTemplate returns an error if the provider no longer approves of the reply's template, or if the template
// was changed since the agent saw its words. It returns nil for a reply without a template.
func (a *replyAttempt) checkTemplate(r *outgoingReply) error {
	used := TemplateOf(&r.message)
	if used == nil {
		return nil
	}

	row, known := a.templates[used.ID]
	bad := func(text string) error { return &channels.SendError{Class: channels.TemplateBad, Text: text} }
	if !known || row.Todo == store.TodoDelete {
		return bad("The template " + used.Name + " was deleted.")
	}
	if row.Version != used.Version {
		return bad("The template " + used.Name + " was changed meanwhile.")
	}
	if row.Status != string(channels.TemplateApproved) {
		return bad(NotApproved(row))
	}
	return nil
}

// UsedTemplate is what a message stores of the template that it was made from.
type UsedTemplate struct {
	ID      store.TemplateID     `json:"id"`
	Version int                  `json:"version"`
	Name    string               `json:"name"`
	Use     channels.TemplateUse `json:"use"`
}

// TemplateOf decodes the template that a message was made from, or returns nil.
func TemplateOf(m *store.Message) *UsedTemplate {
	var u UsedTemplate
	if len(m.Template) == 0 {
		return nil
	}
	if err := json.Unmarshal(m.Template, &u); err != nil {
		return nil // Parley wrote it, so that this doesn't happen
	}
	if u.ID == 0 {
		return nil
	}
	return &u
}

// NotApproved returns a sentence that says why a template can't be sent now.
func NotApproved(row store.Template) string {
	words := map[string]string{"draft": "is not handed in yet", "pending": "still waits for approval", "rejected": "was rejected",
		"paused": "was paused by the provider", "disabled": "was disabled by the provider"}
	text := fmt.Sprintf("The template %s (%s) %s", row.Name, row.Language, words[row.Status])
	if row.Reason != "" {
		return text + ": " + strings.TrimRight(row.Reason, ".") + "."
	}
	return text + "."
}
