package evaluation

import (
	"math"
	"slices"
	"strings"
	"time"
	"unicode/utf8"

	"parley/bridge/analysis"
)

// An evaluation runs an analyzer over a set of messages that people have labelled: with the language, the
// customer's mood, and so on. Score compares the answers with the labels and makes a report.

// Score compares the answers of a run with the labels of its messages.
func Score(out Outcome, price Price) Report {
	marks := mark(out.Results)
	r := Report{
		Messages:   len(out.Results),
		By:         map[string]int{},
		Usage:      out.Usage,
		Language:   judgeField(marks.language, shareExact, nil),
		Sentiment:  judgeField(marks.sentiment, macroF1, analysis.SentimentNames()),
		Urgency:    judgeField(marks.urgency, microF1, nil),
		Intents:    judgeField(marks.intents, macroF1, analysis.IntentNames()),
		References: judgeField(marks.references, microF1, nil),
		Confusion:  countConfusion(marks.sentiment, analysis.SentimentNames()),
		Reasons:    judgeReasons(out.Results),
		MainIntent: mainIntent(out.Results),
		Languages:  judgeGroups(out.Results, func(m Message) []string { return []string{m.Language} }),
		Difficult:  judgeGroups(out.Results, difficultiesOf),
		Speed:      measureSpeed(out),
	}

	r.References.Classes = judgeKinds(out.Results)
	for _, result := range out.Results {
		if result.Err != nil {
			r.Failed++
			continue
		}
		if result.Answer.Degraded {
			r.Degraded++
		}
		r.By[result.Answer.By]++
	}

	if out.Usage != nil && price != (Price{}) {
		cost := price.costOf(*out.Usage)
		r.Cost = &cost
	}

	return r
}

// Figures returns the one figure of each field.
func (r Report) Figures() Figures {
	return Figures{
		Language: r.Language.Exact, Sentiment: r.Sentiment.Macro, Urgency: r.Urgency.Micro,
		Intents: r.Intents.Macro, References: r.References.Micro,
	}
}

// markings are the fields of all messages.
type markings struct{ language, sentiment, urgency, intents, references []marking }

// mark compares answers with labels, field by field.
func mark(results []Result) (all markings) {
	languages := map[string]bool{}
	for _, r := range results {
		languages[r.Message.Language] = true
	}

	for _, r := range results {
		m, a := r.Message, r.Answer
		failed := r.Err != nil
		add := func(to *[]marking, expected, answered []string) {
			if failed {
				answered = nil
			}
			*to = append(*to, marking{expected: expected, answered: answered, failed: failed})
		}

		language := a.Language
		if !languages[language] {
			language = "" // no message is labelled so, and "" is the label of all languages that need not be known
		}

		add(&all.language, []string{m.Language}, []string{language})
		add(&all.sentiment, []string{string(m.Sentiment)}, []string{string(a.Sentiment)})
		add(&all.urgency, urgencyClass(m.Urgent), urgencyClass(a.Urgency.Urgent))
		add(&all.intents, m.Intents, a.Intents)
		var expected, answered []string
		for _, ref := range m.References {
			expected = append(expected, ref.Kind+" "+ref.Value)
		}

		for _, ref := range a.References {
			answered = append(answered, ref.Kind+" "+ref.Value)
		}

		add(&all.references, expected, answered)

		if failed && !m.Urgent { // no answer counts as the wrong one, and would be right here
			all.urgency[len(all.urgency)-1].answered = urgencyClass(true)
		}
	}

	return all
}

func urgencyClass(isUrgent bool) []string {
	if isUrgent {
		return []string{"urgent"}
	}
	return nil
}

// judgeField judges one field by its figure. Classes are shown in the given order, or in the alphabet's.
func judgeField(marks []marking, figure func([]marking) Ratio, order []string) Field {
	f := Field{Exact: shareExact(marks), Macro: macroF1(marks), Micro: microF1(marks), Classes: judgeClasses(marks, order)}
	f.Low, f.High = estimateInterval(marks, figure)
	return f
}

func judgeClasses(marks []marking, order []string) []Class {
	counts := tallyClasses(marks)
	names := slices.Clone(order)
	var others []string
	for name := range counts {
		if !slices.Contains(order, name) {
			others = append(others, name)
		}
	}

	slices.Sort(others)
	var all []Class
	for _, name := range append(names, others...) {
		all = append(all, counts[name].asClass(name))
	}

	return all
}

// judgeKinds judges references kind by kind.
func judgeKinds(results []Result) (all []Class) {
	byKind := map[string][]marking{}
	for _, references := range mark(results).references {
		ofMessage := map[string]*marking{} // the message's references, by their kinds
		ofKind := func(reference string) *marking {
			kind, _, _ := strings.Cut(reference, " ")
			if ofMessage[kind] == nil {
				ofMessage[kind] = &marking{}
			}
			return ofMessage[kind]
		}

		for _, reference := range references.expected {
			m := ofKind(reference)
			m.expected = append(m.expected, reference)
		}

		for _, reference := range references.answered {
			m := ofKind(reference)
			m.answered = append(m.answered, reference)
		}

		for kind, m := range ofMessage {
			byKind[kind] = append(byKind[kind], *m)
		}
	}

	for kind, marks := range byKind {
		all = append(all, sumClasses(marks).asClass(kind))
	}

	slices.SortFunc(all, func(a, b Class) int { return strings.Compare(a.Name, b.Name) })
	return all
}

// countConfusion counts answers class by class. Answers that are no class count with those that weren't given.
func countConfusion(marks []marking, names []string) Confusion {
	c := Confusion{Rows: names, Columns: append(slices.Clone(names), "none"), Counts: make([][]int, len(names))}
	for i := range c.Counts {
		c.Counts[i] = make([]int, len(c.Columns))
	}
	for _, m := range marks {
		column := len(names)
		if len(m.answered) == 1 && slices.Contains(names, m.answered[0]) {
			column = slices.Index(names, m.answered[0])
		}
		c.Counts[slices.Index(names, m.expected[0])][column]++
	}
	return c
}

// judgeReasons judges the reasons that answers give for urgency.
func judgeReasons(results []Result) Reasons {
	var r Reasons
	literal := 0  // reasons that are a part of the text
	labelled := 0 // urgent answers to messages that were labelled with a reason
	inCommon := 0 // of these, reasons that have a word in common with the label
	for _, result := range results {
		why := result.Answer.Urgency
		if result.Err != nil || !why.Urgent {
			continue
		}

		r.Urgent++
		isShort := why.Because != "" && utf8.RuneCountInString(why.Because) <= mostReason
		if isShort && result.Message.hasText(why.Because) {
			literal++
		}

		if result.Message.Because != "" {
			labelled++
			if hasWordInCommon(why.Because, result.Message.Because) {
				inCommon++
			}
		}
	}

	r.Literal, r.Meet = ratioOf(literal, r.Urgent), ratioOf(inCommon, labelled)
	return r
}

// hasWordInCommon reports whether two parts of a text have a word in common that is longer than three letters.
func hasWordInCommon(a, b string) bool {
	const mostSmallWord = 3 // letters
	words := strings.Fields(strings.ToLower(b))
	return slices.ContainsFunc(strings.Fields(strings.ToLower(a)), func(w string) bool {
		return utf8.RuneCountInString(w) > mostSmallWord && slices.Contains(words, w)
	})
}

// mainIntent is the share of messages whose first answered intent is a labelled one, of those labelled with any.
func mainIntent(results []Result) Ratio {
	right, all := 0, 0
	for _, r := range results {
		if len(r.Message.Intents) == 0 {
			continue
		}
		all++
		isAnswered := r.Err == nil && len(r.Answer.Intents) > 0
		if isAnswered && slices.Contains(r.Message.Intents, r.Answer.Intents[0]) {
			right++
		}
	}
	return ratioOf(right, all)
}

// measureSpeed returns median and 95th percentile of the answers that came, and CPU time for a message.
func measureSpeed(out Outcome) (s Speed) {
	var took []time.Duration
	for _, r := range out.Results {
		if r.Err == nil {
			took = append(took, r.Took)
		}
	}

	if len(took) > 0 {
		slices.Sort(took)
		s.Median, s.P95 = quantileOf(took, 0.5), quantileOf(took, 0.95)
	}

	n := len(out.Results)
	if n > 0 {
		s.CPU = time.Duration(math.Round(float64(out.CPU) / float64(n)))
	}

	return s
}
