// Package figure is what a run of bench finds: figures with their targets, the report of all of them, and the arithmetic by
// which rounds become one value.
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
	Target *float64 `json:"target"`
	// AtMost: the target is an upper bound; otherwise a lower one.
	AtMost bool `json:"at_most"`
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
	Load      [3]float64 `json:"load"` // averages before the run began
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

func newFigure(target float64, isAtMost bool, unit string, rounds []float64) Figure {
	value := Median(rounds)
	ok := value >= target
	if isAtMost {
		ok = value <= target
	}
	return Figure{Value: &value, Target: &target, AtMost: isAtMost, OK: &ok, Unit: unit, Rounds: rounds}
}

// LeftOut makes a figure that was left out; why says the reason.
func LeftOut(target float64, isAtMost bool, unit, why string) Figure {
	return Figure{Target: &target, AtMost: isAtMost, Unit: unit, Note: why}
}

// With returns the figure with further details.
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

// Median returns the middle value, the lower one of two.
func Median(values []float64) float64 {
	if len(values) == 0 {
		return 0
	}
	sorted := slices.Sorted(slices.Values(values))
	return sorted[(len(sorted)-1)/2]
}

// Middle returns the median of each detail.
func Middle(all []map[string]float64) map[string]float64 {
	lists := map[string][]float64{}
	for _, d := range all {
		for k, v := range d {
			lists[k] = append(lists[k], v)
		}
	}
	out := map[string]float64{}
	for k, list := range lists {
		out[k] = Median(list)
	}
	return out
}

// Percentile returns the value that the share p (0–1) of all values do not exceed.
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

// Table prints the report for people.
func (r Report) Table(w io.Writer) error {
	t := tabwriter.NewWriter(w, 0, 0, 2, ' ', 0)
	_, _ = fmt.Fprintln(t, "figure\tvalue\ttarget\tunit\t\trounds\tnote") // Flush tells

	for _, name := range slices.Sorted(maps.Keys(r.Metrics)) {
		f := r.Metrics[name]
		value, target := "–", "–"
		verdict := ""

		if f.Value != nil {
			value = Number(*f.Value)
		}

		if f.Target != nil {
			sign := "≥ "
			if f.AtMost {
				sign = "≤ "
			}
			target = sign + Number(*f.Target)
		}

		if f.OK != nil && *f.OK {
			verdict = "ok"
		} else if f.OK != nil {
			verdict = "MISSED"
		}

		var rounds string
		for i, v := range f.Rounds {
			if i > 0 {
				rounds += " / "
			}
			rounds += Number(v)
		}

		_, _ = fmt.Fprintf(t, "%s\t%s\t%s\t%s\t%s\t%s\t%s\n", name, value, target, f.Unit, verdict, rounds, f.Note)
	}

	return t.Flush()
}

// Number writes a value with three digits that count.
func Number(v float64) string { return fmt.Sprintf("%.3g", v) }

// Join puts remarks together.
func Join(notes ...string) string {
	out := ""
	for _, n := range notes {
		if out != "" && n != "" {
			out += "; "
		}
		out += n
	}
	return out
}

// IsOnRAM reports whether the database's files are memory, which moves all ratios.
func (m Machine) IsOnRAM() bool { return strings.HasPrefix(m.Storage, "ram") }

// MS returns milliseconds.
func MS(d time.Duration) float64 { return float64(d) / float64(time.Millisecond) }
