// Package offline reads customers' messages by lexicons, rules and a small model that learned from examples:
// language, mood, urgency, what is wanted, numbers of orders, tags and replies. It needs no network, and the same
// question has the same answer.
//
// What does not belong here: large models and whoever serves them (bridge/analysis/openai), when a message is read
// and what becomes of an answer (bridge/engine), and lists of words in Go: these are in lexicon.
package offline

import (
	"context"
	"slices"

	"parley/bridge/analysis"
	"parley/bridge/analysis/offline/lexicon"
)

// Analyze answers by rules. It fails only when the context has ended.
func (a *Analyzer) Analyze(ctx context.Context, q analysis.Question) (analysis.Answer, error) {
	if err := ctx.Err(); err != nil {
		return analysis.Answer{}, err
	}

	t := readText(q.Burst)
	language, use := a.languages.Detect(t.words())
	matches := a.findMatches(t, language, use)
	b := a.newBag(t)
	alike := a.similarExamples(b, q.Desk.Examples)

	answer := analysis.Answer{Language: language, By: "offline"}
	features := a.findFeatures(t, use, matches)
	verdict := a.judge(t, matches, features)
	answer.Urgency = findUrgency(t, matches, features, a.model, &verdict)
	answer.Sentiment = verdict.sentiment(answer.Urgency.Urgent)
	answer.Intents = a.findIntents(t, &q.Desk, alike, &verdict)
	h := hints{wants: verdict.clearIntent(), likeliest: verdict.likeliestIntent(), asked: a.findAskedKind(q.Before)}
	answer.References = a.findReferences(t, a.addAnnouncing(t, language, matches), q.Desk.References, h)
	answer.Tags = a.findTags(t, &q.Desk, answer.Intents, alike)
	answer.Replies = a.findReplies(b, language, q.Desk.Sources)
	answer.Actions = suggestActions(t, matches, &q, alike, answer.Urgency.Urgent)
	return answer, ctx.Err()
}

// isOfOurKinds reports whether a match that announces a number tells that it is of an order, an invoice and the like.
func (m *match) isOfOurKinds() bool { return m.Name != kindOther && m.Name != "filler" }

// addAnnouncing adds what announces numbers in any language, where a text is too short to tell its own and holds no such word:
// "Incidencia 4471187?".
func (a *Analyzer) addAnnouncing(t *text, language string, matches []match) []match {
	if language != "" || len(matchesOf(matches, lexicon.OfAnnounce)) > 0 {
		return matches
	}

	all := slices.Clone(matches)
	for _, l := range a.lexicons {
		all = append(all, matchesOf(findPhrases(l, t, nil), lexicon.OfAnnounce)...)
	}

	others := slices.ContainsFunc(all, func(m match) bool { return m.Family == lexicon.OfAnnounce && m.Name == kindOther })
	ours := slices.ContainsFunc(all, func(m match) bool { return m.Family == lexicon.OfAnnounce && m.isOfOurKinds() })
	if others && ours {
		return matches // of two languages that disagree neither is believed
	}

	slices.SortStableFunc(all, compareMatches)
	return all
}
