package setup

import (
	"maps"
	"strings"

	"parley/bridge/setup/document"
	"parley/bridge/setup/input"
	"parley/bridge/setup/parleyfile"
	"parley/channels"
)

// checkChannels refuses settings with which the channel of an account can't work, by the channel's own check (Spec.Check). It
// doesn't check settings that stay as they are, so that an account that doesn't work can still be paused.
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

// channelFault makes a fault of what a channel's check says about an account's settings.
func channelFault(e parleyfile.Account, spec channels.Spec, text string) document.Fault {
	fault := document.Fault{At: e.At, Where: "account " + e.Name, What: text}
	if field, what := cutField(spec, text); field != "" {
		key := input.Section(spec)
		fault.Where += ": " + key + ": " + field
		fault.What = what
		fault.At = e.PlaceOf(key, field)
	}
	return fault
}

// FindMisfits returns what a channel's check says about settings, by their fields.
func FindMisfits(spec channels.Spec, config channels.Config) []channels.Finding {
	if spec.Check == nil {
		return nil
	}
	var found []channels.Finding
	for _, err := range listJoined(spec.Check(config)) {
		field, what := cutField(spec, err.Error())
		found = append(found, channels.Finding{What: "Settings", Text: strings.ToUpper(what[:1]) + what[1:] + ".", Field: field})
	}
	return found
}

// cutField cuts the section and the field off a text of a channel's check: "twilio: from: is missing" becomes "from" and "is
// missing". If the text doesn't begin so, field is "".
func cutField(spec channels.Spec, text string) (field, what string) {
	for _, f := range spec.Fields {
		if what, isOfField := strings.CutPrefix(text, input.Section(spec)+": "+f.Name+": "); isOfField {
			return f.Name, what
		}
	}
	return "", text
}

// listJoined returns the errors that errors.Join has joined, or err alone if it is another one.
func listJoined(err error) []error {
	if err == nil {
		return nil
	}
	if joined, ok := err.(interface{ Unwrap() []error }); ok { //nolint:errorlint // it is not wrapped
		return joined.Unwrap()
	}
	return []error{err}
}
