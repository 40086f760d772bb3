package setup

import (
	"maps"
	"strings"

	"parley/bridge/setup/document"
	"parley/bridge/setup/input"
	"parley/bridge/setup/parleyfile"
	"parley/channels"
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
			faults.Add(channelFault(e, *spec, err.Error()))
		}
	}

	return faults.Err()
}

// channelFault makes a fault of what a channel says of an account's settings. One that begins with a section and its field, as in
// "twilio: from: …", belongs to that field.
func channelFault(e parleyfile.Account, spec channels.Spec, text string) document.Fault {
	fault := document.Fault{At: e.At, Where: "account " + e.Name, What: text}
	for _, f := range spec.Fields {
		key := input.Section(spec)
		what, isOfField := strings.CutPrefix(text, key+": "+f.Name+": ")
		if !isOfField {
			continue
		}

		fault.Where += ": " + key + ": " + f.Name
		fault.What = what
		fault.At = e.PlaceOf(key, f.Name)
	}
	return fault
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
