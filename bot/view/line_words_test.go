package view

import (
	"os"
	"regexp"
	"strings"
	"testing"

	"parley/bridge"
	"parley/channels/golden"
)

// codesIn returns what the first group of a pattern matches in a file, and fails if there are fewer than atLeast:
// then the test can't read the file any more.
func codesIn(t *testing.T, file, pattern string, atLeast int) (codes []string) {
	t.Helper()
	src, err := os.ReadFile(file)
	noError(t, err)
	for _, m := range regexp.MustCompile(pattern).FindAllStringSubmatch(string(src), -1) {
		codes = append(codes, m[1])
	}
	if len(codes) < atLeast {
		t.Fatalf("only %d codes found in %s: %q", len(codes), file, codes)
	}
	return codes
}

// A line about a message says in each state what became of the message, by whom, and what can still be done.
func TestLineOutcome(t *testing.T) {
	t.Parallel()
	var b strings.Builder
	for _, state := range codesIn(t, "../../bridge/outcome.go", `Outcome[A-Za-z]+ +OutcomeState = "([a-z]+)"`, 10) {
		o := &bridge.Outcome{State: bridge.OutcomeState(state), By: bob(), At: now(t)}
		for _, l := range []bridge.Line{
			{Content: &bridge.AskLine{Meant: &bridge.Meant{Verb: bridge.VerbSnooze}}, Mentions: agents{ann()}, Text: nasty, Outcome: o,
				Verbs: verbs{bridge.VerbUndo}, Other: bridge.Facts{ID: 13}},
			{Content: &bridge.RepliedLine{}, Verb: bridge.VerbReply, By: bob(), Text: "Hi", Outcome: o},
			{Content: &bridge.AutomaticLine{Subject: "Weekly"}, Outcome: o, Other: bridge.Facts{ID: 13}},
			{Content: bridge.LineDecided, Verb: bridge.VerbSend, Outcome: o},
			{Content: &bridge.FailedLine{Trouble: "no mailbox", Recipient: "lee@x.test", Copied: true, Sent: true}, Mentions: agents{ann()},
				Text: "Hi", Outcome: o},
			{Content: bridge.LineParticipant, Args: bridge.Args{Addresses: []string{"lee@x.test"}}, Outcome: o},
		} {
			c := Line(l, facts(t))
			checkCard(t, state, c)
			b.WriteString(dump(state+" "+string(l.Kind()), c))
			if words := Plain(c); strings.Contains(words, "ettled") { // "settled", for a state without words of its own
				t.Errorf("the outcome %s has no words of its own: %q", state, words)
			}
		}
	}
	golden.Text(t, "testdata/line_outcome.txt", b.String())
}

// Each reason has words, because people don't know what a code means. A reason that somebody else gave in words
// becomes a sentence, even if it is a word that is also a code.
func TestReasonWords(t *testing.T) {
	t.Parallel()
	for _, code := range codesIn(t, "../../bridge/reason.go", `Reason = "([a-z_]+)"`, 50) {
		words, isKnown := wordsOf(bridge.Reason(code), facts(t))
		if !isKnown {
			t.Errorf("the reason %s has no words", code)
		}
		if strings.Contains(strings.ToLower(words.alone), "you ") { // !why is asked by anybody
			t.Errorf("the reason %s speaks to the author, whoever reads it: %q", code, words.alone)
		}
	}

	for why, want := range map[bridge.Why]string{
		bridge.Because(bridge.ReasonNotAssignee):   "Ann Lee, Bob Ray have this conversation.",
		bridge.Because(bridge.ReasonNotOpen):       "This conversation was not open then.", // it is reopened now
		bridge.Because(bridge.ReasonLate):          "",
		bridge.InWords("late"):                     "Late.",
		bridge.InWords("the mailbox is full"):      "The mailbox is full.",
		bridge.InWords("ann@x.test: user unknown"): "ann@x.test: user unknown.",
		bridge.InWords("Done!"):                    "Done!",
		{}:                                         "",
	} {
		wantEqual(t, "words of the reason "+why.String(), whyInLine(why, full(t)), want)
	}
}

// Each verb that an agent can give is confirmed in words of its own. A reaction isn't given as a verb.
func TestLineDone(t *testing.T) {
	t.Parallel()
	var b strings.Builder
	for _, v := range []bridge.Verb{
		bridge.VerbTake, bridge.VerbUnassign, bridge.VerbTag, bridge.VerbUntag, bridge.VerbTopic, bridge.VerbPending, bridge.VerbWake,
		bridge.VerbResolve, bridge.VerbReopen, bridge.VerbClose, bridge.VerbUndo, bridge.VerbCC, bridge.VerbTo, bridge.VerbAllow,
		bridge.VerbReply, bridge.VerbNote, bridge.VerbSend, bridge.VerbKeep, bridge.VerbSendAgain, bridge.VerbMarkSent, bridge.VerbDrop,
		bridge.VerbPromote, bridge.VerbSilence, bridge.VerbReact,
	} {
		args := bridge.Args{Tags: []string{"billing", "vip"}, Addresses: []string{"dan@shop.example"}}
		words := Plain(Line(bridge.Line{Content: bridge.ContentOf(bridge.LineDone, v), By: ann(), Verb: v, Args: args}, facts(t)))
		wantEqual(t, string(v)+" is confirmed by the words for any verb", words == ":ok: Done.", v == bridge.VerbReact)
		b.WriteString(string(v) + ": " + words + "\n")
	}
	golden.Text(t, "testdata/line_done.txt", b.String())
}

// In a daily thread, which collects a day's automatic mail, no customer is meant. A line about a text that was typed
// there names none.
func TestTextInADailyThreadNamesNoCustomer(t *testing.T) {
	t.Parallel()
	day := bridge.Facts{Automatic: true, Subject: "Automatic mail, Friday"}
	line := bridge.Line{Content: &bridge.InsideLine{Why: bridge.Because("automatic")}, Text: "Hello"}
	wantWords(t, dump("line", Line(line, day)), "This stayed inside: nobody outside got it. This thread collects automatic mail")
}
