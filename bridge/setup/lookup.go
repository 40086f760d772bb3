package setup

import (
	"bytes"
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/jackc/pgx/v5/pgxpool"

	"parley/bridge/setup/document"
	"parley/bridge/setup/input"
	"parley/bridge/setup/overlay"
	"parley/bridge/setup/parleyfile"
	"parley/bridge/setup/state"
	"parley/store"
	"parley/store/blob"
)

// parley.yaml names channels ("#support") and people (by their e-mail addresses) as an admin knows them. Before a file is
// applied, the surfaces, which are the chats in which agents work, are asked for the ids. That takes time and may fail, so it
// happens before the transaction.

// answers is what was found out for a file before the transaction that applies it.
type answers struct {
	overlay.Found
	remarks  []string
	pictures map[string][]byte // of signatures, by blob
}

// lookedUp says which channels of a file are looked up.
type lookedUp int

const (
	namedChannels lookedUp = iota // those with a name, which need an id
	allChannels                   // those with an id, too: so a wrong id is reported now, and not when the first customer writes
)

// askSurfaces asks the surfaces for the users and channels whose ids are not in the file, and reads the signatures.
func askSurfaces(ctx context.Context, pool *pgxpool.Pool, f *parleyfile.File, o Options, which lookedUp) (answers, error) {
	found := answers{Found: overlay.NewFound(), pictures: map[string][]byte{}}
	lookupCtx, endLookup := withShare(ctx, lookupTimeout, 3) //nolint:mnd // to look up, to read signatures, to write
	defer endLookup()
	directory, err := store.LoadDirectory(lookupCtx, pool)
	if err != nil {
		return found, err
	}

	have, err := state.FromDirectory(directory, nil)
	if err != nil {
		return found, err
	}

	s := search{answers: &found, surfaces: o.Lookup, have: have, which: which, idProblems: map[overlay.ChannelKey]string{}}
	for _, t := range f.Teams {
		s.lookUpChannels(lookupCtx, "team "+t.Name, t.Channels)
	}

	for _, a := range f.Accounts {
		s.lookUpChannels(lookupCtx, "account "+a.Name, a.Channels)
	}

	for _, a := range f.Agents {
		s.lookUpAgent(lookupCtx, a)
	}

	readCtx, endReading := withShare(ctx, signatureTimeout, 2) //nolint:mnd // to read signatures, to write
	defer endReading()
	return found, found.readSignatures(readCtx, o, f, have)
}

// withShare returns a context for one of several pieces of work, of which parts are still to be done. It ends after maxTime,
// or after an equal part of the time that ctx leaves, if that is shorter.
func withShare(ctx context.Context, maxTime time.Duration, parts int) (context.Context, context.CancelFunc) {
	if end, hasEnd := ctx.Deadline(); hasEnd {
		maxTime = min(maxTime, time.Until(end)/time.Duration(parts))
	}
	return context.WithTimeout(ctx, maxTime)
}

// storePictures stores the pictures of the signatures that were read.
func (a *answers) storePictures(ctx context.Context, pool *pgxpool.Pool) error {
	for _, content := range a.pictures {
		if _, _, err := blob.WriteUpload(ctx, pool, bytes.NewReader(content), int64(len(content))); err != nil {
			return err
		}
	}
	return nil
}

// search looks up what a file names, and adds it to the answers.
type search struct {
	*answers
	surfaces   Lookup       // nil if they can't be asked
	have       *state.State // what is stored
	which      lookedUp
	idProblems map[overlay.ChannelKey]string // what is wrong with each id that was looked up; "" for nothing
}

// lookUpChannels looks up the channels of owner, which is a team or an account. named has them by kind of surface.
func (s *search) lookUpChannels(ctx context.Context, owner string, named map[string]document.Text) {
	for _, kind := range input.Chats() {
		key := overlay.ChannelKey{Kind: kind, Name: s.have.ChannelNow(kind, named[kind].Value)}
		switch {
		case key.Name == "":
		case strings.HasPrefix(key.Name, "#"):
			s.resolveName(ctx, key)
		case s.which == allChannels && s.surfaces != nil:
			s.checkID(ctx, owner, key)
		}
	}
}

// resolveName asks for the id of a channel, once.
func (s *search) resolveName(ctx context.Context, key overlay.ChannelKey) {
	isAnswered := s.Channels[key] != "" || s.Problems[key] != ""
	if isAnswered {
		return
	}
	if s.surfaces == nil {
		s.Problems[key] = "names can't be looked up now"
		return
	}

	id, err := s.surfaces.Resolve(ctx, key.Kind, key.Name)
	switch {
	case err != nil:
		s.Problems[key] = "looking it up failed: " + err.Error()
	case id == "":
		s.Problems[key] = "no such channel is known"
	default:
		s.Channels[key] = id
	}
}

// checkID looks up a channel that the file names by its id, once. By that, Parley's app joins the channel. The remark names
// the owner, since a page shows only remarks about its own entry.
func (s *search) checkID(ctx context.Context, owner string, key overlay.ChannelKey) {
	problem, isChecked := s.idProblems[key]
	if !isChecked {
		id, err := s.surfaces.Resolve(ctx, key.Kind, key.Name)
		switch {
		case err != nil:
			problem = "looking it up failed: " + err.Error()
		case id == "":
			problem = "not known there: check the id, let the app into the channel, and connect " + key.Kind
		}
		s.idProblems[key] = problem
	}

	if problem != "" {
		s.remarks = append(s.remarks, owner+": "+key.Kind+" channel "+key.Name+": "+problem)
	}
}

// lookUpAgent looks for an agent, by the e-mail address, in each surface in which the agent has no user yet. It adds a remark
// if the agent is in no surface at all.
func (s *search) lookUpAgent(ctx context.Context, agent parleyfile.Agent) {
	s.checkSlackUser(agent)
	stored := s.have.Agent(agent.Email)
	hasUser := false
	var problems []string
	for _, kind := range input.Chats() {
		if user, given := agent.Users[kind]; given {
			hasUser = hasUser || user.Value != ""
			continue
		}
		if stored != nil && stored.Users[kind] != "" {
			hasUser = true
			continue
		}
		if s.surfaces == nil {
			continue
		}

		id, err := s.surfaces.Find(ctx, kind, agent.Email)
		switch {
		case err != nil && !slices.Contains(problems, err.Error()):
			problems = append(problems, err.Error()) // which names the surface
		case id != "":
			s.Users[overlay.UserKey{Kind: kind, Email: agent.Email}] = id
			hasUser = true
		}
	}

	if !hasUser {
		s.warnNoUser(agent, problems)
	}
}

// warnNoUser adds the remark that an agent is in no surface. problems say why some could not be asked.
func (s *search) warnNoUser(agent parleyfile.Agent, problems []string) {
	why := ""
	if len(problems) > 0 {
		why = " (" + strings.Join(problems, "; ") + ")"
	}
	s.remarks = append(s.remarks, "agent "+agent.Email+": no user of "+document.JoinAlternatives(input.Chats())+" is known"+why+
		": what this person writes stays inside; apply again when connected, or write the id")
}

// checkSlackUser adds a remark if the file names a user of Slack that can't be one.
func (s *search) checkSlackUser(agent parleyfile.Agent) {
	user := agent.Users["slack"].Value
	if user == "" || parleyfile.IsSlackUser(user) {
		return
	}
	s.remarks = append(s.remarks, fmt.Sprintf("agent %s: %q isn't a member ID of Slack, like U012AB3CD: "+
		"what this person writes in Slack stays inside; copy the ID from the person's profile, or leave it out: people are found by e-mail",
		agent.Email, user))
}
