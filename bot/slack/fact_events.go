package slack

import (
	"encoding/json"
	"errors"
	"slices"

	"parley/bot/forms"
	"parley/channels"
)

// Slack reports each event, such as a new message, by a callback: a JSON object that it sends at least once. SplitEvent
// turns a callback into a fact, which is stored before Slack gets its response. A fact has
//   - the callback as Slack sent it,
//   - an id, such as "m:C1:1700000000.000100" for a message, by which repeated deliveries are deduplicated, and
//   - the order key of its thread. Facts with the same order key are applied in order.
//
// A callback that can't be decoded becomes a quarantined fact: it is stored for inspection and has no effect.

// Arrival is the result of SplitEvent: facts to store, and what must be handled at once and isn't stored.
type Arrival struct {
	Facts         []channels.Fact
	ForOthers     bool    // the event is for another workspace or app, and must be ignored
	OwnUploads    []Share // the messages in which our own uploads were posted
	Revoked       string  // the event's type if it means that our tokens were revoked, or ""
	Renamed       bool    // the names or members of channels may have changed
	Dropped       bool    // Slack has dropped events, so that its history must be read
	JoinedChannel bool    // our app has joined a channel, of which we have missed the earlier events
	LeftChannel   bool    // our app has left a channel, and gets no more events of it
	Home          *Home   // somebody has opened the app's home tab; nil if not
}

func quarantinedArrival(body []byte, reason string) Arrival {
	return Arrival{Facts: []channels.Fact{forms.QuarantinedFact(body, reason)}}
}

// Home is a home tab that a user has opened. Private is the private metadata of what it shows, "" if it shows nothing yet.
type Home struct{ User, Private string }

// Share is the message in which Slack has posted one of our uploads.
type Share struct {
	File, Channel, Thread, TS string
}

// SplitEvent returns the facts of a callback. kind is KindEvent or KindCatchUp. Most events are
// decoded in one pass, by readAtOnce. What is left, in which fields may have unexpected types, is decoded by event.read.
func (s *Self) SplitEvent(kind string, body []byte) Arrival {
	cb, ev, channel, isComplete := readAtOnce(body)
	if !isComplete {
		if err := json.Unmarshal(body, &cb); err != nil {
			return quarantinedArrival(body, "not readable: "+err.Error())
		}
	}

	if !s.isRecipient(&cb) {
		return Arrival{ForOthers: true}
	}
	if cb.Type == "app_rate_limited" { // Slack reports once a minute that it drops events
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

// splitByType returns the facts of an event, depending on its type.
func (s *Self) splitByType(kind, channel string, ev *event, body []byte) Arrival {
	switch ev.Type {
	case "message", "app_mention":
		return s.splitMessage(kind, channel, ev, body)
	case "reaction_added", "reaction_removed":
		return s.splitReaction(kind, ev, body)
	case "tokens_revoked", "app_uninstalled":
		return Arrival{Revoked: ev.Type}
	case "channel_id_changed":
		// With the time, since a channel may get an id back, and lose it again.
		id := "c:" + ev.OldChannel + ":" + ev.NewChannel + ":" + ev.EventTS
		a := s.arrivalOf(kind, id, "channel:"+ev.OldChannel, body)
		a.Renamed = true
		return a
	case "channel_rename", "group_rename", "channel_archive", "channel_unarchive", "channel_deleted",
		"group_archive", "group_unarchive", "group_deleted", "channel_created", "member_left_channel":
		return Arrival{Renamed: true}
	case "app_home_opened":
		if ev.Tab != "home" {
			return Arrival{}
		}
		return Arrival{Home: &Home{User: ev.User, Private: ev.View.Private}}
	case "channel_left", "group_left":
		return Arrival{Renamed: true, LeftChannel: true}
	case "member_joined_channel":
		isOurApp := ev.User == s.User // other people who join don't matter
		return Arrival{Renamed: isOurApp, JoinedChannel: isOurApp}
	case "":
		return quarantinedArrival(body, "event without type")
	}

	return Arrival{} // a type to which our app's manifest doesn't subscribe
}

// IsForUs reports whether a request from Slack is for our app in our workspace. If our app's id is unknown, only the
// workspace is compared: that a request has our signing secret, or came through our app token, is enough.
func (s *Self) IsForUs(team, app string) bool {
	mayBeOurApp := s.App == "" || app == s.App
	return team == s.Team && mayBeOurApp
}

// isRecipient reports whether a callback is for our installation of the app. For an event in a channel that is shared with
// another organisation, team_id may name that organisation; then the authorizations list ours.
func (s *Self) isRecipient(cb *Callback) bool {
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

// isReadInFull reports whether Parley uses the fields of events of this type, and not only the type.
func isReadInFull(eventType string) bool {
	return slices.Contains([]string{
		"message", "app_mention", "reaction_added", "reaction_removed", "channel_id_changed", "member_joined_channel", "app_home_opened",
	}, eventType)
}

// readAtOnce decodes a callback and its event in one pass. cb.Event stays empty. ok is false, and all other results are
// zero, if the event can't be decoded in this way.
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

// read decodes an event and returns its channel. If Parley doesn't use the event's fields, read decodes only the type: the
// same field has different types in different events. For example, "channel" is an object in channel_rename.
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

// isAboutPersonsOnly reports whether only the tokens of people were revoked, such as those with which they sign in. Then
// our own token, which is the bot's, is still valid.
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

// splitMessage returns the fact of a message, an edit or a deletion. A message that nobody typed, such as "Ann joined", has
// no fact. A message of our own has no fact either, but it shows where our files were posted.
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
		var own Arrival
		for _, f := range m.Files {
			own.OwnUploads = append(own.OwnUploads, Share{File: f.ID, Channel: channel, Thread: m.ThreadTS, TS: m.TS})
		}
		return own
	}

	if !IsWritten(m.Subtype) {
		return Arrival{}
	}
	if m.TS == "" {
		return quarantinedArrival(body, "message without ts")
	}

	return s.arrivalOf(kind, MessageID(channel, m.TS), OrderKey(channel, m.Root()), body)
}

// splitChanged returns the fact of an edit. Its id is built from the second of the edit and the new text. So if the edit is
// found in Slack's history later, it gets the same id.
//
// Somebody may edit twice within a second, from A to B and back to A. Then the id of the second edit may exist already, and
// the edit would be lost. So for a second edit there is another fact, whose id has the time of the event, too. Both facts
// have the same version. If both are new, the one that is applied second has no effect.
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

// isEditedAgain reports whether the message was edited before in the same second.
func (ev *event) isEditedAgain() bool {
	if ev.Changed.Edited == nil || ev.Previous == nil {
		return false
	}
	return ev.Previous.editedTS() == ev.Changed.editedTS()
}

// splitDeleted returns the fact of a deletion, without the deleted text.
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

// withoutWords removes the content of a deleted message from a callback. Slack repeats it there, but its author doesn't
// want it to be stored. If the callback can't be decoded, it is returned unchanged.
func withoutWords(body []byte) []byte {
	short, _ := editJSON(body, func(previous map[string]json.RawMessage) { //nolint:errcheck // see above
		for _, words := range []string{"text", "blocks", "attachments", "files", "username", "root"} {
			delete(previous, words)
		}
	}, "event", "previous_message")
	return short
}

// editJSON decodes a JSON object, has edit change its fields, and encodes it again. A path leads to an object inside of it, which is
// changed in its place. If an object is missing, or isn't one, the result is the unchanged body, with an error.
func editJSON(body []byte, edit func(fields map[string]json.RawMessage), path ...string) ([]byte, error) {
	var fields map[string]json.RawMessage
	if err := json.Unmarshal(body, &fields); err != nil || fields == nil {
		return body, errors.Join(errPayload, err)
	}
	if len(path) == 0 {
		edit(fields)
	} else {
		inner, err := editJSON(fields[path[0]], edit, path[1:]...)
		if err != nil {
			return body, err
		}
		fields[path[0]] = inner
	}
	changed, err := json.Marshal(fields)
	if err != nil {
		return body, err
	}
	return changed, nil
}

// splitReaction returns the fact of an emoji that was added to a message or removed. Our own emoji have none.
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

// arrivalOf returns an Arrival with one fact, whose body is a callback that was decoded before.
func (s *Self) arrivalOf(kind, id, order string, body []byte) Arrival {
	raw, err := s.wrapDecoded(kind, body)
	if err != nil {
		return quarantinedArrival(body, err.Error())
	}
	return Arrival{Facts: []channels.Fact{{ExternalID: id, OrderKey: order, Payload: raw}}}
}
