package slackfake

import (
	"context"
	"encoding/json"
	"fmt"
	"maps"

	"parley/bot/slack/slackfake/delivery"
	"parley/bot/slack/slackfake/kit"
	"parley/bot/slack/slackfake/screens"
	"parley/bot/slack/slackfake/workspace"
	"parley/channels/emulator"
)

// When a person clicks a button, uses a shortcut or submits a form, Slack sends the app an interaction and
// waits three seconds for the answer. This file makes these payloads, sends them, and shows the person the
// Outcome.

// Outcome is what a person sees after an interaction.
type Outcome struct {
	// Error is Slack's: "" when the app acknowledged in time, else operation_timeout,
	// http_<status> or connection_failed; the person sees a warning sign.
	Error string `json:"error,omitempty"`
	// Errors are those of a modal's fields, by block id.
	Errors map[string]string `json:"errors,omitempty"`
	// ViewError says why Slack refused the view in the app's response_action.
	ViewError string `json:"view_error,omitempty"`
	// Response is the raw acknowledgement, if it had a body.
	Response json.RawMessage `json:"response,omitempty"`
	// View is the modal on top afterwards, if any.
	View *View `json:"view,omitempty"`
}

// clicks send the app what people do in messages and views, and keep what it answers. The lock,
// workspace.Ground.Mu, guards them.
type clicks struct {
	*ground
	people  *directory
	rooms   *rooms
	board   *board
	screens *screens.Screens
	grant   *workspace.Grant
	events  *Events
	faults  *emulator.FaultPlan

	ephs      []*Ephemeral            // messages that only one person sees
	replies   map[string]*responseURL // by the id in the address
	selected  map[string]kit.State    // user|channel|ts → what was chosen in a message
	suggested map[string]object       // user|action → the app's last options
}

// reset forgets what was clicked and answered. The caller holds the lock.
func (s *clicks) reset() {
	s.ephs = nil
	s.replies = map[string]*responseURL{}
	s.selected = map[string]kit.State{}
	s.suggested = map[string]object{}
}

// newPayload starts the payload that all interactions share. Caller holds the lock.
func (s *clicks) newPayload(kind, user, view string) map[string]any {
	u := s.people.users[user]
	return map[string]any{
		"type": kind, "token": "fakeVerificationToken", "api_app_id": s.Opt.AppID, "enterprise": nil, "is_enterprise_install": false,
		"team":       map[string]any{"id": s.Opt.TeamID, "domain": s.Opt.Domain},
		"user":       map[string]any{"id": u.ID, "username": u.Name, "name": u.Name, "team_id": u.TeamID},
		"trigger_id": s.screens.NewTrigger(user, view),
	}
}

// newShortcut starts the payload of a shortcut, the only interaction that doesn't name the app. Caller holds
// the lock.
// Source: docs.slack.dev/reference/interaction-payloads/shortcuts-interaction-payload, and the types of
// @slack/bolt 5.1.0.
func (s *clicks) newShortcut(kind, user string) map[string]any {
	payload := s.newPayload(kind, user, "")
	delete(payload, "api_app_id")
	return payload
}

// ask delivers an interaction or command and waits for the app's acknowledgement.
// Errors: ctx's, or context.Canceled once the server is closed.
func (s *clicks) ask(ctx context.Context, q delivery.Question) (delivery.Answer, error) {
	s.Mu.Lock()
	answer := s.events.Ask(q)
	s.Mu.Unlock()
	select {
	case r := <-answer:
		return r, nil
	case <-ctx.Done():
		return delivery.Answer{}, ctx.Err()
	case <-s.Ctx.Done():
		return delivery.Answer{}, context.Canceled
	}
}

func (s *clicks) askInteractive(ctx context.Context, payload map[string]any) (delivery.Answer, error) {
	return s.ask(ctx, delivery.Question{Name: fmt.Sprint(payload["type"]), Payload: workspace.MustJSON(payload)})
}

// Target is where a person clicks: a message, an ephemeral one, a modal or the home tab.
type Target struct {
	Channel string `json:"channel,omitempty"`
	TS      string `json:"ts,omitempty"`
	View    string `json:"view,omitempty"` // view id; "home" is the person's home tab
}

// targetContent is what a target shows: its blocks, its state and how payloads describe it.
type targetContent struct {
	blocks json.RawMessage
	state  kit.State
	view   *View
	fields map[string]any
}

// clickPayload is what the app is told of a click. What was picked is kept where it shows.
func (s *clicks) clickPayload(user string, t Target, action string, picked []string) (map[string]any, error) {
	s.Mu.Lock()
	defer s.Mu.Unlock()
	at, err := s.lookAt(user, t)
	if err != nil {
		return nil, err
	}

	block, element := kit.Find(at.blocks, action)
	if element == nil {
		return nil, fmt.Errorf("no element %q there", action)
	}

	actionID, blockID := fmt.Sprint(element["action_id"]), fmt.Sprint(block["block_id"])
	choice, err := kit.Choose(element, picked, s.suggested[user+"|"+actionID])
	if err != nil {
		return nil, err
	}

	act := map[string]any{"type": element["type"], "action_id": actionID, "block_id": blockID, "action_ts": workspace.FormatTS(s.Now().UnixMicro())}
	for _, key := range []string{"text", "style", "placeholder", "url"} {
		if element[key] != nil {
			act[key] = element[key]
		}
	}

	maps.Copy(act, choice)
	if kind := fmt.Sprint(element["type"]); kit.HasState(kind) {
		choice["type"] = kind
		at.state.Set(blockID, actionID, choice)
		s.keepChoice(user, t, at)
	}

	view := ""
	if at.view != nil {
		view = at.view.ID
	}

	payload := s.newPayload("block_actions", user, view)
	maps.Copy(payload, at.fields)

	if at.view != nil {
		payload["view"] = at.view.Clone()
	} else {
		payload["state"] = kit.FullState(at.state, at.blocks)
	}

	payload["actions"] = []any{act}
	return payload, nil
}

// keepChoice keeps what a person chose where the choice shows. Caller holds the lock.
func (s *clicks) keepChoice(user string, t Target, at *targetContent) {
	if at.view != nil {
		at.view.State = at.state
		return
	}
	s.selected[user+"|"+t.Channel+"|"+t.TS] = at.state
}

// lookAt finds what a person can click on. Caller holds the lock.
func (s *clicks) lookAt(user string, t Target) (*targetContent, error) {
	if s.people.users[user] == nil {
		return nil, workspace.Refuse("user_not_found")
	}
	if t.View != "" {
		return s.lookAtView(user, t.View)
	}

	ch := s.rooms.channels[t.Channel]
	if ch == nil || !ch.members[user] {
		return nil, workspace.Refuse("channel_not_found")
	}

	at := &targetContent{state: s.selected[user+"|"+t.Channel+"|"+t.TS]}
	box := map[string]any{"type": "message", "message_ts": t.TS, "channel_id": ch.ID, "is_ephemeral": false}
	at.fields = map[string]any{"container": box, "channel": map[string]any{"id": ch.ID, "name": payloadName(ch)}}
	link := &responseURL{user: user, channel: ch, ts: t.TS}
	if m := ch.byTS[t.TS]; m != nil {
		at.blocks = kit.AllBlocks(m.Blocks, m.Attachments)
		at.fields["message"] = eventMessage(m)
		link.thread = m.ThreadTS
	} else if e := s.findEphemeral(ch.ID, user, t.TS); e != nil {
		at.blocks, box["is_ephemeral"] = e.Blocks, true
		link.ephemeral, link.thread = e, e.ThreadTS
	} else {
		return nil, workspace.Refuse("message_not_found")
	}
	if link.thread != "" {
		box["thread_ts"] = link.thread
	}

	at.fields["response_url"] = s.newResponseURL(link)
	return at, nil
}

func (s *clicks) lookAtView(user, id string) (*targetContent, error) {
	v, home := s.screens.Views[id], s.screens.Homes[user]
	isHomeID := v == nil && home != nil && home.ID == id
	if id == "home" || isHomeID {
		v = home
	}
	if v == nil || v.User != user {
		return nil, workspace.Refuse("not_found")
	}

	return &targetContent{blocks: v.Blocks, state: v.State, view: v, fields: map[string]any{
		"container": map[string]any{"type": "view", "view_id": v.ID},
	}}, nil
}

func (s *clicks) findEphemeral(channel, user, ts string) *Ephemeral {
	for _, e := range s.ephs {
		isThere := e.Channel == channel && e.TS == ts
		isShown := e.User == user && !e.Deleted
		if isThere && isShown {
			return e
		}
	}
	return nil
}

// payloadName returns the name that payloads have for a channel. Slack hides the names of private ones.
func payloadName(ch *channel) string {
	if ch.IM {
		return "directmessage"
	}
	if ch.Private {
		return "privategroup"
	}
	return ch.Name
}

// takeOptions reads the options that the app offers, and keeps them for the person who chooses.
func (s *clicks) takeOptions(key string, r delivery.Answer) ([]string, error) {
	var o object
	if r.Err != "" || json.Unmarshal(r.Body, &o) != nil {
		return nil, fmt.Errorf("no options from the app: %s", r.Err)
	}
	s.Mu.Lock()
	defer s.Mu.Unlock()
	values, faults := kit.Offered(o)
	if len(faults) > 0 {
		return nil, fmt.Errorf("no options from the app: %s", faults[0])
	}
	s.suggested[key] = o
	return values, nil
}

// showEphemeral shows e to its user only. Caller holds the lock.
func (s *clicks) showEphemeral(ch *channel, e *Ephemeral) {
	e.Channel, e.TS = ch.ID, ch.nextTS(s.Now())
	s.ephs = append(s.ephs, e)
	s.Note(Change{Kind: "ephemeral", Channel: ch.ID, TS: e.TS, Thread: e.ThreadTS, User: e.User})
}
