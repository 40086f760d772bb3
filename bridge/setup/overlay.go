package setup

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"parley/channels"
)

// OverlayOptions has the further inputs of Apply.
type OverlayOptions struct {
	Specs []channels.Spec // of all channels
	Found Found           // what was looked up for the file, such as ids of chat users
	Prune bool            // remove what the file's lists don't have
}

// ApplyOverlay changes a state of the set-up (agents, teams, accounts and so on) to what a parley.yaml says. Whatever
// the file doesn't mention stays. For example, the entry {name: support-mail, hold: 30s} of the file sets how
// long replies of that account wait, and leaves the account's other properties alone.
//
// The remarks are hints for the admin that don't prevent the change: the file has an outdated id of a channel,
// or the chat user that was found by an agent's e-mail address already belongs to another agent.
// Errors: Faults, with everything that is wrong in the file. The state is then partly changed and must be
// dropped.
func ApplyOverlay(s *State, f *ParleyfileFile, with OverlayOptions) (remarks []string, err error) {
	o := overlay{State: s, specs: with.Specs, found: with.Found}
	err = o.apply(f, with.Prune)
	return o.remarks, err
}

// overlay is a state that Apply is changing.
type overlay struct {
	*State
	specs   []channels.Spec
	found   Found
	faults  Faults
	remarks []string
}

// apply processes the entries of the file, kind by kind. Agents come first, because teams refer to them, and so
// on.
// Errors: Faults.
func (o *overlay) apply(f *ParleyfileFile, prune bool) error {
	if f.Company != nil {
		o.Company = strings.TrimSpace(f.Company.Value)
	}

	overlaySettings(o.Settings, f.Settings)
	o.setRetention(f.Retention)
	if f.Lists.Knowledge {
		o.Knowledge = f.Knowledge
	}

	if f.Lists.Roles {
		o.Roles = f.Roles
	}
	for _, e := range f.Agents {
		o.agentEntry(e)
	}
	o.checkRoles(f)

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
		o.linkFoundUsers(f, e)
	}

	for _, e := range f.Templates {
		o.templateEntry(e)
	}

	for _, e := range f.Tags {
		o.tagEntry(e)
	}

	for _, e := range f.Automations {
		o.automationEntry(e)
	}

	for _, e := range f.Canned {
		o.cannedEntry(e)
	}

	for _, e := range f.Teams {
		o.checkMembers(e)
	}

	for _, e := range f.Accounts {
		o.checkTeam(e)
		o.checkPlan(e)
		o.checkPeople(e)
		o.checkAliases(e)
	}
	return o.faults.Err()
}

// checkTeam adds a fault if the entry of an account names a team that doesn't exist.
func (o *overlay) checkTeam(e ParleyfileAccount) {
	if e.Team == nil || e.Team.Value == "" {
		return
	}
	if o.Team(strings.TrimSpace(e.Team.Value)) == nil {
		o.faults.Add(Fault{
			At: e.Team.At, Where: "account " + e.Name + ": team",
			What: fmt.Sprintf("there is no team %q", e.Team.Raw), Hint: o.teamsHint(),
		})
	}
}

// overlaySettings changes settings to those of the file. An empty value restores the default.
func overlaySettings(settings map[string]string, given []Setting) {
	for _, s := range given {
		if s.Value == "" {
			delete(settings, s.Name)
		} else {
			settings[s.Name] = s.Value
		}
	}
}

// setRetention sets for how many days records are kept, as far as the file says so.
func (o *overlay) setRetention(given map[string]int) {
	for _, k := range RetentionKeys() {
		if days, named := given[k.Name]; named {
			k.Set(&o.Retention, days)
		}
	}
}

// resolveChannel returns the id of a channel of a chat, which the file gives as an id or as "#name". If the
// name was not found, it adds a fault and returns "". If the chat has changed the id, it adds a remark and
// returns the current one.
func (o *overlay) resolveChannel(kind string, given Text, where string) string {
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
		o.faults.Add(Fault{
			At: given.At, Where: where + ": " + kind + "_channel",
			What: fmt.Sprintf("%q: %s", given.Value, problem),
			Hint: "Look at its spelling, whether " + ChatName(kind) + " is connected, and whether the app was let into a private channel; " +
				"or give the channel's link.",
		})
	}
	return id
}

// needSurface adds a chat's own account to the state, to be created when the state is saved, unless it exists
// already.
func (o *overlay) needSurface(kind string) {
	if _, ok := o.Surfaces[kind]; !ok {
		o.Surfaces[kind] = 0
	}
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
