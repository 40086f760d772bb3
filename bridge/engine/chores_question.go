package engine

import (
	"context"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"parley/bridge"
	"parley/bridge/analysis"
	"parley/channels"
	"parley/store"
)

// maxQuestionMessages is how many of a conversation's latest messages an Analyzer gets.
const maxQuestionMessages = 20

// preparedQuestion is a question to an Analyzer about a burst, the messages that a customer wrote in one go.
// Besides the messages it has sources, texts that a suggested reply may be based on: templates ("template:12")
// and sections of the knowledge base ("knowledge:https://…#3").
type preparedQuestion struct {
	analysis.Question
	templates map[string]store.Template // templates among the sources, by source ID
}

// makeQuestion builds the question about a burst. It contains only messages from and to the customer, never
// internal notes. If the burst's messages are gone, q.Burst is empty and q has no sources.
// Errors: the database's.
func (as *Analyses) makeQuestion(ctx context.Context, b claimedBurst) (preparedQuestion, error) {
	q := preparedQuestion{templates: map[string]store.Template{}}
	q.Now = b.Now
	q.Desk = analysis.Desk{Actions: []analysis.ActionName{analysis.Template, analysis.Snooze}}
	for _, t := range as.Directory().OfferedTags() {
		if t.Kind == store.TagLabel {
			continue // labels say what agents have to do, not what customers write about
		}
		q.Desk.Tags = append(q.Desk.Tags, analysis.Tag{Name: t.Name})
	}

	account := q.addMessages(b)
	if account == 0 {
		return q, nil
	}

	settings := as.settingsOf(account)
	q.Desk.Language = settings.Language
	q.Desk.References, q.Desk.Intents = settings.AI.References, settings.AI.Intents
	q.addTemplates(b.Templates, account)
	if b.Knowledge {
		pages, err := as.findKnowledge(ctx, askedIn(q.Burst))
		if err != nil {
			return q, err
		}
		q.Desk.Sources = append(q.Desk.Sources, pages...)
	}

	return q, nil
}

// addMessages sets q.Burst, and q.Before to the messages exchanged before it, oldest first. It returns the
// account that received the burst's last message, or 0 if the burst's messages are gone.
func (q *preparedQuestion) addMessages(b claimedBurst) (account store.AccountID) {
	for i := range slices.Backward(b.Latest) {
		m := &b.Latest[i]
		message, ok := messageExchanged(m)
		if !ok || m.ConversationID != b.ConversationID || m.EventID > b.LastEvent {
			continue
		}
		isOfBurst := m.Direction == store.DirectionIn && m.EventID >= b.FirstEvent
		if isOfBurst {
			q.Burst, account = append(q.Burst, message), m.AccountID
		} else {
			q.Before = append(q.Before, message)
		}
	}
	return account
}

// addTemplates adds an account's approved reply templates as sources.
func (q *preparedQuestion) addTemplates(all []store.Template, account store.AccountID) {
	for _, t := range all {
		isApproved := t.Status == string(channels.TemplateApproved)
		if t.AccountID != account || !isApproved || !slices.Contains(t.Uses, bridge.TemplateReply) {
			continue
		}
		id := "template:" + strconv.FormatInt(int64(t.ID), 10)
		q.templates[id] = t
		q.Desk.Sources = append(q.Desk.Sources, analysis.Source{ID: id, Title: t.Name, Text: t.Body})
	}
}

const (
	maxSections         = 5    // sections of the knowledge base in a question
	choresMaxAskedRunes = 2000 // runes of a burst in a search query
)

// askedIn returns the beginning of a burst, as the query for searches in the knowledge base.
func askedIn(burst []analysis.Message) string {
	var words []string
	for _, m := range burst {
		words = append(words, m.Subject, m.Text)
	}
	return FirstRunes(strings.Join(words, "\n"), choresMaxAskedRunes)
}

// findKnowledge returns the sections of the knowledge base that match a query.
// Errors: the database's.
func (as *Analyses) findKnowledge(ctx context.Context, asked string) ([]analysis.Source, error) {
	found, err := store.FindKnowledge(ctx, as.pool, asked, maxSections)
	if err != nil {
		return nil, err
	}
	var sources []analysis.Source
	for _, s := range found {
		source := analysis.Source{ID: fmt.Sprintf("knowledge:%s#%d", s.Address, s.Position), Title: s.Title, Text: s.Body}
		if (store.KnowledgePlace{Place: s.Place}).IsSite() {
			source.Link = s.Address
		}
		sources = append(sources, source)
	}
	return sources, nil
}

// settingsOf returns an account's settings, or the defaults if the account is gone.
func (as *Analyses) settingsOf(account store.AccountID) bridge.AccountSettings {
	a, ch := as.Directory().Account(account), as.Channel(account)
	if a == nil {
		return bridge.SettingsOf(nil, nil, ofThreads)
	}
	return as.Directory().SettingsOf(a, ch != nil && ch.Capabilities().Threads)
}

// namedTemplates returns the templates that an answer names in an action or as a source of a reply, without duplicates.
func namedTemplates(a analysis.Answer, templates map[string]store.Template) (fits []FittingText) {
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
		if !known {
			continue // another kind of source
		}
		if fit := (FittingText{Template: t.ID, Name: t.Name}); !slices.Contains(fits, fit) {
			fits = append(fits, fit)
		}
	}

	return fits
}

// hasBlanks reports whether a reply has a template's variable ("{{1}}"), which an agent would have to fill in.
func hasBlanks(r analysis.Reply) bool { return strings.Contains(r.Text, "{{") }

// citedSources returns the sources that the replies of an answer are based on, without duplicates.
func citedSources(a analysis.Answer, sources []analysis.Source) (cited []CitedSource) {
	for _, s := range sources {
		drawsOn := func(r analysis.Reply) bool { return slices.Contains(r.Sources, s.ID) }
		if slices.ContainsFunc(a.Replies, drawsOn) {
			cited = append(cited, CitedSource{ID: s.ID, Title: s.Title, Link: s.Link})
		}
	}
	return cited
}
