package setup

import (
	"cmp"
	"errors"
	"fmt"
	"slices"
	"strings"

	"parley/channels"
	"parley/store"
)

// accountEntry applies the entry of an account: one mailbox, phone number or the like by which customers write.
// It changes the stored account (in o.State), or makes a new one. A property that is nil in the entry is
// missing in the file and stays as it is. Faults of the entry are added to o.faults, with their positions in the
// file.
func (o *overlay) accountEntry(e ParleyfileAccount) {
	a := o.Account(e.Name)
	if a == nil {
		if e.Kind == nil {
			o.faults.Add(Fault{
				At: e.At, Where: "account " + e.Name + ": kind",
				What: "is missing", Hint: "This version has " + o.listKinds() + ".",
			})
			return
		}

		o.Accounts = append(o.Accounts, newAccount(e.Name, e.Kind.Value))
		a = &o.Accounts[len(o.Accounts)-1]
	} else if e.Kind != nil && e.Kind.Value != a.Row.Kind {
		o.faults.Add(Fault{
			At: e.Kind.At, Where: "account " + e.Name + ": kind",
			What: fmt.Sprintf("is %q already and can't change", a.Row.Kind),
			Hint: "Take another name for the new account; pause the old one.",
		})
		return
	}

	o.accountRow(a, e)
	o.accountChannel(a, e)
	overlaySettings(a.Settings, e.Settings)
	o.accountSections(a, e)
	o.trialAddresses(a, e)
}

// newAccount returns an account with the defaults for everything that the file may omit.
func newAccount(name, kind string) StateAccount {
	return StateAccount{
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

// accountRow sets the properties that accounts of all channels have.
func (o *overlay) accountRow(a *StateAccount, e ParleyfileAccount) {
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
	setPlan(a, e)
	if e.HasPeople {
		a.Row.People = nil
		for _, p := range e.People {
			a.Row.People = append(a.Row.People, p.AccountPerson)
		}
	}
	if e.HasAliases {
		a.Row.Aliases = nil
		for _, alias := range e.Aliases {
			if t := o.Team(alias.Team); t != nil {
				alias.Team = t.Name
			}
			a.Row.Aliases = append(a.Row.Aliases, alias.AccountAlias)
		}
	}
}

// checkPeople adds faults for people of an account who aren't agents or stand there twice, and if none of them could answer.
func (o *overlay) checkPeople(e ParleyfileAccount) {
	where := "account " + e.Name + ": people"
	isAnswered, known := false, map[string]bool{}
	for _, p := range e.People {
		isAnswered = isAnswered || slices.Contains(p.Rights, store.RightHandles)
		email := strings.ToLower(p.Agent)
		if o.Agent(p.Agent) == nil || known[email] {
			what := map[bool]string{false: "there is no agent %q", true: "%q stands there twice"}[known[email]]
			o.faults.Add(Fault{
				At: p.At, Where: where, What: fmt.Sprintf(what, p.Agent), Hint: "Write each agent's e-mail address once.",
			})
		}
		known[email] = true
	}
	if len(e.People) > 0 && !isAnswered {
		o.faults.Add(Fault{At: e.People[0].At, Where: where, What: "nobody of them would read and answer",
			Hint: "Give one of them handles: true, or take all out: then everybody may."})
	}
}

// checkAliases adds faults for further addresses that stand there twice, or whose team is unknown.
func (o *overlay) checkAliases(e ParleyfileAccount) {
	known := map[string]bool{}
	for _, a := range e.Aliases {
		fault := Fault{At: a.At, Where: "account " + e.Name + ": addresses"}
		if known[strings.ToLower(a.Address)] {
			fault.What, fault.Hint = fmt.Sprintf("%q stands there twice", a.Address), "Write each address once."
			o.faults.Add(fault)
		}
		if a.Team != "" && o.Team(a.Team) == nil {
			fault.What, fault.Hint = fmt.Sprintf("there is no team %q", a.Team), o.teamsHint()
			o.faults.Add(fault)
		}
		known[strings.ToLower(a.Address)] = true
	}
}

// ownAliases makes the account's further addresses addresses of its channel. Channels with such addresses have a field for them.
func (o *overlay) ownAliases(a *StateAccount, spec channels.Spec, e ParleyfileAccount) {
	i := slices.IndexFunc(spec.Fields, func(f channels.Field) bool { return f.Name == "aliases" && f.List })
	if i < 0 && len(a.Row.Aliases) > 0 {
		o.faults.Add(Fault{At: e.At, Where: "account " + e.Name + ": addresses", What: "is for mailboxes"})
	}
	if i < 0 || len(a.Row.Aliases) == 0 {
		return
	}
	own := strings.Fields(a.Value(spec.Fields[i]))
	for _, alias := range a.Row.Aliases {
		own = append(own, alias.Address)
	}
	a.Set(spec.Fields[i], strings.Join(removeDuplicates(own), "\n"))
}

// trialAddresses sets the addresses to which an account in trial mode may send. They are stored as the
// channel's normalised key, with which recipients are compared. An unreadable address is a fault.
func (o *overlay) trialAddresses(a *StateAccount, e ParleyfileAccount) {
	if e.TrialTo == nil {
		return
	}

	spec := SpecOf(o.specs, a.Row.Kind)
	var list []string
	for _, t := range e.TrialTo.Items {
		address := strings.TrimSpace(t.Value)
		if spec != nil && spec.ReadAddress != nil && address != "" {
			party, err := spec.ReadAddress(a.Config, address)
			if err != nil {
				o.faults.Add(Fault{
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

// hintOfAddress says how to write an address that could not be read.
func hintOfAddress(err error) string {
	if problem, ok := errors.AsType[*channels.SendError](err); ok {
		return problem.Hint
	}
	return "Write it as customers of the channel are known."
}

// accountChannel sets the chat channel in which the account's threads open, in place of its team's channel.
func (o *overlay) accountChannel(a *StateAccount, e ParleyfileAccount) {
	for _, kind := range Chats() {
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
	return JoinAlternatives(list)
}

// accountSections sets the fields of the account's channel. In the file they are in a section with the
// channel's key, such as `imap:` for e-mail.
func (o *overlay) accountSections(a *StateAccount, e ParleyfileAccount) {
	where := "account " + e.Name
	spec := SpecOf(o.specs, a.Row.Kind)
	if spec == nil {
		o.checkUnknownKind(a, e)
		return
	}

	key := Section(*spec)
	at := e.At
	faulty := map[string]bool{} // fields with a fault; they are not reported as missing as well
	for _, s := range e.Sections {
		if s.Key != key {
			o.faults.Add(Fault{
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

	o.ownAliases(a, *spec, e)
	for _, f := range spec.Fields {
		isRequired := f.IsNeeded(a.Config) && f.Default == ""
		isMissing := strings.TrimSpace(a.Value(f)) == "" && !faulty[f.Name]
		if isRequired && isMissing {
			o.faults.Add(Fault{At: at, Where: where + ": " + key + "." + f.Name, What: "is missing", Hint: hintOf(f)})
		}
	}
}

// checkUnknownKind adds a fault for an account of a channel that this version doesn't have. An account that another
// version has stored is accepted if the file sets none of its fields, so that it can still be paused.
func (o *overlay) checkUnknownKind(a *StateAccount, e ParleyfileAccount) {
	isStored := a.Row.ID != 0
	if isStored && len(e.Sections) == 0 {
		return
	}

	at := e.At
	if e.Kind != nil {
		at = e.Kind.At
	}
	o.faults.Add(Fault{
		At: at, Where: "account " + e.Name + ": kind",
		What: fmt.Sprintf("this version of Parley has no channel %q", a.Row.Kind), Hint: "It has " + o.listKinds() + ".",
	})
}

// hintOf says what belongs into a field.
func hintOf(f channels.Field) string { return cmp.Or(f.Help, f.Label+".") }

// setField sets one field of an account. It returns the fault of the field, or nil. A fault never quotes the
// value, which may be a secret.
func setField(a *StateAccount, spec channels.Spec, f ParleyfileField) *Fault {
	i := slices.IndexFunc(spec.Fields, func(s channels.Field) bool { return s.Name == f.Path })
	if i < 0 {
		names := make([]string, len(spec.Fields))
		for i, s := range spec.Fields {
			names[i] = s.Name
		}
		return &Fault{What: "is unknown", Hint: "Known: " + strings.Join(names, ", ") + "."}
	}

	known := spec.Fields[i]
	isList := f.Many != nil
	switch {
	case known.List && !isList:
		return &Fault{What: "must be a list", Hint: "Write [first, second], or [] for none."}
	case isList && !known.List:
		return &Fault{What: "must be a single value, not a list"}
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

// checkValue returns the fault of one value of a field, or nil.
func checkValue(known channels.Field, value string) *Fault {
	isAllowed := value == "" || len(known.OneOf) == 0 || slices.Contains(known.OneOf, value)
	if !isAllowed {
		return &Fault{What: "is not possible", Hint: "Write " + JoinAlternatives(known.OneOf) + "."}
	}
	if known.List && strings.Contains(value, "\n") { // a list is stored with one value per line
		return &Fault{What: "has an entry of several lines", Hint: "Write each line as an entry of its own."}
	}
	return nil
}

// valuesOf returns the values that the file gives a field, in the form in which they are stored.
func valuesOf(known channels.Field, f ParleyfileField) []string {
	switch {
	case known.List:
		return removeDuplicates(trimAll(f.Many.Values()))
	case known.Secret:
		return []string{f.One.Value} // not trimmed: spaces may belong to a secret
	}
	return []string{strings.TrimSpace(f.One.Value)}
}
