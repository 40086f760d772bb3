package openai

import (
	"slices"
	"strings"

	"parley/bridge/analysis"
)

// Before a question is sent, it is cut to a maximum length. If the operator wants that, personal data in it is masked,
// that is, replaced by placeholders: a phone number becomes "[PHONE_1_qwertzui]". This file prepares the question in
// this way, and converts the model's output to an analysis.Answer with the original data restored.

// prepareQuestion returns the question as the model will see it. The mask is nil if nothing is masked.
func (a *Analyzer) prepareQuestion(q analysis.Question) (analysis.Question, *analysis.Mask) {
	if !a.options.Mask || q.Terms.Unmasked {
		return cut(q), nil
	}
	// Mask before cutting: a cut could leave half of a phone number, which the mask would not recognise.
	hidden := analysis.New(allTexts(q)...)
	return cut(mapTexts(q, hidden.Hide)), hidden
}

// build converts the model's output to an Answer and restores masked data. Texts whose placeholders the model has
// changed can't be restored and are left out, as are replies that repeat the model's instructions.
func (a *Analyzer) build(w wire, q analysis.Question, p prompt, hidden *analysis.Mask) analysis.Answer {
	restore := func(s string) (string, bool) { return s, true }
	if hidden != nil {
		restore = hidden.Show
	}

	restoreAll := func(texts []string) []string {
		var restored []string
		for _, t := range texts {
			if s, ok := restore(t); ok {
				restored = append(restored, s)
			}
		}
		return restored
	}

	answer := analysis.Answer{
		Language:  w.Language,
		Sentiment: analysis.Sentiment(w.Sentiment),
		Urgency:   analysis.Urgency{Urgent: w.Urgent},
		Intents:   restoreAll(w.Intents),
		Tags:      restoreAll(w.Tags),
		By:        a.options.Model,
	}

	answer.Urgency.Because, _ = restore(w.Because) // analysis.Check removes it unless it quotes the customer
	for _, r := range w.References {
		if value, ok := restore(r.Value); ok {
			answer.References = append(answer.References, analysis.Reference{Kind: r.Kind, Value: value, Link: q.LinkTo(r.Kind, value)})
		}
	}

	for _, r := range w.Replies {
		text, ok := restore(r.Text)
		isLeak := hasLeak(text) || strings.Contains(text, p.marker)
		if ok && !isLeak {
			answer.Replies = append(answer.Replies, analysis.Reply{Text: text, Sources: restoreAll(r.Sources)})
		}
	}

	for _, act := range w.Actions {
		if value, ok := restore(act.Value); ok {
			answer.Actions = append(answer.Actions, analysis.Action{Name: analysis.ActionName(act.Name), Value: value})
		}
	}

	return answer
}

// mapTexts returns a copy of q with f applied to its texts. The patterns of reference numbers and the names of actions
// are not changed: they come from the team's settings, and must keep their exact form.
func mapTexts(q analysis.Question, f func(string) string) analysis.Question {
	texts := func(all []string) []string { return mapStrings(all, f) }
	q.Burst, q.Before = mapMessages(q.Burst, f), mapMessages(q.Before, f)
	d := &q.Desk
	d.Intents = slices.Clone(d.Intents)
	d.Tags = slices.Clone(d.Tags)
	d.Sources = slices.Clone(d.Sources)
	for i, x := range d.Intents {
		d.Intents[i].Name, d.Intents[i].About = f(x.Name), f(x.About)
	}

	for i, x := range d.Tags {
		d.Tags[i] = analysis.Tag{Name: f(x.Name), Words: texts(x.Words)}
	}

	for i, x := range d.Sources {
		d.Sources[i] = analysis.Source{ID: f(x.ID), Title: f(x.Title), Link: f(x.Link), Text: f(x.Text)}
	}

	return q
}

func mapMessages(all []analysis.Message, f func(string) string) []analysis.Message {
	changed := slices.Clone(all)
	for i, m := range changed {
		changed[i].Subject = f(m.Subject)
		changed[i].Text = f(m.Text)
		changed[i].Files = mapStrings(m.Files, f)
	}
	return changed
}

func mapStrings(all []string, f func(string) string) []string {
	changed := slices.Clone(all)
	for i, s := range changed {
		changed[i] = f(s)
	}
	return changed
}

func allTexts(q analysis.Question) []string {
	var all []string
	mapTexts(q, func(s string) string { all = append(all, s); return s })
	return all
}
