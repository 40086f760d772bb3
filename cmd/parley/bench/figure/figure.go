// Package figure holds what a run of bench finds: figures with their targets, the report of all of them, and the arithmetic
// by which rounds become one value.
//
// What does not belong here: how anything is measured.
package figure

import (
	"encoding/json"
	"fmt"
	"io"
	"maps"
	"os"
	"slices"
	"strings"
	"text/tabwriter"
	"time"
)

// Figure is one measured value and what it should be.
type Figure struct {
	// Value is the median of the rounds; nil means not measured, and Note says why.
	Value *float64 `json:"value"`
	// Target is the bound; nil for figures that only inform.
	Target       *float64 `json:"target"`
	IsUpperBound bool     `json:"at_most"` // of Target; false means a lower bound
	// OK says that the target is met; nil without value or target.
	OK     *bool     `json:"ok"`
	Unit   string    `json:"unit"`             // ratio, ms, MB, percent, per message, seconds
	Rounds []float64 `json:"rounds,omitempty"` // all that counted, in order
	Note   string    `json:"note,omitempty"`
	// Details are what the value was made of: rates, percentiles, counts.
	Details map[string]float64 `json:"details,omitempty"`
}

// Report is what bench.json holds.
type Report struct {
	Metrics map[string]Figure `json:"metrics"`
	Machine Machine           `json:"machine"`
}

// Machine is where the figures were taken.
type Machine struct {
	Cores     int        `json:"cores"`
	Storage   string     `json:"storage"`  // file system of the database's folder: "disk" or "ram", and its type
	FlushMS   float64    `json:"flush_ms"` // median time of one 8 kB write with fdatasync there
	Reference string     `json:"reference"`
	Postgres  string     `json:"postgres"`
	Load      [3]float64 `json:"load"` // load averages of 1, 5 and 15 minutes before the run
	LoadAfter [3]float64 `json:"load_after"`
	Quick     bool       `json:"quick"`
}

// AtLeast makes a figure of rounds that should reach a target.
func AtLeast(target float64, unit string, rounds ...float64) Figure {
	return newFigure(target, false, unit, rounds)
}

// AtMost makes a figure of rounds that should not exceed a target.
func AtMost(target float64, unit string, rounds ...float64) Figure {
	return newFigure(target, true, unit, rounds)
}

func newFigure(target float64, isUpperBound bool, unit string, rounds []float64) Figure {
	value := Median(rounds)
	ok := value >= target
	if isUpperBound {
		ok = value <= target
	}
	return Figure{Value: &value, Target: &target, IsUpperBound: isUpperBound, OK: &ok, Unit: unit, Rounds: rounds}
}

// LeftOutByQuick returns the figure without a value, because a run with --quick has no time for it; why says what it would
// do: AtMost(2, "ratio").LeftOutByQuick("connects 300 mailboxes").
func (f Figure) LeftOutByQuick(why string) Figure {
	return Figure{Target: f.Target, IsUpperBound: f.IsUpperBound, Unit: f.Unit, Note: "left out by --quick: " + why}
}

// With returns the figure with further details; they replace those of the same name.
func (f Figure) With(details map[string]float64) Figure {
	f.Details = maps.Clone(f.Details)
	if f.Details == nil {
		f.Details = map[string]float64{}
	}
	maps.Copy(f.Details, details)
	return f
}

// WithNote returns the figure with a note in place of the one that it has.
func (f Figure) WithNote(note string) Figure {
	f.Note = note
	return f
}

// Median returns the middle value, the lower one of two, and 0 for no values.
func Median(values []float64) float64 {
	if len(values) == 0 {
		return 0
	}
	sorted := slices.Sorted(slices.Values(values))
	return sorted[(len(sorted)-1)/2]
}

// MedianDetails returns the median of each detail over all rounds.
func MedianDetails(rounds []map[string]float64) map[string]float64 {
	values := map[string][]float64{}
	for _, details := range rounds {
		for name, v := range details {
			values[name] = append(values[name], v)
		}
	}
	medians := map[string]float64{}
	for name, list := range values {
		medians[name] = Median(list)
	}
	return medians
}

// Percentile returns the value that the share p (0 to 1) of all values do not exceed, and 0 for no values.
func Percentile(values []float64, p float64) float64 {
	if len(values) == 0 {
		return 0
	}
	sorted := slices.Sorted(slices.Values(values))
	return sorted[min(int(p*float64(len(sorted))), len(sorted)-1)]
}

// Missed names the figures whose target was not met.
func (r Report) Missed() []string {
	var missed []string
	for _, name := range slices.Sorted(maps.Keys(r.Metrics)) {
		if f := r.Metrics[name]; f.OK != nil && !*f.OK {
			missed = append(missed, name)
		}
	}
	return missed
}

// Write puts the report into a file.
func (r Report) Write(path string) error {
	body, err := json.MarshalIndent(r, "", "  ")
	if err == nil {
		err = os.WriteFile(path, append(body, '\n'), 0o600)
	}
	if err != nil {
		return fmt.Errorf("bench: %w", err)
	}
	return nil
}

// Table prints the report for people, a line a figure.
func (r Report) Table(w io.Writer) error {
	t := tabwriter.NewWriter(w, 0, 0, 2, ' ', 0) // keeps all lines until Flush, which returns w's errors
	_, _ = fmt.Fprintln(t, "figure\tvalue\ttarget\tunit\t\trounds\tnote")
	for _, name := range slices.Sorted(maps.Keys(r.Metrics)) {
		_, _ = fmt.Fprintln(t, name+"\t"+strings.Join(r.Metrics[name].cells(), "\t"))
	}
	return t.Flush()
}

// cells returns what Report.Table prints beside a figure's name: value, target, unit, verdict, rounds and note.
func (f Figure) cells() []string {
	value, target, verdict := "–", "–", ""
	if f.Value != nil {
		value = Format(*f.Value)
	}

	if f.Target != nil {
		sign := "≥ "
		if f.IsUpperBound {
			sign = "≤ "
		}
		target = sign + Format(*f.Target)
	}

	if f.OK != nil {
		verdict = "MISSED"
		if *f.OK {
			verdict = "ok"
		}
	}

	rounds := make([]string, len(f.Rounds))
	for i, v := range f.Rounds {
		rounds[i] = Format(v)
	}

	return []string{value, target, f.Unit, verdict, strings.Join(rounds, " / "), f.Note}
}

// Format writes a value with three significant digits.
func Format(v float64) string { return fmt.Sprintf("%.3g", v) }

// JoinNotes joins those of the notes that aren't empty: "2500 mails; the reference drifted by 30 %".
func JoinNotes(notes ...string) string {
	isEmpty := func(note string) bool { return note == "" }
	return strings.Join(slices.DeleteFunc(notes, isEmpty), "; ")
}

// IsOnRAM reports whether the database's files are memory, which moves all ratios.
func (m Machine) IsOnRAM() bool { return strings.HasPrefix(m.Storage, "ram") }

// MS returns a duration in milliseconds.
func MS(d time.Duration) float64 { return float64(d) / float64(time.Millisecond) }
