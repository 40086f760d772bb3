package evaluation

import (
	"math"
	"slices"
	"strings"
	"time"
	"unicode/utf8"

	"parley/bridge/analysis"
)

// Score compares the answers of a run with the labels that people gave the messages. For example, if 100 messages were
// labelled "frustrated" and an analyzer found 60 of them, the report has a recall of 0.6 for that sentiment. The report's
// cost is set if the analyzer is Metered and price isn't zero.
func Score(out Outcome, price Price) Report {
	compared := compareFields(out.Results)
	r := Report{
		Messages:   len(out.Results),
		By:         map[string]int{},
		Usage:      out.Usage,
		Language:   judgeField(compared.language, shareExact, nil),
		Sentiment:  judgeField(compared.sentiment, macroF1, analysis.SentimentNames()),
		Urgency:    judgeField(compared.urgency, microF1, nil),
		Intents:    judgeField(compared.intents, macroF1, analysis.IntentNames()),
		References: judgeField(compared.references, microF1, nil),
		Confusion:  countConfusion(compared.sentiment, analysis.SentimentNames()),
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

// Figures returns the main figure of each field.
func (r Report) Figures() Figures {
	return Figures{
		Language: r.Language.Exact, Sentiment: r.Sentiment.Macro, Urgency: r.Urgency.Micro,
		Intents: r.Intents.Macro, References: r.References.Micro,
	}
}

// comparedFields has, for each field, one comparison a message.
type comparedFields struct{ language, sentiment, urgency, intents, references []comparison }

// compareFields compares answers with labels, field by field.
func compareFields(results []Result) comparedFields {
	languages := map[string]bool{}
	for _, r := range results {
		languages[r.Message.Language] = true
	}

	var all comparedFields
	for _, r := range results {
		label, answer := labelsOf(r.Message), answersOf(r, languages)
		compare := func(expected, answered []string) comparison {
			return comparison{expected: expected, answered: answered, failed: r.Err != nil}
		}
		all.language = append(all.language, compare(label.language, answer.language))
		all.sentiment = append(all.sentiment, compare(label.sentiment, answer.sentiment))
		all.urgency = append(all.urgency, compare(label.urgency, answer.urgency))
		all.intents = append(all.intents, compare(label.intents, answer.intents))
		all.references = append(all.references, compare(label.references, answer.references))
	}
	return all
}

// fieldValues are the values of one message's fields. A field with a single value is a set of one.
type fieldValues struct{ language, sentiment, urgency, intents, references []string }

func labelsOf(m Message) fieldValues {
	v := fieldValues{
		language:  []string{m.Language},
		sentiment: []string{string(m.Sentiment)},
		urgency:   urgencyClass(m.Urgent),
		intents:   m.Intents,
	}
	for _, ref := range m.References {
		v.references = append(v.references, referenceClass(ref.Kind, ref.Value))
	}
	return v
}

// answersOf returns the values of an answer. A language that no message is labelled with counts as "", the label of the
// languages that an analyzer need not know.
func answersOf(r Result, labelledLanguages map[string]bool) fieldValues {
	if r.Err != nil {
		// A missing answer counts as wrong. For urgency, no value means "not urgent", which may be right.
		return fieldValues{urgency: urgencyClass(!r.Message.Urgent)}
	}

	language := r.Answer.Language
	if !labelledLanguages[language] {
		language = ""
	}
	v := fieldValues{
		language:  []string{language},
		sentiment: []string{string(r.Answer.Sentiment)},
		urgency:   urgencyClass(r.Answer.Urgency.Urgent),
		intents:   r.Answer.Intents,
	}
	for _, ref := range r.Answer.References {
		v.references = append(v.references, referenceClass(ref.Kind, ref.Value))
	}
	return v
}

func referenceClass(kind, value string) string { return kind + " " + value }

// kindOf returns the kind in a referenceClass.
func kindOf(reference string) string {
	kind, _, _ := strings.Cut(reference, " ")
	return kind
}

func urgencyClass(isUrgent bool) []string {
	if isUrgent {
		return []string{"urgent"}
	}
	return nil
}

// judgeField computes the quality of one field. figure computes the field's main figure, for its confidence interval.
// The classes are in the given order, followed by all others in alphabetical order.
func judgeField(compared []comparison, figure func([]comparison) Ratio, order []string) Field {
	f := Field{Exact: shareExact(compared), Macro: macroF1(compared), Micro: microF1(compared), Classes: judgeClasses(compared, order)}
	f.Low, f.High = estimateInterval(compared, figure)
	return f
}

func judgeClasses(compared []comparison, order []string) []Class {
	counts := tallyClasses(compared)
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

// judgeKinds returns the quality of references by kind, sorted by kind.
func judgeKinds(results []Result) []Class {
	byKind := map[string][]comparison{}
	for _, references := range compareFields(results).references {
		for kind, ofKind := range splitByKind(references) {
			byKind[kind] = append(byKind[kind], ofKind)
		}
	}

	var classes []Class
	for kind, compared := range byKind {
		classes = append(classes, sumClasses(compared).asClass(kind))
	}

	slices.SortFunc(classes, func(a, b Class) int { return strings.Compare(a.Name, b.Name) })
	return classes
}

// splitByKind splits the references of one message by kind.
func splitByKind(references comparison) map[string]comparison {
	byKind := map[string]comparison{}
	for _, reference := range references.expected {
		c := byKind[kindOf(reference)]
		c.expected = append(c.expected, reference)
		byKind[kindOf(reference)] = c
	}
	for _, reference := range references.answered {
		c := byKind[kindOf(reference)]
		c.answered = append(c.answered, reference)
		byKind[kindOf(reference)] = c
	}
	return byKind
}

// countConfusion counts the answers of a field with one value by label and answer. Missing and invalid answers are
// counted in the last column.
func countConfusion(compared []comparison, names []string) Confusion {
	c := Confusion{Rows: names, Columns: append(slices.Clone(names), "none"), Counts: make([][]int, len(names))}
	for i := range c.Counts {
		c.Counts[i] = make([]int, len(c.Columns))
	}
	for _, m := range compared {
		column := len(names)
		if len(m.answered) == 1 && slices.Contains(names, m.answered[0]) {
			column = slices.Index(names, m.answered[0])
		}
		c.Counts[slices.Index(names, m.expected[0])][column]++
	}
	return c
}

// judgeReasons computes the quality of the reasons that answers give for urgency.
func judgeReasons(results []Result) Reasons {
	var r Reasons
	literal := 0     // reasons that are a part of the text
	labelled := 0    // urgent answers to messages that are labelled with a reason
	overlapping := 0 // labelled ones whose answered reason has a word in common with the label
	for _, result := range results {
		urgency := result.Answer.Urgency
		if result.Err != nil || !urgency.Urgent {
			continue
		}

		r.Urgent++
		hasValidLength := urgency.Because != "" && utf8.RuneCountInString(urgency.Because) <= maxReasonRunes
		if hasValidLength && result.Message.hasText(urgency.Because) {
			literal++
		}

		if result.Message.Because == "" {
			continue
		}
		labelled++
		if hasWordInCommon(urgency.Because, result.Message.Because) {
			overlapping++
		}
	}

	r.Literal = ratioOf(literal, r.Urgent)
	r.Overlapping = ratioOf(overlapping, labelled)
	return r
}

// hasWordInCommon reports whether two strings have a word in common that is longer than three letters.
func hasWordInCommon(a, b string) bool {
	const maxSmallWord = 3 // letters
	words := strings.Fields(strings.ToLower(b))
	return slices.ContainsFunc(strings.Fields(strings.ToLower(a)), func(w string) bool {
		return utf8.RuneCountInString(w) > maxSmallWord && slices.Contains(words, w)
	})
}

// mainIntent computes Report.MainIntent.
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

// measureSpeed returns the median and 95th percentile over all answers, and the CPU time per message.
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
