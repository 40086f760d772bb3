package teams

import (
	"cmp"
	"context"
	"slices"
	"strings"
)

// Parley's app is installed in teams, and separately in their private and shared channels. Teams has no list of these.
// This file learns them from the activities that Teams sends, and stores them as notes, which survive restarts. When
// the app is removed from a team or channel, it closes that for posts (see closed*.go), and opens it again when the
// app is back. For example:
//
//	conversationUpdate, membersRemoved: our bot, team "Support"   →   the note of the team gets Removed; it is closed
//	installationUpdate "add", team "Support"                      →   Removed is cleared; it is open again

// learn stores what an activity of any type says about the organisation: the address of Teams, which team a channel
// belongs to, whether the app is there, and who has left. Teams' menus offer our entries also in teams without the app. So from
// invokes of these menus, it learns only the address.
// Errors: those of storing the notes.
func (ac *access) learn(ctx context.Context, a *Activity) error {
	if err := ac.Notes.Load(ctx); err != nil {
		return err
	}
	if _, err := ac.Hosts.Check(a.ServiceURL); err == nil { // it depends on the organisation's region
		if err := ac.Notes.Keep(ctx, NoteService, a.ServiceURL); err != nil {
			return err
		}
	}

	for _, m := range a.MembersRemoved {
		ac.People.NoteLeft(m.ID)
	}

	data := a.ChannelData
	if data == nil || strings.HasPrefix(a.Name, InvokesOfExtension) {
		return nil
	}
	if data.Channel != nil && a.Type == TypeMessage {
		ac.recordPresence(data.Channel.ID) // the app receives messages from this channel
	}
	if data.Team == nil || data.Team.ID == "" {
		return nil
	}
	if err := ac.learnTeam(ctx, data.Team, a); err != nil {
		return err
	}

	return ac.learnChannel(ctx, a)
}

// noteWriter returns the method that stores the notes of an activity. For activities about the app or members it is
// Renew, which stores a note even if it looks unchanged. For others it is Keep.
func (ac *access) noteWriter(a *Activity) func(ctx context.Context, key string, v any) error {
	if a.Type == TypeInstallationUpdate || a.Type == TypeConversationUpdate {
		return ac.Notes.Renew
	}
	return ac.Notes.Keep
}

// learnTeam stores the note of an activity's team. It closes the team for posts if the app was removed, and opens it
// again if the app is back.
func (ac *access) learnTeam(ctx context.Context, ref *TeamRef, a *Activity) error {
	before, known := ac.Notes.Team(ref.ID)
	team := before
	team.Group = cmp.Or(ref.AADGroupID, team.Group)
	team.Name = cmp.Or(ref.Name, team.Name)
	if _, err := ac.Hosts.Check(a.ServiceURL); err == nil {
		team.Service = a.ServiceURL
	}

	team.Removed = ac.isRemovedAfter(a, before.Removed)
	if err := ac.noteWriter(a)(ctx, NoteTeam+ref.ID, team); err != nil {
		return err
	}

	wasJustRemoved := team.Removed && !before.Removed
	isBack := !team.Removed && (before.Removed || !known || mayReopen(a))
	switch {
	case wasJustRemoved:
		ac.closePlace(ref.ID, errRemoved("team", team.Name, ref.ID, nil))
	case isBack:
		ac.recordReopening(ref.ID)
	}

	return nil
}

// isRemovedAfter reports whether the app is no longer in a team after an activity. before is the state before it, which
// stays the same if the activity says nothing about that.
func (ac *access) isRemovedAfter(a *Activity, before bool) bool {
	if a.Type == TypeInstallationUpdate {
		if isRemoval(a) && isInOneChannel(a) {
			return before // the app stays in the team
		}
		return isRemoval(a)
	}
	if a.Type != TypeConversationUpdate {
		return false // we get other activities only from teams that the app is in
	}
	if isChannelMembership(a) {
		return before // about a private or shared channel, to which the app is added separately
	}
	if ac.containsUs(a.MembersRemoved) {
		return true
	}
	if ac.containsUs(a.MembersAdded) {
		return false
	}

	switch EventType(a) {
	case "teamDeleted", "teamHardDeleted":
		return true
	case "teamRestored":
		return false
	}

	return before
}

func isRemoval(a *Activity) bool {
	return strings.HasPrefix(a.Action, "remove") && a.Action != "remove-upgrade"
}

// isInOneChannel reports whether an activity is about one channel other than General. General has the id of its team,
// so an activity with that id is about the team.
func isInOneChannel(a *Activity) bool {
	if a.Conversation == nil {
		return false
	}
	channel, _ := SplitThread(a.Conversation.ID)
	return channel != "" && channel != a.ChannelData.Team.ID
}

// mayReopen reports whether an activity may mean that a team accepts posts again. The removal of the app from a single
// channel doesn't mean that, although the app stays in the team.
func mayReopen(a *Activity) bool {
	if a.Type == TypeInstallationUpdate {
		return !isRemoval(a)
	}
	return EventType(a) == "teamUnarchived"
}

func (ac *access) containsUs(list []ChannelAccount) bool {
	return slices.ContainsFunc(list, func(m ChannelAccount) bool { return m.ID == ac.Me })
}

// isChannelMembership reports whether members were added to or removed from a single channel and not its team. It
// returns false for General, which has the id of its team.
func isChannelMembership(a *Activity) bool {
	data := a.ChannelData
	if data == nil || data.Team == nil {
		return false
	}
	if data.Channel == nil || data.Channel.ID == "" {
		return false
	}
	return len(a.MembersAdded)+len(a.MembersRemoved) > 0 && data.Channel.ID != data.Team.ID
}

// learnChannel stores the note of an activity's channel. It closes the channel for posts if the app was removed from
// it, and opens it again if the app or the channel is back.
func (ac *access) learnChannel(ctx context.Context, a *Activity) error {
	data := a.ChannelData
	if data.Channel == nil || data.Channel.ID == "" {
		return nil
	}

	id := data.Channel.ID
	before, _ := ac.Notes.Channel(id)
	channel := before
	channel.Team = cmp.Or(before.Team, data.Team.ID) // the first is the owner of a channel that is shared with other teams
	channel.Name = cmp.Or(data.Channel.Name, channel.Name)
	channel.Gone = data.EventType == "channelDeleted"
	wasRemoved := isChannelMembership(a) && ac.containsUs(a.MembersRemoved)
	wasAdded := isChannelMembership(a) && ac.containsUs(a.MembersAdded)
	switch {
	case wasRemoved:
		channel.Removed = true
	case wasAdded:
		channel.Removed = false
	}

	if err := ac.noteWriter(a)(ctx, NoteChannel+id, channel); err != nil {
		return err
	}

	switch {
	case wasRemoved:
		ac.closePlace(id, errRemoved("channel", channel.Name, id, nil))
	case wasAdded, data.EventType == "channelRestored", before.Gone && !channel.Gone:
		ac.recordReopening(id)
	}

	return nil
}
