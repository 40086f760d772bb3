package chores

import (
	"context"
	"slices"
	"strconv"

	"parley/bridge"
	"parley/bridge/analysis"
	"parley/bridge/engine/own"
	"parley/channels"
	"parley/store"
)

// analyseLook is how many of a conversation's latest messages an Analyzer gets.
const analyseLook = 20

// latestOf reads the latest messages of the conversations of bursts, the oldest first.
func (cs *Chores) latestOf(ctx context.Context, bursts []store.Burst) (map[int64][]store.Message, error) {
	ids := make([]int64, 0, len(bursts))
	for _, b := range bursts {
		ids = append(ids, b.ConversationID)
	}
	rows, err := store.LatestMessages(ctx, cs.pool, ids, analyseLook)
	latest := map[int64][]store.Message{}
	for _, m := range slices.Backward(rows) {
		latest[m.ConversationID] = append(latest[m.ConversationID], m)
	}
	return latest, err
}

// question makes what an Analyzer is asked about a burst, with the templates that may answer it by the IDs that
// they have in the question. rows are the conversation's latest messages, the oldest first. Only what customers wrote and what left for them is in it: nothing internal.
func (cs *Chores) question(ctx context.Context, b store.Burst, rows []store.Message) (analysis.Question, map[string]store.Template, error) {
	q := analysis.Question{Desk: analysis.Desk{Language: "en", Actions: []analysis.ActionName{analysis.Template}}}
	for _, t := range cs.host.Directory().Tags {
		q.Desk.Tags = append(q.Desk.Tags, analysis.Tag{Name: t.Name})
	}
	var account int64
	for i := range rows {
		m := &rows[i]
		said := analysis.Message{FromAgent: m.Direction == store.DirectionOut, Subject: m.Subject, Text: m.Text}
		for _, f := range m.Files {
			said.Files = append(said.Files, f.Name)
		}
		switch {
		case m.Automatic != "" || m.EventID > b.LastEvent:
		case m.Direction == store.DirectionIn && m.EventID >= b.FirstEvent:
			q.Burst, account = append(q.Burst, said), m.AccountID
		case m.Direction == store.DirectionIn, m.Direction == store.DirectionOut && m.Fate == store.FateOut:
			q.Before = append(q.Before, said)
		}
	}
	if account == 0 {
		return q, nil, nil
	}
	list, err := store.ListTemplates(ctx, cs.pool, account)
	templates := map[string]store.Template{}
	for _, t := range list {
		if t.Status == string(channels.TemplateApproved) && slices.Contains(t.Uses, bridge.TemplateReply) {
			id := "template:" + strconv.FormatInt(t.ID, 10)
			templates[id] = t
			q.Desk.Sources = append(q.Desk.Sources, analysis.Source{ID: id, Title: t.Name, Text: t.Body})
		}
	}
	return q, templates, err
}

// fitting gives the templates that an answer names, each once.
func fitting(a analysis.Answer, templates map[string]store.Template) (fits []own.FittingText) {
	var named []string
	for _, action := range a.Actions {
		if action.Name == analysis.Template {
			named = append(named, action.Value)
		}
	}
	for _, r := range a.Replies {
		named = append(named, r.Sources...)
	}
	for _, id := range named {
		t, known := templates[id]
		if fit := (own.FittingText{Template: t.ID, Name: t.Name}); known && !slices.Contains(fits, fit) {
			fits = append(fits, fit)
		}
	}
	return fits
}
