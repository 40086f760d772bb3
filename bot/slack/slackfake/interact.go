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

	ephs      []*Ephemeral             // messages that only one person sees
	replies   map[string]*responseURL  // by the id in the address
	selected  map[choiceKey]kit.State  // what was chosen in messages
	suggested map[suggestionKey]object // the app's last options
}

// choiceKey names a message and the person who chose something in it.
type choiceKey struct{ user, channel, ts string }

// suggestionKey names an external select, whose options the app gives while a person types.
type suggestionKey struct{ user, action string }

// reset forgets what was clicked and answered. The caller holds the lock.
func (s *clicks) reset() {
	s.ephs = nil
	s.replies = map[string]*responseURL{}
	s.selected = map[choiceKey]kit.State{}
	s.suggested = map[suggestionKey]object{}
}

// newPayload starts the payload that all interactions share. view is the id of the view in which the person acts; "" means
// none. Caller holds the lock.
func (s *clicks) newPayload(kind, user, view string) object {
	u := s.people.users[user]
	return object{
		"type":                  kind,
		"token":                 "fakeVerificationToken",
		"api_app_id":            s.Opt.AppID,
		"enterprise":            nil,
		"is_enterprise_install": false,
		"team":                  object{"id": s.Opt.TeamID, "domain": s.Opt.Domain},
		"user":                  object{"id": u.ID, "username": u.Name, "name": u.Name, "team_id": u.TeamID},
		"trigger_id":            s.screens.NewTrigger(user, view),
	}
}

// newShortcut starts the payload of a shortcut, the only interaction that doesn't name the app. Caller holds
// the lock.
// Source: docs.slack.dev/reference/interaction-payloads/shortcuts-interaction-payload, and the types of
// @slack/bolt 5.1.0.
func (s *clicks) newShortcut(kind, user string) object {
	payload := s.newPayload(kind, user, "")
	delete(payload, "api_app_id")
	return payload
}

// newClick makes the payload of a click on an element of a message or view. picked is what the person chose or typed there. It
// is kept where it shows. Caller doesn't hold the lock.
func (s *clicks) newClick(user string, t Target, action string, picked []string) (object, error) {
	s.Mu.Lock()
	defer s.Mu.Unlock()
	at, err := s.lookAt(user, t)
	if err != nil {
		return nil, err
	}
	element, err := at.findElement(action)
	if err != nil {
		return nil, err
	}
	choice, err := kit.Choose(element.Fields, picked, s.suggested[suggestionKey{user, element.ActionID}])
	if err != nil {
		return nil, err
	}

	act := s.describeAction(element, choice)
	if kit.HasState(element.Kind) {
		choice["type"] = element.Kind
		at.state.Set(element.BlockID, element.ActionID, choice)
		s.keepChoice(user, t, at)
	}

	payload := s.newPayload("block_actions", user, at.viewID())
	maps.Copy(payload, at.fields)
	payload["actions"] = []any{act}
	if at.view != nil {
		payload["view"] = at.view.Clone()
	} else {
		payload["state"] = kit.FullState(at.state, at.blocks)
	}
	return payload, nil
}

// describeAction returns what a payload says of an element that was clicked, and of what was chosen there.
func (s *clicks) describeAction(element kit.Element, choice object) object {
	act := object{
		"type":      element.Kind,
		"action_id": element.ActionID,
		"block_id":  element.BlockID,
		"action_ts": workspace.FormatTS(s.Now().UnixMicro()),
	}
	for _, key := range []string{"text", "style", "placeholder", "url"} {
		if element.Fields[key] != nil {
			act[key] = element.Fields[key]
		}
	}
	maps.Copy(act, choice)
	return act
}

// newSuggestion makes the payload by which the app is asked for the options of an external select, for what was typed there
// so far. takeOptions keeps them under key. Caller doesn't hold the lock.
func (s *clicks) newSuggestion(user string, t Target, action, typed string) (key suggestionKey, payload object, err error) {
	s.Mu.Lock()
	defer s.Mu.Unlock()
	at, err := s.lookAt(user, t)
	if err != nil {
		return suggestionKey{}, nil, err
	}
	element, err := at.findElement(action)
	if err != nil {
		return suggestionKey{}, nil, err
	}

	payload = s.newPayload("block_suggestion", user, "")
	maps.Copy(payload, at.fields)
	delete(payload, "trigger_id")
	delete(payload, "response_url")
	if at.view != nil {
		payload["view"] = at.view.Clone()
	}
	payload["value"] = typed
	payload["action_id"] = element.ActionID
	payload["block_id"] = element.BlockID
	return suggestionKey{user, element.ActionID}, payload, nil
}

// takeOptions reads the options that the app offers in an external select, and keeps them for the person who chooses.
func (s *clicks) takeOptions(key suggestionKey, r delivery.Answer) ([]string, error) {
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

func (s *clicks) askInteractive(ctx context.Context, payload object) (delivery.Answer, error) {
	return s.ask(ctx, delivery.Question{Name: fmt.Sprint(payload["type"]), Payload: workspace.MustJSON(payload)})
}
