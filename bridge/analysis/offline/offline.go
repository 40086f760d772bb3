// Package offline analyses customers' messages without a network, by lexicons, rules and a small trained model. It detects
// the language, the mood, the urgency, the intent and the reference numbers, and suggests tags, replies and actions. The
// same question always has the same answer.
//
// Language models are used by bridge/analysis/openai. bridge/engine decides when a message is analysed and what is done
// with the answer. Word lists are in the folder lexicon, not in Go code.
package offline

import (
	"context"
	"slices"

	"parley/bridge/analysis"
	"parley/bridge/analysis/offline/lexicon"
)

// Analyze implements analysis.Analyzer. It fails only if the context has ended.
func (a *Analyzer) Analyze(ctx context.Context, q analysis.Question) (analysis.Answer, error) {
	if err := ctx.Err(); err != nil {
		return analysis.Answer{}, err
	}

	t := readText(q.Burst)
	language, use := a.languages.Detect(t.words())
	matches := a.findMatches(t, language, use)
	b := a.newBag(t)

	answer := analysis.Answer{Language: language, By: "offline"}
	features := a.findFeatures(t, use, matches)
	verdict := a.judge(t, matches, features)
	answer.Urgency = findUrgency(t, matches, features, a.model, &verdict)
	answer.Sentiment = verdict.sentiment(answer.Urgency.Urgent)
	answer.Intents = a.findIntents(t, &q.Desk, &verdict)
	h := hints{wants: verdict.clearIntent(), likeliest: verdict.likeliestIntent(), asked: a.findAskedKind(q.Before)}
	answer.References = a.findReferences(t, a.addAnnouncing(t, language, matches), q.Desk.References, h)
	answer.Tags = a.findTags(t, &q.Desk, answer.Intents)
	answer.Replies = a.findReplies(b, language, q.Desk.Sources)
	answer.Actions = suggestActions(t, matches, &q, answer.Urgency.Urgent)
	return answer, ctx.Err()
}

// announcesReference reports whether a match of the family OfAnnounce announces a reference, such as an order number. Others
// announce a phone number or the like, or are fillers.
func (m *match) announcesReference() bool { return m.Name != kindOther && m.Name != "filler" }

// addAnnouncing adds the words of all languages that announce a number, if the text's language is unknown and no such word
// was found yet. Texts like "Incidencia 4471187?" are too short to detect their language.
func (a *Analyzer) addAnnouncing(t *text, language string, matches []match) []match {
	if language != "" || len(matchesOf(matches, lexicon.OfAnnounce)) > 0 {
		return matches
	}

	all := slices.Clone(matches)
	for _, l := range a.lexicons {
		all = append(all, matchesOf(findPhrases(l, t, nil), lexicon.OfAnnounce)...)
	}

	announcing := matchesOf(all, lexicon.OfAnnounce)
	hasOther := slices.ContainsFunc(announcing, func(m match) bool { return m.Name == kindOther })
	hasReference := slices.ContainsFunc(announcing, func(m match) bool { return m.announcesReference() })
	if hasOther && hasReference {
		return matches // languages disagree, so none is believed
	}

	slices.SortStableFunc(all, compareMatches)
	return all
}
