package setup

import (
	"cmp"
	"errors"
	"fmt"
	"slices"
	"strings"
)

// Position is a position in the file. Line and Column count from 1; the zero Position means that it is not known.
type Position struct{ Line, Column int }

// Fault is one error in the file, written for the admin who has to correct it. Its String is, for example:
//
//	12:11: account support-mail: imap.port: "x93" isn't a port. Write a number from 1 to 65535.
//
// A Fault must never quote a value that may be a secret.
type Fault struct {
	At    Position
	Where string // the key whose value is wrong: "account support-mail: imap.port"; "" for the whole file
	What  string // what is wrong, without a full stop
	Hint  string // what to do about it, in full sentences; may be empty
}

// String returns the fault as one line.
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

// Faults is the error for a file with faults. Reading goes on after a fault, so that an admin sees all of them at once:
// each check calls Add, and Err returns the collected faults at the end. The zero value is ready to use.
type Faults []Fault

// Error returns one line for each fault.
func (f Faults) Error() string {
	lines := make([]string, len(f))
	for i, fault := range f {
		lines[i] = fault.String()
	}
	return strings.Join(lines, "\n")
}

// Add appends a fault.
func (f *Faults) Add(fault Fault) { *f = append(*f, fault) }

// Err returns the faults as an error, sorted by their positions, or nil if there are none.
func (f Faults) Err() error {
	if len(f) == 0 {
		return nil // an empty Faults in an error interface would not be nil
	}
	sorted := slices.Clone(f)
	slices.SortStableFunc(sorted, func(a, b Fault) int {
		return cmp.Or(cmp.Compare(a.At.Line, b.At.Line), cmp.Compare(a.At.Column, b.At.Column))
	})
	return sorted
}

// MergeFaults merges the results of several checks into one Faults error, or nil. If one of them is another error,
// MergeFaults returns only that: the check itself failed, and says nothing about the file.
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

// JoinAlternatives joins words for a hint: "a, b or c".
func JoinAlternatives(words []string) string {
	if len(words) < 2 {
		return strings.Join(words, "")
	}
	last := len(words) - 1
	return strings.Join(words[:last], ", ") + " or " + words[last]
}
