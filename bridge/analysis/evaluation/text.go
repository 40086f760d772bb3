package evaluation

import (
	"cmp"
	"fmt"
	"io"
	"maps"
	"slices"
	"strings"
	"text/tabwriter"
	"time"
)

// WriteText writes a report as text, mostly tables.
func (r Report) WriteText(to io.Writer) error {
	w := &tables{to: to}
	w.writeLine("%s on %s: %d messages, %d without an answer", r.Analyzer, r.Set, r.Messages, r.Failed)
	if r.Degraded > 0 {
		w.writeLine("Found without the model that was asked: %d", r.Degraded)
	}

	for _, by := range slices.Sorted(maps.Keys(r.By)) {
		w.writeLine("Answers by %s: %d", by, r.By[by])
	}

	r.writeFigures(w)
	w.writeLine("\nMain intent right: %s. Urgent answers: %d; reason is a part of the text: %s; meets the labelled reason: %s",
		r.MainIntent, r.Reasons.Urgent, r.Reasons.Literal, r.Reasons.Overlapping)
	for _, f := range []struct {
		name  string
		field Field
	}{
		{"language", r.Language}, {"sentiment", r.Sentiment}, {"urgency", r.Urgency},
		{"intent", r.Intents}, {"reference", r.References},
	} {
		w.writeClasses(f.name, f.field.Classes)
	}

	w.writeConfusion(r.Confusion)
	w.writeGroups("language", r.Languages)
	w.writeGroups("difficulty", r.Difficult)
	r.writeTimeAndCost(w)
	return w.err
}

// writeFigures writes the summary: the main figure of each field, with its confidence interval and the baseline's figure.
func (r Report) writeFigures(w *tables) {
	figures := r.Figures()
	rows := [][]string{{"field", "measure", "value", "95 % from", "to", "always the most frequent"}}
	var majority Figures
	if r.Majority != nil {
		majority = *r.Majority
	}

	for _, f := range []struct {
		name, measure   string
		value, majority Ratio
		field           Field
	}{
		{"language", "right", figures.Language, majority.Language, r.Language},
		{"sentiment", "macro-F1", figures.Sentiment, majority.Sentiment, r.Sentiment},
		{"urgency", "F1", figures.Urgency, majority.Urgency, r.Urgency},
		{"intents", "macro-F1", figures.Intents, majority.Intents, r.Intents},
		{"references", "F1", figures.References, majority.References, r.References},
	} {
		baseline := "–"
		if r.Majority != nil {
			baseline = f.majority.String()
		}
		rows = append(rows, []string{f.name, f.measure, f.value.String(), f.field.Low.String(), f.field.High.String(), baseline})
	}

	w.writeTable(rows)
}

// writeTimeAndCost writes the part that differs from run to run.
func (r Report) writeTimeAndCost(w *tables) {
	w.writeLine("\nAn answer took %s in the middle, and %s in the slowest of twenty; CPU time of this process: %s a message",
		roundDuration(r.Speed.Median), roundDuration(r.Speed.P95), roundDuration(r.Speed.CPU))
	if u := r.Usage; u != nil {
		w.writeLine("%d calls, %d tokens of questions, %d tokens of answers", u.Calls, u.PromptTokens, u.AnswerTokens)
	}
	if r.Cost != nil && r.Messages > 0 {
		w.writeLine("Cost by the prices given: %.4f, for 1000 messages %.2f", *r.Cost, *r.Cost/float64(r.Messages)*1000)
	}
}

func roundDuration(d time.Duration) string {
	switch {
	case d >= time.Second:
		return d.Round(10 * time.Millisecond).String()
	case d >= time.Millisecond:
		return d.Round(10 * time.Microsecond).String()
	}
	return d.Round(time.Microsecond).String()
}

// tables writes lines and tables. After an error it writes nothing more.
type tables struct {
	to  io.Writer
	err error // the first one
}

func (w *tables) writeLine(format string, args ...any) {
	if w.err == nil {
		_, w.err = fmt.Fprintf(w.to, format+"\n", args...)
	}
}

// writeTable writes rows in aligned columns. The first row is the header.
func (w *tables) writeTable(rows [][]string) {
	w.writeLine("")
	columns := tabwriter.NewWriter(w.to, 0, 0, 2, ' ', 0)
	for _, row := range rows {
		if w.err == nil {
			_, w.err = fmt.Fprintln(columns, strings.Join(row, "\t"))
		}
	}
	if w.err == nil {
		w.err = columns.Flush()
	}
}

func (w *tables) writeClasses(of string, all []Class) {
	rows := [][]string{{of, "labelled", "answered", "precision", "recall", "F1"}}
	for _, c := range all {
		rows = append(rows, []string{
			nameOfClass(c.Name), fmt.Sprint(c.Labelled), fmt.Sprint(c.Answered), c.Precision.String(), c.Recall.String(), c.F1.String(),
		})
	}
	w.writeTable(rows)
}

func (w *tables) writeConfusion(c Confusion) {
	rows := [][]string{append([]string{"labelled ↓ answered →"}, c.Columns...)}
	for i, counts := range c.Counts {
		row := []string{c.Rows[i]}
		for _, n := range counts {
			row = append(row, fmt.Sprint(n))
		}
		rows = append(rows, row)
	}
	w.writeTable(rows)
}

func (w *tables) writeGroups(by string, all []Group) {
	rows := [][]string{{by, "messages", "language", "sentiment", "urgency", "intents (micro)", "references"}}
	for _, g := range all {
		rows = append(rows, []string{
			nameOfClass(g.Name), fmt.Sprint(g.Messages), g.Language.String(), g.Sentiment.String(), g.Urgency.String(),
			g.Intents.String(), g.References.String(),
		})
	}
	w.writeTable(rows)
}

// nameOfClass returns the name of a class to show. The class "" is a language that need not be known or an empty answer.
func nameOfClass(class string) string { return cmp.Or(class, "(other)") }
