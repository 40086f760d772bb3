package bench

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

// Figure is one measured value and its target.
type Figure struct {
	// Value is the median of the rounds. It is nil if nothing was measured; Note then says why.
	Value *float64 `json:"value"`
	// Target is the limit that Value must keep. It is nil for figures that are only informative.
	Target       *float64 `json:"target"`
	IsUpperBound bool     `json:"at_most"` // Target is a maximum; false means a minimum
	// OK reports whether the target is met. It is nil without a value or target.
	OK     *bool     `json:"ok"`
	Unit   string    `json:"unit"`             // ratio, ms, MB, percent, per message, seconds
	Rounds []float64 `json:"rounds,omitempty"` // values of all rounds, in order
	Note   string    `json:"note,omitempty"`
	// Details are what the value was computed from: rates, percentiles, counts.
	Details map[string]float64 `json:"details,omitempty"`
}

// Report is the content of bench.json.
type Report struct {
	Metrics map[string]Figure `json:"metrics"`
	Machine Machine           `json:"machine"`
}

// Machine describes the machine on which the figures were measured.
type Machine struct {
	Cores     int        `json:"cores"`
	Storage   string     `json:"storage"`   // file system of the database: "disk" or "ram", and its type
	FlushMS   float64    `json:"flush_ms"`  // median time of one 8 kB write with fdatasync in that file system
	Reference string     `json:"reference"` // the tool whose insert rate Parley is compared with
	Postgres  string     `json:"postgres"`
	Load      [3]float64 `json:"load"` // load averages of 1, 5 and 15 minutes before the run
	LoadAfter [3]float64 `json:"load_after"`
	Quick     bool       `json:"quick"`
}

// AtLeast makes a figure whose median over the rounds should be at least target.
func AtLeast(target float64, unit string, rounds ...float64) Figure {
	return newFigure(target, false, unit, rounds)
}

// AtMost makes a figure whose median over the rounds should be at most target.
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

// LeftOutByQuick returns the figure without a value, because --quick leaves no time to measure it. why says
// what takes long: AtMost(2, "ratio").LeftOutByQuick("connects 300 mailboxes").
func (f Figure) LeftOutByQuick(why string) Figure {
	return Figure{Target: f.Target, IsUpperBound: f.IsUpperBound, Unit: f.Unit, Note: "left out by --quick: " + why}
}

// With returns a copy of the figure with more details. They replace details of the same name.
func (f Figure) With(details map[string]float64) Figure {
	f.Details = maps.Clone(f.Details)
	if f.Details == nil {
		f.Details = map[string]float64{}
	}
	maps.Copy(f.Details, details)
	return f
}

// WithNote returns a copy of the figure with another note.
func (f Figure) WithNote(note string) Figure {
	f.Note = note
	return f
}

// Median returns the middle value: of an even number of values, the lower one of the two in the middle. It
// returns 0 if there are no values.
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

// Percentile returns a value that the share p (0 to 1) of all values do not exceed: Percentile(values, 0.99) is
// the p99, and Percentile(values, 1) the maximum. It returns 0 if there are no values.
func Percentile(values []float64, p float64) float64 {
	if len(values) == 0 {
		return 0
	}
	sorted := slices.Sorted(slices.Values(values))
	return sorted[min(int(p*float64(len(sorted))), len(sorted)-1)]
}

// Missed returns the names of the figures that missed their targets, sorted.
func (r Report) Missed() []string {
	var missed []string
	for _, name := range slices.Sorted(maps.Keys(r.Metrics)) {
		if f := r.Metrics[name]; f.OK != nil && !*f.OK {
			missed = append(missed, name)
		}
	}
	return missed
}

// Write stores the report in a file, as JSON.
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

// Table prints the report as a table for people, one line per figure.
func (r Report) Table(w io.Writer) error {
	t := tabwriter.NewWriter(w, 0, 0, 2, ' ', 0) // buffers everything until Flush, which reports errors of w
	_, _ = fmt.Fprintln(t, "figure\tvalue\ttarget\tunit\t\trounds\tnote")
	for _, name := range slices.Sorted(maps.Keys(r.Metrics)) {
		_, _ = fmt.Fprintln(t, name+"\t"+strings.Join(r.Metrics[name].cells(), "\t"))
	}
	return t.Flush()
}

// cells returns the cells of Report.Table after the figure's name: value, target, unit, verdict, rounds and
// note.
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

// Format formats a value with three significant digits.
func Format(v float64) string { return fmt.Sprintf("%.3g", v) }

// JoinNotes joins the non-empty notes: "2500 mails; the reference drifted by 30 %".
func JoinNotes(notes ...string) string {
	isEmpty := func(note string) bool { return note == "" }
	return strings.Join(slices.DeleteFunc(notes, isEmpty), "; ")
}

// IsOnRAM reports whether the database is on a RAM file system, which changes all ratios.
func (m Machine) IsOnRAM() bool { return strings.HasPrefix(m.Storage, "ram") }

// MS converts a duration to milliseconds.
func MS(d time.Duration) float64 { return float64(d) / float64(time.Millisecond) }
