package document

import (
	"cmp"
	"errors"
	"fmt"
	"slices"
	"strings"
)

// Position is a place in the file; both count from 1.
type Position struct{ Line, Column int }

// Fault is one thing that is wrong with the file. It never quotes a value that may be a secret.
type Fault struct {
	At    Position // zero = it has no place in the file
	Where string   // "account support-mail: imap.port"
	What  string   // what is wrong
	Hint  string   // what to do; may be empty
}

// String writes the fault in one line: place, thing, what is wrong, what to do.
func (f Fault) String() string {
	s := f.What + "."
	if f.Where != "" {
		s = f.Where + ": " + s
	}
	if f.Hint != "" {
		s += " " + f.Hint
	}
	if f.At.Line > 0 {
		s = fmt.Sprintf("%d:%d: %s", f.At.Line, f.At.Column, s)
	}
	return s
}

// Faults are all faults of a file, in its order.
type Faults []Fault

// Error writes a line for each fault.
func (f Faults) Error() string {
	lines := make([]string, len(f))
	for i, fault := range f {
		lines[i] = fault.String()
	}
	return strings.Join(lines, "\n")
}

// Add adds a fault. where may be "", and so may hint; at is zero for a fault without a place.
func (f *Faults) Add(at Position, where, what, hint string) {
	*f = append(*f, Fault{At: at, Where: where, What: what, Hint: hint})
}

// AddFile adds a fault of the file as a whole.
func (f *Faults) AddFile(what string) { *f = append(*f, Fault{What: what}) }

// Join makes one list of the faults of several checks, which errors.Join put together. Any other error stays as it is.
func Join(err error) error {
	joined, ok := err.(interface{ Unwrap() []error }) //nolint:errorlint // errors.Join made it
	if !ok {
		return err
	}
	var all Faults
	for _, one := range joined.Unwrap() {
		var faults Faults
		if !errors.As(one, &faults) {
			return one
		}
		all = append(all, faults...)
	}
	return all.Err()
}

// Err returns the faults as an error; nil if there are none.
func (f Faults) Err() error {
	if len(f) == 0 {
		return nil
	}
	slices.SortStableFunc(f, func(a, b Fault) int {
		return cmp.Or(cmp.Compare(a.At.Line, b.At.Line), cmp.Compare(a.At.Column, b.At.Column))
	})
	return f
}

// Either joins alternatives: "a, b or c".
func Either(words []string) string {
	if len(words) < 2 {
		return strings.Join(words, "")
	}
	last := len(words) - 1
	return strings.Join(words[:last], ", ") + " or " + words[last]
}
