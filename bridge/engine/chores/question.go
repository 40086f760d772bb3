package chores

import (
	"context"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"parley/bridge"
	"parley/bridge/analysis"
	"parley/bridge/analysis/anonymous"
	"parley/bridge/engine/own"
	"parley/channels"
	"parley/store"
	"parley/store/knowledge"
)

// analyseLook is how many of a conversation's latest messages an Analyzer gets.
const analyseLook = 20

// asking is a question with what its sources stand for, by the IDs that they have in it.
type asking struct {
	analysis.Question
	templates map[string]store.Template // those that may answer
	intents   map[string]string         // what was wanted in resolved conversations; "" = nobody knows
}

// question makes what an Analyzer is asked now about a burst. Only what customers wrote and what left for them is in it: nothing internal.
func (as *Analyses) question(ctx context.Context, b claimedBurst) (asking, error) {
	q := asking{templates: map[string]store.Template{}, intents: map[string]string{}}
	q.Now = b.Now
	q.Desk = analysis.Desk{Actions: []analysis.ActionName{analysis.Template, analysis.Snooze}}
	for _, t := range as.host.Directory().OfferedTags() {
		if t.Kind == store.TagLabel {
			continue // labels say what people are to do, not what a customer wrote about
		}
		q.Desk.Tags = append(q.Desk.Tags, analysis.Tag{Name: t.Name})
	}
	var account store.AccountID
	for i := range slices.Backward(b.Latest) { // the oldest first
		m := &b.Latest[i]
		said, ok := exchanged(m)
		switch {
		case m.ConversationID != b.ConversationID:
		case !ok || m.EventID > b.LastEvent:
		case m.Direction == store.DirectionIn && m.EventID >= b.FirstEvent:
			q.Burst, account = append(q.Burst, said), m.AccountID
		default:
			q.Before = append(q.Before, said)
		}
	}
	if account == 0 {
		return q, nil
	}
	settings := as.settings(account)
	q.Desk.Language, q.Desk.References, q.Desk.Intents = settings.Language, settings.AI.References, settings.AI.Intents
	for _, t := range b.Templates {
		if t.AccountID == account && t.Status == string(channels.TemplateApproved) && slices.Contains(t.Uses, bridge.TemplateReply) {
			id := "template:" + strconv.FormatInt(int64(t.ID), 10)
			q.templates[id] = t
			q.Desk.Sources = append(q.Desk.Sources, analysis.Source{ID: id, Title: t.Name, Text: t.Body})
		}
	}
	if b.Knowledge {
		pages, err := as.knowledge(ctx, askedIn(q.Burst))
		if err != nil {
			return q, err
		}
		q.Desk.Sources = append(q.Desk.Sources, pages...)
	}
	return q, as.solvedBefore(ctx, b, &q)
}

// askedIn gives the words by which is found what is like a burst.
func askedIn(burst []analysis.Message) string {
	var words []string
	for _, m := range burst {
		words = append(words, m.Subject, m.Text)
	}
	asked := []rune(strings.Join(words, "\n"))
	return string(asked[:min(len(asked), askedRunes)])
}

const (
	mostSections = 5    // of the knowledge base, in a question
	askedRunes   = 2000 // of a burst, by which they are found
)

// knowledge gives what the knowledge base says about a burst.
func (as *Analyses) knowledge(ctx context.Context, asked string) ([]analysis.Source, error) {
	found, err := knowledge.Find(ctx, as.pool, asked, mostSections)
	var sources []analysis.Source
	for _, s := range found {
		source := analysis.Source{ID: fmt.Sprintf("knowledge:%s#%d", s.Address, s.Position), Title: s.Title, Text: s.Body}
		if (knowledge.Place{Place: s.Place}).IsSite() {
			source.Link = s.Address
		}
		sources = append(sources, source)
	}
	return sources, err
}

// settings gives those of the account whose messages are read.
func (as *Analyses) settings(account store.AccountID) bridge.AccountSettings {
	a, ch := as.host.Directory().Account(account), as.host.Channel(account)
	if a == nil {
		return bridge.SettingsOf(nil, nil, true)
	}
	return as.host.Directory().SettingsOf(a, ch != nil && ch.Capabilities().Threads)
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

// hasBlanks says that a reply has holes: a template's variables, which its own form fills in, or what was taken out
// of a resolved conversation.
func hasBlanks(r analysis.Reply) bool {
	return strings.Contains(r.Text, "{{") || strings.Contains(r.Text, anonymous.Hole)
}

// citing gives what the replies of an answer draw on, each once.
func citing(a analysis.Answer, sources []analysis.Source) (cited []own.CitedSource) {
	for _, s := range sources {
		if slices.ContainsFunc(a.Replies, func(r analysis.Reply) bool { return slices.Contains(r.Sources, s.ID) }) {
			cited = append(cited, own.CitedSource{ID: s.ID, Title: s.Title, Link: s.Link})
		}
	}
	return cited
}
