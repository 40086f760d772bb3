package setup

import (
	"cmp"
	"errors"
	"fmt"
	"regexp"
	"slices"
	"strings"

	"parley/channels"
	"parley/store"
)

// FallbackQueue is the fallback of an account whose conversations wait if no rule gives them to somebody.
const FallbackQueue = "queue"

// readAccount reads the entry of an account: one mailbox, phone number or the like by which customers write.
//
//	accounts:
//	  - name: support-mail
//	    kind: email
//	    team: Support
//	    hold: 30s
//	    imap: {host: mail.example.com, username: help}   # settings of the channel: a section
func (o *overlay) readAccount(e *Group) {
	name, kind := e.readAccountName(), ""
	kindText := setText(e, "kind", &kind)
	a := o.Account(name)
	isOfKind := true
	switch {
	case a == nil && kindText == nil:
		isOfKind = false
		o.fault(e, e.At, "kind", "is missing", "This version has "+o.listKinds()+".")
	case a != nil && kindText != nil && kind != a.Row.Kind:
		isOfKind = false
		o.fault(e, kindText.At, "kind", fmt.Sprintf("is %q already and can't change", a.Row.Kind),
			"Take another name for the new account; pause the old one.")
	}
	if a == nil {
		a = added(&o.Accounts, newAccount(name, kind))
	}

	if team := setText(e, "team", &a.Team); team != nil {
		if t := o.Team(a.Team); t != nil {
			a.Team = t.Name // as the team's entry writes it
		}
		o.needTeam(e, team.At, "team", a.Team)
	}
	setOneOf(e, "mode", &a.Row.Mode, "watch", "trial", "live")
	trial := e.List("trial_to")
	if paused := e.readYesNo("paused"); paused != nil {
		a.Row.Paused = *paused
	}
	o.readOneChannel(e, a)
	signature := a.Signature()
	o.readSignature(e, &signature)
	a.Row.Signature, a.Row.RichSignature = signature.Markdown, signature.Rich
	e.readSettings("settings", a.Settings)
	setOneOf(e, "reply_mode", &a.Row.ReplyMode, "direct", "explicit")
	e.readHold("hold", &a.Row.HoldSeconds)
	e.readRate("rate", &a.Row.Rate)
	e.readHours("hours", &a.Hours)
	o.readRules(e, &a.Plan.Rules)
	o.readFallback(e, &a.Plan.Fallback)
	e.readReplies(&a.Plan.Replies)
	o.readPeople(e, a)
	o.readAliases(e, a)
	for _, key := range e.Rest() { // all keys that were not read above
		if s, ok := e.readSection(key); ok {
			e.sections = append(e.sections, s)
		}
	}
	if isOfKind {
		o.setSections(e, a)
		o.setTrialAddresses(e, a, trial)
	}
	o.entries.add("account", name, e, e.At)
}

// needTeam adds a fault if a key names a team that doesn't exist in the end.
func (o *overlay) needTeam(e *Group, at Position, key, team string) {
	o.later = append(o.later, func() {
		if team != "" && o.Team(team) == nil {
			o.fault(e, at, key, fmt.Sprintf("there is no team %q", team), o.teamsHint())
		}
	})
}

// readFallback sets who gets what no rule gives to anybody.
func (o *overlay) readFallback(e *Group, to *string) {
	t := setText(e, "fallback", to)
	if t == nil {
		return
	}
	if *to == FallbackQueue {
		*to = ""
	}
	who := *to
	o.later = append(o.later, func() {
		if who != "" && o.Team(who) == nil && o.Agent(who) == nil {
			o.fault(e, t.At, "fallback", fmt.Sprintf("%q is neither an agent's address nor a team", t.Raw), "Write one of both, or queue.")
		}
	})
}

// readPeople sets who works on an account; nobody else does as soon as there is somebody:
//
//	people:
//	  - {agent: ben@acme.test}
//	  - {agent: ann@acme.test, takes: false, reassign: true, clear: true, resolve_all: true}
//
// It adds faults for people who aren't agents or stand there twice, and if none of them could answer.
func (o *overlay) readPeople(account *Group, a *StateAccount) {
	entries, ok := account.Groups("people", account.Label("people"))
	if !ok {
		return
	}
	a.Row.People = nil
	isAnswered, known := false, map[string]bool{}
	for _, e := range entries {
		var p store.AccountPerson
		p.Agent = e.readName("agent", "Name the agent by the e-mail address.")
		for _, right := range store.Rights() {
			given := e.readYesNo(string(right))
			if given == nil && right.IsUsual() || given != nil && *given {
				p.Rights = append(p.Rights, right)
			}
		}
		e.Done()
		a.Row.People = append(a.Row.People, p)

		isAnswered = isAnswered || slices.Contains(p.Rights, store.RightHandles)
		what, isTwice := "there is no agent %q", known[strings.ToLower(p.Agent)]
		if isTwice {
			what = "%q stands there twice"
		}
		known[strings.ToLower(p.Agent)] = true
		o.later = append(o.later, func() {
			if isTwice || o.Agent(p.Agent) == nil {
				o.fault(account, e.At, "people", fmt.Sprintf(what, p.Agent), "Write each agent's e-mail address once.")
			}
		})
	}
	if len(entries) > 0 && !isAnswered {
		o.fault(account, entries[0].At, "people", "nobody of them would read and answer",
			"Give one of them handles: true, or take all out: then everybody may.")
	}
}

// readAliases sets the further addresses of an account:
//
//	addresses:
//	  - {address: sales@acme.test, name: Acme Sales, signature: "Your **sales** team", team: Sales}
func (o *overlay) readAliases(account *Group, a *StateAccount) {
	entries, ok := account.Groups("addresses", account.Label("addresses"))
	if !ok {
		return
	}
	a.Row.Aliases = nil
	known := map[string]bool{}
	for _, e := range entries {
		var alias store.AccountAlias
		alias.Address = e.readName("address", "Write an address that ends up in this mailbox: sales@acme.example.")
		setText(e, "name", &alias.Name)
		setText(e, "signature", &alias.Signature)
		setText(e, "team", &alias.Team)
		e.Done()
		if t := o.Team(alias.Team); t != nil {
			alias.Team = t.Name
		}
		a.Row.Aliases = append(a.Row.Aliases, alias)
		if known[strings.ToLower(alias.Address)] {
			o.fault(account, e.At, "addresses", fmt.Sprintf("%q stands there twice", alias.Address), "Write each address once.")
		}
		known[strings.ToLower(alias.Address)] = true
		o.needTeam(account, e.At, "addresses", alias.Team)
	}
}

// readOneChannel sets the chat channel in which the account's threads open, in place of its team's channel.
func (o *overlay) readOneChannel(e *Group, a *StateAccount) {
	given := e.readChannels()
	first := "" // the chat that has a channel
	for _, kind := range Chats() {
		switch {
		case given[kind] == nil:
			continue
		case given[kind].Value == "" || first == "":
		default:
			e.Fault(given[kind].At, channelKey(kind), "stands beside a channel of "+ChatName(first),
				"An account's threads open in one place: keep one of them.")
		}
		if channel := o.resolveChannel(e, kind, *given[kind]); channel != "" {
			first = kind
			o.needSurface(kind)
			a.Surface, a.Row.SurfaceChannel = kind, channel
		} else if a.Surface == kind { // the key is cleared
			a.Surface, a.Row.SurfaceChannel = "", ""
		}
	}
}

var accountNames = regexp.MustCompile(`^[A-Za-z0-9][A-Za-z0-9_-]{0,62}$`)

// readAccountName reads an account's name. The name is used in addresses and in names of variables, and never
// changes.
func (g *Group) readAccountName() string {
	t := g.Text("name")
	if t == nil {
		if !g.has("name") {
			g.Fault(g.At, "name", "is missing", "An account is known by its name, which never changes: support-mail.")
		}
		return ""
	}

	switch {
	case !accountNames.MatchString(t.Value):
		g.Fault(t.At, "name", fmt.Sprintf("%q can't be an account's name", t.Raw), "Use letters, digits, - and _, at most 63: support-mail.")
		return ""
	case isReserved(t.Value):
		g.Fault(t.At, "name", fmt.Sprintf("%q is a name that Parley uses itself", t.Raw), "Take another: support-"+t.Value+".")
		return ""
	}

	g.Where = "account " + t.Value
	return t.Value
}

// isReserved reports whether Parley uses a name for an account of its own. Chats are accounts, too.
func isReserved(name string) bool {
	name = strings.ToLower(name)
	return name == "parley" || slices.Contains(Chats(), name)
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

// setTrialAddresses sets the addresses to which an account in trial mode may send. They are stored as the
// channel's normalised key, with which recipients are compared. An unreadable address is a fault.
func (o *overlay) setTrialAddresses(e *Group, a *StateAccount, given *List) {
	if given == nil {
		return
	}
	spec := SpecOf(o.specs, a.Row.Kind)
	var list []string
	for _, t := range given.Items {
		address := strings.TrimSpace(t.Value)
		if spec != nil && spec.ReadAddress != nil && address != "" {
			party, err := spec.ReadAddress(a.Config, address)
			if err != nil {
				o.fault(e, t.At, "trial_to", fmt.Sprintf("%q can't be read", t.Raw), hintOfAddress(err))
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

// setSections sets the fields of the account's channel. In the file they are in a section with the
// channel's key, such as `imap:` for e-mail.
func (o *overlay) setSections(e *Group, a *StateAccount) {
	spec := SpecOf(o.specs, a.Row.Kind)
	if spec == nil {
		o.checkUnknownKind(e, a)
		return
	}

	key := Section(*spec)
	at := e.At
	faulty := map[string]bool{} // fields with a fault; they are not reported as missing as well
	for _, s := range e.sections {
		if s.Key != key {
			o.faults.Add(Fault{
				At: s.At, Where: e.Where,
				What: fmt.Sprintf("unknown key %q", s.Key),
				Hint: fmt.Sprintf("The settings of kind %s stand under %s:.", spec.Kind, key),
			})
			continue
		}

		at = s.At
		for _, f := range s.Fields {
			if fault := setField(a, *spec, f); fault != nil {
				o.fault(e, f.At, key+"."+f.Path, fault.What, fault.Hint)
				faulty[f.Path] = true
			}
		}
	}

	o.ownAliases(e, a, *spec)
	for _, f := range spec.Fields {
		isRequired := f.IsNeeded(a.Config) && f.Default == ""
		isMissing := strings.TrimSpace(a.Value(f)) == "" && !faulty[f.Name]
		if isRequired && isMissing {
			o.fault(e, at, key+"."+f.Name, "is missing", cmp.Or(f.Help, f.Label+"."))
		}
	}
}

// ownAliases makes the account's further addresses addresses of its channel. Channels with such addresses have a field for them.
func (o *overlay) ownAliases(e *Group, a *StateAccount, spec channels.Spec) {
	i := slices.IndexFunc(spec.Fields, func(f channels.Field) bool { return f.Name == "aliases" && f.List })
	if i < 0 && len(a.Row.Aliases) > 0 {
		o.fault(e, e.At, "addresses", "is for mailboxes", "")
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

// checkUnknownKind adds a fault for an account of a channel that this version doesn't have. An account that another
// version has stored is accepted if the file sets none of its fields, so that it can still be paused.
func (o *overlay) checkUnknownKind(e *Group, a *StateAccount) {
	isStored := a.Row.ID != 0
	if isStored && len(e.sections) == 0 {
		return
	}
	at := e.At
	if e.has("kind") {
		at = PositionOf(e.Values["kind"])
	}
	o.fault(e, at, "kind", fmt.Sprintf("this version of Parley has no channel %q", a.Row.Kind), "It has "+o.listKinds()+".")
}

// setField sets one field of an account. It returns the fault of the field, or nil. A fault never quotes the
// value, which may be a secret.
func setField(a *StateAccount, spec channels.Spec, f sectionField) *Fault {
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
func valuesOf(known channels.Field, f sectionField) []string {
	switch {
	case known.List:
		return removeDuplicates(trimAll(f.Many.Values()))
	case known.Secret:
		return []string{f.One.Value} // not trimmed: spaces may belong to a secret
	}
	return []string{strings.TrimSpace(f.One.Value)}
}

// removeDuplicates returns the texts in their order, without empty ones and duplicates.
func removeDuplicates(list []string) []string {
	var unique []string
	for _, s := range list {
		if s != "" && !slices.Contains(unique, s) {
			unique = append(unique, s)
		}
	}
	return unique
}

// trimAll removes the spaces around each text, in place.
func trimAll(list []string) []string {
	for i := range list {
		list[i] = strings.TrimSpace(list[i])
	}
	return list
}

// writeAccount returns the entry of an account for parley.yaml, with the fields of its channel, the way in which customers write, if
// this version has it:
//
//	name: support-mail
//	kind: email
//	team: Support
//	email:
//	  imap: {host: mail.example.com, password: "${SUPPORT_MAIL_IMAP_PASSWORD}"}
//
// Secrets are never exported. Each is replaced by an environment variable, which must be set when the file is applied.
// writeAccount adds the names of these variables to usedVariables, and uses none that is in it already.
func writeAccount(a StateAccount, specs []channels.Spec, usedVariables map[string]bool) *Mapping {
	entry := &Mapping{}
	entry.AddText("name", a.Row.Name)
	entry.AddText("kind", a.Row.Kind)
	entry.AddText("team", a.Team)
	entry.AddText("mode", string(a.Row.Mode))
	entry.AddList("trial_to", a.Row.TrialTo)
	if a.Row.Paused {
		entry.Put("paused", Plain("true"))
	}
	if a.Surface != "" {
		entry.AddText(a.Surface+"_channel", a.Row.SurfaceChannel) // slack_channel or teams_channel
	}

	entry.AddText("signature", a.Signature().Source())
	entry.notePictures(a.Signature())
	writeSettings(entry, a.Settings)
	entry.AddText("reply_mode", string(a.Row.ReplyMode))
	if a.Row.HoldSeconds != nil {
		entry.Put("hold", Plain(a.HoldWords()))
	}
	const defaultRate = 1
	if a.Row.Rate != defaultRate {
		entry.Put("rate", Plain(fmt.Sprint(a.Row.Rate)))
	}

	writeBusinessHours(entry, a.Hours)
	writePlan(entry, a.Plan)
	writePeople(entry, a.Row.People)
	writeAliases(entry, a.Row.Aliases)

	if spec := SpecOf(specs, a.Row.Kind); spec != nil {
		for _, f := range spec.Fields {
			writeField(entry, a, *spec, f, usedVariables)
		}
	}

	return entry
}

// writePeople writes who works on an account, with the rights that aren't as usual.
func writePeople(entry *Mapping, list []store.AccountPerson) {
	var people []*Mapping
	for _, p := range list {
		person := &Mapping{}
		person.AddText("agent", p.Agent)
		for _, right := range store.Rights() {
			if has := slices.Contains(p.Rights, right); has != right.IsUsual() {
				person.Put(string(right), Plain(fmt.Sprint(has)))
			}
		}
		people = append(people, person)
	}
	if len(people) > 0 {
		entry.Put("people", people)
	}
}

// writeAliases writes the further addresses of an account.
func writeAliases(entry *Mapping, list []store.AccountAlias) {
	var aliases []*Mapping
	for _, a := range list {
		alias := &Mapping{}
		alias.AddText("address", a.Address)
		alias.AddText("name", a.Name)
		alias.AddText("signature", a.Signature)
		alias.AddText("team", a.Team)
		aliases = append(aliases, alias)
	}
	if len(aliases) > 0 {
		entry.Put("addresses", aliases)
	}
}
