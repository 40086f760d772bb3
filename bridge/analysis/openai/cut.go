package openai

import (
	"slices"
	"unicode/utf8"

	"parley/bridge/analysis"
)

// A question must fit into the context of a small model, and must not cost too much. Models count and charge tokens,
// which are pieces of words. This file estimates the tokens of a question and cuts it to a budget, least important
// parts first. A question consists of the burst (the customer's new messages, which are analysed), the history before
// it, the names that an answer may use, and texts that a suggested reply may be based on (sources).

// The budgets of the parts of a question, in estimated tokens. Together with the instructions and the JSON around the
// texts, a request stays below 6,000.
const (
	maxBurst      = 1800
	maxNamesTotal = 1100 // intents, tags and kinds of references together
	maxSources    = 1000
	maxTotal      = 4600 // the history gets what the other parts leave
	maxSource     = 300  // of one source
	maxTitle      = 30   // of one source
	maxFileName   = 40
	maxTagWords   = 20 // of the words of one tag
	overhead      = 16 // of the JSON around one text
	separator     = 2  // of the JSON between the items of a list
)

// perToken is the number of units in one token. A Latin letter costs 2/7 of a token, so estimates count sevenths.
const perToken = 7

// estimateTokens returns an upper bound for the tokens of a text: about two for seven characters of Latin script, and
// one for each character of other scripts.
func estimateTokens(s string) int {
	n := perToken - 1 // rounds up
	for _, r := range s {
		n += sevenths(r)
	}
	return n / perToken
}

// estimateAll returns the sum of the estimates of all texts.
func estimateAll(texts ...string) int {
	n := 0
	for _, s := range texts {
		n += estimateTokens(s)
	}
	return n
}

// estimateList returns the estimate of a JSON list of texts.
func estimateList(texts []string) int {
	n := 0
	for _, s := range texts {
		n += estimateItem(s)
	}
	return n
}

func estimateItem(s string) int { return estimateTokens(s) + separator }

// sevenths returns the estimated cost of a character within a JSON string, in sevenths of a token.
func sevenths(r rune) int {
	const (
		ascii   = 2
		escaped = 2 * ascii    // with a backslash
		encoded = 2 * perToken // as six characters: "\u2028"
	)
	switch r {
	case '"', '\\', '\n':
		return escaped
	case utf8.RuneError, '\u2028', '\u2029':
		return encoded
	}

	if r < ' ' {
		return encoded
	}
	if r < utf8.RuneSelf {
		return ascii
	}
	return perToken
}

// clipTokens shortens a text to at most limit estimated tokens. A shortened text ends with "…", and doesn't end within a
// placeholder of a masked value. It stops reading at the limit, so a very long text costs no more time than a short one.
func clipTokens(s string, limit int) string {
	n := 0   // sevenths so far
	end := 0 // the last cut position that leaves room for "…"
	for i, r := range s {
		if n <= (limit-1)*perToken {
			end = i
		}
		n += sevenths(r)
		if (n+perToken-1)/perToken > limit {
			return analysis.TrimPart(s[:end]) + "…"
		}
	}
	return s
}

// cut returns a question that fits into maxTotal. It drops names and sources from the ends of their lists, and the oldest
// messages of the history. In the burst, it shortens long messages and, if there are very many, drops the oldest ones. q
// itself isn't changed.
func cut(q analysis.Question) analysis.Question {
	if len(q.Desk.Intents) == 0 {
		q.Desk.Intents = analysis.DefaultIntents()
	}

	left := maxTotal
	q.Burst = cutBurst(q.Burst, &left)

	names := min(maxNamesTotal, left)
	left -= names
	q.Desk.Intents = takeFitting(q.Desk.Intents, &names, func(i analysis.Intent) int {
		return overhead + estimateAll(i.Name, i.About)
	})
	q.Desk.References = takeFitting(q.Desk.References, &names, func(p analysis.Pattern) int {
		return overhead + estimateAll(p.Kind, p.Regexp)
	})
	q.Desk.Tags = takeFitting(cutTags(q.Desk.Tags), &names, func(t analysis.Tag) int {
		return overhead + estimateTokens(t.Name) + estimateList(t.Words)
	})
	left += names // unused
	q.Desk.Sources = cutSources(q.Desk.Sources, &left)
	q.Before = cutHistory(q.Before, left)
	return q
}

// takeFitting returns the longest prefix of a list that fits into *left tokens, and subtracts its size from *left.
func takeFitting[T any](all []T, left *int, size func(T) int) []T {
	for i, t := range all {
		n := size(t)
		if n > *left {
			return all[:i:i]
		}
		*left -= n
	}
	return all
}

// takeFittingMax is takeFitting for a list that may take at most limit of *left.
func takeFittingMax[T any](all []T, limit int, left *int, size func(T) int) []T {
	room := min(limit, *left)
	unused := room
	taken := takeFitting(all, &unused, size)
	*left -= room - unused
	return taken
}

// cutBurst shares the budget of the burst equally between its messages, from the newest to the oldest. If a message uses
// less than its share, the older ones get the rest. It subtracts the size of the burst from *left.
func cutBurst(burst []analysis.Message, left *int) []analysis.Message {
	const minShare = 3 * overhead // with less, nothing useful of a message would remain
	const maxMessages = maxBurst / minShare
	if len(burst) > maxMessages {
		burst = burst[len(burst)-maxMessages:]
	}

	cut := slices.Clone(burst)
	room := min(maxBurst, *left)
	for i := range slices.Backward(cut) {
		share := room / (i + 1)
		m := cutMessage(cut[i], share)
		room -= min(messageSize(m), room)
		*left -= messageSize(m)
		cut[i] = m
	}
	return cut
}

// cutMessage shortens a message to limit tokens. The subject and the file names get at most a quarter each.
func cutMessage(m analysis.Message, limit int) analysis.Message {
	const quarter = 4
	limit -= overhead
	m.Subject = clipTokens(m.Subject, limit/quarter)
	files := limit / quarter
	names := slices.Clone(m.Files)
	for i := range names {
		names[i] = clipTokens(names[i], maxFileName)
	}

	m.Files = takeFitting(names, &files, estimateItem)
	used := estimateTokens(m.Subject) + estimateList(m.Files)
	m.Text = clipTokens(m.Text, limit-used)
	return m
}

func messageSize(m analysis.Message) int {
	return overhead + estimateAll(m.Subject, m.Text) + estimateList(m.Files)
}

func cutTags(tags []analysis.Tag) []analysis.Tag {
	cut := slices.Clone(tags)
	for i := range cut {
		room := maxTagWords
		cut[i].Words = takeFitting(cut[i].Words, &room, estimateItem)
	}
	return cut
}

// cutSources shortens each source.
func cutSources(sources []analysis.Source, left *int) []analysis.Source {
	cut := slices.Clone(sources)
	for i := range cut {
		s := &cut[i]
		s.Title, s.Text = clipTokens(s.Title, maxTitle), clipTokens(s.Text, maxSource)
	}

	return takeFittingMax(cut, maxSources, left, func(s analysis.Source) int {
		return 2*overhead + estimateAll(s.ID, s.Title, s.Link, s.Text)
	})
}

// cutHistory returns the newest messages of a history that fit into left tokens.
func cutHistory(before []analysis.Message, left int) []analysis.Message {
	for i, m := range slices.Backward(before) {
		left -= messageSize(m)
		if left < 0 {
			return before[i+1:]
		}
	}
	return before
}
