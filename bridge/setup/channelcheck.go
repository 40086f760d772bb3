package setup

import (
	"errors"
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
		isSame := have != nil && maps.Equal(have.ConfigWithSecrets(), want.ConfigWithSecrets())
		if spec == nil || spec.Check == nil || isSame {
			continue
		}

		for _, err := range listJoined(spec.Check(want.ConfigWithSecrets())) {
			faults.Add(channelFault(e, *spec, err))
		}
	}
	return faults.Err()
}

// channelFault makes a fault of what a channel's check says about an account's settings.
func channelFault(e parleyfile.Account, spec channels.Spec, err error) document.Fault {
	where := "account " + e.Name
	wrong, ok := errors.AsType[*channels.FieldError](err)
	if !ok {
		return document.Fault{At: e.At, Where: where, What: err.Error()}
	}
	key := input.Section(spec)
	return document.Fault{At: e.PlaceOf(key, wrong.Field), Where: where + ": " + key + ": " + wrong.Field, What: wrong.What}
}

// FindMisfits returns what a channel's check says about settings, by their fields.
func FindMisfits(spec channels.Spec, config channels.Config) []channels.Finding {
	if spec.Check == nil {
		return nil
	}
	var found []channels.Finding
	for _, err := range listJoined(spec.Check(config)) {
		finding := channels.Finding{What: "Settings", Text: err.Error()}
		if wrong, ok := errors.AsType[*channels.FieldError](err); ok {
			finding.Field, finding.Text = wrong.Field, wrong.What
		}
		finding.Text = strings.ToUpper(finding.Text[:1]) + finding.Text[1:] + "."
		found = append(found, finding)
	}
	return found
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
