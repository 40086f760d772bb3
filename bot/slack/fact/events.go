package fact

import (
	"cmp"
	"encoding/json"
	"slices"

	"parley/bot/slack/glance"
	"parley/channels"
)

// Slack tells of each event by a callback. SplitEvent makes a fact of it, which is stored before Slack gets its answer: one
// thing that happened, in Slack's own bytes, under an id by which it counts only once, however often Slack tells it. A
// fact has the order key of its thread, since facts of one thread are applied in order. Bytes that can't be read become a
// fact, too, which is put into quarantine: it is kept and shown, and nothing else is done with it.

// Arrival is what is read from a callback: facts to store, and news that are of use only now.
type Arrival struct {
	Facts         []channels.Fact
	ForOthers     bool    // the event is not for our workspace and app: nothing of it is kept
	OwnUploads    []Share // where our own uploads were posted
	Revoked       string  // the type of an event that says that our tokens are gone; "" if it isn't one
	Renamed       bool    // names of channels, or who is in them, may have changed
	Dropped       bool    // Slack left events out, so that its history must be read
	JoinedChannel bool    // our app came into a channel, whose earlier events we didn't get
	LeftChannel   bool    // our app left a channel, and gets no more of its events
}

// quarantinedArrival makes the arrival of bytes that can't be read.
func quarantinedArrival(body []byte, reason string) Arrival {
	return Arrival{Facts: []channels.Fact{QuarantinedFact(body, reason)}}
}

// Share says in which message one of our own uploads was posted.
type Share struct {
	File, Channel, Thread, TS string
}

// SplitEvent makes the facts of one callback. It reads it in the fastest way that can:
//
//	glance.Read          plain messages of people, without decoding them
//	readAtOnce           events whose fields count, in one pass
//	cb, then event.read  all others: they may have fields of the same names with other types
func (s *Self) SplitEvent(kind string, body []byte) Arrival {
	m, isPlain := glance.Read(body)
	if isPlain && s.IsForUs(m.Team, m.App) {
		return s.splitPlain(kind, &m, body)
	}

	cb, ev, channel, isComplete := readAtOnce(body)
	if !isComplete {
		if err := json.Unmarshal(body, &cb); err != nil {
			return quarantinedArrival(body, "not readable: "+err.Error())
		}
	}

	if !s.isConcernedBy(&cb) {
		return Arrival{ForOthers: true}
	}
	if cb.Type == "app_rate_limited" { // Slack dropped events, and says so once a minute
		return Arrival{Dropped: true}
	}

	if !isComplete {
		var err error
		if channel, err = ev.read(cb.Event); err != nil {
			return quarantinedArrival(body, "event not readable: "+err.Error())
		}
	}

	if ev.Type == "tokens_revoked" && isAboutPersonsOnly(cb.Event) {
		return Arrival{}
	}

	return s.splitByType(kind, channel, &ev, body)
}

// splitByType makes the facts of an event, by its type.
func (s *Self) splitByType(kind, channel string, ev *event, body []byte) Arrival {
	switch ev.Type {
	case "message", "app_mention":
		return s.splitMessage(kind, channel, ev, body)
	case "reaction_added", "reaction_removed":
		return s.splitReaction(kind, ev, body)
	case "tokens_revoked", "app_uninstalled":
		return Arrival{Revoked: ev.Type}
	case "channel_id_changed":
		a := s.arrivalOf(kind, "c:"+ev.OldChannel+":"+ev.NewChannel, "channel:"+ev.OldChannel, body)
		a.Renamed = true
		return a
	case "channel_rename", "group_rename", "channel_archive", "channel_unarchive", "channel_deleted",
		"group_archive", "group_unarchive", "group_deleted", "channel_created", "member_left_channel":
		return Arrival{Renamed: true}
	case "channel_left", "group_left":
		return Arrival{Renamed: true, LeftChannel: true}
	case "member_joined_channel":
		joined := ev.User == s.User // somebody else who joins changes nothing that Parley keeps
		return Arrival{Renamed: joined, JoinedChannel: joined}
	case "":
		return quarantinedArrival(body, "event without type")
	}

	return Arrival{} // a type to which our app's manifest doesn't subscribe
}

// splitPlain does for a plain message what splitMessage does for every message.
func (s *Self) splitPlain(kind string, m *glance.Message, body []byte) Arrival {
	if m.User == s.User {
		return Arrival{}
	}
	return s.arrivalOf(kind, MessageID(m.Channel, m.TS), OrderKey(m.Channel, cmp.Or(m.Thread, m.TS)), body)
}

// IsForUs reports whether something is addressed to our app in our workspace. If Slack hasn't told us the app's id, it isn't
// compared: what comes with our signing secret, or by our app token, counts as ours.
func (s *Self) IsForUs(team, app string) bool {
	mayBeOurApp := s.App == "" || app == s.App
	return team == s.Team && mayBeOurApp
}

// isConcernedBy reports whether an event is for our installation of the app. In a channel that we share with another
// organisation, team_id may name that one. Then the authorizations name ours.
func (s *Self) isConcernedBy(cb *Callback) bool {
	if s.IsForUs(cb.TeamID, cb.AppID) {
		return true
	}

	var installed []struct {
		TeamID string `json:"team_id"`
	}
	if json.Unmarshal(cb.Authorizations, &installed) != nil {
		return false
	}

	for _, at := range installed {
		if s.IsForUs(at.TeamID, cb.AppID) {
			return true
		}
	}

	return false
}

// isReadInFull reports whether anything but the type counts of events of this type.
func isReadInFull(eventType string) bool {
	switch eventType {
	case "message", "app_mention", "reaction_added", "reaction_removed", "channel_id_changed", "member_joined_channel":
		return true
	}
	return false
}

// readAtOnce decodes a callback with its event in one pass, as most can be. cb.Event stays empty. If ok is false, it has
// read nothing.
func readAtOnce(body []byte) (cb Callback, ev event, channel string, ok bool) {
	var whole struct {
		Callback
		Event struct {
			event
			Channel string `json:"channel"`
		} `json:"event"`
	}
	if json.Unmarshal(body, &whole) != nil || !isReadInFull(whole.Event.Type) {
		return Callback{}, event{}, "", false
	}
	return whole.Callback, whole.Event.event, whole.Event.Channel, true
}

// read decodes an event and returns its channel. Of events whose fields don't count it reads only the type, because their
// fields may have other types.
func (ev *event) read(raw json.RawMessage) (channel string, err error) {
	var head struct {
		Type    string          `json:"type"`
		Channel json.RawMessage `json:"channel"`
	}
	if err := json.Unmarshal(raw, &head); err != nil {
		return "", err
	}

	ev.Type = head.Type
	if !isReadInFull(head.Type) {
		return "", nil
	}
	if err := json.Unmarshal(raw, ev); err != nil {
		return "", err
	}

	if len(head.Channel) > 0 {
		if err := json.Unmarshal(head.Channel, &channel); err != nil {
			return "", err
		}
	}

	return channel, nil
}

// isAboutPersonsOnly reports whether only tokens of persons were revoked, such as those by which they signed in with Slack.
// Our own token, the bot's, is still good then.
// Source: docs.slack.dev/reference/events/tokens_revoked, read 2026-11.
func isAboutPersonsOnly(ev json.RawMessage) bool {
	var revoked struct {
		Tokens struct {
			OAuth []string `json:"oauth"`
			Bot   []string `json:"bot"`
		} `json:"tokens"`
	}
	if json.Unmarshal(ev, &revoked) != nil {
		return false
	}
	return len(revoked.Tokens.OAuth) > 0 && len(revoked.Tokens.Bot) == 0
}

// splitMessage makes the fact of a message, an edit or a deletion. From our own messages it only learns where our files are
// shown. A message that nobody wrote, such as "Ann joined", makes no fact.
func (s *Self) splitMessage(kind, channel string, ev *event, body []byte) Arrival {
	if channel == "" {
		return quarantinedArrival(body, "message without channel")
	}

	switch ev.Subtype {
	case "message_changed":
		return s.splitChanged(kind, channel, ev, body)
	case "message_deleted":
		return s.splitDeleted(kind, channel, ev, body)
	}

	m := &ev.Message
	if s.IsOwnMessage(m) {
		var news Arrival
		for _, f := range m.Files {
			news.OwnUploads = append(news.OwnUploads, Share{File: f.ID, Channel: channel, Thread: m.ThreadTS, TS: m.TS})
		}
		return news
	}

	if !IsWritten(m.Subtype) {
		return Arrival{}
	}
	if m.TS == "" {
		return quarantinedArrival(body, "message without ts")
	}

	return s.arrivalOf(kind, MessageID(channel, m.TS), OrderKey(channel, m.Root()), body)
}

// splitChanged makes the fact of an edit. Its id is made of the second of the edit and of the words, so that the same edit,
// found in the history later, has the same id.
//
// Somebody who edits twice within a second may come back to words for which there is such an id already, and the second
// edit would be taken for the first. So a second edit also becomes a fact with the time of its event in its id. If both
// facts are new, the second one changes nothing, since it has the same version.
func (s *Self) splitChanged(kind, channel string, ev *event, body []byte) Arrival {
	m := ev.Changed
	if m == nil || m.TS == "" {
		return quarantinedArrival(body, "change without message")
	}
	if m.Subtype == Tombstone {
		return s.arrivalOf(kind, DeleteID(channel, m.TS), OrderKey(channel, m.Root()), withoutWords(body))
	}
	if !s.isEdit(ev) {
		return Arrival{}
	}

	id, order := EditID(channel, m), OrderKey(channel, m.Root())
	edit := s.arrivalOf(kind, id, order, body)
	if ev.isEditedAgain() && ev.EventTS != "" {
		again := s.arrivalOf(kind, id+":"+ev.EventTS, order, body)
		edit.Facts = append(edit.Facts, again.Facts...)
	}

	return edit
}

// isEditedAgain reports whether the edit before this one was made in the same second.
func (ev *event) isEditedAgain() bool {
	if ev.Changed.Edited == nil || ev.Previous == nil {
		return false
	}
	return ev.Previous.editedTS() == ev.Changed.editedTS()
}

// splitDeleted makes the fact of a deletion, without the words that were deleted.
func (s *Self) splitDeleted(kind, channel string, ev *event, body []byte) Arrival {
	if ev.Deleted == "" {
		return quarantinedArrival(body, "deletion without ts")
	}
	root := ev.Deleted
	if ev.Previous != nil && ev.Previous.ThreadTS != "" {
		root = ev.Previous.ThreadTS
	}
	return s.arrivalOf(kind, DeleteID(channel, ev.Deleted), OrderKey(channel, root), withoutWords(body))
}

// withoutWords removes from a callback about a deleted message what the message said. Slack repeats it there, and whoever
// deleted it wants it kept nowhere. Bytes that aren't such a callback stay as they are.
func withoutWords(body []byte) []byte {
	var whole, ev, previous map[string]json.RawMessage
	if json.Unmarshal(body, &whole) != nil || json.Unmarshal(whole["event"], &ev) != nil {
		return body
	}
	if json.Unmarshal(ev["previous_message"], &previous) != nil {
		return body
	}

	for _, words := range []string{"text", "blocks", "attachments", "files", "username", "root"} {
		delete(previous, words)
	}

	var err error
	if ev["previous_message"], err = json.Marshal(previous); err != nil {
		return body
	}
	if whole["event"], err = json.Marshal(ev); err != nil {
		return body
	}

	short, err := json.Marshal(whole)
	if err != nil {
		return body
	}
	return short
}

// splitReaction makes the fact of an emoji that somebody added to a message or took back. Our own emoji make none.
func (s *Self) splitReaction(kind string, ev *event, body []byte) Arrival {
	if ev.Item.Type != "message" || ev.User == s.User {
		return Arrival{}
	}
	needed := []string{ev.Item.Channel, ev.Item.TS, ev.User, ev.Reaction}
	if slices.Contains(needed, "") {
		return quarantinedArrival(body, "reaction without place")
	}
	id := "r:" + ev.Item.Channel + ":" + ev.Item.TS + ":" + ev.User + ":" + ev.Reaction + ":" + ev.EventTS
	return s.arrivalOf(kind, id, OrderKey(ev.Item.Channel, ev.Item.TS), body)
}

// arrivalOf makes the fact of a callback that was read.
func (s *Self) arrivalOf(kind, id, order string, body []byte) Arrival {
	raw, err := s.wrapDecoded(kind, body)
	if err != nil {
		return quarantinedArrival(body, err.Error())
	}
	return Arrival{Facts: []channels.Fact{{ExternalID: id, OrderKey: order, Payload: raw}}}
}
