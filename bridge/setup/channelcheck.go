package setup

import (
	"errors"
	"maps"
	"strings"

	"parley/channels"
)

// checkChannels runs each channel's own check (Spec.Check) over the settings of its accounts, and refuses combinations
// with which the channel can't work: port 993 without TLS, for example. A channel is a way in which customers write, such
// as email. Unchanged settings are not checked, so that a broken account can still be paused.
// Errors: Faults.
func (w *work) checkChannels(f *File) error {
	var faults Faults
	for _, said := range f.said.Accounts {
		e := f.entry("account", said.Row.Name)
		want, have := w.want.Account(e.name), w.have.Account(e.name)
		if want == nil {
			continue
		}

		spec := SpecOf(w.options.Specs, want.Row.Kind)
		isUnchanged := have != nil && maps.Equal(have.ConfigWithSecrets(), want.ConfigWithSecrets())
		if spec == nil || spec.Check == nil || isUnchanged {
			continue
		}

		for _, err := range splitJoined(spec.Check(want.ConfigWithSecrets())) {
			faults.Add(channelFault(e, *spec, err))
		}
	}
	return faults.Err()
}

// channelFault converts an error of a channel's check to a fault of parley.yaml, at the line of the field if the error
// names one (*channels.FieldError).
func channelFault(e *Group, spec channels.Spec, err error) Fault {
	fieldErr, ok := errors.AsType[*channels.FieldError](err)
	if !ok {
		return Fault{At: e.At, Where: e.Where, What: err.Error()}
	}
	key := Section(spec)
	return Fault{
		At:    e.positionOf(key, fieldErr.Field),
		Where: e.Label(key) + ": " + fieldErr.Field,
		What:  fieldErr.What,
	}
}

// FindMisfits runs a channel's check over the settings of an account, stored or not. It returns a finding for
// each field that is wrong, or nil.
func FindMisfits(spec channels.Spec, config channels.Config) []channels.Finding {
	if spec.Check == nil {
		return nil
	}
	var found []channels.Finding
	for _, err := range splitJoined(spec.Check(config)) {
		finding := channels.Finding{What: "Settings", Text: err.Error()}
		if fieldErr, ok := errors.AsType[*channels.FieldError](err); ok {
			finding.Field, finding.Text = fieldErr.Field, fieldErr.What
		}
		finding.Text = strings.ToUpper(finding.Text[:1]) + finding.Text[1:] + "."
		found = append(found, finding)
	}
	return found
}

// splitJoined undoes errors.Join. Any other error is returned as the only one, and nil as none.
func splitJoined(err error) []error {
	if err == nil {
		return nil
	}
	if joined, ok := err.(interface{ Unwrap() []error }); ok { //nolint:errorlint // it is not wrapped
		return joined.Unwrap()
	}
	return []error{err}
}
