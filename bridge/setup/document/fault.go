package document

import (
	"cmp"
	"errors"
	"fmt"
	"slices"
	"strings"
)

// Position is a place in the file; both count from 1. The zero Position means no particular place.
type Position struct{ Line, Column int }

// Fault is one thing that is wrong with the file. It never quotes a value that may be a secret.
type Fault struct {
	At    Position
	Where string // whose value is wrong: "account support-mail: imap.port"; empty for the file as a whole
	What  string // what is wrong, without a full stop at its end
	Hint  string // what to do, in full sentences; may be empty
}

// String writes the fault in one line: position, key, what is wrong, what to do.
func (f Fault) String() string {
	var s strings.Builder
	if f.At.Line > 0 {
		fmt.Fprintf(&s, "%d:%d: ", f.At.Line, f.At.Column)
	}
	if f.Where != "" {
		s.WriteString(f.Where + ": ")
	}
	s.WriteString(f.What + ".")
	if f.Hint != "" {
		s.WriteString(" " + f.Hint)
	}
	return s.String()
}

// Faults are the faults of a file. Each check appends what it finds; Err returns them in the order of the file.
type Faults []Fault

// Error writes a line for each fault.
func (f Faults) Error() string {
	lines := make([]string, len(f))
	for i, fault := range f {
		lines[i] = fault.String()
	}
	return strings.Join(lines, "\n")
}

// Add appends a fault.
func (f *Faults) Add(fault Fault) { *f = append(*f, fault) }

// Err returns a sorted copy of the faults as an error. It returns nil if there are none, because an empty Faults in an
// error interface would not be nil.
func (f Faults) Err() error {
	if len(f) == 0 {
		return nil
	}
	sorted := slices.Clone(f)
	slices.SortStableFunc(sorted, func(a, b Fault) int {
		return cmp.Or(cmp.Compare(a.At.Line, b.At.Line), cmp.Compare(a.At.Column, b.At.Column))
	})
	return sorted
}

// MergeFaults merges what several checks returned, so that people are told all faults at once. An error that is not
// Faults is returned alone: a check that could not be made isn't a fault of the file.
func MergeFaults(checks ...error) error {
	var merged Faults
	for _, err := range checks {
		if err == nil {
			continue
		}
		var faults Faults
		if !errors.As(err, &faults) {
			return err
		}
		merged = append(merged, faults...)
	}
	return merged.Err()
}

// JoinAlternatives joins alternatives: "a, b or c".
func JoinAlternatives(words []string) string {
	if len(words) < 2 {
		return strings.Join(words, "")
	}
	last := len(words) - 1
	return strings.Join(words[:last], ", ") + " or " + words[last]
}
