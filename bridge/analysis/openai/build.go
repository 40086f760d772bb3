package openai

import (
	"slices"
	"strings"

	"parley/bridge/analysis"
	"parley/bridge/analysis/mask"
)

// Before a question goes to the server, it is cut to a length and, if the operator wants that, personal data in it
// are masked: replaced by placeholders. This file prepares the question and makes the analysis.Answer of what the
// model said, with the data put back.

// prepareQuestion returns the question as the model is shown it: cut to its budget and, if this is wanted, masked.
func (a *Analyzer) prepareQuestion(q analysis.Question) (analysis.Question, *mask.Mask) {
	if !a.options.Mask || q.Terms.Unmasked {
		return cut(q), nil
	}
	// Masked first: a cut could leave half a number, which no rule finds.
	hidden := mask.New(allTexts(q)...)
	return cut(mapTexts(q, hidden.Hide)), hidden
}

// build makes an Answer of what the model said, with what was hidden put back.
func (a *Analyzer) build(w wire, q analysis.Question, p prompt, hidden *mask.Mask) analysis.Answer {
	show := func(s string) (string, bool) { return s, true }
	if hidden != nil {
		show = hidden.Show
	}

	all := func(texts []string) []string {
		var shown []string
		for _, t := range texts {
			if s, ok := show(t); ok {
				shown = append(shown, s)
			}
		}
		return shown
	}

	answer := analysis.Answer{
		Language: w.Language, Sentiment: analysis.Sentiment(w.Sentiment), Intents: all(w.Intents), Tags: all(w.Tags), By: a.options.Model,
		Urgency: analysis.Urgency{Urgent: w.Urgent},
	}

	answer.Urgency.Because, _ = show(w.Because) // Check removes what isn't the customer's
	for _, r := range w.References {
		if value, ok := show(r.Value); ok {
			answer.References = append(answer.References, analysis.Reference{Kind: r.Kind, Value: value, Link: q.LinkTo(r.Kind, value)})
		}
	}

	for _, r := range w.Replies {
		text, ok := show(r.Text)
		isTold := hasLeak(text) || strings.Contains(text, p.marker) // it repeats what the model was told
		if ok && !isTold {
			answer.Replies = append(answer.Replies, analysis.Reply{Text: text, Sources: all(r.Sources)})
		}
	}

	for _, act := range w.Actions {
		if value, ok := show(act.Value); ok {
			answer.Actions = append(answer.Actions, analysis.Action{Name: analysis.ActionName(act.Name), Value: value})
		}
	}

	return answer
}

// mapTexts returns a question with all of its texts changed, but for what never leaves.
func mapTexts(q analysis.Question, f func(string) string) analysis.Question {
	texts := func(all []string) []string { return mapStrings(all, f) }
	q.Burst, q.Before = mapMessages(q.Burst, f), mapMessages(q.Before, f)
	d := &q.Desk
	d.Intents = slices.Clone(d.Intents)
	d.Tags = slices.Clone(d.Tags)
	d.Sources = slices.Clone(d.Sources)
	d.Examples = slices.Clone(d.Examples)
	for i, x := range d.Intents {
		d.Intents[i].Name, d.Intents[i].About = f(x.Name), f(x.About)
	}

	for i, x := range d.Tags {
		d.Tags[i] = analysis.Tag{Name: f(x.Name), Words: texts(x.Words)}
	}

	for i, x := range d.Sources {
		d.Sources[i] = analysis.Source{ID: f(x.ID), Title: f(x.Title), Link: f(x.Link), Text: f(x.Text), Reply: f(x.Reply)}
	}

	for i, x := range d.Examples {
		d.Examples[i] = analysis.Example{Text: f(x.Text), Intent: f(x.Intent), Tags: texts(x.Tags), Solver: f(x.Solver)}
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
