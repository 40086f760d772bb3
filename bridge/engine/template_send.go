package engine

import (
	"context"

	"parley/channels"
	"parley/store"
)

// templatesOf reads the templates that messages are, as they are now.
func (e *Engine) templatesOf(ctx context.Context, m *material) error {
	var ids []int64
	for _, said := range m.messages {
		if used := templateUsed(said); used != nil {
			ids = append(ids, used.ID)
		}
	}
	rows, err := store.Templates(ctx, e.pool, compact(ids)...)
	m.templates = map[int64]store.Template{}
	for _, row := range rows {
		m.templates[row.ID] = row
	}
	return retry(err)
}

// asTemplate says that the provider takes templates as such; elsewhere their words are
// sent.
func (a *attempt) asTemplate() bool {
	ch := a.e.Channel(a.c.AccountID)
	return ch != nil && ch.Capabilities().Templates
}

// mayUseTemplate checks once more, before a byte leaves, that the provider still approves
// of the template, as it was when its words were read.
func (a *attempt) mayUseTemplate(r *outgoing) error {
	used := templateUsed(&r.message)
	if used == nil {
		return nil
	}
	row, known := a.templates[used.ID]
	bad := func(text string) error { return &channels.SendError{Class: channels.TemplateBad, Text: text} }
	switch {
	case !known || row.Todo == store.TodoDelete:
		return bad("The template " + used.Name + " was deleted.")
	case row.Version != used.Version:
		return bad("The template " + used.Name + " was changed meanwhile.")
	case row.Status != string(channels.TemplateApproved):
		return bad(notApproved(row))
	}
	return nil
}
