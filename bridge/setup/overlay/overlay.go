package overlay

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"parley/bridge/setup/document"
	"parley/bridge/setup/input"
	"parley/bridge/setup/parleyfile"
	"parley/bridge/setup/state"
	"parley/channels"
)

// Options say what else Apply needs.
type Options struct {
	Specs []channels.Spec // of all channels
	Found Found           // what was looked up for the file
	Prune bool            // remove what the file's lists don't name
}

// Apply changes a state of the set-up (agents, teams, accounts, …) to what a parley.yaml says. What the file doesn't name
// stays. There is a remark for each channel of which the file has a former id, and for each agent whose user in a chat was
// found by the e-mail address but is already another agent's.
// Errors: Faults, which name all that is wrong with the file.
func Apply(s *state.State, f *parleyfile.File, with Options) (remarks []string, err error) {
	o := overlay{State: s, specs: with.Specs, found: with.Found}
	err = o.apply(f, with.Prune)
	return o.remarks, err
}

// overlay is a state that is being changed.
type overlay struct {
	*state.State
	specs   []channels.Spec
	found   Found
	faults  document.Faults
	remarks []string
}

// apply takes over one kind of entry after the other. Errors: Faults.
func (o *overlay) apply(f *parleyfile.File, prune bool) error {
	if f.Company != nil {
		o.Company = strings.TrimSpace(f.Company.Value)
	}

	overlaySettings(o.Settings, f.Settings)
	o.setRetention(f.Retention)
	if f.Lists.Knowledge {
		o.Knowledge = f.Knowledge
	}

	for _, e := range f.Agents {
		o.agentEntry(e)
	}

	for _, e := range f.Teams {
		o.teamEntry(e)
	}

	for _, e := range f.Accounts {
		o.accountEntry(e)
	}

	if prune {
		o.prune(f)
	}

	for _, e := range f.Agents {
		o.tieFoundUsers(f, e)
	}

	for _, e := range f.Templates {
		o.templateEntry(e)
	}

	for _, e := range f.Tags {
		o.tagEntry(e)
	}

	for _, e := range f.Teams {
		o.checkMembers(e)
	}

	for _, e := range f.Accounts {
		namesTeam := e.Team != nil && e.Team.Value != ""
		if namesTeam && o.Team(strings.TrimSpace(e.Team.Value)) == nil {
			o.faults.Add(document.Fault{
				At: e.Team.At, Where: "account " + e.Name + ": team",
				What: fmt.Sprintf("there is no team %q", e.Team.Raw), Hint: o.teamsHint(),
			})
		}
	}
	return o.faults.Err()
}

// overlaySettings changes settings to those of the file.
func overlaySettings(kept map[string]string, given []parleyfile.Setting) {
	for _, s := range given {
		if s.Value == "" {
			delete(kept, s.Name)
		} else {
			kept[s.Name] = s.Value
		}
	}
}

// setRetention takes over the days that the file names.
func (o *overlay) setRetention(given map[string]int) {
	for _, k := range input.RetentionKeys() {
		if days, named := given[k.Name]; named {
			k.Set(&o.Retention, days)
		}
	}
}

// resolveChannel returns the id of a channel that the file names. If the channel was not found, it adds a fault and returns
// "". If the chat has given the channel another id since, it adds a remark and returns the present one.
func (o *overlay) resolveChannel(kind string, given document.Text, where string) string {
	if !strings.HasPrefix(given.Value, "#") {
		now := o.ChannelNow(kind, given.Value)
		if now != given.Value {
			o.remarks = append(o.remarks, fmt.Sprintf(
				"%s: %s_channel: %s is %s by now, and that counts: write it into the file", where, kind, given.Value, now))
		}
		return now
	}

	key := ChannelKey{Kind: kind, Name: given.Value}
	id := o.found.Channels[key]
	if id == "" {
		problem := cmp.Or(o.found.Problems[key], "no such channel is known")
		o.faults.Add(document.Fault{
			At: given.At, Where: where + ": " + kind + "_channel",
			What: fmt.Sprintf("%q: %s", given.Value, problem),
			Hint: "Look at its spelling, whether " + input.ChatName(kind) + " is connected, and whether the app was let into a private channel; " +
				"or give the channel's link.",
		})
	}
	return id
}

// needSurface adds the account of a chat to the state, to be made, unless there is one.
func (o *overlay) needSurface(kind string) {
	if _, ok := o.Surfaces[kind]; !ok {
		o.Surfaces[kind] = 0
	}
}

// removeDuplicates returns the texts without empty ones and without duplicates.
func removeDuplicates(list []string) []string {
	var once []string
	for _, s := range list {
		if s != "" && !slices.Contains(once, s) {
			once = append(once, s)
		}
	}
	return once
}

// trimAll removes the spaces around each text, in place.
func trimAll(list []string) []string {
	for i := range list {
		list[i] = strings.TrimSpace(list[i])
	}
	return list
}
