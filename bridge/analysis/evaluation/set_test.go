package evaluation

import (
	"slices"
	"strings"
	"testing"
	"unicode"

	"parley/bridge/analysis"
)

// half reads a half of our set; reading checks every label of every line.
func half(t *testing.T, h Half) []Message {
	t.Helper()
	messages, err := Ours(h)
	if err != nil {
		t.Fatal(err)
	}
	return messages
}

// everything reads all that was written.
func everything(t *testing.T) []Message {
	t.Helper()
	return slices.Concat(half(t, All), half(t, Dev2), half(t, Dev3), half(t, Check), half(t, Check2))
}

// counted counts what each message has.
func counted(messages []Message, of func(Message) []string) map[string]int {
	counts := map[string]int{}
	for _, m := range messages {
		for _, name := range of(m) {
			counts[name]++
		}
	}
	return counts
}

func byLanguage(m Message) []string  { return []string{m.Language} }
func bySentiment(m Message) []string { return []string{string(m.Sentiment)} }
func byIntent(m Message) []string    { return m.Intents }
func byHard(m Message) []string      { return m.Hard }
func byUrgency(m Message) []string   { return urgencyClass(m.Urgent) }
func byBoth(m Message) []string      { return []string{m.Language + " " + string(m.Sentiment)} }
func byKind(m Message) (kinds []string) {
	for _, r := range m.References {
		kinds = append(kinds, r.Kind)
	}
	return kinds
}

// TestSetIsLargeEnough: each language, label and difficulty is there often enough to say something of it.
func TestSetIsLargeEnough(t *testing.T) {
	t.Parallel()
	all := half(t, All)
	if len(all) < 440 {
		t.Errorf("there are %d messages, want at least 440", len(all))
	}
	languages := counted(all, byLanguage)
	for _, l := range []string{"en", "de", "fr", "es", "pt", "it", "nl", "pl"} {
		if languages[l] < 50 {
			t.Errorf("%d messages are in %s, want at least 50", languages[l], l)
		}
	}
	if languages[""] < 25 || len(languages) != 9 {
		t.Errorf("languages: %v", languages)
	}
	for _, h := range []Half{Dev, Unseen} {
		messages := half(t, h)
		for _, least := range []struct {
			n     int
			of    func(Message) []string
			names []string
		}{
			{25, bySentiment, analysis.SentimentNames()},
			{10, byIntent, analysis.IntentNames()},
			{30, byUrgency, urgencyClass(true)},
			{3, byKind, []string{"order", "quote", "invoice", "shipment", "ticket"}},
			{3, byHard, []string{"irony", "negation", "polite_anger", "mixed_languages", "thanks_after_complaint", "quoted_anger",
				"two_intents", "typos", "false_urgency", "praise_then_question", "not_a_reference", "short", "burst"}},
		} {
			counts := counted(messages, least.of)
			for _, name := range least.names {
				if counts[name] < least.n {
					t.Errorf("half %s has %s only %d times, want at least %d", h, name, counts[name], least.n)
				}
			}
		}
		if hard := len(messages) - counted(messages, difficultiesOf)[noDifficulty]; hard*4 < len(messages) {
			t.Errorf("half %s: %d of %d are hard", h, hard, len(messages))
		}
	}
}

// TestHalvesAreAlike: figures of one half can be compared with those of the other.
func TestHalvesAreAlike(t *testing.T) {
	t.Parallel()
	dev, unseen := half(t, Dev), half(t, Unseen)
	for _, of := range []func(Message) []string{byLanguage, bySentiment, byIntent, byHard, byUrgency, byBoth, byKind} {
		a, b := counted(dev, of), counted(unseen, of)
		for name := range counted(append(slices.Clone(dev), unseen...), of) {
			if apart := max(a[name], b[name]) - min(a[name], b[name]); apart > max(3, (a[name]+b[name])/8) {
				t.Errorf("%s: %d times in the one half, %d times in the other", name, a[name], b[name])
			}
		}
	}
}

// TestSetHasNoDoubles: no message is there twice, and none is another one with some words replaced: no eight
// words in a row are in two messages.
func TestSetHasNoDoubles(t *testing.T) {
	t.Parallel()
	const row = 8
	texts, rows := map[string]string{}, map[string]string{}
	for _, m := range everything(t) {
		words := strings.FieldsFunc(strings.ToLower(strings.Join(m.Texts, " ")), func(r rune) bool {
			return !unicode.IsLetter(r) && !unicode.IsNumber(r) && !unicode.IsSymbol(r) && r != '?'
		})
		whole := strings.Join(words, " ")
		if other := texts[whole]; other != "" {
			t.Errorf("%s has the text of %s, want none", m.ID, other)
		}
		texts[whole] = m.ID
		for i := 0; i+row <= len(words); i++ {
			part := strings.Join(words[i:i+row], " ")
			if other := rows[part]; other != "" && other != m.ID {
				t.Errorf("%s and %s share %q", m.ID, other, part)
			}
			rows[part] = m.ID
		}
	}
}

// TestSecondSetIsLargeEnough: what was written of other trades has each language and label, too.
func TestSecondSetIsLargeEnough(t *testing.T) {
	t.Parallel()
	messages := half(t, Dev2)
	if len(messages) < 300 {
		t.Errorf("there are %d messages, want at least 300", len(messages))
	}
	languages, moods, wants := counted(messages, byLanguage), counted(messages, bySentiment), counted(messages, byIntent)
	for _, l := range []string{"en", "de", "fr", "es", "pt", "it", "nl", "pl"} {
		if languages[l] < 35 {
			t.Errorf("%d messages are in %s, want at least 35", languages[l], l)
		}
	}
	for _, s := range analysis.SentimentNames() {
		if moods[s] < 30 {
			t.Errorf("%d are %s, want at least 30", moods[s], s)
		}
	}
	for _, i := range analysis.IntentNames() {
		if wants[i] < 15 {
			t.Errorf("%d want %s", wants[i], i)
		}
	}
}

// TestCheckIsLikeDev3: what is learned from and what is measured were dealt by number, so both have all of it.
func TestCheckIsLikeDev3(t *testing.T) {
	t.Parallel()
	learned, check := half(t, Dev3), half(t, Check)
	for _, of := range []func(Message) []string{byLanguage, bySentiment, byUrgency} {
		a, b := counted(learned, of), counted(check, of)
		for name, n := range a {
			if b[name] == 0 || b[name] > n {
				t.Errorf("%s: %d times in what is learned from, %d times in what is measured", name, n, b[name])
			}
		}
	}
	if len(learned) != 336 || len(check) != 142 {
		t.Errorf("there are %d and %d", len(learned), len(check))
	}
}

// TestSecondCheckIsLargeEnough: what is pressing, and what only sounds so, is there in each language.
func TestSecondCheckIsLargeEnough(t *testing.T) {
	t.Parallel()
	messages := half(t, Check2)
	languages := counted(messages, byLanguage)
	if n := counted(messages, byUrgency)[urgencyClass(true)[0]]; len(messages) < 200 || len(languages) != 8 || n < 70 || len(messages)-n < 70 {
		t.Errorf("%d messages in %v, %d urgent", len(messages), languages, n)
	}
}

// TestSetIsVaried: there are messages of a word and of a page, mails with subjects and chats without.
func TestSetIsVaried(t *testing.T) {
	t.Parallel()
	for _, h := range []Half{Dev, Unseen} {
		short, long, mails, chats, before := 0, 0, 0, 0, 0
		for _, m := range half(t, h) {
			words := len(strings.Fields(strings.Join(m.Texts, " ")))
			switch {
			case words <= 3:
				short++
			case words >= 80:
				long++
			}
			if m.Subject != "" {
				mails++
			} else {
				chats++
			}
			if len(m.Before) > 0 {
				before++
			}
		}
		if short < 10 || long < 5 || mails < 40 || chats < 100 || before < 5 {
			t.Errorf("half %s: %d short, %d long, %d mails, %d chats, %d with what was before", h, short, long, mails, chats, before)
		}
	}
}

// TestSetFollowsItsRules: what docs/ai.md says of labels holds for all.
func TestSetFollowsItsRules(t *testing.T) {
	t.Parallel()
	unreasoned := map[string]bool{} // of check2, only labels are measured
	for _, m := range half(t, Check2) {
		unreasoned[m.ID] = true
	}
	for _, m := range everything(t) {
		if (m.Because != "") != (m.Urgent && !unreasoned[m.ID]) {
			t.Errorf("%s: an urgent message has a reason, and no other", m.ID)
		}
		if m.Sentiment == analysis.Pressing && !m.Urgent {
			t.Errorf("%s is pressing, and not urgent", m.ID)
		}
		if slices.Contains(m.Hard, "two_intents") != (len(m.Intents) == 2) {
			t.Errorf("%s: two_intents stands for two intents", m.ID)
		}
		for _, r := range m.References {
			if strings.HasPrefix(r.Value, "#") {
				t.Errorf("%s: %q has what announces the number", m.ID, r.Value)
			}
		}
	}
}
