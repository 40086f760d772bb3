package setup

import (
	"maps"

	"parley/bridge/setup/document"
	"parley/bridge/setup/input"
	"parley/bridge/setup/parleyfile"
)

// checkChannels refuses settings with which the channel of an account could not be made. An account whose channel's settings stay
// as they are is not refused, so that one that doesn't work can still be paused.
// Errors: Faults.
func (w *work) checkChannels(f *parleyfile.File) error {
	var faults document.Faults
	for _, e := range f.Accounts {
		want, have := w.want.Account(e.Name), w.have.Account(e.Name)
		if want == nil {
			continue
		}

		spec := input.SpecOf(w.options.Specs, want.Row.Kind)
		isSame := have != nil && maps.Equal(have.Whole(), want.Whole())
		if spec == nil || spec.Check == nil || isSame {
			continue
		}

		for _, err := range listJoined(spec.Check(want.Whole())) {
			faults.Add(document.Fault{At: e.At, Where: "account " + e.Name, What: err.Error()})
		}
	}

	return faults.Err()
}

// listJoined returns the errors that errors.Join has joined; any other error alone.
func listJoined(err error) []error {
	if err == nil {
		return nil
	}
	if joined, ok := err.(interface{ Unwrap() []error }); ok { //nolint:errorlint // it is not wrapped
		return joined.Unwrap()
	}
	return []error{err}
}
