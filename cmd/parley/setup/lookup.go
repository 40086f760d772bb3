package setup

import (
	"context"
	"strings"

	"parley/store"
)

type userKey struct{ kind, email string }

type channelKey struct{ kind, name string }

// found is what live surfaces said about the file.
type found struct {
	users    map[userKey]string
	channels map[channelKey]string
	problems map[channelKey]string // why a channel is not known
	remarks  []string
}

// look asks the surfaces for all that the file leaves to them.
func look(ctx context.Context, q store.Querier, f *File, o Options) (found, error) {
	ctx, cancel := context.WithTimeout(ctx, lookupTimeout)
	defer cancel()
	found := found{users: map[userKey]string{}, channels: map[channelKey]string{}, problems: map[channelKey]string{}}
	for _, t := range f.teams {
		found.resolve(ctx, o.Lookup, t.channels)
	}
	for _, a := range f.accounts {
		found.resolve(ctx, o.Lookup, a.channels)
	}
	directory, err := store.LoadDirectory(ctx, q)
	if err != nil {
		return found, err
	}
	have, err := stateOf(directory, nil)
	if err != nil {
		return found, err
	}
	for _, a := range f.agents {
		found.find(ctx, o.Lookup, a, have)
	}
	return found, nil
}

func (f *found) resolve(ctx context.Context, l Lookup, names map[string]text) {
	for _, kind := range surfaceKinds() {
		name := names[kind].value
		key := channelKey{kind, name}
		if !strings.HasPrefix(name, "#") || f.channels[key] != "" || f.problems[key] != "" {
			continue
		}
		if l == nil {
			f.problems[key] = "names can't be looked up now"
			continue
		}
		id, err := l.Resolve(ctx, kind, name)
		switch {
		case err != nil:
			f.problems[key] = "looking it up failed: " + err.Error()
		case id == "":
			f.problems[key] = "no such channel is known"
		default:
			f.channels[key] = id
		}
	}
}

// find looks for an agent in every surface where the agent has no user yet. An agent
// in no surface at all is worth a remark.
func (f *found) find(ctx context.Context, l Lookup, e agentEntry, have *state) {
	known, problem := false, ""
	for _, kind := range surfaceKinds() {
		if user, given := e.users[kind]; given {
			known = known || user.value != ""
			continue
		}
		if a := have.agent(e.email); a != nil && a.users[kind] != "" {
			known = true
			continue
		}
		if l == nil {
			continue
		}
		id, err := l.Find(ctx, kind, e.email)
		switch {
		case err != nil:
			problem = " (" + kind + ": " + err.Error() + ")"
		case id != "":
			f.users[userKey{kind, e.email}] = id
			known = true
		}
	}
	if !known {
		f.remarks = append(f.remarks, "agent "+e.email+": no user of "+either(surfaceKinds())+" is known"+problem+
			": what this person writes stays inside; apply again when connected, or write the id")
	}
}
