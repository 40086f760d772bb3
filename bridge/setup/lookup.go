package setup

import (
	"bytes"
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/jackc/pgx/v5/pgxpool"

	"parley/routing"
	"parley/store"
	"parley/store/blob"
)

// answers holds what askSurfaces found out about a parley.yaml. An admin writes the names of channels and the e-mail
// addresses of people:
//
//	teams:
//	  - name: Support
//	    slack_channel: "#support"
//
// The database needs their ids (C012AB3CD), for which the surfaces are asked: the chats in which agents work, Slack and
// Teams. Network requests are slow and may fail, so they are made before the transaction that applies the file.
type answers struct {
	Found
	remarks  []string          // for the admin
	pictures map[string][]byte // of signatures, by the name of their blob
}

// lookupScope is the set of channels that are looked up.
type lookupScope int

const (
	namedChannels lookupScope = iota // only those without an id
	allChannels                      // also verify ids, so that a wrong one is reported before the first customer writes
)

// askSurfaces asks the surfaces for the ids that are not in the file, and reads the file's signatures. A lookup that fails
// is not an error: it adds a problem or a remark to the answers.
func askSurfaces(ctx context.Context, pool *pgxpool.Pool, f *File, o Options, scope lookupScope) (answers, error) {
	found := answers{Found: NewFound(), pictures: map[string][]byte{}}
	lookupCtx, endLookup := withShare(ctx, lookupTimeout, 3) //nolint:mnd // phases: lookups, signatures, transaction
	defer endLookup()
	directory, err := store.LoadDirectory(lookupCtx, pool)
	if err != nil {
		return found, err
	}

	have, err := FromDirectory(directory, nil)
	if err != nil {
		return found, err
	}

	s := search{answers: &found, surfaces: o.Lookup, have: have, scope: scope, idProblems: map[ChannelKey]string{}}
	for _, t := range f.said.Teams {
		s.lookUpChannels(lookupCtx, "team "+t.Name, t.Channels)
	}

	for _, a := range f.said.Accounts {
		s.lookUpChannels(lookupCtx, "account "+a.Row.Name, map[string]string{a.Surface: a.Row.SurfaceChannel})
	}

	for _, a := range f.said.Automations {
		for _, p := range a.Then {
			for _, kind := range Chats() {
				if p.Name == routing.Notify && strings.HasPrefix(p.Value, "#") && have.Surfaces[kind] != 0 {
					s.resolveName(lookupCtx, ChannelKey{Kind: kind, Name: p.Value})
				}
			}
		}
	}

	for _, a := range f.said.Agents {
		s.lookUpAgent(lookupCtx, f.entry("agent", a.Email), a)
	}

	readCtx, endReading := withShare(ctx, signatureTimeout, 2) //nolint:mnd // phases: signatures, transaction
	defer endReading()
	return found, found.readSignatures(readCtx, o, f, have)
}

// withShare returns a context for the first of the remaining phases of some work. Its timeout is maxTime, or an equal share
// of the time until the deadline of ctx if that is shorter, so that a slow phase leaves time for the others.
func withShare(ctx context.Context, maxTime time.Duration, phases int) (context.Context, context.CancelFunc) {
	if deadline, hasDeadline := ctx.Deadline(); hasDeadline {
		maxTime = min(maxTime, time.Until(deadline)/time.Duration(phases))
	}
	return context.WithTimeout(ctx, maxTime)
}

// storePictures writes the pictures of all signatures to the blob store.
func (a *answers) storePictures(ctx context.Context, pool *pgxpool.Pool) error {
	for _, content := range a.pictures {
		if _, _, err := blob.WriteUpload(ctx, pool, bytes.NewReader(content), int64(len(content))); err != nil {
			return err
		}
	}
	return nil
}

// search looks up the channels and users of one file and adds the results to answers.
type search struct {
	*answers
	surfaces   Lookup // nil if they can't be asked
	have       *State // the stored set-up
	scope      lookupScope
	idProblems map[ChannelKey]string // of the ids that were verified; "" if the id is right
}

// lookUpChannels looks up the channels of owner ("team Support" or "account support-mail"), given by kind of surface.
func (s *search) lookUpChannels(ctx context.Context, owner string, named map[string]string) {
	for _, kind := range Chats() {
		key := ChannelKey{Kind: kind, Name: s.have.ChannelNow(kind, named[kind])}
		switch {
		case key.Name == "": // the owner has no channel there
		case strings.HasPrefix(key.Name, "#"):
			s.resolveName(ctx, key)
		case s.scope == allChannels && s.surfaces != nil:
			s.checkID(ctx, owner, key)
		}
	}
}

// resolveName looks up the id of a channel name, unless another team or account has the same channel.
func (s *search) resolveName(ctx context.Context, key ChannelKey) {
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

// checkID verifies a channel id, which also makes Parley's app join the channel. Each id is looked up once, but every owner
// of the channel gets a remark of its own, because a web page only shows the remarks about one entry.
func (s *search) checkID(ctx context.Context, owner string, key ChannelKey) {
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

// lookUpAgent looks up an agent by e-mail address in each surface in which the agent has no user yet. It adds a remark if
// the agent has no user in any surface.
func (s *search) lookUpAgent(ctx context.Context, entry *Group, agent StateAgent) {
	s.checkSlackUser(agent)
	stored := s.have.Agent(agent.Email)
	hasUser := false
	var problems []string
	for _, kind := range Chats() {
		if entry.has(kind) {
			hasUser = hasUser || agent.Users[kind] != ""
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
			problems = append(problems, err.Error()) // the error names the surface
		case id != "":
			s.Users[UserKey{Kind: kind, Email: agent.Email}] = id
			hasUser = true
		}
	}

	if !hasUser {
		s.warnNoUser(agent, problems)
	}
}

// warnNoUser adds the remark that an agent has no user in any surface. problems are the errors of lookups that failed.
func (s *search) warnNoUser(agent StateAgent, problems []string) {
	reason := ""
	if len(problems) > 0 {
		reason = " (" + strings.Join(problems, "; ") + ")"
	}
	s.remarks = append(s.remarks, fmt.Sprintf(
		"agent %s: no user of %s is known%s: what this person writes stays inside; apply again when connected, or write the id",
		agent.Email, JoinAlternatives(Chats()), reason))
}

// checkSlackUser adds a remark if the file gives the agent a Slack user id that is not well-formed.
func (s *search) checkSlackUser(agent StateAgent) {
	user := string(agent.Users["slack"])
	if user == "" || IsSlackUser(user) {
		return
	}
	s.remarks = append(s.remarks, fmt.Sprintf("agent %s: %q isn't a member ID of Slack, like U012AB3CD: "+
		"what this person writes in Slack stays inside; copy the ID from the person's profile, or leave it out: people are found by e-mail",
		agent.Email, user))
}
