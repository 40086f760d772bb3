package evaluation

import (
	"slices"
	"strings"
	"testing"
	"unicode"

	"parley/bridge/analysis"
)

// These tests check our own set of labelled messages. Their errors show counts and ids rather than whole texts, so that
// the unseen half stays unread.

// readSet reads a set. That checks every label of every line.
func readSet(t *testing.T, set Set) []Message {
	t.Helper()
	messages, err := ReadSet(set)
	if err != nil {
		t.Fatal(err)
	}
	return messages
}

// allMessages reads the messages of all sets.
func allMessages(t *testing.T) []Message {
	t.Helper()
	return slices.Concat(readSet(t, All), readSet(t, Dev2), readSet(t, Dev3), readSet(t, Check), readSet(t, Check2))
}

// ourLanguages are the languages of the analysis.
func ourLanguages() []string { return []string{"en", "de", "fr", "es", "pt", "it", "nl", "pl"} }

// labels returns the labels of one sort that a message has.
type labels func(Message) []string

func languageOf(m Message) []string       { return []string{m.Language} }
func sentimentOf(m Message) []string      { return []string{string(m.Sentiment)} }
func intentsOf(m Message) []string        { return m.Intents }
func difficultyLabels(m Message) []string { return m.Difficulties }
func urgencyOf(m Message) []string        { return urgencyClass(m.Urgent) }

func languageAndSentimentOf(m Message) []string {
	return []string{m.Language + " " + string(m.Sentiment)}
}

func kindsOf(m Message) []string {
	var kinds []string
	for _, r := range m.References {
		kinds = append(kinds, r.Kind)
	}
	return kinds
}

// countLabels counts the messages with each label of a sort.
func countLabels(messages []Message, of labels) map[string]int {
	counts := map[string]int{}
	for _, m := range messages {
		for _, label := range of(m) {
			counts[label]++
		}
	}
	return counts
}

// countUrgent counts the urgent messages.
func countUrgent(messages []Message) int {
	return countLabels(messages, urgencyOf)[urgencyClass(true)[0]]
}

// wantEach checks that at least minCount messages have each of these labels.
func wantEach(t *testing.T, messages []Message, of labels, minCount int, names ...string) {
	t.Helper()
	counts := countLabels(messages, of)
	for _, name := range names {
		if n := counts[name]; n < minCount {
			t.Errorf("got %d messages with %s, want at least %d", n, name, minCount)
		}
	}
}

// wantMessages checks that there are at least minCount messages.
func wantMessages(t *testing.T, what string, got, minCount int) {
	t.Helper()
	if got < minCount {
		t.Errorf("got %d %s, want at least %d", got, what, minCount)
	}
}

// forEachHalf runs a subtest for each half of the set by which analyzers are compared.
func forEachHalf(t *testing.T, test func(*testing.T, []Message)) {
	t.Helper()
	for _, h := range []Set{Dev, Unseen} {
		t.Run(string(h), func(t *testing.T) {
			t.Parallel()
			test(t, readSet(t, h))
		})
	}
}

// The set has enough messages of each of our languages, and of other languages, which are labelled "".
func TestSetHasEachLanguage(t *testing.T) {
	t.Parallel()
	all := readSet(t, All)
	wantMessages(t, "messages", len(all), 440)
	wantEach(t, all, languageOf, 50, ourLanguages()...)
	wantEach(t, all, languageOf, 25, "")
	if got, want := countLabels(all, languageOf), len(ourLanguages())+1; len(got) != want {
		t.Errorf("got the languages %v, want %d", got, want)
	}
}

// Each half has each label often enough for figures about it.
func TestHalvesHaveEachLabel(t *testing.T) {
	t.Parallel()
	forEachHalf(t, func(t *testing.T, messages []Message) {
		wantEach(t, messages, sentimentOf, 25, analysis.SentimentNames()...)
		wantEach(t, messages, intentsOf, 10, analysis.IntentNames()...)
		wantEach(t, messages, urgencyOf, 30, urgencyClass(true)...)
		wantEach(t, messages, kindsOf, 3, "order", "quote", "invoice", "shipment", "ticket")
	})
}

// Each half has each difficulty, and at least a quarter of its messages have one.
func TestHalvesHaveEachDifficulty(t *testing.T) {
	t.Parallel()
	forEachHalf(t, func(t *testing.T, messages []Message) {
		wantEach(t, messages, difficultyLabels, 3,
			"irony", "negation", "polite_anger", "mixed_languages", "thanks_after_complaint", "quoted_anger", "two_intents",
			"typos", "false_urgency", "praise_then_question", "not_a_reference", "short", "burst")
		hard := len(messages) - countLabels(messages, difficultiesOf)[noDifficulty]
		if hard*4 < len(messages) {
			t.Errorf("got %d hard messages of %d, want at least a quarter", hard, len(messages))
		}
	})
}

// No label is much more frequent in one half than in the other, so that their figures can be compared.
func TestHalvesAreAlike(t *testing.T) {
	t.Parallel()
	sorts := []struct {
		name string
		of   labels
	}{
		{name: "language", of: languageOf},
		{name: "sentiment", of: sentimentOf},
		{name: "intent", of: intentsOf},
		{name: "difficulty", of: difficultyLabels},
		{name: "urgency", of: urgencyOf},
		{name: "language and sentiment", of: languageAndSentimentOf},
		{name: "kind of number", of: kindsOf},
	}
	dev, unseen := readSet(t, Dev), readSet(t, Unseen)
	for _, sort := range sorts {
		t.Run(sort.name, func(t *testing.T) {
			t.Parallel()
			inDev, inUnseen := countLabels(dev, sort.of), countLabels(unseen, sort.of)
			for label := range countLabels(slices.Concat(dev, unseen), sort.of) {
				a, b := inDev[label], inUnseen[label]
				maxDifference := max(3, (a+b)/8)
				if max(a, b)-min(a, b) > maxDifference {
					t.Errorf("%s: got %d messages in dev and %d in unseen, want them to differ by at most %d", label, a, b, maxDifference)
				}
			}
		})
	}
}

// wordsOf returns the words of a message in small letters. Punctuation is dropped, except question marks.
func wordsOf(m Message) []string {
	return strings.FieldsFunc(strings.ToLower(strings.Join(m.Texts, " ")), func(r rune) bool {
		return !unicode.IsLetter(r) && !unicode.IsNumber(r) && !unicode.IsSymbol(r) && r != '?'
	})
}

// No text is in two messages.
func TestSetHasNoDoubles(t *testing.T) {
	t.Parallel()
	ids := map[string]string{} // by text
	for _, m := range allMessages(t) {
		text := strings.Join(wordsOf(m), " ")
		if other, ok := ids[text]; ok {
			t.Errorf("%s has the text of %s", m.ID, other)
		}
		ids[text] = m.ID
	}
}

// No message is another one with some words replaced: two messages never share eight words in a row.
func TestSetHasNoVariants(t *testing.T) {
	t.Parallel()
	const row = 8
	ids := map[string]string{} // by words in a row
	for _, m := range allMessages(t) {
		words := wordsOf(m)
		for i := 0; i+row <= len(words); i++ {
			part := strings.Join(words[i:i+row], " ")
			if other, ok := ids[part]; ok && other != m.ID {
				t.Errorf("%s and %s share %q", m.ID, other, part)
			}
			ids[part] = m.ID
		}
	}
}

// The second set, from other trades, has each language and label, too.
func TestSecondSetHasEachLabel(t *testing.T) {
	t.Parallel()
	messages := readSet(t, Dev2)
	wantMessages(t, "messages", len(messages), 300)
	wantEach(t, messages, languageOf, 35, ourLanguages()...)
	wantEach(t, messages, sentimentOf, 30, analysis.SentimentNames()...)
	wantEach(t, messages, intentsOf, 15, analysis.IntentNames()...)
}

// The third set is divided into a part to learn from and a smaller one to measure. The smaller one has each label of the
// other, and none more often.
func TestCheckIsLikeDev3(t *testing.T) {
	t.Parallel()
	const wantLearned, wantMeasured = 336, 142
	learned, measured := readSet(t, Dev3), readSet(t, Check)
	if len(learned) != wantLearned {
		t.Errorf("got %d messages to learn from, want %d", len(learned), wantLearned)
	}
	if len(measured) != wantMeasured {
		t.Errorf("got %d messages to measure, want %d", len(measured), wantMeasured)
	}
	for _, of := range []labels{languageOf, sentimentOf, urgencyOf} {
		inMeasured := countLabels(measured, of)
		for label, n := range countLabels(learned, of) {
			if got := inMeasured[label]; got == 0 || got > n {
				t.Errorf("%s: got %d messages to measure, want 1 to %d, as many as there are to learn from", label, got, n)
			}
		}
	}
}

// The second set to measure has enough urgent messages and enough that aren't, in eight languages.
func TestSecondCheckIsLargeEnough(t *testing.T) {
	t.Parallel()
	const wantLanguages = 8
	messages := readSet(t, Check2)
	urgent := countUrgent(messages)
	wantMessages(t, "messages", len(messages), 200)
	wantMessages(t, "urgent messages", urgent, 70)
	wantMessages(t, "messages that aren't urgent", len(messages)-urgent, 70)
	if got := countLabels(messages, languageOf); len(got) != wantLanguages {
		t.Errorf("got the languages %v, want %d", got, wantLanguages)
	}
}

// countMessages counts the messages for which a function is true.
func countMessages(messages []Message, isCounted func(Message) bool) int {
	n := 0
	for _, m := range messages {
		if isCounted(m) {
			n++
		}
	}
	return n
}

// Each half has short and long messages, mails with subjects and chats without, and messages that follow others.
func TestHalvesAreVaried(t *testing.T) {
	t.Parallel()
	const shortWords, longWords = 3, 80
	words := func(m Message) int { return len(strings.Fields(strings.Join(m.Texts, " "))) }
	forEachHalf(t, func(t *testing.T, messages []Message) {
		wantMessages(t, "short messages", countMessages(messages, func(m Message) bool { return words(m) <= shortWords }), 10)
		wantMessages(t, "long messages", countMessages(messages, func(m Message) bool { return words(m) >= longWords }), 5)
		wantMessages(t, "mails", countMessages(messages, func(m Message) bool { return m.Subject != "" }), 40)
		wantMessages(t, "chats", countMessages(messages, func(m Message) bool { return m.Subject == "" }), 100)
		wantMessages(t, "messages after others", countMessages(messages, func(m Message) bool { return len(m.Before) > 0 }), 5)
	})
}

// Urgent messages have a reason, and no others do. check2 has no reasons, since only its labels are measured.
func TestReasonsOfUrgency(t *testing.T) {
	t.Parallel()
	for _, m := range slices.Concat(readSet(t, All), readSet(t, Dev2), readSet(t, Dev3), readSet(t, Check)) {
		if hasReason := m.Because != ""; hasReason != m.Urgent {
			t.Errorf("%s: has a reason: %v, is urgent: %v, want both or neither", m.ID, hasReason, m.Urgent)
		}
	}
	for _, m := range readSet(t, Check2) {
		if m.Because != "" {
			t.Errorf("%s of check2 has a reason, want none", m.ID)
		}
	}
}

// All messages follow the rules for labels in docs/ai.md.
func TestSetFollowsItsRules(t *testing.T) {
	t.Parallel()
	for _, m := range allMessages(t) {
		if m.Sentiment == analysis.Pressing && !m.Urgent {
			t.Errorf("%s has the sentiment %s, and isn't urgent", m.ID, m.Sentiment)
		}
		isMarked, hasTwo := slices.Contains(m.Difficulties, "two_intents"), len(m.Intents) == 2
		if isMarked != hasTwo {
			t.Errorf("%s: is marked with two_intents: %v, has two intents: %v, want both or neither", m.ID, isMarked, hasTwo)
		}
		for _, r := range m.References {
			if strings.HasPrefix(r.Value, "#") {
				t.Errorf("%s: the number %q begins with what announces it", m.ID, r.Value)
			}
		}
	}
}
