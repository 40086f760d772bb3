package offline

import (
	"fmt"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"
	"unicode/utf8"

	"parley/bridge/analysis"
)

// ask analyses one message at a desk, and checks the rules for all answers.
func ask(t *testing.T, a *Analyzer, text string, desk analysis.Desk) analysis.Answer {
	t.Helper()
	q := analysis.Question{Burst: []analysis.Message{{Text: text}}, Desk: desk}
	answer, err := a.Analyze(t.Context(), q)
	if err != nil {
		t.Fatal(err)
	}
	checkAnswer(t, q, answer)
	return answer
}

// checkAnswer checks the rules for all answers: reasons and numbers are the customer's own words, names are the
// desk's, and there aren't too many of them.
func checkAnswer(t testing.TB, q analysis.Question, a analysis.Answer) {
	t.Helper()
	isWritten := func(s string) bool {
		return slices.ContainsFunc(q.Burst, func(m analysis.Message) bool {
			return strings.Contains(m.Text, s) || strings.Contains(m.Subject, s)
		})
	}

	because := a.Urgency.Because
	if hasReason := because != ""; hasReason != a.Urgency.Urgent {
		t.Errorf("got the urgency %+v, want a reason if it is urgent, and none otherwise", a.Urgency)
	}
	if n := utf8.RuneCountInString(because); n > maxReasonRunes {
		t.Errorf("got a reason of %d characters, want at most %d", n, maxReasonRunes)
	}
	if !isWritten(because) {
		t.Errorf("got the reason %q, which the customer didn't write", because)
	}
	for _, r := range a.References {
		if !isWritten(r.Value) {
			t.Errorf("got the reference %q, which the customer didn't write", r.Value)
		}
	}
	checkNames(t, q.Desk, a)
	checkCounts(t, a)
}

// checkNames checks that an answer has only names that the desk has.
func checkNames(t testing.TB, desk analysis.Desk, a analysis.Answer) {
	t.Helper()
	intents := desk.Intents
	if len(intents) == 0 {
		intents = analysis.DefaultIntents()
	}
	for _, name := range a.Intents {
		if !slices.ContainsFunc(intents, func(i analysis.Intent) bool { return i.Name == name }) {
			t.Errorf("got the intent %q, which the desk doesn't have", name)
		}
	}
	for _, name := range a.Tags {
		if !slices.ContainsFunc(desk.Tags, func(tag analysis.Tag) bool { return tag.Name == name }) {
			t.Errorf("got the tag %q, which the desk doesn't have", name)
		}
	}

	for _, r := range a.Replies {
		if len(r.Sources) != 1 {
			t.Errorf("got a reply with the sources %q, want one", r.Sources)
		} else if !slices.ContainsFunc(desk.Sources, func(s analysis.Source) bool { return s.ID == r.Sources[0] }) {
			t.Errorf("got a reply with the source %q, which the desk doesn't have", r.Sources[0])
		}
	}

	for _, action := range a.Actions {
		if !slices.Contains(desk.Actions, action.Name) {
			t.Errorf("got the action %q, which the desk doesn't have", action.Name)
		}
	}
}

// checkCounts checks that an answer doesn't have more of anything than an analysis may have.
func checkCounts(t testing.TB, a analysis.Answer) {
	t.Helper()
	const maxIntents, maxTags, maxReplies, maxActions = 2, 3, 3, 2
	if len(a.Intents) > maxIntents {
		t.Errorf("got the intents %q, want at most %d", a.Intents, maxIntents)
	}
	if len(a.Tags) > maxTags {
		t.Errorf("got the tags %q, want at most %d", a.Tags, maxTags)
	}
	if len(a.Replies) > maxReplies {
		t.Errorf("got the replies %+v, want at most %d", a.Replies, maxReplies)
	}
	if len(a.Actions) > maxActions {
		t.Errorf("got the actions %+v, want at most %d", a.Actions, maxActions)
	}
}

// typicalQuestion is a question of typical length, to a desk with some of everything.
func typicalQuestion() analysis.Question {
	const text = `Sehr geehrte Damen und Herren,

ich warte nun seit drei Wochen auf meine Bestellung Nr. 4711-22 und habe Ihnen schon zweimal geschrieben, leider ohne Antwort. ` +
		`Laut Sendungsverfolgung liegt das Paket seit dem 3. im Depot. Wann wird es endlich geliefert? ` +
		`Falls es verloren ist, hätte ich gern mein Geld zurück.

Mit freundlichen Grüßen
Erika Mustermann`
	q := analysis.Question{Burst: []analysis.Message{{Subject: "Bestellung 4711-22 immer noch nicht da", Text: text}}}

	q.Desk.Actions = []analysis.ActionName{analysis.Priority}
	for i := range 12 {
		q.Desk.Tags = append(q.Desk.Tags, analysis.Tag{Name: fmt.Sprintf("tag-%d", i), Words: []string{"Paket verloren", "Depot"}})
	}
	for i := range 8 {
		q.Desk.Sources = append(q.Desk.Sources, analysis.Source{
			ID:    fmt.Sprint(i),
			Title: "Wo bleibt mein Paket?",
			Text:  text,
		})
	}

	return q
}

// cpuTime returns the processor time that this process has used. Other work on the machine doesn't count.
func cpuTime(t testing.TB) time.Duration {
	t.Helper()
	var u syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &u); err != nil {
		t.Fatal(err)
	}
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}
