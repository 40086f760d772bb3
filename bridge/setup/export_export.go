package setup

import (
	"bytes"
	"fmt"
	"maps"
	"slices"

	"parley/bridge"
	"parley/channels"
	"parley/store"
)

// writeFile writes the configuration of a running Parley as parley.yaml, so that an admin can edit the file and apply it
// again, to the same Parley or to another one. Parse reads the same format. A small file looks like this:
//
//	company: Acme
//	agents:
//	  - email: ann@acme.example
//	    slack: U012AB3CD
//	teams:
//	  - name: Support
//	    members: [ann@acme.example]
//	    slack_channel: C012AB3CD
//
// A key without a value is left out. Secrets are not exported. In place of each secret, the file has a
// variable such as ${SUPPORT_MAIL_IMAP_PASSWORD}. specs describes the fields that accounts of each kind have, such as
// the IMAP server of an email account. writeFile returns an error if an account's kind is not among specs.
func writeFile(s *State, specs []channels.Spec) ([]byte, error) {
	for _, a := range s.Accounts {
		if SpecOf(specs, a.Row.Kind) == nil {
			return nil, fmt.Errorf("setup: export: account %s is of kind %q, which this version of Parley doesn't have", a.Row.Name, a.Row.Kind)
		}
	}

	file := Company(s)
	for _, k := range kinds(specs) {
		file.AddMappings(k.called().list, k.export(s))
	}
	file.AddMappings("roles", mapped(s.Roles, Role))
	file.AddMappings("knowledge", mapped(s.Knowledge, Source))

	const noIndent = ""
	var out bytes.Buffer
	file.Write(&out, noIndent, noIndent) // for the first key and for the others
	return out.Bytes(), nil
}

// mapped returns the entries of things.
func mapped[T any](things []T, write func(T) *Mapping) (entries []*Mapping) {
	for _, t := range things {
		entries = append(entries, write(t))
	}
	return entries
}

// Company returns the keys at the top of the file: the company's name, and the settings that apply to all accounts.
func Company(s *State) *Mapping {
	file := &Mapping{}
	file.AddText("company", s.Company)
	writeSettings(file, s.Settings)
	writeRetention(file, s.Retention)
	return file
}

// Agent returns the entry of an agent, a person who answers customers.
func Agent(a StateAgent) *Mapping {
	entry := &Mapping{}
	entry.AddText("email", a.Email)
	entry.AddText("name", a.Name)
	for _, chat := range Chats() {
		entry.AddText(chat, string(a.Users[chat])) // slack: U012AB3CD
	}
	entry.AddList("roles", a.Roles)
	entry.AddText("zone", a.Zone)
	entry.AddText("presence", a.Presence)
	entry.AddList("quiet", a.Quiet)
	writeWork(entry, a.Work)
	entry.AddText("signature", a.Signature.Source())
	entry.notePictures(a.Signature)
	return entry
}

// Team returns the entry of a team. A team may have a channel in several chats. Its home is the chat in which new
// conversations open, which the entry only names if there is a choice.
func Team(t StateTeam) *Mapping {
	entry := &Mapping{}
	entry.AddText("name", t.Name)
	entry.AddList("members", t.Members)
	for _, chat := range Chats() {
		entry.AddText(chat+"_channel", t.Channels[chat]) // slack_channel: C012AB3CD
	}
	if len(t.Channels) > 1 {
		entry.AddText("home", t.Home)
	}

	entry.AddText("agents", t.Agents)
	if t.Board {
		entry.AddText("board", BoardOn)
	}
	for _, name := range slices.Sorted(maps.Keys(t.Emoji)) {
		entry.Child("emoji").AddText(name, t.Emoji[name])
	}
	return entry
}

// writeSettings writes the settings that differ from their defaults. values holds no entry, or an empty one, for the
// others.
func writeSettings(d *Mapping, values map[string]string) {
	for _, setting := range bridge.Settings() {
		if value := values[setting.Name]; value != "" {
			d.Child("settings").AddText(setting.Name, value)
		}
	}
}

// writeRetention writes how many days records are kept, where an admin has chosen a number. 0 means the default.
func writeRetention(file *Mapping, chosen store.RetentionDays) {
	for _, key := range RetentionKeys() {
		if days := key.Get(chosen); days != 0 {
			file.Child("retention").Put(key.Name, Plain(key.Format(days)))
		}
	}
}
