package slack

import (
	"cmp"
	"encoding/json"

	"parley/bot/slack/glance"
	"parley/channels"
)

// arrival is what is read from an event: facts to store, and news that is of use only now.
type arrival struct {
	facts   []channels.Fact
	foreign bool   // not for our team and app: nothing of it is kept
	learned []seen // where our own uploads were posted
	revoked string // our tokens are gone: why
	renamed bool   // names of channels may have changed
	dropped bool   // Slack left events out: the sweeper has to find them
	joined  bool   // we are in a channel whose events we didn't get until now
}

// seen says in which message one of our own uploads was posted.
type seen struct {
	File, Channel, Thread, TS string
}

// splitEvent makes the facts of one Events API callback. Pure. A callback that it can't read becomes
// one quarantined fact.
func (me *self) splitEvent(kind string, body []byte) arrival {
	if m, plain := glance.Read(body); plain && me.ours(m.Team, m.App) {
		return me.splitPlain(kind, &m, body)
	}
	cb, ev, channel, whole := readWhole(body)
	if !whole {
		if err := json.Unmarshal(body, &cb); err != nil {
			return arrival{facts: []channels.Fact{quarantined(body, "not readable: "+err.Error())}}
		}
	}
	if !me.concerns(&cb) {
		return arrival{foreign: true}
	}
	if cb.Type == "app_rate_limited" { // Slack dropped events, and says so once a minute
		return arrival{dropped: true}
	}
	if !whole {
		var err error
		if channel, err = ev.read(cb.Event); err != nil {
			return arrival{facts: []channels.Fact{quarantined(body, "event not readable: "+err.Error())}}
		}
	}
	switch ev.Type {
	case "message", "app_mention":
		return me.splitMessage(kind, channel, &ev, body)
	case "reaction_added", "reaction_removed":
		return me.splitReaction(kind, &ev, body)
	case "tokens_revoked":
		if onlyPersons(cb.Event) {
			return arrival{}
		}
		return arrival{revoked: ev.Type}
	case "app_uninstalled":
		return arrival{revoked: ev.Type}
	case "channel_id_changed":
		a := me.one(kind, "c:"+ev.OldChannel+":"+ev.NewChannel, "channel:"+ev.OldChannel, body)
		a.renamed = true
		return a
	case "channel_rename", "group_rename", "channel_archive", "channel_unarchive", "channel_deleted",
		"group_archive", "group_unarchive", "group_deleted", "channel_created", "member_left_channel", "channel_left", "group_left":
		return arrival{renamed: true}
	case "member_joined_channel":
		mine := ev.User == me.User // somebody else who joins changes nothing that Parley keeps
		return arrival{renamed: mine, joined: mine}
	case "":
		return arrival{facts: []channels.Fact{quarantined(body, "event without type")}}
	}
	return arrival{} // what the app was subscribed to beyond the manifest tells us nothing
}

// splitPlain does for a plain message of our workspace what splitMessage does for all.
func (me *self) splitPlain(kind string, m *glance.Message, body []byte) arrival {
	if m.User == me.User {
		return arrival{}
	}
	return me.one(kind, messageID(m.Channel, m.TS), orderKey(m.Channel, cmp.Or(m.Thread, m.TS)), body)
}

// ours tells whether something is addressed to our app in our workspace.
func (me *self) ours(team, app string) bool {
	return team == me.Team && (me.App == "" || app == me.App)
}

// concerns tells whether an event is for our installation of the app. In a channel that another organisation shares with
// ours, team_id may name that organisation; the authorizations name ours then.
func (me *self) concerns(cb *callback) bool {
	if me.ours(cb.TeamID, cb.AppID) {
		return true
	}
	var installed []struct {
		TeamID string `json:"team_id"`
	}
	if json.Unmarshal(cb.Authorizations, &installed) != nil {
		return false
	}
	for _, at := range installed {
		if me.ours(at.TeamID, cb.AppID) {
			return true
		}
	}
	return false
}

// stored says whether events of a type are read in full: those that are stored, and those whose fields count.
func stored(kind string) bool {
	switch kind {
	case "message", "app_mention", "reaction_added", "reaction_removed", "channel_id_changed", "member_joined_channel":
		return true
	}
	return false
}

// readWhole decodes a callback with its event in one pass, and says whether it could:
// true of nearly all that arrives. cb.Event stays empty.
func readWhole(body []byte) (cb callback, ev event, channel string, ok bool) {
	var whole struct {
		callback
		Event struct {
			event
			Channel string `json:"channel"`
		} `json:"event"`
	}
	if json.Unmarshal(body, &whole) != nil || !stored(whole.Event.Type) {
		return callback{}, event{}, "", false
	}
	return whole.callback, whole.Event.event, whole.Event.Channel, true
}

// read decodes an inner event and gives its channel. Of events that we don't store it reads only the
// type, because their fields have other forms.
func (ev *event) read(raw json.RawMessage) (string, error) {
	var head struct {
		Type    string          `json:"type"`
		Channel json.RawMessage `json:"channel"`
	}
	if err := json.Unmarshal(raw, &head); err != nil {
		return "", err
	}
	ev.Type = head.Type
	if !stored(head.Type) {
		return "", nil
	}
	if err := json.Unmarshal(raw, ev); err != nil {
		return "", err
	}
	var channel string
	if len(head.Channel) > 0 {
		if err := json.Unmarshal(head.Channel, &channel); err != nil {
			return "", err
		}
	}
	return channel, nil
}

// onlyPersons tells whether an event about revoked tokens is about those of persons alone: of what they allowed the app
// themselves, such as to sign in with Slack. The app's own token, of its bot, is good then.
// Source: docs.slack.dev/reference/events/tokens_revoked, read 2026-11.
func onlyPersons(ev json.RawMessage) bool {
	var revoked struct {
		Tokens struct {
			OAuth []string `json:"oauth"`
			Bot   []string `json:"bot"`
		} `json:"tokens"`
	}
	return json.Unmarshal(ev, &revoked) == nil && len(revoked.Tokens.OAuth) > 0 && len(revoked.Tokens.Bot) == 0
}

func (me *self) splitMessage(kind, channel string, ev *event, body []byte) arrival {
	if channel == "" {
		return arrival{facts: []channels.Fact{quarantined(body, "message without channel")}}
	}
	switch ev.Subtype {
	case "message_changed":
		return me.splitChanged(kind, channel, ev, body)
	case "message_deleted":
		return me.splitDeleted(kind, channel, ev, body)
	}
	m := &ev.message
	if me.own(m) {
		out := arrival{}
		for _, f := range m.Files {
			out.learned = append(out.learned, seen{File: f.ID, Channel: channel, Thread: m.ThreadTS, TS: m.TS})
		}
		return out
	}
	if !spoken(m.Subtype) {
		return arrival{}
	}
	if m.TS == "" {
		return arrival{facts: []channels.Fact{quarantined(body, "message without ts")}}
	}
	return me.one(kind, messageID(channel, m.TS), orderKey(channel, m.root()), body)
}

// splitChanged gives the fact of an edit under the name that history gives it, too: it holds the second of the edit and the
// words. Somebody who edits again in the same second may come back to words that are known by that name. So such an edit
// is a second fact with the time of its event; where both are new, the second changes nothing, since it is the same version.
func (me *self) splitChanged(kind, channel string, ev *event, body []byte) arrival {
	m := ev.Message
	if m == nil || m.TS == "" {
		return arrival{facts: []channels.Fact{quarantined(body, "change without message")}}
	}
	if m.Subtype == "tombstone" {
		return me.one(kind, deleteID(channel, m.TS), orderKey(channel, m.root()), withoutWords(body))
	}
	if me.own(m) || !spoken(m.Subtype) || ev.Previous != nil && m.sameContent(ev.Previous) {
		return arrival{}
	}
	edit := me.one(kind, editID(channel, m), orderKey(channel, m.root()), body)
	if ev.EventTS != "" && m.Edited != nil && ev.Previous != nil && ev.Previous.editedTS() == m.editedTS() {
		again := me.one(kind, editID(channel, m)+":"+ev.EventTS, orderKey(channel, m.root()), body)
		edit.facts = append(edit.facts, again.facts...)
	}
	return edit
}

func (me *self) splitDeleted(kind, channel string, ev *event, body []byte) arrival {
	if ev.Deleted == "" {
		return arrival{facts: []channels.Fact{quarantined(body, "deletion without ts")}}
	}
	root := ev.Deleted
	if ev.Previous != nil && ev.Previous.ThreadTS != "" {
		root = ev.Previous.ThreadTS
	}
	return me.one(kind, deleteID(channel, ev.Deleted), orderKey(channel, root), withoutWords(body))
}

// withoutWords takes out of a callback about a deleted message what the message said: Slack repeats it, and who
// deleted it wants it to be kept nowhere. Bytes that aren't such a callback stay as they are.
func withoutWords(body []byte) []byte {
	var whole, ev, previous map[string]json.RawMessage
	if json.Unmarshal(body, &whole) != nil || json.Unmarshal(whole["event"], &ev) != nil || json.Unmarshal(ev["previous_message"], &previous) != nil {
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

func (me *self) splitReaction(kind string, ev *event, body []byte) arrival {
	if ev.Item.Type != "message" || ev.User == me.User {
		return arrival{}
	}
	if ev.Item.Channel == "" || ev.Item.TS == "" || ev.User == "" || ev.Reaction == "" {
		return arrival{facts: []channels.Fact{quarantined(body, "reaction without place")}}
	}
	id := "r:" + ev.Item.Channel + ":" + ev.Item.TS + ":" + ev.User + ":" + ev.Reaction + ":" + ev.EventTS
	return me.one(kind, id, orderKey(ev.Item.Channel, ev.Item.TS), body)
}

// one is the fact of a callback that was read.
func (me *self) one(kind, id, order string, body []byte) arrival {
	raw, err := me.enclose(kind, body)
	if err != nil {
		return arrival{facts: []channels.Fact{quarantined(body, err.Error())}}
	}
	return arrival{facts: []channels.Fact{{ExternalID: id, OrderKey: order, Payload: raw}}}
}
