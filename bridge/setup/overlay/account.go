package overlay

import (
	"cmp"
	"errors"
	"fmt"
	"slices"
	"strings"

	"parley/bridge/setup/document"
	"parley/bridge/setup/input"
	"parley/bridge/setup/parleyfile"
	"parley/bridge/setup/state"
	"parley/channels"
	"parley/store"
)

// accountEntry changes an account to what its entry says, or makes it.
func (o *overlay) accountEntry(e parleyfile.Account) {
	a := o.Account(e.Name)
	if a == nil {
		if e.Kind == nil {
			o.faults.Add(document.Fault{
				At: e.At, Where: "account " + e.Name + ": kind",
				What: "is missing", Hint: "This version has " + o.listKinds() + ".",
			})
			return
		}

		o.Accounts = append(o.Accounts, newAccount(e.Name, e.Kind.Value))
		a = &o.Accounts[len(o.Accounts)-1]
	} else if e.Kind != nil && e.Kind.Value != a.Row.Kind {
		o.faults.Add(document.Fault{
			At: e.Kind.At, Where: "account " + e.Name + ": kind",
			What: fmt.Sprintf("is %q already and can't change", a.Row.Kind),
			Hint: "Take another name for the new account; pause the old one.",
		})
		return
	}

	o.accountRow(a, e)
	o.accountPlace(a, e)
	overlaySettings(a.Settings, e.Settings)
	o.accountSections(a, e)
	o.trialAddresses(a, e)
}

// newAccount returns an account with the values that it has where the file says nothing.
func newAccount(name, kind string) state.Account {
	return state.Account{
		Settings: map[string]string{},
		Config:   map[string]string{},
		Secrets:  map[string]string{},
		Row: store.Account{
			Name:      name,
			Kind:      kind,
			Side:      store.SideChannel,
			Mode:      store.ModeLive,
			ReplyMode: store.ReplyDirect,
			Rate:      1,
		},
	}
}

// accountRow sets what every account has, whatever its channel is.
func (o *overlay) accountRow(a *state.Account, e parleyfile.Account) {
	if e.Team != nil {
		a.Team = strings.TrimSpace(e.Team.Value)
		if t := o.Team(a.Team); t != nil {
			a.Team = t.Name // as the team's entry writes it
		}
	}

	if e.Mode != nil {
		a.Row.Mode = store.Mode(e.Mode.Value)
	}
	if e.Paused != nil {
		a.Row.Paused = *e.Paused
	}
	if e.Signature != nil {
		s := o.storedSignature(*e.Signature, "account "+e.Name)
		a.Row.Signature, a.Row.RichSignature = s.Markdown, s.Rich
	}
	if e.ReplyMode != nil {
		a.Row.ReplyMode = store.ReplyMode(e.ReplyMode.Value)
	}
	if e.Hold != nil {
		a.Row.HoldSeconds = e.Hold.Seconds
	}
	if e.Rate != nil {
		a.Row.Rate = *e.Rate
	}
	if e.Hours != nil {
		a.Hours = *e.Hours
	}
}

// trialAddresses sets the only addresses to which an account on trial sends, in the form in which recipients are compared
// with them. An address that can't be read is a fault, unless it is stored already, as earlier versions did.
func (o *overlay) trialAddresses(a *state.Account, e parleyfile.Account) {
	if e.TrialTo == nil {
		return
	}

	spec := input.SpecOf(o.specs, a.Row.Kind)
	var list []string
	for _, t := range e.TrialTo.Items {
		address := strings.TrimSpace(t.Value)
		if spec != nil && spec.ReadAddress != nil && address != "" {
			party, err := spec.ReadAddress(a.Config, address)
			if err != nil && !slices.Contains(a.Row.TrialTo, address) {
				o.faults.Add(document.Fault{
					At:    t.At,
					Where: "account " + e.Name + ": trial_to",
					What:  fmt.Sprintf("%q can't be read", t.Raw),
					Hint:  hintOfAddress(err),
				})
			}
			address = cmp.Or(party.Key, address) // there is no key after an error
		}
		list = append(list, address)
	}
	a.Row.TrialTo = removeDuplicates(list)
}

// hintOfAddress says what to write in place of an address that can't be read.
func hintOfAddress(err error) string {
	if problem, ok := errors.AsType[*channels.SendError](err); ok {
		return problem.Hint
	}
	return "Write it as customers of the channel are known."
}

// accountPlace sets the channel in which the account's threads open, in place of the team's.
func (o *overlay) accountPlace(a *state.Account, e parleyfile.Account) {
	for _, kind := range input.Chats() {
		given, ok := e.Channels[kind]
		if !ok {
			continue
		}
		channel := o.resolveChannel(kind, given, "account "+e.Name)
		if channel != "" {
			o.needSurface(kind)
			a.Surface, a.Row.SurfaceChannel = kind, channel
		} else if a.Surface == kind { // the key is cleared
			a.Surface, a.Row.SurfaceChannel = "", ""
		}
	}
}

// teamsHint is the hint for an account whose team is unknown.
func (o *overlay) teamsHint() string {
	if len(o.Teams) == 0 {
		return "Add it first."
	}
	list := make([]string, len(o.Teams))
	for i, t := range o.Teams {
		list[i] = t.Name
	}
	return "There is " + strings.Join(list, ", ") + "; or add it first."
}

// listKinds lists the channels of this version, for hints.
func (o *overlay) listKinds() string {
	list := make([]string, len(o.specs))
	for i, s := range o.specs {
		list[i] = s.Kind
	}
	return document.JoinAlternatives(list)
}

// accountSections sets the fields of the account's channel.
func (o *overlay) accountSections(a *state.Account, e parleyfile.Account) {
	where := "account " + e.Name
	spec := input.SpecOf(o.specs, a.Row.Kind)
	if spec == nil {
		isStored := a.Row.ID != 0
		if isStored && len(e.Sections) == 0 {
			return // a channel of another version: its account can still be paused
		}

		at := e.At
		if e.Kind != nil {
			at = e.Kind.At
		}
		o.faults.Add(document.Fault{
			At: at, Where: where + ": kind",
			What: fmt.Sprintf("this version of Parley has no channel %q", a.Row.Kind), Hint: "It has " + o.listKinds() + ".",
		})
		return
	}

	key := input.Section(*spec)
	at := e.At
	faulty := map[string]bool{} // fields that have a fault already, so that they aren't reported as missing, too
	for _, s := range e.Sections {
		if s.Key != key {
			o.faults.Add(document.Fault{
				At: s.At, Where: where,
				What: fmt.Sprintf("unknown key %q", s.Key),
				Hint: fmt.Sprintf("The settings of kind %s stand under %s:.", spec.Kind, key),
			})
			continue
		}

		at = s.At
		for _, f := range s.Fields {
			if fault := setField(a, *spec, f); fault != nil {
				fault.At, fault.Where = f.At, where+": "+key+"."+f.Path
				o.faults.Add(*fault)
				faulty[f.Path] = true
			}
		}
	}

	for _, f := range spec.Fields {
		isRequired := f.IsNeeded(a.Config) && f.Default == ""
		isMissing := strings.TrimSpace(a.Value(f)) == "" && !faulty[f.Name]
		if isRequired && isMissing {
			o.faults.Add(document.Fault{At: at, Where: where + ": " + key + "." + f.Name, What: "is missing", Hint: hintOf(f)})
		}
	}
}

// hintOf says what belongs into a field.
func hintOf(f channels.Field) string { return cmp.Or(f.Help, f.Label+".") }

// setField sets one field of an account. It returns what is wrong with the field, or nil. A fault never quotes the value,
// which may be a secret.
func setField(a *state.Account, spec channels.Spec, f parleyfile.Field) *document.Fault {
	i := slices.IndexFunc(spec.Fields, func(s channels.Field) bool { return s.Name == f.Path })
	if i < 0 {
		names := make([]string, len(spec.Fields))
		for i, s := range spec.Fields {
			names[i] = s.Name
		}
		return &document.Fault{What: "is unknown", Hint: "Known: " + strings.Join(names, ", ") + "."}
	}

	known := spec.Fields[i]
	isList := f.Many != nil
	switch {
	case known.List && !isList:
		return &document.Fault{What: "must be a list", Hint: "Write [first, second], or [] for none."}
	case isList && !known.List:
		return &document.Fault{What: "must be a single value, not a list"}
	}

	values := valuesOf(known, f)
	for _, v := range values {
		if fault := checkValue(known, v); fault != nil {
			return fault
		}
	}
	a.Set(known, strings.Join(values, "\n"))
	return nil
}

// checkValue returns what is wrong with one value of a field, or nil.
func checkValue(known channels.Field, value string) *document.Fault {
	isPossible := value == "" || len(known.OneOf) == 0 || slices.Contains(known.OneOf, value)
	if !isPossible {
		return &document.Fault{What: "is not possible", Hint: "Write " + document.JoinAlternatives(known.OneOf) + "."}
	}
	if known.List && strings.Contains(value, "\n") { // values of a list are stored as lines
		return &document.Fault{What: "has an entry of several lines", Hint: "Write each line as an entry of its own."}
	}
	return nil
}

// valuesOf returns the values that the file gives a field, as they are stored.
func valuesOf(known channels.Field, f parleyfile.Field) []string {
	switch {
	case known.List:
		return removeDuplicates(trimAll(f.Many.Values()))
	case known.Secret:
		return []string{f.One.Value} // not trimmed: spaces may belong to a secret
	}
	return []string{strings.TrimSpace(f.One.Value)}
}
